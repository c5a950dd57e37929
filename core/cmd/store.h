/*
 * core/cmd/store.h - what the commands that ask a store share: search, show, stats
 *
 * A store is a connector that answers: the one named with -C, else the first of [core] connectors
 * that can, else "sqlite". Reached through the connector's table only. Whatever it says goes
 * through struct assay_cmd_store.out to standard output; all of it is a stranger's text.
 */
#ifndef ASSAY_CMD_STORE_H
#define ASSAY_CMD_STORE_H

#include <jansson.h>

#include "base/buf.h"
#include "core/cmd/cmd.h"
#include "core/host.h"

struct assay_cmd_store {
	struct assay_config *config;
	struct assay_host *host;
	const struct assay_loaded *loaded;
	struct assay_buf out;
};

/* name NULL: see above. The plugins of the configuration are loaded: theirs are the words. */
ASSAY_MUST_CHECK enum assay_status assay_cmd_store_open(struct assay_cmd_store *store,
    const struct assay_cmd_globals *globals, const char *name, struct assay_err *err);
/* Also after open failed. */
void assay_cmd_store_close(struct assay_cmd_store *store);
/* The tree of a query; NULL: everything (core/query.h). */
ASSAY_MUST_CHECK enum assay_status assay_cmd_store_match(const struct assay_cmd_store *store,
    struct assay_slice text, json_t **match, struct assay_err *err);
/* Takes the query. */
ASSAY_MUST_CHECK enum assay_status assay_cmd_store_ask(struct assay_cmd_store *store, json_t *query,
    bool (*row)(void *arg, const json_t *row), void *arg, struct assay_err *err);
/* Prints what is in `out`, and empties it. */
void assay_cmd_store_print(struct assay_cmd_store *store);
/* Appends a string or number as one line's worth of text, cut at `max` bytes. */
void assay_cmd_store_add(struct assay_cmd_store *store, const json_t *value, size_t max);
/* A mail on one line (the form summary): when, id, who, subject, what is not as usual; without a
 * line feed. */
void assay_cmd_store_line(struct assay_cmd_store *store, const json_t *summary);
/* Operands with spaces between; to be released. */
void assay_cmd_store_join(const struct assay_words *operands, struct assay_buf *text);

#endif
