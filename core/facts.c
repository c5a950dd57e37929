/*
 * core/facts.c - see facts.h
 *
 * A word has few values as a rule: they are compared one by one, and through a map only when there
 * are many.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/facts.h"
#include "core/json.h"
#include "core/opts.h"
#include "text/utf8.h"

#define FEW 8u
#define WORDS_MAX 512u

const struct assay_fact assay_facts_core[] = {
	{ "filename", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL,
	    "file name, of every place the payload was found at" },
	{ "path", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL,
	    "names from below the message down to the payload" },
	{ "extension", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL,
	    "of the file name, lower case, without the dot" },
	{ "type_declared", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL,
	    "content type as whoever sent the payload declared it" },
	{ "size", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_SIZE, NULL, "of the payload, in bytes" },
	{ "sha256", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, "of the payload" },
	{ "limit", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "limits[].limit",
	    "a limit that was met" },
	{ "error", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "errors[].kind",
	    "kind of an errors[] entry" },
	{ "status", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "status",
	    "scanned, partial, unscanned" },
	{ "source", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "request_meta.source",
	    "how the message came in" },
	{ "direction", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "direction",
	    "in, out, internal or unknown" },
	{ "mailfrom", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_ADDRESS,
	    "request_meta.envelope.sender.addr", "envelope sender; <> for the empty one" },
	{ "rcpt", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_ADDRESS, "recipients[].addr",
	    "who got the message" },
	{ "rcpt_domain", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "recipients[].domain",
	    "domain of who got the message" },
	{ "client", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_NET, "request_meta.envelope.client.addr",
	    "address of the host that delivered the message" },
	{ "daemon", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "request_meta.daemon",
	    "name of the mail server's daemon that took the message" },
	{ "helo", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "request_meta.envelope.client.helo",
	    "name that host gave" },
	{ "auth", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "request_meta.envelope.client.auth.user",
	    "user that host logged in as" },
	{ NULL, ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* ---- the vocabulary -------------------------------------------------------------------------- */

/* assay_vocabulary_init - with nothing in it */
void assay_vocabulary_init(struct assay_vocabulary *vocabulary, struct assay_arena *arena)
{
	vocabulary->arena = arena;
	assay_map_init(&vocabulary->words, arena);
}

/* assay_vocabulary_find - by word */
const struct assay_word *assay_vocabulary_find(
    const struct assay_vocabulary *vocabulary, const char *word)
{
	return assay_map_get(&vocabulary->words, assay_slice_str(word));
}

/* assay_vocabulary_nearest - for messages */
const char *assay_vocabulary_nearest(
    const struct assay_vocabulary *vocabulary, struct assay_slice word)
{
	const struct assay_map *words = &vocabulary->words;
	const char *name[WORDS_MAX + 1];
	size_t n = 0;

	for (; n < words->n && n < WORDS_MAX; n++)
		name[n] = ((const struct assay_word *)words->entry[n].value)->word;
	name[n] = NULL;
	return assay_opts_nearest_of(name, word);
}

/* compare_name - for messages */
static const char *compare_name(enum assay_fact_compare compare)
{
	static const char *const names[] = { "glob", "net", "size", "address", "flag" };

	return (unsigned)compare < 5 ? names[compare] : "?";
}

/* assay_vocabulary_add - the rows of one plugin */
enum assay_status assay_vocabulary_add(struct assay_vocabulary *vocabulary, const char *plugin,
    const struct assay_fact *rows, struct assay_err *err)
{
	for (const struct assay_fact *row = rows; row != NULL && row->word != NULL; row++) {
		const struct assay_word *old = assay_vocabulary_find(vocabulary, row->word);
		struct assay_word *word;

		if (old != NULL && old->compare != row->compare)
			return assay_err_set(err, ASSAY_E_CONF,
			    "plugins %s and %s disagree about the fact \"%s\": it compares as %s "
			    "in one and as %s in the other; load only one of them",
			    old->plugin, plugin, row->word, compare_name(old->compare),
			    compare_name(row->compare));
		if (old != NULL)
			continue;
		word = assay_arena_zalloc(vocabulary->arena, sizeof *word);
		*word = (struct assay_word){ row->word, row->level, row->compare, row->path,
			row->help, plugin };
		(void)assay_map_add(&vocabulary->words, assay_slice_str(word->word), word);
	}
	return ASSAY_OK;
}

/* ---- a set of facts -------------------------------------------------------------------------- */

struct value {
	struct assay_slice text; /* p NULL: the number */
	int64_t number;
};

struct list {
	const char *word;
	struct value *value;
	size_t n, cap;
	uint64_t over;         /* more than were kept */
	struct assay_map seen; /* once there are more than FEW texts */
};

/* assay_facts_init - none */
void assay_facts_init(struct assay_facts *facts, struct assay_arena *arena, uint64_t kept)
{
	*facts = (struct assay_facts){ .arena = arena, .kept = kept };
	assay_map_init(&facts->words, arena);
}

/* list_of - the values of a word */
static struct list *list_of(struct assay_facts *facts, const char *word)
{
	struct assay_slice key = assay_slice_str(word);
	struct list *list = assay_map_get(&facts->words, key);

	if (list == NULL) {
		list = assay_arena_zalloc(facts->arena, sizeof *list);
		list->word = word;
		assay_map_init(&list->seen, facts->arena);
		(void)assay_map_add(&facts->words, key, list);
	}
	return list;
}

/* same - are two values one */
static bool same(const struct value *a, const struct value *b)
{
	if (a->text.p == NULL || b->text.p == NULL)
		return a->text.p == b->text.p && a->number == b->number;
	return assay_slice_eq(a->text, b->text);
}

/* has - is the value in the list already */
static bool has(const struct list *list, const struct value *value)
{
	if (list->seen.n > 0 && value->text.p != NULL)
		return assay_map_has(&list->seen, value->text);
	for (size_t i = 0; i < list->n; i++)
		if (same(&list->value[i], value))
			return true;
	return false;
}

/* index_texts - from now on look texts up in the map */
static void index_texts(struct list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->value[i].text.p != NULL)
			(void)assay_map_add(&list->seen, list->value[i].text, list);
}

/* append - at the end of the list */
static void append(struct assay_facts *facts, struct list *list, const struct value *value)
{
	if (list->n == list->cap) {
		size_t cap = list->cap > 0 ? list->cap * 2 : 2;
		struct value *grown = assay_arena_calloc(facts->arena, cap, sizeof *grown);

		if (list->n > 0)
			memcpy(grown, list->value, list->n * sizeof *grown);
		list->value = grown;
		list->cap = cap;
	}
	list->value[list->n++] = *value;
	if (list->seen.n > 0 && value->text.p != NULL)
		(void)assay_map_add(&list->seen, value->text, list);
	else if (list->n == FEW)
		index_texts(list);
}

/* add - one value, once, as far as there is room */
static void add(struct assay_facts *facts, const char *word, const struct value *value)
{
	struct list *list = list_of(facts, word);

	if (has(list, value))
		return;
	if (list->n < facts->kept) {
		append(facts, list, value);
		return;
	}
	list->over++;
	if (list->n + list->over > facts->cut_count) {
		facts->cut_word = word;
		facts->cut_count = list->n + list->over;
	}
}

/* assay_facts_add - a text; borrowed until assay_facts_json */
void assay_facts_add(struct assay_facts *facts, const char *word, struct assay_slice value)
{
	struct value v = { .text = value };

	if (value.p == NULL || value.n == 0)
		return;
	if (value.n > ASSAY_FACT_TEXT)
		v.text.n = assay_utf8_cut(value, ASSAY_FACT_TEXT);
	add(facts, word, &v);
}

/* assay_facts_add_int - a number */
void assay_facts_add_int(struct assay_facts *facts, const char *word, int64_t value)
{
	add(facts, word, &(struct value){ .number = value });
}

/* ---- from results ---------------------------------------------------------------------------- */

/* add_json - a scalar of a result, as the word wants it */
static void add_json(struct assay_facts *facts, const struct assay_fact *row, const json_t *value)
{
	bool number = row->compare == ASSAY_COMPARE_SIZE;

	if (json_is_integer(value) && number)
		assay_facts_add_int(facts, row->word, json_integer_value(value));
	else if (json_is_integer(value))
		assay_facts_add(facts, row->word,
		    assay_slice_str(assay_arena_printf(
			facts->arena, "%" PRId64, (int64_t)json_integer_value(value))));
	else if (json_is_string(value) && !number)
		assay_facts_add(facts, row->word,
		    assay_slice(json_string_value(value), json_string_length(value)));
	else if (json_is_boolean(value) && !number)
		assay_facts_add(facts, row->word,
		    json_is_true(value) ? ASSAY_SLICE_LIT("yes") : ASSAY_SLICE_LIT("no"));
}

/* walk - all values at a path; lists on the way are gone into. Recursion: steps of the path */
static void walk(struct assay_facts *facts, const struct assay_fact *row, struct assay_slice path,
    const json_t *value)
{
	size_t end, n;

	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++)
			walk(facts, row, path, json_array_get(value, i));
		return;
	}
	if (path.n == 0) {
		add_json(facts, row, value);
		return;
	}
	end = assay_slice_find(path, '.');
	for (n = end; n >= 2 && path.p[n - 1] == ']'; n -= 2)
		;
	value = json_object_getn(value, path.p, n);
	if (value != NULL)
		walk(facts, row, assay_slice_from(path, end < path.n ? end + 1 : end), value);
}

/* assay_facts_collect - what the rows of one level find in a result */
void assay_facts_collect(struct assay_facts *facts, const struct assay_fact *rows,
    enum assay_fact_level level, const json_t *result)
{
	if (!json_is_object(result))
		return;
	for (const struct assay_fact *row = rows; row != NULL && row->word != NULL; row++)
		if (row->level == level && row->path != NULL)
			walk(facts, row, assay_slice_str(row->path), result);
}

/* assay_facts_join - add all of another set */
void assay_facts_join(struct assay_facts *facts, const struct assay_facts *from)
{
	for (size_t i = 0; i < from->words.n; i++) {
		const struct list *list = from->words.entry[i].value;

		for (size_t k = 0; k < list->n; k++)
			add(facts, list->word, &list->value[k]);
	}
}

/* ---- as JSON --------------------------------------------------------------------------------- */

/* by_word - order of words */
static int by_word(const void *a, const void *b)
{
	const struct list *const *x = a, *const *y = b;

	return strcmp((*x)->word, (*y)->word);
}

/* by_value - numbers first, then texts byte by byte */
static int by_value(const void *a, const void *b)
{
	const struct value *x = a, *y = b;
	size_t n = x->text.n < y->text.n ? x->text.n : y->text.n;
	int d;

	if (x->text.p == NULL || y->text.p == NULL) {
		if (x->text.p != y->text.p)
			return x->text.p == NULL ? -1 : 1;
		return (x->number > y->number) - (x->number < y->number);
	}
	d = memcmp(x->text.p, y->text.p, n);
	return d != 0 ? d : (x->text.n > y->text.n) - (x->text.n < y->text.n);
}

/* list_json - the values of one word */
static json_t *list_json(struct list *list)
{
	json_t *array = json_array();

	if (list->n > 1)
		qsort(list->value, list->n, sizeof list->value[0], by_value);
	for (size_t i = 0; i < list->n; i++) {
		const struct value *v = &list->value[i];

		assay_json_append(array,
		    v->text.p != NULL ? assay_json_text(v->text.p, v->text.n)
				      : json_integer(v->number));
	}
	return array;
}

/* assay_facts_json - sorted */
json_t *assay_facts_json(struct assay_facts *facts)
{
	size_t n = facts->words.n;
	struct list **list = assay_arena_calloc(facts->arena, n + 1, sizeof(struct list *));
	json_t *object = json_object();

	for (size_t i = 0; i < n; i++)
		list[i] = facts->words.entry[i].value;
	qsort(list, n, sizeof list[0], by_word);
	for (size_t i = 0; i < n; i++)
		assay_json_set(object, list[i]->word, list_json(list[i]));
	return object;
}
