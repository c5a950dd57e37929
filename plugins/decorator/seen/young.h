/*
 * seen/young.h - values that are not old enough to be known
 *
 * With min_age, a value is kept in a file of its own until its first mail is that old, and only
 * then goes into the filter. The file is a line, "assay-young 1", and records: when (8 bytes),
 * length (4 bytes), the value. Appended to, written anew when half of it is through. A torn record
 * at the end is cut off; what was torn off is forgotten, and its next mail is the first. Numbers
 * are those of the machine. One process at a time: the caller holds the lock of the filter.
 */
#ifndef ASSAY_SEEN_YOUNG_H
#define ASSAY_SEEN_YOUNG_H

#include <assay/types.h>

#define ASSAY_YOUNG_MOST ((uint64_t)256 << 20) /* bytes of the file */

struct assay_young {
	char *path;
	bool dirty; /* since the last sync */
};

/* Takes nothing, opens nothing. */
void assay_young_init(struct assay_young *young, const char *path);
void assay_young_release(struct assay_young *young);
/* E_FULL, E_IO; E_LIMIT: more wait than may. */
ASSAY_MUST_CHECK enum assay_status assay_young_add(
    struct assay_young *young, int64_t when_ms, struct assay_slice value, struct assay_err *err);
/* Calls grown for all whose time is before `until_ms`, then takes them out. */
ASSAY_MUST_CHECK enum assay_status assay_young_grow(struct assay_young *young, int64_t until_ms,
    enum assay_status (*grown)(
	void *arg, int64_t when_ms, struct assay_slice value, struct assay_err *err),
    void *arg, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_young_sync(
    struct assay_young *young, struct assay_err *err);

#endif
