/*
 * core/notes.c - see notes.h. Entries are kept flat and turned into JSON once, at the end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "core/json.h"
#include "core/notes.h"

#define ERROR_TEXT 600u

/* assay_notes_init - two empty lists */
void assay_notes_init(struct assay_notes *notes, struct assay_arena *arena, uint64_t errors_kept,
    uint64_t limits_kept)
{
	*notes = (struct assay_notes){
		.arena = arena,
		.errors = json_array(),
		.errors_kept = errors_kept,
		.limits_kept = limits_kept,
	};
	assay_map_init(&notes->limit_by_key, arena);
}

/* assay_notes_release - give the errors back; the rest is in the arena */
void assay_notes_release(struct assay_notes *notes)
{
	json_decref(notes->errors);
	notes->errors = NULL;
}

/* keep - copy one entry into the list and index it */
static void keep(struct assay_notes *notes, const struct assay_note_limit *limit, const char *key)
{
	struct assay_note_limit *copy;

	if (notes->nlimit == notes->limit_cap) {
		size_t cap = notes->limit_cap > 0 ? notes->limit_cap * 2 : 16;
		struct assay_note_limit *grown =
		    assay_arena_calloc(notes->arena, cap, sizeof *grown);

		for (size_t i = 0; i < notes->nlimit; i++)
			grown[i] = notes->limit[i];
		notes->limit = grown;
		notes->limit_cap = cap;
	}
	copy = &notes->limit[notes->nlimit++];
	*copy = *limit;
	copy->limit = assay_arena_strdup(notes->arena, limit->limit);
	if (limit->payload_id != NULL)
		copy->payload_id = assay_arena_strdup(notes->arena, limit->payload_id);
	if (limit->plugin != NULL)
		copy->plugin = assay_arena_strdup(notes->arena, limit->plugin);
	/* the index, not a pointer: the list moves when it grows */
	assay_map_set(&notes->limit_by_key, assay_slice_str(key), (void *)(uintptr_t)notes->nlimit);
}

/* assay_notes_limit - a limit was met */
void assay_notes_limit(struct assay_notes *notes, const struct assay_note_limit *limit)
{
	char key[400];
	uintptr_t at;

	(void)snprintf(key, sizeof key, "%s|%s|%s|%d", limit->limit,
	    limit->plugin != NULL ? limit->plugin : "",
	    limit->payload_id != NULL ? limit->payload_id : "", limit->unseen);
	at = (uintptr_t)assay_map_get(&notes->limit_by_key, assay_slice_str(key));
	if (at > 0) {
		struct assay_note_limit *old = &notes->limit[at - 1];

		if (limit->value > old->value)
			old->value = limit->value;
		return;
	}
	notes->limits_all++;
	if (notes->limits_all <= notes->limits_kept)
		keep(notes, limit, assay_arena_strdup(notes->arena, key));
}

/* assay_notes_verror - something failed; control characters of foreign text become '?' */
void assay_notes_verror(
    struct assay_notes *notes, const struct assay_note_error *error, const char *fmt, va_list ap)
{
	char text[ERROR_TEXT];
	json_t *entry;
	int n;

	if (++notes->errors_all > notes->errors_kept)
		return;
	n = vsnprintf(text, sizeof text, fmt, ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof text)
		n = sizeof text - 1;
	for (int i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = '?';
	entry = json_object();
	assay_json_set(entry, "plugin_name", assay_json_str(error->plugin));
	assay_json_set(entry, "payload_id", assay_json_str(error->payload_id));
	assay_json_set(entry, "kind", assay_json_own(error->kind));
	assay_json_set(entry, "error", assay_json_text(text, (size_t)n));
	assay_json_append(notes->errors, entry);
}

/* assay_notes_error - as verror */
void assay_notes_error(
    struct assay_notes *notes, const struct assay_note_error *error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	assay_notes_verror(notes, error, fmt, ap);
	va_end(ap);
}

/* number - as large as the document's integers go */
static json_t *number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* limit_json - one entry */
static json_t *limit_json(const struct assay_note_limit *limit)
{
	json_t *entry = json_object();

	assay_json_set(entry, "limit", assay_json_str(limit->limit));
	assay_json_set(entry, "value", number(limit->value));
	assay_json_set(entry, "allowed", number(limit->allowed));
	assay_json_set(entry, "effect", assay_json_own(limit->unseen ? "unseen" : "cut"));
	assay_json_set(entry, "payload_id", assay_json_str(limit->payload_id));
	assay_json_set(entry, "plugin_name", assay_json_str(limit->plugin));
	return entry;
}

/* assay_notes_limits_json - limits[], the counting entries last */
json_t *assay_notes_limits_json(struct assay_notes *notes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < notes->nlimit; i++)
		assay_json_append(list, limit_json(&notes->limit[i]));
	if (notes->errors_all > notes->errors_kept)
		assay_json_append(list,
		    limit_json(&(struct assay_note_limit){ .limit = "errors_kept",
			.value = notes->errors_all,
			.allowed = notes->errors_kept }));
	if (notes->limits_all > notes->limits_kept)
		assay_json_append(list,
		    limit_json(&(struct assay_note_limit){ .limit = "limits_kept",
			.value = notes->limits_all,
			.allowed = notes->limits_kept }));
	return list;
}

/* assay_notes_errors_json - errors[] */
json_t *assay_notes_errors_json(struct assay_notes *notes)
{
	return json_incref(notes->errors);
}
