/* SPDX-License-Identifier: GPL-2.0-or-later WITH openssl-exception (see LICENSE) */
/*
 * assay/engine.h - scanning from another C program
 *
 * A scanner is configuration, plugins and sandboxed scan processes of its own. Open it early and
 * before the program makes threads: scan processes are forked from it, as copies. One call at a
 * time. A crash, hang or flood of a plugin costs that plugin's result, never the caller.
 *
 *	struct assay_scanner *scanner;
 *	if (assay_scanner_open(NULL, &scanner, &err) != ASSAY_OK) ...
 *	if (assay_scanner_scan(scanner, &submission, show, NULL, &err) != ASSAY_OK) ...
 *	assay_scanner_close(&scanner);
 *
 * A whole program: docs/embed.c. The report: RESULT "the report", docs/assay-1.schema.json.
 */
#ifndef ASSAY_ENGINE_H
#define ASSAY_ENGINE_H

#include <assay/plugin.h>
#include <assay/types.h>

struct assay_scanner;

/* All may be NULL or 0. Lists end with NULL; everything is borrowed until the scanner closes. */
struct assay_scanner_options {
	const char *home;               /* as `assay --home` */
	const char *conf_file;          /* as `assay --conf` */
	bool no_files;                  /* read no configuration file at all */
	const char *const *core_opts;   /* "name=value" of [core] */
	const char *const *plugin_opts; /* "plugin:option=value" */
	const char *const *plugin_dirs; /* searched first */
	bool no_sandbox;                /* for debugging */
};

/* A payload that shall be kept: its digest and its bytes (checked to be of that digest). */
struct assay_kept {
	char sha256[65];
	struct assay_slice bytes;
};

/* What came of one mail. Borrowed from the door; gone when the callback returns. */
struct assay_answer {
	struct assay_slice report; /* JSON on one line, checked, no line feed at the end */
	const char *action;        /* verdict.action */
	const char *status;        /* "scanned" | "partial" | "unscanned" */
	const char *scan_id;
	unsigned tries;           /* scan processes it took */
	struct assay_slice bytes; /* the message, the door's own copy; {"", 0} when too large */
	const struct assay_kept *keep; /* payloads that shall be archived */
	size_t nkeep;
	void *tag;             /* of the submission */
	const json_t *request; /* what was asked */
	const char *why;       /* "unscanned": the reason, a word; else NULL */
	int64_t took_ms;       /* from submission to answer */
};

/* Options may be NULL. */
ASSAY_MUST_CHECK ASSAY_API enum assay_status assay_scanner_open(
    const struct assay_scanner_options *options, struct assay_scanner **scanner,
    struct assay_err *err);
/* Accepts NULL, leaves NULL. */
ASSAY_API void assay_scanner_close(struct assay_scanner **scanner);
/* Calls `answer` once. Takes the submission's descriptor. */
ASSAY_MUST_CHECK ASSAY_API enum assay_status assay_scanner_scan(struct assay_scanner *scanner,
    const struct assay_submission *submission,
    void (*answer)(void *arg, const struct assay_answer *answer), void *arg, struct assay_err *err);

#endif
