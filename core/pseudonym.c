/*
 * core/pseudonym.c - see pseudonym.h
 *
 * Values are looked up by their first three bytes at every place where a word may begin, so the
 * cost is that of one pass and a few comparisons.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/digest.h"
#include "core/facts.h"
#include "core/host.h"
#include "core/json.h"
#include "core/pseudonym.h"

#define KEY_MAX 4096u
#define SLOTS 4096u
#define SHORTEST 3u
#define TEXT_MAX ((size_t)64 << 20)

/* The wanted rows of one plugin, or of the core. */
struct source {
	const char *plugin; /* NULL: rows speak of the report */
	const struct assay_fact *rows;
	struct source *next;
};

struct assay_pseudonym {
	const char *const *words;
	struct assay_slice key;
	struct source *sources;
};

/* A value and what stands for it. */
struct value {
	struct assay_slice from, to;
	struct value *next;
};

/* The values of one report. */
struct table {
	struct assay_arena *arena;
	struct value *slot[SLOTS];
	struct value *brief; /* too short to be looked for */
	bool any;
};

/* ---- the words ------------------------------------------------------------------------------- */

/* add_source - the rows that have to do with the words */
static void add_source(struct assay_arena *arena, struct assay_pseudonym *p, const char *plugin,
    const struct assay_fact *rows)
{
	struct source *source;
	struct assay_fact *kept;
	size_t n = 0;

	while (rows != NULL && rows[n].word != NULL)
		n++;
	kept = assay_arena_calloc(arena, n + 1, sizeof *kept);
	n = 0;
	for (; rows != NULL && rows->word != NULL; rows++)
		if (assay_slice_in(assay_slice_str(rows->word), p->words) && rows->path != NULL)
			kept[n++] = *rows;
	if (n == 0)
		return;
	source = assay_arena_zalloc(arena, sizeof *source);
	*source = (struct source){ plugin, kept, p->sources };
	p->sources = source;
}

/* read_key - the secret; without one the names could be guessed */
static enum assay_status read_key(
    struct assay_arena *arena, const char *file, struct assay_slice *key, struct assay_err *err)
{
	enum assay_status status;
	struct assay_buf buf;

	if (file == NULL || file[0] == '\0')
		return assay_err_set(err, ASSAY_E_CONF,
		    "pseudonymise needs pseudonymise_key, a file with a secret of at least %u "
		    "bytes",
		    ASSAY_PSEUDONYM_KEY_MIN);
	assay_buf_init(&buf, KEY_MAX);
	status = assay_io_read_file(file, &buf, err);
	if (status != ASSAY_OK)
		assay_err_prefix(err, "pseudonymise_key");
	else if (buf.n < ASSAY_PSEUDONYM_KEY_MIN)
		(void)assay_err_set(err, ASSAY_E_CONF,
		    "pseudonymise_key: %s has less than %u bytes", file, ASSAY_PSEUDONYM_KEY_MIN);
	*key = assay_arena_slice(arena, assay_buf_slice(&buf));
	status = status == ASSAY_OK && buf.n >= ASSAY_PSEUDONYM_KEY_MIN ? ASSAY_OK : ASSAY_E_CONF;
	assay_buf_release(&buf);
	return status;
}

/* assay_pseudonym_new - see pseudonym.h */
enum assay_status assay_pseudonym_new(struct assay_arena *arena, const struct assay_host *host,
    const struct assay_privacy_options *options, struct assay_pseudonym **pseudonym,
    struct assay_err *err)
{
	struct assay_pseudonym *p = assay_arena_zalloc(arena, sizeof *p);
	const struct assay_loaded *loaded;

	p->words = options->pseudonymise;
	for (const char *const *w = p->words; *w != NULL; w++)
		if (assay_vocabulary_find(assay_host_vocabulary(host), *w) == NULL)
			return assay_err_set(err, ASSAY_E_CONF,
			    "pseudonymise: there is no word \"%s\"; see `assay plugins --facts`",
			    *w);
	add_source(arena, p, NULL, assay_facts_core);
	for (size_t i = 0; (loaded = assay_host_at(host, i)) != NULL; i++)
		add_source(arena, p, loaded->name, loaded->plugin->facts);
	*pseudonym = p;
	return read_key(arena, options->key_file, &p->key, err);
}

/* ---- the values of a report ------------------------------------------------------------------ */

/* gather - all values, from where the facts came from: facts{} itself may be cut */
static void gather(const struct assay_pseudonym *p, const json_t *report, struct assay_facts *facts)
{
	const json_t *payload;
	size_t i;

	for (const struct source *s = p->sources; s != NULL; s = s->next) {
		if (s->plugin == NULL) {
			assay_facts_collect(facts, s->rows, ASSAY_FACT_MESSAGE, report);
			continue;
		}
		json_array_foreach(json_object_get(report, "results"), i, payload)
		{
			const json_t *result =
			    json_object_get(json_object_get(payload, "workers"), s->plugin);

			assay_facts_collect(facts, s->rows, ASSAY_FACT_MESSAGE, result);
			assay_facts_collect(facts, s->rows, ASSAY_FACT_PAYLOAD, result);
		}
	}
}

/* slot_of - where values that begin like this are */
static struct value **slot_of(struct table *table, const char *p)
{
	const uint32_t key = (uint32_t)assay_ascii_lower((unsigned char)p[0]) * 961u +
	    (uint32_t)assay_ascii_lower((unsigned char)p[1]) * 31u +
	    (uint32_t)assay_ascii_lower((unsigned char)p[2]);

	return &table->slot[key % SLOTS];
}

/* add_value - with its other name; the longest of those that begin alike come first */
static void add_value(struct table *table, struct assay_slice key, struct assay_slice from)
{
	struct value *v = assay_arena_zalloc(table->arena, sizeof *v), **at = &table->brief;
	char *lower = assay_arena_memdup0(table->arena, from.p, from.n);
	char text[ASSAY_DIGEST_TEXT];

	for (size_t i = 0; i < from.n; i++)
		lower[i] = (char)assay_ascii_lower((unsigned char)lower[i]);
	assay_digest_hmac(key, assay_slice(lower, from.n), text);
	v->from = assay_slice(lower, from.n);
	v->to = assay_slice_str(assay_arena_printf(table->arena, "p-%.16s%s", text,
	    assay_slice_find(from, '@') < from.n ? "@pseudonym.invalid" : ""));
	if (from.n >= SHORTEST)
		at = slot_of(table, lower);
	while (*at != NULL && (*at)->from.n >= from.n)
		at = &(*at)->next;
	v->next = *at;
	*at = v;
	table->any = true;
}

/* add_said - what facts{} of the report says: words of the core that have no place of their own */
static void add_said(const json_t *report, const char *word, struct assay_facts *facts)
{
	const json_t *value;
	size_t i;

	json_array_foreach(json_object_get(json_object_get(report, "facts"), word), i, value)
	{
		if (json_is_string(value))
			assay_facts_add(facts, word,
			    assay_slice(json_string_value(value), json_string_length(value)));
	}
}

/* is_nobody - the empty sender, whose name is part of other texts */
static bool is_nobody(const json_t *value)
{
	return strcmp(json_string_value(value), ASSAY_FACT_NULL_SENDER) == 0;
}

/* fill - the table, from everything found; false when there was too much */
static bool fill(const struct assay_pseudonym *p, const json_t *report, struct table *table)
{
	struct assay_facts facts;
	json_t *found, *list, *value;
	const char *word;
	size_t i;

	assay_facts_init(&facts, table->arena, ASSAY_PSEUDONYM_VALUES);
	gather(p, report, &facts);
	for (const char *const *w = p->words; *w != NULL; w++)
		add_said(report, *w, &facts);
	found = assay_facts_json(&facts);
	json_object_foreach(found, word, list)
	{
		json_array_foreach(list, i, value)
		{
			if (json_string_length(value) > 0 && !is_nobody(value))
				add_value(table, p->key,
				    assay_slice(
					json_string_value(value), json_string_length(value)));
		}
	}
	json_decref(found);
	return facts.cut_word == NULL;
}

/* ---- replacing ------------------------------------------------------------------------------- */

/* match - the value that stands at p; NULL: none */
static const struct value *match(struct table *table, struct assay_slice s, size_t at)
{
	if (s.n - at < SHORTEST)
		return NULL;
	for (const struct value *v = *slot_of(table, s.p + at); v != NULL; v = v->next)
		if (v->from.n <= s.n - at &&
		    assay_slice_caseeq(v->from, assay_slice(s.p + at, v->from.n)) &&
		    (at + v->from.n == s.n ||
			!assay_ascii_is_alnum((unsigned char)s.p[at + v->from.n])))
			return v;
	return NULL;
}

/* whole - the value that is the whole string; NULL: none */
static const struct value *whole(struct table *table, struct assay_slice s)
{
	for (const struct value *v = table->brief; v != NULL; v = v->next)
		if (assay_slice_caseeq(v->from, s))
			return v;
	return NULL;
}

/* renamed - the string with other names; NULL when there is none in it */
static json_t *renamed(struct table *table, struct assay_slice s)
{
	const struct value *v = whole(table, s);
	struct assay_buf out;
	json_t *json = NULL;
	size_t kept = 0;

	if (v != NULL)
		return assay_json_text(v->to.p, v->to.n);
	assay_buf_init(&out, TEXT_MAX);
	for (size_t i = 0; i < s.n; i++) {
		if (i > 0 && assay_ascii_is_alnum((unsigned char)s.p[i - 1]))
			continue;
		v = match(table, s, i);
		if (v == NULL)
			continue;
		(void)assay_buf_add(&out, s.p + kept, i - kept);
		(void)assay_buf_add_slice(&out, v->to);
		kept = i + v->from.n;
		i = kept - 1;
	}
	if (kept > 0) {
		(void)assay_buf_add_slice(&out, assay_slice_from(s, kept));
		json = assay_json_text(out.p, out.n);
	}
	assay_buf_release(&out);
	return json;
}

/* is_raw - a form in which values cannot be seen */
static bool is_raw(const char *key)
{
	return strcmp(key, "raw") == 0 || assay_slice_ends(assay_slice_str(key), "_raw");
}

/* rename_in - all strings below; what shall stand instead of `value` itself, or NULL. Recursion:
 * the depth that core/json.h reads */
static json_t *rename_in(struct table *table, json_t *value)
{
	const char *key;
	json_t *inner, *other;
	void *tmp;
	size_t i;

	if (json_is_string(value))
		return renamed(
		    table, assay_slice(json_string_value(value), json_string_length(value)));
	json_object_foreach_safe(value, tmp, key, inner)
	{
		if (is_raw(key))
			(void)json_object_del(value, key);
		else if ((other = rename_in(table, inner)) != NULL)
			(void)json_object_set_new_nocheck(value, key, other);
	}
	json_array_foreach(value, i, inner)
	{
		other = rename_in(table, inner);
		if (other != NULL)
			(void)json_array_set_new(value, i, other);
	}
	return NULL;
}

/* assay_pseudonym_apply - see pseudonym.h */
bool assay_pseudonym_apply(const struct assay_pseudonym *pseudonym, json_t *report)
{
	struct assay_arena *arena = assay_arena_new();
	struct table *table = assay_arena_zalloc(arena, sizeof *table);
	bool all;

	table->arena = arena;
	all = fill(pseudonym, report, table);
	if (table->any)
		(void)rename_in(table, report);
	assay_arena_free(&arena);
	return all;
}
