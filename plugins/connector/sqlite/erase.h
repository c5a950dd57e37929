/*
 * sqlite/erase.h - taking reports out of the store: on demand, and because they are old
 *
 * A report goes with its document, facts, text and findings; values that nobody else has go too.
 * Findings of the kind "erased" stay, and keep the report from coming back. Free pages are used
 * again; the file does not shrink. What was erased on demand is overwritten; its trigrams are, when
 * the text of its part is next tidied up, which assay_erase_old does first.
 */
#ifndef ASSAY_SQLITE_ERASE_H
#define ASSAY_SQLITE_ERASE_H

#include <assay/plugin.h>

#include "store.h"

/* As struct assay_connector.erase and .expire say. Age is that of the scan. */
ASSAY_MUST_CHECK enum assay_status assay_erase_scans(
    struct assay_store *store, const char *const *scan_ids, size_t n, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_erase_old(struct assay_store *store,
    const struct assay_retention *what, uint64_t *gone, struct assay_err *err);
/* Empties the WAL where nobody reads from it just now; waits for nobody. */
void assay_erase_wal(struct assay_store *store);

#endif
