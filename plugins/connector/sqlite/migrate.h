/*
 * sqlite/migrate.h - a store of an older schema becomes one of ours
 *
 * In one transaction: done, or not begun. Every document is unpacked and taken into the new tables
 * (some 2,000 a second), so room for the store a second time is needed. One line in the log.
 */
#ifndef ASSAY_SQLITE_MIGRATE_H
#define ASSAY_SQLITE_MIGRATE_H

#include "store.h"

/* Nothing when the store is of our version. */
ASSAY_MUST_CHECK enum assay_status assay_migrate(struct assay_store *store, struct assay_err *err);

#endif
