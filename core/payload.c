/*
 * core/payload.c - see payload.h. Also the accessors of <assay/plugin.h>.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/run.h"
#include "text/utf8.h"

#define TYPE_MAX 256u
#define EXTENSION_MAX 32u

/* ---- names ----------------------------------------------------------------------------------- */

/* clean - a stranger's text as valid UTF-8 of at most max bytes; NULL stays NULL, "" becomes it */
static const char *clean(struct assay_arena *arena, const char *s, size_t max)
{
	struct assay_slice text = assay_slice_str(s);
	struct assay_buf buf;
	const char *copy;

	if (text.n == 0)
		return NULL;
	text.n = assay_utf8_cut(text, max);
	if (assay_utf8_is_valid(text))
		return assay_arena_memdup0(arena, text.p, text.n);
	assay_buf_init(&buf, max);
	(void)assay_utf8_clean(text, &buf);
	copy = assay_arena_memdup0(arena, buf.p, buf.n);
	assay_buf_release(&buf);
	return copy;
}

/* lower - ASCII letters of a fresh copy made small */
static const char *lower(struct assay_arena *arena, const char *s)
{
	char *copy;

	if (s == NULL)
		return NULL;
	copy = assay_arena_strdup(arena, s);
	for (char *p = copy; *p != '\0'; p++)
		*p = (char)assay_ascii_lower(*p);
	return copy;
}

/* assay_payload_extension_of - what stands behind the last dot; trailing dots and blanks do not
 * count, as Windows drops them */
const char *assay_payload_extension_of(struct assay_arena *arena, const char *filename)
{
	size_t n = filename != NULL ? strlen(filename) : 0, dot;

	while (n > 0 && (filename[n - 1] == '.' || filename[n - 1] == ' '))
		n--;
	for (dot = n; dot > 0 && filename[dot - 1] != '.'; dot--)
		if (filename[dot - 1] == '/' || filename[dot - 1] == '\\')
			return NULL;
	if (dot == 0 || n - dot > EXTENSION_MAX)
		return NULL;
	return lower(arena, assay_arena_memdup0(arena, filename + dot, n - dot));
}

/* add_escaped - a name as one step of a path; `slashes` of it are left alone */
static void add_escaped(struct assay_buf *out, const char *name, unsigned slashes)
{
	for (; *name != '\0'; name++) {
		if (*name == '/' && slashes > 0)
			slashes--;
		else if (*name == '/' || *name == '\\')
			(void)assay_buf_add_char(out, '\\');
		(void)assay_buf_add_char(out, *name);
	}
}

/* path_of - the parent's path and one more step */
static const char *path_of(struct assay_arena *arena, const struct assay_payload *parent,
    const char *filename, const char *type)
{
	struct assay_buf buf;
	const char *path;

	if (parent == NULL)
		return "";
	assay_buf_init(&buf, ASSAY_PATH_MAX + 2 * ASSAY_NAME_MAX + 2 * TYPE_MAX + 4);
	(void)assay_buf_add_str(&buf, parent->path);
	if (parent->path[0] != '\0')
		(void)assay_buf_add_char(&buf, '/');
	if (filename != NULL) {
		add_escaped(&buf, filename, 0);
	} else {
		(void)assay_buf_add_char(&buf, '<');
		add_escaped(&buf, type != NULL ? type : "unknown", 1);
		(void)assay_buf_add_char(&buf, '>');
	}
	path = clean(arena, buf.p, ASSAY_PATH_MAX);
	assay_buf_release(&buf);
	return path;
}

/* ---- places ---------------------------------------------------------------------------------- */

/* add_unique - a string into a list, once; true when it was new */
static bool add_unique(json_t *list, const char *text)
{
	size_t i;
	json_t *value;

	json_array_foreach(
	    list, i, value) if (strcmp(json_string_value(value), text) == 0) return false;
	assay_json_append(list, assay_json_str(text));
	return true;
}

/* is_known - has a place with this name and type been seen before */
static bool is_known(const struct assay_payload *payload, const char *filename, const char *type)
{
	size_t i;
	json_t *value;

	json_array_foreach(payload->occurrences, i, value)
	{
		const char *f = assay_json_get_str(value, "filename");
		const char *t = assay_json_get_str(value, "content_type");

		if ((f == NULL ? filename == NULL : filename != NULL && strcmp(f, filename) == 0) &&
		    (t == NULL ? type == NULL : type != NULL && strcmp(t, type) == 0))
			return true;
	}
	return false;
}

/* occurrence - one entry of occurrences[] */
static json_t *occurrence(struct assay_payload *payload, const struct assay_place *place,
    const char *filename, const char *type)
{
	struct assay_arena *arena = payload->run->arena;
	json_t *o = json_object();

	assay_json_set(o, "place", assay_json_own(clean(arena, place->place, TYPE_MAX)));
	assay_json_set(
	    o, "parent", assay_json_own(place->parent != NULL ? place->parent->id : NULL));
	assay_json_set(o, "path", assay_json_own(path_of(arena, place->parent, filename, type)));
	assay_json_set(o, "filename", assay_json_own(filename));
	assay_json_set(o, "content_type", assay_json_own(type));
	assay_json_set(
	    o, "disposition", assay_json_own(clean(arena, place->disposition, TYPE_MAX)));
	assay_json_set(o, "extracted_by", assay_json_str(place->plugin));
	return o;
}

/* assay_payload_add_place - the same bytes, found there too */
void assay_payload_add_place(struct assay_payload *payload, const struct assay_place *place)
{
	struct assay_arena *arena = payload->run->arena;
	const char *filename = clean(arena, place->filename, ASSAY_NAME_MAX);
	const char *type = lower(arena, clean(arena, place->content_type, TYPE_MAX));
	unsigned depth = place->parent != NULL ? place->parent->least_depth + 1 : 0;

	if (payload->asked && !is_known(payload, filename, type))
		payload->ask_again = true;
	if (depth < payload->least_depth)
		payload->least_depth = depth;
	assay_json_append(payload->occurrences, occurrence(payload, place, filename, type));
	if (place->parent != NULL && place->parent != payload)
		(void)add_unique(payload->extracted_from, place->parent->id);
	if (place->plugin != NULL)
		(void)add_unique(payload->extracted_by, place->plugin);
}

/* assay_payload_new - new bytes at their first place */
struct assay_payload *assay_payload_new(
    struct assay_run *run, struct assay_slice bytes, const struct assay_place *place)
{
	struct assay_payload *p = assay_arena_zalloc(run->arena, sizeof *p);
	struct assay_payload *parent = place->parent;

	p->run = run;
	p->bytes = bytes.p != NULL ? bytes : ASSAY_SLICE_LIT("");
	p->id = parent == NULL
	    ? "0"
	    : assay_arena_printf(run->arena, "%s.%u", parent->id, ++parent->children);
	p->parent = parent != NULL ? parent->id : NULL;
	p->depth = p->least_depth = parent != NULL ? parent->depth + 1 : 0;
	p->filename = clean(run->arena, place->filename, ASSAY_NAME_MAX);
	p->content_type = lower(run->arena, clean(run->arena, place->content_type, TYPE_MAX));
	p->extension = assay_payload_extension_of(run->arena, p->filename);
	p->path = path_of(run->arena, parent, p->filename, p->content_type);
	p->should_archive = p->should_scan = true;
	p->occurrences = json_array();
	p->extra = json_array();
	p->dispatch_to = json_array();
	p->extracted_from = json_array();
	p->extracted_by = json_array();
	p->workers = json_object();
	p->workers_run = json_array();
	assay_plan_init(&p->plan, run->arena);
	assay_payload_add_place(p, place);
	return p;
}

/* assay_payload_release - what is not in the arena */
void assay_payload_release(struct assay_payload *payload)
{
	json_decref(payload->occurrences);
	json_decref(payload->extra);
	json_decref(payload->dispatch_to);
	json_decref(payload->extracted_from);
	json_decref(payload->extracted_by);
	json_decref(payload->workers);
	json_decref(payload->workers_run);
	json_decref(payload->plan.chosen);
}

/* assay_payload_is_inside - are these bytes a piece of those */
bool assay_payload_is_inside(struct assay_slice inner, struct assay_slice outer)
{
	uintptr_t a = (uintptr_t)inner.p, b = (uintptr_t)outer.p;

	return a >= b && a - b <= outer.n && inner.n <= outer.n - (a - b);
}

/* ---- what plugins see ------------------------------------------------------------------------ */

/* assay_payload_bytes - the bytes */
struct assay_slice assay_payload_bytes(const struct assay_payload *payload)
{
	return payload->bytes;
}

/* assay_payload_id - "0.2.1" */
const char *assay_payload_id(const struct assay_payload *payload)
{
	payload->run->asked |= ASSAY_ASKED_MORE;
	return payload->id;
}

/* assay_payload_path - names down to it, of its first place */
const char *assay_payload_path(const struct assay_payload *payload)
{
	payload->run->asked |= ASSAY_ASKED_NAMES;
	return payload->path;
}

/* assay_payload_depth - 0 for the root */
unsigned assay_payload_depth(const struct assay_payload *payload)
{
	payload->run->asked |= ASSAY_ASKED_NAMES;
	return payload->depth;
}

/* assay_payload_filename - of its first place, or NULL */
const char *assay_payload_filename(const struct assay_payload *payload)
{
	payload->run->asked |= ASSAY_ASKED_NAMES;
	return payload->filename;
}

/* assay_payload_extension - without the dot, or NULL */
const char *assay_payload_extension(const struct assay_payload *payload)
{
	payload->run->asked |= ASSAY_ASKED_NAMES;
	return payload->extension;
}

/* assay_payload_content_type - as declared, or NULL */
const char *assay_payload_content_type(const struct assay_payload *payload)
{
	payload->run->asked |= ASSAY_ASKED_NAMES;
	return payload->content_type;
}

/* assay_payload_digest - computed once, kept in the payload although that looks const */
const char *assay_payload_digest(const struct assay_payload *payload, enum assay_digest digest)
{
	const char **memo = (const char **)(uintptr_t)&payload->digest[digest];
	char text[ASSAY_DIGEST_TEXT];

	if (*memo == NULL) {
		assay_digest_hex(digest, payload->bytes, text);
		*memo = assay_arena_strdup(payload->run->arena, text);
	}
	return *memo;
}

/* assay_payload_occurrences - all places */
const json_t *assay_payload_occurrences(const struct assay_payload *payload)
{
	payload->run->asked |= ASSAY_ASKED_MORE;
	return payload->occurrences;
}

/* assay_payload_extra - the first value under a key of extra_data, or NULL */
const char *assay_payload_extra(const struct assay_payload *payload, const char *key)
{
	size_t i;
	json_t *value;

	payload->run->asked |= ASSAY_ASKED_MORE;
	json_array_foreach(payload->extra, i, value)
	{
		const char *name = assay_json_get_str(value, "key");

		if (name != NULL && strcmp(name, key) == 0)
			return assay_json_get_str(value, "value");
	}
	return NULL;
}

/* assay_payload_result - of a worker that did its work, or NULL */
const json_t *assay_payload_result(const struct assay_payload *payload, const char *worker)
{
	const struct assay_step *step = assay_plan_find(&payload->plan, worker);

	payload->run->asked |= ASSAY_ASKED_MORE;
	if (step == NULL || step->state != ASSAY_STEP_DONE)
		return NULL;
	return json_object_get(payload->workers, worker);
}

/* assay_payload_dispatch_meta - what a dispatcher told the worker that runs now */
const char *assay_payload_dispatch_meta(
    const struct assay_payload *payload, const char *dispatcher, const char *key)
{
	const struct assay_step *step = payload->run->step;

	payload->run->asked |= ASSAY_ASKED_MORE;
	if (step == NULL || step->meta == NULL)
		return NULL;
	return assay_json_get_str(json_object_get(step->meta, dispatcher), key);
}

/* assay_payload_text - of the whole message, as far as it was read */
bool assay_payload_text(const struct assay_payload *payload, size_t i, struct assay_slice *text)
{
	struct assay_run *run = payload->run;

	run->asked |= ASSAY_ASKED_MORE;
	if (i >= run->ntext)
		return false;
	*text = run->text[i];
	return true;
}

/* assay_payload_request - what the door said, its guess of the time included */
const json_t *assay_payload_request(const struct assay_payload *payload)
{
	const struct assay_run *run = payload->run;

	payload->run->asked |= ASSAY_ASKED_MORE;
	return run->request->json != NULL ? run->request->json : run->meta;
}

/* assay_payload_scan_time - when this scan began */
int64_t assay_payload_scan_time(const struct assay_payload *payload)
{
	payload->run->asked |= ASSAY_ASKED_MORE;
	return payload->run->begun_wall;
}

/* assay_payload_arena - dies with the mail */
struct assay_arena *assay_payload_arena(const struct assay_payload *payload)
{
	return payload->run->arena;
}
