/*
 * sqlite/compare.c - see compare.h
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "compare.h"
#include "part.h"

#define VALUES_FEW 4        /* of one part: looked up one by one for each report */
#define VALUES_LISTED 20000 /* known by their numbers */
#define VALUES_SPELT 50     /* written out */
#define TRIGRAMS_MOST 3000
#define NOTHING "SELECT 0 WHERE 0"
#define LAST_CHARACTER "\xf4\x8f\xbf\xbf"

/* str_at - a text member; empty when it is none */
static struct assay_slice str_at(const json_t *node, const char *name)
{
	const json_t *value = json_object_get(node, name);

	return json_is_string(value)
	    ? assay_slice(json_string_value(value), json_string_length(value))
	    : ASSAY_SLICE_LIT("");
}

/* joined - two pieces as one */
static struct assay_slice joined(struct assay_select *s, struct assay_slice a, struct assay_slice b)
{
	char *p = assay_arena_alloc(s->arena, a.n + b.n + 1);

	memcpy(p, a.p, a.n);
	memcpy(p + a.n, b.p, b.n);
	p[a.n + b.n] = '\0';
	return assay_slice(p, a.n + b.n);
}

/* backwards - the bytes the other way round */
static struct assay_slice backwards(struct assay_select *s, struct assay_slice text)
{
	char *p = assay_arena_alloc(s->arena, text.n + 1);

	for (size_t i = 0; i < text.n; i++)
		p[i] = text.p[text.n - 1 - i];
	return assay_slice(p, text.n);
}

/* values_where - SQL: numbers of a word's values, out of one of the tables that have them, for
 * which a condition holds; part by part */
static const char *values_where(
    struct assay_select *s, const char *table, struct assay_slice word, const char *condition)
{
	return assay_arena_printf(s->arena,
	    "SELECT v.id FROM part p CROSS JOIN %s v WHERE v.part = p.id"
	    " AND v.word = (SELECT id FROM word WHERE name = ?%u) AND (%s)",
	    table, assay_select_text(s, word), condition);
}

/* ---- globs ----------------------------------------------------------------------------------- */

/* key_range - condition: the text ends so */
static const char *key_range(struct assay_select *s, struct assay_slice end)
{
	const struct assay_slice low = backwards(s, end);
	const struct assay_slice high = joined(s, low, ASSAY_SLICE_LIT("\xff"));

	return assay_arena_printf(s->arena, "key >= ?%u AND key < ?%u", assay_select_blob(s, low),
	    assay_select_blob(s, high));
}

/* text_range - condition: the text begins so */
static const char *text_range(struct assay_select *s, struct assay_slice begin)
{
	const struct assay_slice high = joined(s, begin, ASSAY_SLICE_LIT(LAST_CHARACTER));

	return assay_arena_printf(s->arena, "text >= ?%u AND text < ?%u",
	    assay_select_text(s, begin), assay_select_text(s, high));
}

/* is_hex - may the texts that begin or end so be digests, which are bytes and have no key? */
static bool is_hex(struct assay_slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (assay_ascii_hex((unsigned char)text.p[i]) < 0)
			return false;
	return true;
}

/* digest_range - condition: a digest begins so */
static const char *digest_range(struct assay_select *s, struct assay_slice begin)
{
	const size_t n = begin.n / 2;
	unsigned char *low = assay_arena_zalloc(s->arena, n + 1);
	unsigned char *high = assay_arena_zalloc(s->arena, n + 1);
	size_t last = n;
	unsigned from;

	for (size_t i = 0; i < n; i++)
		high[i] = low[i] =
		    (unsigned char)(assay_ascii_hex((unsigned char)begin.p[2 * i]) << 4 |
			assay_ascii_hex((unsigned char)begin.p[2 * i + 1]));
	from = assay_select_blob(s, assay_slice((const char *)low, n));
	while (last > 0 && high[last - 1] == 0xff)
		last--;
	if (last == 0)
		return assay_arena_printf(s->arena, "text >= ?%u", from);
	high[last - 1]++;
	return assay_arena_printf(s->arena, "text >= ?%u AND text < ?%u", from,
	    assay_select_blob(s, assay_slice((const char *)high, last)));
}

/* exactly - values that are the text */
static const char *exactly(struct assay_select *s, struct assay_slice word, struct assay_slice text)
{
	const unsigned text_bind = assay_select_text(s, text);

	return values_where(s, "value", word,
	    assay_arena_printf(s->arena, "text IN (?%u, assay_key(?%u))", text_bind, text_bind));
}

/* fitting - values that fit a pattern, looked for where its beginning or its end allows */
static const char *fitting(
    struct assay_select *s, struct assay_slice word, struct assay_slice pattern)
{
	const unsigned glob = assay_select_text(s, pattern);
	const char *fits = assay_arena_printf(s->arena, "assay_glob(?%u, text)", glob);
	size_t begin = 0, end = pattern.n;
	struct assay_slice head, tail;
	const char *range;

	while (pattern.p[begin] != '*' && pattern.p[begin] != '?')
		begin++;
	while (end > begin && pattern.p[end - 1] != '*' && pattern.p[end - 1] != '?')
		end--;
	head = assay_slice_head(pattern, begin);
	tail = assay_slice_from(pattern, end);
	if (begin > 0) {
		range = text_range(s, head);
		if (is_hex(head))
			range = assay_arena_printf(
			    s->arena, "(%s) OR (%s)", range, digest_range(s, head));
		return values_where(
		    s, "value", word, assay_arena_printf(s->arena, "(%s) AND %s", range, fits));
	}
	if (tail.n > 0 && !is_hex(tail))
		return values_where(s, "ending", word,
		    assay_arena_printf(
			s->arena, "%s AND assay_ends(?%u, key)", key_range(s, tail), glob));
	return values_where(s, "value", word, assay_slice_is(pattern, "*") ? "1" : fits);
}

/* has_wildcard - is the value a pattern? */
static bool has_wildcard(struct assay_slice value)
{
	return memchr(value.p, '*', value.n) != NULL || memchr(value.p, '?', value.n) != NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* glob_values - of a word */
static const char *glob_values(
    struct assay_select *s, struct assay_slice word, struct assay_slice pattern)
{
	if (assay_slice_is(word, "from_name") && !has_wildcard(pattern)) {
		pattern = joined(s, ASSAY_SLICE_LIT("*"), pattern);
		pattern = joined(s, pattern, ASSAY_SLICE_LIT("*"));
	}
	return has_wildcard(pattern) ? fitting(s, word, pattern) : exactly(s, word, pattern);
}

/* domain_values - addresses in the domain, or below it */
static const char *domain_values(
    struct assay_select *s, struct assay_slice word, struct assay_slice domain)
{
	const char *in = key_range(s, joined(s, ASSAY_SLICE_LIT("@"), domain));
	const char *below = key_range(s, joined(s, ASSAY_SLICE_LIT("."), domain));

	return assay_arena_printf(s->arena, "%s UNION ALL %s", values_where(s, "ending", word, in),
	    values_where(s, "ending", word, below));
}

/* address_of - 32 hex digits as bytes */
static struct assay_slice address_of(struct assay_select *s, struct assay_slice hex)
{
	char *p = assay_arena_zalloc(s->arena, 16);

	for (size_t i = 0; i + 1 < hex.n && i < 32; i += 2)
		p[i / 2] = (char)(assay_ascii_hex(hex.p[i]) << 4 | assay_ascii_hex(hex.p[i + 1]));
	return assay_slice(p, 16);
}

/* net_values - addresses of a network */
static const char *net_values(struct assay_select *s, struct assay_slice word, const json_t *node)
{
	return values_where(s, "net", word,
	    assay_arena_printf(s->arena, "net >= ?%u AND net <= ?%u",
		assay_select_blob(s, address_of(s, str_at(node, "from"))),
		assay_select_blob(s, address_of(s, str_at(node, "to")))));
}

/* size_values - numbers; texts are above all numbers */
static const char *size_values(struct assay_select *s, struct assay_slice word, const json_t *node)
{
	return values_where(s, "value", word,
	    assay_arena_printf(s->arena, "text >= ?%u AND text <= ?%u",
		assay_select_number(s, json_integer_value(json_object_get(node, "from"))),
		assay_select_number(s, json_integer_value(json_object_get(node, "to")))));
}

/* list_condition - `column` is one of the values, as text or as what `as` makes of it */
static const char *list_condition(
    struct assay_select *s, const char *column, const char *as, const json_t *node)
{
	char *list = json_dumps(json_object_get(node, "values"), JSON_COMPACT);
	struct assay_slice kept =
	    assay_arena_slice(s->arena, assay_slice_str(list != NULL ? list : "[]"));
	unsigned bind;

	free(list);
	bind = assay_select_text(s, kept);
	return assay_arena_printf(s->arena,
	    "%s IN (SELECT value FROM json_each(?%u) UNION SELECT %s(value) FROM json_each(?%u))",
	    column, bind, as, bind);
}

/* values_of - SQL: the values a node means; NULL: such a node is not known */
static const char *values_of(struct assay_select *s, const json_t *node)
{
	const struct assay_slice is = str_at(node, "is"), word = str_at(node, "word");

	if (assay_slice_is(is, "glob"))
		return glob_values(s, word, str_at(node, "value"));
	if (assay_slice_is(is, "domain"))
		return domain_values(s, word, str_at(node, "value"));
	if (assay_slice_is(is, "net"))
		return net_values(s, word, node);
	if (assay_slice_is(is, "size"))
		return size_values(s, word, node);
	if (assay_slice_is(is, "one_of"))
		return values_where(
		    s, "value", word, list_condition(s, "v.text", "assay_key", node));
	return NULL;
}

/* by_number - for qsort */
static int by_number(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Numbers of values. */
struct values {
	int64_t id[VALUES_LISTED + 1];
	size_t n; /* VALUES_LISTED + 1: there are more */
};

/* list_values - those a query finds */
static enum assay_status list_values(
    struct assay_select *s, const char *sql, struct values *values, struct assay_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum assay_status status = assay_select_prepare(s,
	    assay_arena_printf(s->arena, "SELECT id FROM (%s) LIMIT %d", sql, VALUES_LISTED + 1),
	    &stmt, err);

	values->n = 0;
	while (status == ASSAY_OK) {
		status = assay_store_step(s->store, stmt, err);
		if (status == ASSAY_OK)
			values->id[values->n++] = sqlite3_column_int64(stmt, 0);
	}
	(void)sqlite3_finalize(stmt);
	qsort(values->id, values->n, sizeof values->id[0], by_number);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* most_in_a_part - of the values; they are sorted */
static size_t most_in_a_part(const struct assay_select *s, const struct values *values)
{
	const struct assay_parts *parts = s->store->parts;
	size_t most = 0, at = 0;

	for (size_t i = 0; i < parts->n; i++) {
		const size_t first = at;

		while (at < values->n &&
		    (i + 1 == parts->n || values->id[at] < parts->part[i + 1].first_value))
			at++;
		most = at - first > most ? at - first : most;
	}
	return most;
}

/* one_of_values - SQL: a value is one of them */
static const char *one_of_values(struct assay_select *s, const struct values *values)
{
	struct assay_buf list;
	const char *kept;

	assay_buf_init(&list, (size_t)VALUES_LISTED * 24);
	for (size_t i = 0; i < values->n; i++)
		(void)assay_buf_printf(&list, "%s%" PRId64, i > 0 ? "," : "", values->id[i]);
	if (values->n <= VALUES_SPELT)
		kept = assay_arena_printf(s->arena, "value IN (%s)", list.p);
	else
		kept = assay_arena_printf(s->arena, "value IN (SELECT value FROM json_each(?%u))",
		    assay_select_text(
			s, assay_slice_str(assay_arena_printf(s->arena, "[%s]", list.p))));
	assay_buf_release(&list);
	return kept;
}

/* fact_set - reports that have one of the values */
static enum assay_status fact_set(
    struct assay_select *s, const char *sql, struct assay_compare *compare, struct assay_err *err)
{
	struct values *values = assay_arena_alloc(s->arena, sizeof *values);
	enum assay_status status = list_values(s, sql, values, err);
	size_t few;

	if (status != ASSAY_OK)
		return status;
	compare->set = NOTHING;
	if (values->n > VALUES_LISTED)
		compare->set = assay_arena_printf(
		    s->arena, "SELECT report FROM fact WHERE value IN (%s)", sql);
	else if (values->n > 0)
		compare->set = assay_arena_printf(
		    s->arena, "SELECT report FROM fact WHERE %s", one_of_values(s, values));
	few = most_in_a_part(s, values);
	if (values->n > VALUES_LISTED || few == 0 || few > VALUES_FEW)
		return ASSAY_OK;
	compare->few = (unsigned)few;
	compare->ids = assay_select_blob(
	    s, assay_slice((const char *)values->id, values->n * sizeof values->id[0]));
	return ASSAY_OK;
}

/* ---- text ------------------------------------------------------------------------------------ */

/* characters - how many, in UTF-8 */
static size_t characters(struct assay_slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

/* add_phrase - in quotes, for MATCH; white space as one space, as it is in the table */
static void add_phrase(struct assay_buf *out, struct assay_slice text)
{
	(void)assay_buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (assay_ascii_is_space(text.p[i])) {
			if (i == 0 || !assay_ascii_is_space(text.p[i - 1]))
				(void)assay_buf_add_char(out, ' ');
			continue;
		}
		if (text.p[i] == '"')
			(void)assay_buf_add_char(out, '"');
		(void)assay_buf_add_char(out, text.p[i]);
	}
	(void)assay_buf_add_char(out, '"');
}

/* each_part - "SELECT ... UNION ALL SELECT ...": `format` with the number of each part in the place
 * of each #; NOTHING when there are no parts */
static const char *each_part(struct assay_select *s, const char *format)
{
	const struct assay_parts *parts = s->store->parts;
	struct assay_buf sql;
	const char *kept;

	assay_buf_init(&sql, (size_t)1 << 20);
	for (size_t i = 0; i < parts->n; i++) {
		(void)assay_buf_add_str(&sql, i > 0 ? " UNION ALL " : "");
		for (const char *c = format; *c != '\0'; c++)
			if (*c == '#')
				(void)assay_buf_printf(&sql, "%" PRId64, parts->part[i].id);
			else
				(void)assay_buf_add_char(&sql, *c);
	}
	kept = sql.n > 0 ? assay_arena_strdup(s->arena, sql.p) : NOTHING;
	assay_buf_release(&sql);
	return kept;
}

/* add_trigrams - all that begin so, with "or" between; *n: how many */
static enum assay_status add_trigrams(struct assay_select *s, struct assay_slice begin,
    struct assay_buf *out, int *n, struct assay_err *err)
{
	const char *each = each_part(s,
	    assay_arena_printf(s->arena,
		"SELECT term FROM terms_# WHERE term >= ?%u AND term < ?%u",
		assay_select_text(s, begin),
		assay_select_text(s, joined(s, begin, ASSAY_SLICE_LIT(LAST_CHARACTER)))));
	sqlite3_stmt *stmt = NULL;
	enum assay_status status = assay_select_prepare(s,
	    assay_arena_printf(
		s->arena, "SELECT DISTINCT * FROM (%s) LIMIT %d", each, TRIGRAMS_MOST + 1),
	    &stmt, err);

	for (*n = 0; status == ASSAY_OK; ++*n) {
		const char *term;

		status = assay_store_step(s->store, stmt, err);
		if (status != ASSAY_OK)
			break;
		term = (const char *)sqlite3_column_text(stmt, 0);
		if (*n > 0)
			(void)assay_buf_add_str(out, " OR ");
		add_phrase(out, assay_slice(term, (size_t)sqlite3_column_bytes(stmt, 0)));
	}
	(void)sqlite3_finalize(stmt);
	if (*n > TRIGRAMS_MOST || out->full)
		return assay_err_set(err, ASSAY_E_USAGE,
		    "query: \"%.*s\" is too short for a store of this size; three characters do",
		    (int)begin.n, begin.p);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* text_set - reports that have the text in one column, or in any */
static enum assay_status text_set(struct assay_select *s, const char *column,
    struct assay_slice text, struct assay_compare *compare, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;
	struct assay_buf match;
	int n = 1;

	assay_buf_init(&match, 1 << 20);
	if (column != NULL)
		(void)assay_buf_printf(&match, "%s : (", column);
	if (characters(text) < 3)
		status = add_trigrams(s, text, &match, &n, err);
	else
		add_phrase(&match, text);
	if (column != NULL)
		(void)assay_buf_add_char(&match, ')');
	compare->set = NOTHING;
	if (status == ASSAY_OK && n > 0)
		compare->set = each_part(s,
		    assay_arena_printf(s->arena, "SELECT rowid FROM text_# WHERE text_# MATCH ?%u",
			assay_select_text(
			    s, assay_arena_slice(s->arena, assay_buf_slice(&match)))));
	assay_buf_release(&match);
	return status;
}

/* ---- one comparison -------------------------------------------------------------------------- */

/* scan_set - reports of that id */
static const char *scan_set(struct assay_select *s, const json_t *node)
{
	const struct assay_slice value = str_at(node, "value");
	const char *condition;

	if (assay_slice_is(str_at(node, "is"), "one_of"))
		condition = list_condition(s, "scan_id", "assay_id", node);
	else
		condition = assay_arena_printf(s->arena,
		    has_wildcard(value) ? "assay_glob(?%u, assay_id_text(scan_id))"
					: "scan_id = assay_id(?%u)",
		    assay_select_text(s, value));
	return assay_arena_printf(s->arena, "SELECT id FROM report WHERE %s", condition);
}

/* mail_set - all reports of the mail of a scan: those it is folded with, that one of these
 * supersedes or is superseded by. Looks at every report */
static const char *mail_set(struct assay_select *s, const json_t *node)
{
	return assay_arena_printf(s->arena,
	    "SELECT id FROM report WHERE fold IN (WITH RECURSIVE mail(fold) AS"
	    " (SELECT fold FROM report WHERE scan_id = assay_id(?%u) UNION"
	    " SELECT o.fold FROM mail m CROSS JOIN report r CROSS JOIN report o"
	    " WHERE r.fold = m.fold AND (o.supersedes = r.scan_id OR o.scan_id = r.supersedes))"
	    " SELECT fold FROM mail)",
	    assay_select_text(s, str_at(node, "value")));
}

/* count - how many the set has, as far as that matters */
static enum assay_status count(
    struct assay_select *s, struct assay_compare *compare, struct assay_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum assay_status status = assay_select_prepare(s,
	    assay_arena_printf(
		s->arena, "SELECT count(*) FROM (%s LIMIT %" PRId64 ")", compare->set, s->many + 1),
	    &stmt, err);

	if (status == ASSAY_OK)
		status = assay_store_step(s->store, stmt, err);
	if (status == ASSAY_OK)
		compare->count = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* assay_compare_compile - see compare.h */
enum assay_status assay_compare_compile(struct assay_select *select, const json_t *node,
    struct assay_compare *compare, struct assay_err *err)
{
	const struct assay_slice is = str_at(node, "is"), word = str_at(node, "word");
	const struct assay_slice value = str_at(node, "value");
	enum assay_status status = ASSAY_OK;
	const char *values;

	*compare = (struct assay_compare){ .count = 0 };
	if (assay_slice_is(is, "text")) {
		const bool body = assay_slice_is(str_at(node, "in"), "body");

		status = text_set(select, body ? "body" : NULL, value, compare, err);
	} else if (assay_slice_is(word, "subject") && assay_slice_is(is, "glob") &&
	    !has_wildcard(value)) {
		status = text_set(select, "subject", value, compare, err);
	} else if (assay_slice_is(is, "mail")) {
		compare->set = mail_set(select, node);
	} else if (assay_slice_is(word, "scan_id")) {
		compare->set = scan_set(select, node);
	} else {
		values = values_of(select, node);
		if (values == NULL)
			return assay_err_set(err, ASSAY_E_USAGE,
			    "query: this store does not know the comparison \"%.*s\"", (int)is.n,
			    is.p);
		status = fact_set(select, values, compare, err);
	}
	return status == ASSAY_OK ? count(select, compare, err) : status;
}
