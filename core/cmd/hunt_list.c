/*
 * core/cmd/hunt_list.c - see hunt.h: what stands in a list, in the store
 *
 * Values are looked up some thousand at a time. For a host or domain, which means all below it as
 * well, the store is asked for all the names it has, and those that fit are looked up. A mail that
 * comes back is compared with the whole list by itself, so that all it has of it is told at once.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/map.h"
#include "base/slice.h"
#include "core/cmd/hunt.h"
#include "core/facts.h"
#include "core/json.h"
#include "core/report_read.h"

#define FILE_BYTES ((size_t)256 << 20)
#define AT_ONCE 10000u
#define VALUE_BYTES 2048u /* of a fact, at most; longer ones are none of the list */

/* A word in which a kind of value is looked for. */
struct place {
	enum assay_indicator is;
	const char *word;
	bool address; /* the name is behind the @ */
};

static const struct place places[] = {
	{ ASSAY_INDICATOR_MD5, "md5", false },
	{ ASSAY_INDICATOR_SHA1, "sha1", false },
	{ ASSAY_INDICATOR_SHA256, "sha256", false },
	{ ASSAY_INDICATOR_SHA512, "sha512", false },
	{ ASSAY_INDICATOR_URL, "url", false },
	{ ASSAY_INDICATOR_URL, "ioc_url", false },
	{ ASSAY_INDICATOR_HOST, "url_host", false },
	{ ASSAY_INDICATOR_HOST, "ioc_domain", false },
	{ ASSAY_INDICATOR_ADDRESS, "from", false },
	{ ASSAY_INDICATOR_ADDRESS, "mailfrom", false },
	{ ASSAY_INDICATOR_ADDRESS, "reply_to", false },
	{ ASSAY_INDICATOR_DOMAIN, "from_domain", false },
	{ ASSAY_INDICATOR_DOMAIN, "mailfrom", true },
	{ ASSAY_INDICATOR_DOMAIN, "reply_to", true },
};
#define PLACES (sizeof places / sizeof places[0])

struct list {
	struct assay_hunt *hunt;
	struct assay_arena *arena;
	struct assay_map values[ASSAY_INDICATORS]; /* lower case */
	/* Of the place that is looked at. */
	const struct place *at;
	json_t *found;            /* names of the store that fit */
	enum assay_status status; /* of a hit that could not be told */
	struct assay_err err;
};

/* ---- the file -------------------------------------------------------------------------------- */

/* lower - in the arena */
static struct assay_slice lower(struct assay_arena *arena, struct assay_slice text)
{
	char *p = assay_arena_alloc(arena, text.n + 1);

	for (size_t i = 0; i < text.n; i++)
		p[i] = (char)assay_ascii_lower((unsigned char)text.p[i]);
	return assay_slice(p, text.n);
}

/* add_value - of a line; www.a.example/b, which was read with http://, with https:// too */
static void add_value(
    struct list *list, enum assay_indicator is, struct assay_slice value, struct assay_slice line)
{
	static const char http[] = "http://";
	struct assay_map *map = &list->values[is];

	value = lower(list->arena, value);
	list->hunt->asked += assay_map_add(map, value, list);
	if (is != ASSAY_INDICATOR_URL || !assay_slice_starts(value, http) ||
	    assay_slice_search(line, assay_slice_str("//")) < line.n)
		return;
	value = assay_slice_from(value, sizeof http - 1);
	(void)assay_map_add(map,
	    assay_slice_str(assay_arena_printf(list->arena, "https://%.*s", (int)value.n, value.p)),
	    list);
}

/* take_lines - all values; *bad: the first line that has none, 0: there is no such line */
static void take_lines(struct list *list, struct assay_slice text, uint64_t *bad)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_slice line, value;
	uint64_t number = 0;

	*bad = 0;
	while (assay_slice_split(&text, '\n', &line)) {
		const enum assay_indicator is =
		    assay_indicator_read(arena, list->hunt->of, line, &value);

		number++;
		if (is == ASSAY_INDICATOR_BAD || value.n > VALUE_BYTES) {
			list->hunt->bad_lines++;
			*bad = *bad == 0 ? number : *bad;
		} else if (is != ASSAY_INDICATOR_EMPTY) {
			add_value(list, is, value, line);
		}
		assay_arena_reset(arena);
	}
	assay_arena_free(&arena);
}

/* read_list - the file; E_SYNTAX: it is no such list */
static enum assay_status read_list(struct list *list, struct assay_err *err)
{
	static const char *const what[] = { "digest", "link", "sender" };
	struct assay_hunt *hunt = list->hunt;
	struct assay_buf text;
	enum assay_status status;
	uint64_t bad, n = 0;

	assay_buf_init(&text, FILE_BYTES);
	status = strcmp(hunt->file, "-") == 0 ? assay_io_read_all(STDIN_FILENO, &text, err)
					      : assay_io_read_file(hunt->file, &text, err);
	if (status == ASSAY_OK) {
		take_lines(list, assay_buf_slice(&text), &bad);
		for (size_t i = 0; i < ASSAY_INDICATORS; i++)
			n += list->values[i].n;
	}
	assay_buf_release(&text);
	if (status != ASSAY_OK || n > 0 || hunt->bad_lines == 0)
		return status;
	return assay_err_set(err, ASSAY_E_SYNTAX, "%s: no line of it is a %s (the first: %llu)",
	    hunt->file, what[hunt->of], (unsigned long long)bad);
}

/* ---- comparing ------------------------------------------------------------------------------- */

/* is_listed - a value of the store; of names, those above it as well */
static bool is_listed(const struct list *list, const struct place *place, struct assay_slice value)
{
	const struct assay_map *map = &list->values[place->is];
	char text[VALUE_BYTES];
	struct assay_slice name;
	size_t at = value.n;

	if (map->n == 0 || value.n > sizeof text)
		return false;
	while (place->address && at > 0 && value.p[at - 1] != '@')
		at--;
	name = place->address ? assay_slice_from(value, at) : value;
	for (size_t i = 0; i < name.n; i++)
		text[i] = (char)assay_ascii_lower((unsigned char)name.p[i]);
	name.p = text;
	if (place->is != ASSAY_INDICATOR_HOST && place->is != ASSAY_INDICATOR_DOMAIN)
		return assay_map_has(map, name);
	while (name.n > 0 && !assay_map_has(map, name))
		name = assay_slice_from(name, assay_slice_find(name, '.') + 1);
	return name.n > 0;
}

/* text_of - a value of facts{} */
static struct assay_slice text_of(const json_t *value)
{
	return assay_slice(json_string_value(value), json_string_length(value));
}

/* payload_with - the first that has it; NULL: only the mail has */
static const json_t *payload_with(const json_t *report, const char *word, const json_t *value)
{
	const json_t *payload;

	for (size_t i = 0; (payload = assay_report_payload(report, i)) != NULL; i++) {
		const json_t *facts = json_object_get(payload, "facts");
		const json_t *values = json_object_get(facts, word);

		for (size_t k = 0; k < json_array_size(values); k++)
			if (json_equal(json_array_get(values, k), value))
				return payload;
	}
	return NULL;
}

/* add_matches - of one place */
static void add_matches(
    const struct list *list, const struct place *place, const json_t *report, json_t *matches)
{
	const json_t *facts = json_object_get(report, "facts");
	const json_t *values = json_object_get(facts, place->word);

	for (size_t i = 0; i < json_array_size(values); i++) {
		const json_t *value = json_array_get(values, i);

		if (json_is_string(value) && is_listed(list, place, text_of(value)))
			assay_hunt_match(matches, payload_with(report, place->word, value),
			    place->word, json_string_value(value), list->hunt->name);
	}
}

/* take_report - one that has something of the list */
static bool take_report(void *arg, const json_t *report)
{
	struct list *list = arg;
	json_t *matches = json_array();

	/* All it has of the list was told the first time. */
	for (size_t i = 0; i < PLACES && !assay_hunt_told(list->hunt, report); i++)
		add_matches(list, &places[i], report, matches);
	list->status = assay_hunt_hit(list->hunt, report, matches, &list->err);
	json_decref(matches);
	return list->status == ASSAY_OK && !assay_hunt_stopping(list->hunt);
}

/* take_name - of the store, that may be in the list or below it */
static bool take_name(void *arg, const json_t *row)
{
	struct list *list = arg;
	const json_t *value = json_object_get(row, "value");

	if (json_is_string(value) && is_listed(list, list->at, text_of(value)))
		assay_json_append(list->found, json_deep_copy(value));
	return !assay_hunt_stopping(list->hunt);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* ask_some - mails in which the word has one of the values, which are taken */
static enum assay_status ask_some(struct list *list, json_t *values, struct assay_err *err)
{
	json_t *node = json_object();
	enum assay_status status;

	assay_json_set(node, "word", assay_json_own(list->at->word));
	assay_json_set(node, "is", assay_json_own("one_of"));
	assay_json_set(node, "values", values);
	status = assay_hunt_ask(list->hunt,
	    &(struct assay_hunt_question){
		.want = "reports", .more = node, .row = take_report, .arg = list },
	    err);
	if (list->status == ASSAY_OK)
		return status;
	*err = list->err;
	return list->status;
}

/* value_at - the i-th to be looked up */
static json_t *value_at(const struct list *list, size_t i)
{
	const struct assay_map *map = &list->values[list->at->is];

	if (list->found != NULL)
		return json_incref(json_array_get(list->found, i));
	return assay_json_text(map->entry[i].key.p, map->entry[i].key.n);
}

/* ask_place - all of one place */
static enum assay_status ask_place(struct list *list, struct assay_err *err)
{
	const bool names =
	    list->at->is == ASSAY_INDICATOR_HOST || list->at->is == ASSAY_INDICATOR_DOMAIN;
	enum assay_status status = ASSAY_OK;
	size_t n = list->values[list->at->is].n;

	list->found = names ? json_array() : NULL;
	if (names) {
		status = assay_hunt_ask(list->hunt,
		    &(struct assay_hunt_question){
			.want = "values", .word = list->at->word, .row = take_name, .arg = list },
		    err);
		n = json_array_size(list->found);
	}
	for (size_t i = 0; i < n && status == ASSAY_OK && !assay_hunt_stopping(list->hunt);) {
		json_t *values = json_array();

		for (; i < n && json_array_size(values) < AT_ONCE; i++)
			assay_json_append(values, value_at(list, i));
		status = ask_some(list, values, err);
	}
	json_decref(list->found);
	list->found = NULL;
	return status;
}

/* assay_hunt_list - see hunt.h */
enum assay_status assay_hunt_list(struct assay_hunt *hunt, struct assay_err *err)
{
	const struct assay_vocabulary *words = assay_host_vocabulary(hunt->store.host);
	struct list *list = assay_xcalloc(1, sizeof *list);
	enum assay_status status;

	list->hunt = hunt;
	list->arena = assay_arena_new();
	for (size_t i = 0; i < ASSAY_INDICATORS; i++)
		assay_map_init(&list->values[i], list->arena);
	status = read_list(list, err);
	for (size_t i = 0; i < PLACES && status == ASSAY_OK; i++) {
		list->at = &places[i];
		if (list->values[places[i].is].n > 0 &&
		    assay_vocabulary_find(words, places[i].word) != NULL)
			status = ask_place(list, err);
	}
	assay_arena_free(&list->arena);
	free(list);
	return status;
}
