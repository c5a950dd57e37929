/*
 * core/lookup_table.h - what a table answers that Postfix looks up: was that there before?
 *
 * The name of a table is a field that the plugin `seen` keeps; the plugin decides what a key of it
 * is (plugins/decorator/seen/enquiry.h) and what it knows. What is said of a key that is known, and
 * of one that is not, stands in [core]: lookup_known and lookup_unknown, "" is "not found".
 */
#ifndef ASSAY_LOOKUP_TABLE_H
#define ASSAY_LOOKUP_TABLE_H

#include "core/lookup_wire.h"

struct assay_host;
struct assay_loaded;
struct assay_opts;

#define ASSAY_LOOKUP_PLUGIN "seen"

struct assay_lookup_table {
	const struct assay_loaded *plugin;
	const char *field; /* for whoever cannot name one; "": the first that is kept */
	const char *known, *unknown;
};

/* Borrows all of it; the plugin is open. E_CONF: nothing can be asked that way. */
ASSAY_MUST_CHECK enum assay_status assay_lookup_table_open(struct assay_lookup_table *table,
    const struct assay_host *host, const struct assay_opts *core, struct assay_err *err);

enum assay_lookup_is { ASSAY_LOOKUP_NONE, ASSAY_LOOKUP_NEW, ASSAY_LOOKUP_KNOWN };

struct assay_lookup_said {
	enum assay_lookup_answer answer;
	enum assay_lookup_is is; /* NONE: the key is none of that field, or it failed */
	const char *text;        /* of the configuration, or in `why` */
	struct assay_err why;
};

void assay_lookup_table_ask(const struct assay_lookup_table *table,
    const struct assay_lookup_request *request, struct assay_lookup_said *said);

#endif
