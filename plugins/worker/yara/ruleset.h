/*
 * ruleset.h - compiled rules, ready to scan
 *
 * Opened once per process before it forks and closes itself in: files are read, compiled (or
 * taken from the cache) and scanners made. The three sets are those of gate.h. Lives until
 * closed; nothing in it changes but the scanners.
 */
#ifndef ASSAY_YARA_RULESET_H
#define ASSAY_YARA_RULESET_H

#include <yara.h>

#include "gate.h"

struct assay_ruleset_options {
	const char *base;         /* relative names are below it */
	const char *const *names; /* files, directories, globs; ends with NULL */
	const char *cache_dir;    /* or NULL: compile each time */
	bool gate;                /* see gate.h */
	bool refuse;              /* a file that does not compile is an error, else left out */
};

struct assay_ruleset {
	YR_RULES *rules[ASSAY_GATE_SETS];     /* NULL: none of that set */
	YR_SCANNER *scanner[ASSAY_GATE_SETS]; /* one each, reused */
	struct assay_gate_bitmap bitmap;
	bool uses_md5, uses_names; /* external variables */
	char id[65];               /* SHA-256 over names and texts of the rules, hex */
};

/* Initialises libyara as well. No rules at all: ASSAY_OK and *set is NULL. */
ASSAY_MUST_CHECK enum assay_status assay_ruleset_open(
    const struct assay_ruleset_options *options, struct assay_ruleset **set, struct assay_err *err);
void assay_ruleset_close(struct assay_ruleset **set);

#endif
