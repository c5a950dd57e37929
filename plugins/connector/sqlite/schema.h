/*
 * sqlite/schema.h - the tables of the store
 *
 * report	one row each; document has its JSON, compressed once
 * fact		value -> reports; value has each text once, in lower-case ASCII, with its bytes
 *		backwards in `key` (for *.docm) and, where it is an address, 16 bytes in `net`
 * fulltext	parts of subject, names and body (trigrams); the text itself is in the document only
 * finding	later facts about reports
 *
 * What the facts and the text of a report are is a function of its document (index.h): that is how
 * they are taken out again. A change of either is a new version.
 */
#ifndef ASSAY_SQLITE_SCHEMA_H
#define ASSAY_SQLITE_SCHEMA_H

#define ASSAY_SCHEMA_VERSION 1
#define ASSAY_SCHEMA_APPLICATION 0x61737379 /* "assy" */

/* For an empty file; to be run in a transaction. */
extern const char assay_schema_sql[];

#endif
