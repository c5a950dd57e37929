/*
 * binary/tree.h - from libyara's tree (module.h) to the report; shared by pe and elf
 */
#ifndef ASSAY_BINARY_TREE_H
#define ASSAY_BINARY_TREE_H

#include "module.h"
#include "report.h"

enum assay_copy_as { ASSAY_COPY_INT, ASSAY_COPY_TEXT, ASSAY_COPY_TIME };

/* How members of libyara's tree are called in ours; a NULL key ends it. TIME: seconds since 1970;
 * null when they are 0. What is not there is null. */
struct assay_copy {
	const char *key, *member;
	enum assay_copy_as as;
};

void assay_tree_copy(json_t *to, const struct assay_object *o, const struct assay_copy *rows);
/* `close` of a plugin whose state is struct assay_report_options. */
void assay_tree_close(void *state);

#endif
