/*
 * source.h - the rule files named in the configuration, read
 *
 * Names are files, directories (all *.yar and *.yara below, links to directories not followed) and
 * globs. Sorted by name, so that the order is that of the names and not of the disk. One name
 * space per file: its name below the directory that was named, or its own name.
 * Limits: 10,000 files, 32 MiB each, 256 MiB in all; beyond it is ASSAY_E_CONF.
 */
#ifndef ASSAY_YARA_SOURCE_H
#define ASSAY_YARA_SOURCE_H

#include <assay/types.h>

struct assay_arena;

struct assay_source {
	const char *path;
	const char *space; /* name space */
	struct assay_slice text;
	bool bad; /* does not compile: left out */
};

struct assay_source_list {
	struct assay_arena *arena; /* where all of it lives */
	struct assay_source *source;
	size_t n;
};

/* Relative names are below `base`. A name that is not there is ASSAY_E_CONF, an empty directory is
 * not. */
ASSAY_MUST_CHECK enum assay_status assay_source_read(struct assay_arena *arena, const char *base,
    const char *const *names, struct assay_source_list *list, struct assay_err *err);

#endif
