/*
 * filedir/told.h - saying a thing once, not at every look
 *
 * What was said of a place is not said of it again for an hour; how often it would have been is
 * added then. Writes to the log. Nothing here fails.
 */
#ifndef ASSAY_FILEDIR_TOLD_H
#define ASSAY_FILEDIR_TOLD_H

#include <assay/types.h>

#define ASSAY_TOLD_SLOTS 64

struct assay_told_slot {
	uint64_t hash; /* of what and where; 0: free */
	int64_t at_ms; /* monotonic */
	unsigned more; /* times it was kept back */
};

/* Zero: nothing was told. */
struct assay_told {
	struct assay_told_slot slot[ASSAY_TOLD_SLOTS];
};

/* A warning, "where: text", unless the same `kind` of thing was told of `where` before. */
void assay_told_warn(struct assay_told *told, const char *where, unsigned kind, const char *text);

#endif
