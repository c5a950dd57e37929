/*
 * core/payload.h - one blob: its bytes, its names, its places in the tree, its results so far
 *
 * Made by the engine (root) or by a worker's child. Equal bytes are one payload with several
 * occurrences. Everything lives in the scan's arena; the json_t members are released with it.
 * Names come from strangers: cleaned to UTF-8 and cut at
 * ASSAY_NAME_MAX bytes, paths at ASSAY_PATH_MAX.
 */
#ifndef ASSAY_PAYLOAD_H
#define ASSAY_PAYLOAD_H

#include <assay/plugin.h>

#include "core/plan.h"

struct assay_run;

#define ASSAY_NAME_MAX 1024u
#define ASSAY_PATH_MAX 2048u

struct assay_payload {
	struct assay_run *run;
	struct assay_slice bytes;
	const char *id, *path;
	unsigned depth;       /* of its first place */
	unsigned least_depth; /* of all its places: decides whether it is scanned */
	const char *parent;   /* id; NULL for the root */
	const char *filename, *extension, *content_type;
	const char *digest[ASSAY_DIGESTS];
	bool should_archive, should_scan;
	json_t *occurrences, *extra;           /* lists */
	json_t *dispatch_to;                   /* list of names, unique */
	json_t *extracted_from, *extracted_by; /* lists, unique */
	json_t *workers;                       /* name -> result, in the order they ran */
	json_t *workers_run;                   /* list of names */
	struct assay_plan plan;
	uint32_t children; /* ids given out */
	uint64_t found;    /* children asked for, repeats included */
	uint64_t unpacked; /* bytes made out of this one */
	bool queued;       /* waits for its turn */
	bool asked;        /* dispatchers have chosen */
	bool ask_again;    /* a new name or type turned up since */
	unsigned passes;   /* of every_round dispatchers */
	unsigned asks_again;
	struct assay_payload *next;       /* in order of discovery */
	struct assay_payload *queue_next; /* in the queue */
};

/* Where a payload was found. Strings may come from a stranger; NULL when absent. */
struct assay_place {
	struct assay_payload *parent; /* NULL: the root */
	const char *place, *filename, *content_type, *disposition;
	const char *plugin; /* who found it; NULL: the door */
};

/* New bytes at their first place: names, id, path. Not known to the run yet. */
struct assay_payload *assay_payload_new(
    struct assay_run *run, struct assay_slice bytes, const struct assay_place *place);
/* One more place. */
void assay_payload_add_place(struct assay_payload *payload, const struct assay_place *place);
/* Do the bytes of `inner` lie inside those of `outer`? */
bool assay_payload_is_inside(struct assay_slice inner, struct assay_slice outer);
/* Of a file name: without the dot, lower case; NULL when there is none. */
const char *assay_payload_extension_of(struct assay_arena *arena, const char *filename);
void assay_payload_release(struct assay_payload *payload);

#endif
