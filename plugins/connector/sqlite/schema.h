/*
 * sqlite/schema.h - the tables of the store
 *
 * part		so many reports one behind the other, in the order they came: values, facts and
 *		trigrams of a part stand together, so that what a new report changes does not
 *		spread as the store grows, and what is old goes without touching what is new
 * report	one row each; document has its JSON, compressed once
 * value	each text once per part (ASCII case ignored), as bytes where it is a digest;
 *		ending: its bytes backwards (for *.docm); net: 16 bytes where it is an address
 * fact		value -> reports
 * text_N	parts of subject, names and body (trigrams) of part N; the text itself is in the
 *		document only; terms_N: its trigrams
 * finding	later facts about reports; their facts are kept like those of the report
 *
 * Ids that are UUIDs are 16 bytes. What the facts and the text of a report are is a function of
 * its document and its findings (index.h): that is how they are taken out again. A change of
 * either is a new version, and migrate.c brings an older file up to date.
 */
#ifndef ASSAY_SQLITE_SCHEMA_H
#define ASSAY_SQLITE_SCHEMA_H

#define ASSAY_SCHEMA_VERSION 2
#define ASSAY_SCHEMA_APPLICATION 0x61737379 /* "assy" */

/* For a file without tables; to be run in a transaction. */
extern const char assay_schema_sql[];

#endif
