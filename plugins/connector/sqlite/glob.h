/*
 * sqlite/glob.h - the function assay_glob(pattern, text) in SQL
 *
 * Compares as facts do: * and ?, ASCII case ignored (base/slice.h). 1 or 0.
 */
#ifndef ASSAY_SQLITE_GLOB_H
#define ASSAY_SQLITE_GLOB_H

#include <sqlite3.h>

/* SQLITE_OK, or why not. */
int assay_glob_register(sqlite3 *db);

#endif
