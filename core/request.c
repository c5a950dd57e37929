/*
 * core/request.c - see request.h. The door that made the request is trusted to mean well, not to be
 * free of mistakes: each member is checked for its type before use.
 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/request.h"

/* What is read, from where, into which arena. */
struct reader {
	struct assay_arena *arena;
	const json_t *json;
	struct assay_err *err;
};

/* ---- members --------------------------------------------------------------------------------- */

/* member - NULL when it is missing or null */
static const json_t *member(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_null(value) ? NULL : value;
}

/* wrong - a member that is not what it should be */
static enum assay_status wrong(const struct reader *r, const char *name, const char *what)
{
	return assay_err_set(r->err, ASSAY_E_SYNTAX, "request: %s is not %s", name, what);
}

/* read_str - a string, or NULL */
static enum assay_status read_str(const struct reader *r, const char *name, const char **out)
{
	const json_t *value = member(r->json, name);

	*out = json_string_value(value);
	return value == NULL || *out != NULL ? ASSAY_OK : wrong(r, name, "a string");
}

/* read_uuid - a UUID, or NULL */
static enum assay_status read_uuid(const struct reader *r, const char *name, const char **out)
{
	enum assay_status s = read_str(r, name, out);

	if (s == ASSAY_OK && *out != NULL && !assay_request_is_uuid(*out))
		return wrong(r, name, "a UUID");
	return s;
}

/* read_bool - a boolean, or what is there already */
static enum assay_status read_bool(const struct reader *r, const char *name, bool *out)
{
	const json_t *value = member(r->json, name);

	if (value == NULL)
		return ASSAY_OK;
	*out = json_is_true(value);
	return json_is_boolean(value) ? ASSAY_OK : wrong(r, name, "true or false");
}

/* read_names - a list of names, or NULL */
static enum assay_status read_names(
    const struct reader *r, const char *name, const char *const **out)
{
	const json_t *list = member(r->json, name);
	size_t n = json_array_size(list);
	const char **names;

	*out = NULL;
	if (list == NULL)
		return ASSAY_OK;
	if (!json_is_array(list))
		return wrong(r, name, "a list");
	names = assay_arena_calloc(r->arena, n + 1, sizeof *names);
	for (size_t i = 0; i < n; i++) {
		names[i] = json_string_value(json_array_get(list, i));
		if (names[i] == NULL)
			return wrong(r, name, "a list of names");
	}
	*out = names;
	return ASSAY_OK;
}

/* read_skip - what must not be run again */
static enum assay_status read_skip(const struct reader *r, struct assay_request *request)
{
	const json_t *list = member(r->json, "skip");
	size_t n = json_array_size(list);
	struct assay_request_skip *skip = assay_arena_calloc(r->arena, n + 1, sizeof *skip);

	if (list != NULL && !json_is_array(list))
		return wrong(r, "skip", "a list");
	for (size_t i = 0; i < n; i++) {
		const json_t *entry = json_array_get(list, i);

		skip[i].worker = assay_json_get_str(entry, "worker");
		skip[i].sha256 = assay_json_get_str(entry, "sha256");
		skip[i].kind = assay_json_get_str(entry, "kind");
		if (skip[i].worker == NULL || skip[i].sha256 == NULL || skip[i].kind == NULL)
			return wrong(r, "skip", "a list of {worker, sha256, kind}");
	}
	request->skip = skip;
	request->nskip = n;
	return ASSAY_OK;
}

/* read_time - the door's guess at the time of the message */
static enum assay_status read_time(const struct reader *r, struct assay_request *request)
{
	const json_t *time = member(r->json, "message_time");

	if (time == NULL)
		return ASSAY_OK;
	request->message_time_source = assay_json_get_str(time, "source");
	if (request->message_time_source == NULL || !json_is_integer(json_object_get(time, "utc")))
		return wrong(r, "message_time", "{utc: milliseconds, source}");
	request->message_time_ms = json_integer_value(json_object_get(time, "utc"));
	return ASSAY_OK;
}

/* read_number - a member that is a number, or not there */
static enum assay_status read_number(const struct reader *r, const char *name, int64_t *to)
{
	const json_t *number = member(r->json, name);

	if (number == NULL)
		return ASSAY_OK;
	if (!json_is_integer(number) || json_integer_value(number) < 0)
		return wrong(r, name, "a number from 0 on");
	*to = json_integer_value(number);
	return ASSAY_OK;
}

/* read_json - members that are passed on as they are */
static enum assay_status read_json(const struct reader *r, struct assay_request *request)
{
	request->envelope = member(r->json, "envelope");
	if (request->envelope != NULL && !json_is_object(request->envelope))
		return wrong(r, "envelope", "an object");
	request->extra = member(r->json, "extra_data");
	if (request->extra != NULL && !json_is_array(request->extra))
		return wrong(r, "extra_data", "a list");
	return ASSAY_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* assay_request_init - nothing asked in particular */
void assay_request_init(struct assay_request *request)
{
	*request = (struct assay_request){ .archive_payloads = true, .max_recursion = -1 };
}

/* read_texts - all strings */
static enum assay_status read_texts(const struct reader *r, struct assay_request *request)
{
	const struct {
		const char *name;
		const char **out;
	} text[] = {
		{ "source", &request->source },
		{ "source_id", &request->source_id },
		{ "filename", &request->filename },
		{ "content_type", &request->content_type },
		{ "tenant", &request->tenant },
		{ "queue_id", &request->queue_id },
		{ "daemon", &request->daemon },
	};

	for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
		enum assay_status s = read_str(r, text[i].name, text[i].out);

		if (s != ASSAY_OK)
			return s;
	}
	return ASSAY_OK;
}

/* read_lists - all lists of plugins */
static enum assay_status read_lists(const struct reader *r, struct assay_request *request)
{
	const struct {
		const char *name;
		const char *const **out;
	} list[] = {
		{ "start_dispatch", &request->start_dispatch },
		{ "always_dispatch", &request->always_dispatch },
		{ "dispatchers", &request->dispatchers },
		{ "decorators", &request->decorators },
		{ "archivers", &request->archivers },
		{ "skip_rules", &request->skip_rules },
	};

	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
		enum assay_status s = read_names(r, list[i].name, list[i].out);

		if (s != ASSAY_OK)
			return s;
	}
	return ASSAY_OK;
}

/* release_json - the request's own tree dies with the arena */
static void release_json(void *json)
{
	json_decref(json);
}

/* assay_request_read - from a parsed object */
enum assay_status assay_request_read(
    struct assay_request *request, struct assay_arena *arena, json_t *json, struct assay_err *err)
{
	const struct reader r = { arena, json, err };
	enum assay_status s = ASSAY_OK;

	assay_request_init(request);
	assay_arena_defer(arena, release_json, json);
	if (!json_is_object(json))
		return assay_err_set(err, ASSAY_E_SYNTAX, "request: no JSON object");
	request->json = json;
	if (s == ASSAY_OK)
		s = read_uuid(&r, "scan_id", &request->scan_id);
	if (s == ASSAY_OK)
		s = read_uuid(&r, "parent_scan_id", &request->parent_scan_id);
	if (s == ASSAY_OK)
		s = read_uuid(&r, "supersedes", &request->supersedes);
	if (s == ASSAY_OK)
		s = read_texts(&r, request);
	if (s == ASSAY_OK)
		s = read_lists(&r, request);
	if (s == ASSAY_OK)
		s = read_bool(&r, "archive_payloads", &request->archive_payloads);
	if (s == ASSAY_OK)
		s = read_bool(&r, "root_only", &request->root_only);
	if (s == ASSAY_OK)
		s = read_bool(&r, "bulk", &request->bulk);
	if (s == ASSAY_OK)
		s = read_bool(&r, "guest", &request->guest);
	if (s == ASSAY_OK)
		s = read_bool(&r, "explain", &request->explain);
	if (s == ASSAY_OK)
		s = read_skip(&r, request);
	if (s == ASSAY_OK)
		s = read_time(&r, request);
	if (s == ASSAY_OK)
		s = read_number(&r, "max_recursion", &request->max_recursion);
	if (s == ASSAY_OK)
		s = read_number(&r, "spent_ms", &request->spent_ms);
	return s == ASSAY_OK ? read_json(&r, request) : s;
}

/* assay_request_parse - from bytes */
enum assay_status assay_request_parse(struct assay_request *request, struct assay_arena *arena,
    struct assay_slice text, struct assay_err *err)
{
	json_t *json;
	enum assay_status s = assay_json_parse(text, &json, err);

	if (s != ASSAY_OK) {
		assay_err_prefix(err, "request");
		return s;
	}
	return assay_request_read(request, arena, json, err);
}

/* assay_request_meta - request_meta of the report */
json_t *assay_request_meta(const struct assay_request *request)
{
	json_t *meta = json_object();
	json_t *extra = json_array();

	if (request->extra != NULL)
		(void)json_array_extend(extra, (json_t *)(uintptr_t)request->extra);
	assay_json_set(meta, "archive_payloads", json_boolean(request->archive_payloads));
	assay_json_set(meta, "source", assay_json_str(request->source));
	assay_json_set(meta, "source_id", assay_json_str(request->source_id));
	assay_json_set(meta, "extra_data", extra);
	assay_json_set(meta, "filename", assay_json_str(request->filename));
	assay_json_set(meta, "queue_id", assay_json_str(request->queue_id));
	assay_json_set(meta, "daemon", assay_json_str(request->daemon));
	assay_json_set(meta, "envelope",
	    request->envelope != NULL ? json_deep_copy(request->envelope) : json_null());
	return meta;
}

/* ---- ids ------------------------------------------------------------------------------------- */

/* assay_request_is_uuid - 8-4-4-4-12 hex digits */
bool assay_request_is_uuid(const char *s)
{
	for (size_t i = 0; i < ASSAY_UUID_TEXT - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' : assay_ascii_hex(s[i]) < 0)
			return false;
	}
	return s[ASSAY_UUID_TEXT - 1] == '\0';
}

/* put_uuid - 32 hex digits as a UUID of a version (RFC 9562) */
static void put_uuid(const char *hex, char version, char id[ASSAY_UUID_TEXT])
{
	size_t at = 0;

	for (size_t i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			id[at++] = '-';
		id[at++] = hex[i];
	}
	id[at] = '\0';
	id[14] = version;
	id[19] = "89ab"[assay_ascii_hex(id[19]) & 3];
}

/* random_hex - 32 hex digits */
static void random_hex(char hex[33])
{
	unsigned char raw[16];

	if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
		ASSAY_BUG("no random bytes");
	for (size_t i = 0; i < sizeof raw; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", (unsigned)raw[i]);
}

/* assay_request_random_id - see request.h */
void assay_request_random_id(char id[ASSAY_UUID_TEXT])
{
	char hex[33];

	random_hex(hex);
	put_uuid(hex, '4', id);
}

/* assay_request_named_id - out of its digest */
void assay_request_named_id(struct assay_slice name, char id[ASSAY_UUID_TEXT])
{
	char hex[ASSAY_DIGEST_TEXT];

	assay_digest_hex(ASSAY_SHA256, name, hex);
	put_uuid(hex, '8', id);
}

/* assay_request_scan_id - given, derived, or random */
void assay_request_scan_id(
    const struct assay_request *request, const char *sha256, char id[ASSAY_UUID_TEXT])
{
	char hex[ASSAY_DIGEST_TEXT], name[ASSAY_DIGEST_TEXT + 72];

	if (request->scan_id != NULL) {
		memcpy(id, request->scan_id, ASSAY_UUID_TEXT);
	} else if (request->source_id != NULL) {
		assay_digest_hex(ASSAY_SHA256, assay_slice_str(request->source_id), hex);
		(void)snprintf(name, sizeof name, "%s %s", hex, sha256);
		assay_request_named_id(assay_slice_str(name), id);
	} else {
		assay_request_random_id(id);
	}
}
