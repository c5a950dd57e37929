/*
 * core/schema.h - the report's form, for machines
 *
 * JSON Schema (2020-12) of the document assay/1: the core's own field table and the tables of all
 * loaded plugins under workers.NAME and decorators.NAME. Each property has its type, a
 * description and its privacy class in "x-privacy".
 */
#ifndef ASSAY_SCHEMA_H
#define ASSAY_SCHEMA_H

#include <jansson.h>

struct assay_host;

/* New reference. */
json_t *assay_schema(const struct assay_host *host);

#endif
