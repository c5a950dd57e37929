/*
 * core/request.h - what is asked of one scan
 *
 * A JSON object that a door makes; read once, strictly typed (a member of another type is
 * ASSAY_E_SYNTAX), unknown members ignored. All members may be missing or null:
 *
 *	scan_id parent_scan_id supersedes   UUIDs; no scan_id: derived from source_id and the
 *	                                    message's sha256 (version 8), else random (version 4)
 *	source source_id filename content_type queue_id daemon tenant   strings
 *	extra_data [{key, value}]  envelope {...}  archive_payloads (true)
 *	message_time {utc: ms since 1970, source: word}      the door's best guess
 *	start_dispatch always_dispatch dispatchers decorators archivers   lists of names instead of
 *	                                    those of [core]
 *	max_recursion   number instead of that of [core]
 *	skip [{worker, sha256 or "*", kind: "crashed" | "timeout" | "bypass"}]   known to kill the
 *	                process, or to be passed over
 *	skip_rules [names]   rules of the policy that do not count
 *	root_only       only what start_dispatch and the dispatchers choose for the root
 *	bulk            nobody waits
 *	spent_ms        what earlier tries took of this mail's time; duration_ms counts it
 *	guest           of no process of the service (assay import, assay scan): counted apart
 *	explain         the report says who chose which worker (plugins_run.chosen)
 *
 * The message itself and the deadline travel beside it.
 */
#ifndef ASSAY_REQUEST_H
#define ASSAY_REQUEST_H

#include <assay/plugin.h>

struct assay_arena;

#define ASSAY_UUID_TEXT 37

struct assay_request_skip {
	const char *worker, *sha256, *kind;
};

/* Strings and lists live in the arena given to parse. */
struct assay_request {
	json_t *json; /* the request itself, owned by the arena; may be NULL */
	const char *scan_id, *parent_scan_id, *supersedes;
	const char *source, *source_id, *filename, *content_type, *tenant, *queue_id, *daemon;
	const json_t *envelope; /* borrowed from json; NULL: none */
	const json_t *extra;    /* likewise */
	bool archive_payloads;
	int64_t message_time_ms; /* with message_time_source; NULL: none given */
	const char *message_time_source;
	const char *const *start_dispatch, *const *always_dispatch; /* NULL: those of [core] */
	const char *const *dispatchers, *const *decorators, *const *archivers;
	const char *const *skip_rules; /* NULL: none */
	int64_t max_recursion;         /* -1: that of [core] */
	int64_t spent_ms;              /* 0: it is the first try */
	const struct assay_request_skip *skip;
	size_t nskip;
	bool root_only, bulk, guest, explain;
	int64_t deadline_ms; /* CLOCK_MONOTONIC; 0: none; set by the caller */
};

/* Everything at its default. */
void assay_request_init(struct assay_request *request);
/* Takes the reference to `json` (into the arena), also on failure. */
ASSAY_MUST_CHECK enum assay_status assay_request_read(
    struct assay_request *request, struct assay_arena *arena, json_t *json, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_request_parse(struct assay_request *request,
    struct assay_arena *arena, struct assay_slice text, struct assay_err *err);
/* request_meta of the report. New reference. */
json_t *assay_request_meta(const struct assay_request *request);
/* The id of this scan: given, derived, or random. */
void assay_request_scan_id(
    const struct assay_request *request, const char *sha256, char id[ASSAY_UUID_TEXT]);
void assay_request_random_id(char id[ASSAY_UUID_TEXT]);
/* The same for the same name, whoever makes it (a UUID of version 8). */
void assay_request_named_id(struct assay_slice name, char id[ASSAY_UUID_TEXT]);
bool assay_request_is_uuid(const char *s);

#endif
