/*
 * seen/values.c - see values.h. All of it is a stranger's text; nothing here is kept.
 */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/slice.h"
#include "mail/addr.h"
#include "seen/values.h"

enum kind { TEXT, ADDRESS, DOMAIN_NAME };

/* Fields that are a fact by another name, and facts that are addresses. */
static const struct {
	const char *field, *word;
	enum kind kind;
} known[] = {
	{ "from", "from", ADDRESS },
	{ "reply_to", "reply_to", ADDRESS },
	{ "envelope_from", "mailfrom", ADDRESS },
	{ "correspondent", "from", ADDRESS },
	{ "mailfrom", "mailfrom", ADDRESS },
	{ "to", "to", ADDRESS },
	{ "cc", "cc", ADDRESS },
	{ "rcpt", "rcpt", ADDRESS },
};

/* fact_of - the word a field is made from, and of which kind its values are */
static const char *fact_of(const char *field, enum kind *kind)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(field, known[i].field) == 0) {
			*kind = known[i].kind;
			return known[i].word;
		}
	*kind = assay_slice_ends(assay_slice_str(field), "_domain") ? DOMAIN_NAME : TEXT;
	return field;
}

/* ---- one form ---------------------------------------------------------------------------------
 */

/* lower - ASCII letters; white space becomes one space where `squeeze` */
static struct assay_slice lower(struct assay_arena *arena, struct assay_slice s, bool squeeze)
{
	char *p = assay_arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (!squeeze || !assay_ascii_is_space(c))
			p[n++] = (char)assay_ascii_lower(c);
		else if (n > 0 && p[n - 1] != ' ')
			p[n++] = ' ';
	}
	while (squeeze && n > 0 && p[n - 1] == ' ')
		n--;
	return assay_slice(p, n);
}

/* join - a, between, b, behind */
static struct assay_slice join(struct assay_arena *arena, struct assay_slice a, const char *between,
    struct assay_slice b, const char *behind)
{
	const size_t n = strlen(between), m = strlen(behind);
	char *p = assay_arena_alloc(arena, a.n + n + b.n + m + 1);

	memcpy(p, a.n > 0 ? a.p : "", a.n);
	memcpy(p + a.n, between, n);
	memcpy(p + a.n + n, b.n > 0 ? b.p : "", b.n);
	memcpy(p + a.n + n + b.n, behind, m);
	return assay_slice(p, a.n + n + b.n + m);
}

/* address - local@domain that was taken out of its field already */
static struct assay_slice address(struct assay_arena *arena, struct assay_slice raw)
{
	struct assay_slice s = assay_slice_trim(raw), domain;
	size_t at = s.n;

	if (assay_slice_is(s, "<>")) /* the empty sender is nobody */
		return ASSAY_SLICE_NONE;
	while (at > 0 && s.p[at - 1] != '@')
		at--;
	if (at == 0)
		return lower(arena, s, false);
	domain = assay_addr_domain(arena, assay_slice_from(s, at));
	return join(arena, lower(arena, assay_slice_head(s, at - 1), false), "@", domain, "");
}

/* pair - name and address */
static struct assay_slice pair(
    struct assay_arena *arena, struct assay_slice name, struct assay_slice addr)
{
	const struct assay_slice one = lower(arena, name, true), two = address(arena, addr);

	return two.n > 0 ? join(arena, one, one.n > 0 ? " <" : "<", two, ">") : ASSAY_SLICE_NONE;
}

/* normal - a value of this kind */
static struct assay_slice normal(struct assay_arena *arena, enum kind kind, struct assay_slice s)
{
	if (kind == ADDRESS)
		return address(arena, s);
	if (kind == DOMAIN_NAME)
		return assay_addr_domain(arena, assay_slice_trim(s));
	return lower(arena, assay_slice_trim(s), false);
}

/* typed_address - as a person writes it: with a name, brackets, comments */
static struct assay_slice typed_address(struct assay_arena *arena, struct assay_slice text)
{
	struct assay_addr_list list;

	assay_addr_parse(arena, text, 2, &list);
	return list.n > 0 ? address(arena, list.addr[0].addr) : ASSAY_SLICE_NONE;
}

/* typed_pair - name <address>; a name may have brackets of its own */
static struct assay_slice typed_pair(struct assay_arena *arena, struct assay_slice text)
{
	struct assay_slice s = assay_slice_trim(text), name;
	size_t at = s.n;

	if (!assay_slice_ends(s, ">"))
		return pair(arena, ASSAY_SLICE_NONE, typed_address(arena, s));
	while (at > 0 && s.p[at - 1] != '<')
		at--;
	name = assay_slice_trim(assay_slice_head(s, at > 0 ? at - 1 : 0));
	if (name.n >= 2 && name.p[0] == '"' && name.p[name.n - 1] == '"')
		name = assay_slice(name.p + 1, name.n - 2);
	return pair(arena, name, typed_address(arena, assay_slice_from(s, at > 0 ? at - 1 : 0)));
}

/* typed_both - address > address */
static struct assay_slice typed_both(struct assay_arena *arena, struct assay_slice text)
{
	const size_t between = assay_slice_search(text, ASSAY_SLICE_LIT(" > "));
	struct assay_slice from, to;

	if (between == text.n)
		return ASSAY_SLICE_NONE;
	from = typed_address(arena, assay_slice_head(text, between));
	to = typed_address(arena, assay_slice_from(text, between + 3));
	return from.n > 0 && to.n > 0 ? join(arena, from, " > ", to, "") : ASSAY_SLICE_NONE;
}

/* assay_values_normal - see values.h */
struct assay_slice assay_values_normal(
    struct assay_arena *arena, const char *field, struct assay_slice text)
{
	enum kind kind;

	(void)fact_of(field, &kind);
	if (strcmp(field, "from_pair") == 0)
		return typed_pair(arena, text);
	if (strcmp(field, "from_to") == 0)
		return typed_both(arena, text);
	return kind == ADDRESS ? typed_address(arena, text) : normal(arena, kind, text);
}

/* assay_values_asked - see values.h */
struct assay_slice assay_values_asked(
    struct assay_arena *arena, const char *field, struct assay_slice key)
{
	const struct assay_slice s = assay_slice_trim(key);
	struct assay_slice domain;
	size_t at = s.n;
	enum kind kind;

	(void)fact_of(field, &kind);
	if (kind == TEXT || strcmp(field, "from_to") == 0 || strcmp(field, "from_pair") == 0)
		return assay_values_normal(arena, field, s);
	while (at > 0 && s.p[at - 1] != '@')
		at--;
	domain = assay_slice_from(s, at);
	if (kind == ADDRESS)
		return at > 1 && domain.n > 0 ? address(arena, s) : ASSAY_SLICE_NONE;
	if (assay_slice_starts(domain, ".") || assay_slice_find(domain, '.') == domain.n)
		return ASSAY_SLICE_NONE;
	return assay_addr_domain(arena, domain);
}

/* ---- from a report -----------------------------------------------------------------------------
 */

/* text_of - a string member; absent when it is none */
static struct assay_slice text_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_string(value)
	    ? assay_slice(json_string_value(value), json_string_length(value))
	    : ASSAY_SLICE_NONE;
}

/* add - one more, once */
static void add(struct assay_values *values, struct assay_slice value)
{
	if (value.n > 0 && value.n <= ASSAY_VALUES_BYTES && values->all.n < ASSAY_VALUES_MOST)
		(void)assay_map_add(&values->all, value, values);
}

/* add_fact - all values of a word */
static void add_fact(
    struct assay_values *values, const json_t *report, const char *word, enum kind kind)
{
	const json_t *list = json_object_get(json_object_get(report, "facts"), word);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);

		if (json_is_string(v))
			add(values,
			    normal(values->arena, kind,
				assay_slice(json_string_value(v), json_string_length(v))));
		else if (json_is_integer(v))
			add(values,
			    assay_slice_str(assay_arena_printf(
				values->arena, "%" PRId64, (int64_t)json_integer_value(v))));
	}
}

/* smtp_list - a list in the result of the message itself */
static const json_t *smtp_list(const json_t *report, const char *name)
{
	const json_t *root = json_array_get(json_object_get(report, "results"), 0);

	return json_object_get(json_object_get(json_object_get(root, "workers"), "smtp"), name);
}

/* add_pairs - names with addresses */
static void add_pairs(struct assay_values *values, const json_t *report)
{
	const json_t *list = smtp_list(report, "from");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);

		add(values, pair(values->arena, text_of(one, "name"), text_of(one, "addr")));
	}
}

/* add_digests - of attachments */
static void add_digests(struct assay_values *values, const json_t *report)
{
	const json_t *list = smtp_list(report, "attachments");

	for (size_t i = 0; i < json_array_size(list); i++)
		add(values,
		    lower(values->arena, text_of(json_array_get(list, i), "sha256"), false));
}

/* add_from_to - each with each */
static void add_from_to(struct assay_values *values, const json_t *report)
{
	struct assay_values from = { .arena = values->arena }, to = { .arena = values->arena };

	assay_map_init(&from.all, values->arena);
	assay_map_init(&to.all, values->arena);
	add_fact(&from, report, "from", ADDRESS);
	add_fact(&to, report, "rcpt", ADDRESS);
	for (size_t i = 0; i < from.all.n; i++)
		for (size_t k = 0; k < to.all.n && values->all.n < ASSAY_VALUES_MOST; k++)
			add(values,
			    join(values->arena, from.all.entry[i].key, " > ", to.all.entry[k].key,
				""));
}

/* is_ours - did we send it? */
static bool is_ours(const json_t *report)
{
	return assay_slice_is(text_of(report, "direction"), "out");
}

/* assay_values_of - see values.h */
void assay_values_of(struct assay_values *values, const json_t *report, const char *field,
    enum assay_values_for purpose)
{
	enum kind kind;
	const char *word = fact_of(field, &kind);

	assay_map_init(&values->all, values->arena);
	if (strcmp(field, "from_pair") == 0) {
		add_pairs(values, report);
	} else if (strcmp(field, "from_to") == 0) {
		add_from_to(values, report);
	} else if (strcmp(field, "attachment_sha256") == 0) {
		add_digests(values, report);
	} else if (strcmp(field, "correspondent") == 0 && purpose == ASSAY_VALUES_KEEP) {
		if (is_ours(report))
			add_fact(values, report, "rcpt", ADDRESS);
	} else {
		add_fact(values, report, word, kind);
	}
}

/* ---- time --------------------------------------------------------------------------------------
 */

/* number - n digits at `at`; false when one is none */
static bool number(const char *text, size_t at, size_t n, int *value)
{
	*value = 0;
	for (size_t i = at; i < at + n; i++) {
		if (!assay_ascii_is_digit((unsigned char)text[i]))
			return false;
		*value = *value * 10 + (text[i] - '0');
	}
	return true;
}

/* assay_values_time - see values.h */
bool assay_values_time(const char *text, int64_t *wall_ms)
{
	int year, month, day, hour, minute, second, ms;

	if (text == NULL || strlen(text) != 24 || !number(text, 0, 4, &year) ||
	    !number(text, 5, 2, &month) || !number(text, 8, 2, &day) ||
	    !number(text, 11, 2, &hour) || !number(text, 14, 2, &minute) ||
	    !number(text, 17, 2, &second) || !number(text, 20, 3, &ms) || month < 1 || month > 12)
		return false;
	*wall_ms =
	    (((assay_clock_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) *
		1000 +
	    ms;
	return true;
}

/* assay_values_when - see values.h */
int64_t assay_values_when(const json_t *report)
{
	const json_t *time = json_object_get(report, "message_time");
	int64_t scanned = 0, sent;

	if (!assay_values_time(json_string_value(json_object_get(report, "time")), &scanned))
		scanned = assay_clock_wall_ms();
	if (assay_slice_is(text_of(time, "source"), "date") ||
	    !assay_values_time(json_string_value(json_object_get(time, "utc")), &sent))
		return scanned;
	return sent < scanned ? sent : scanned;
}
