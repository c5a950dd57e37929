/*
 * smtp/schema.h - the tables of the plugin: options, fields of the result, facts
 */
#ifndef ASSAY_SMTP_SCHEMA_H
#define ASSAY_SMTP_SCHEMA_H

#include <assay/plugin.h>

extern const struct assay_opt assay_schema_options[];
extern const struct assay_field assay_schema_fields[];
extern const struct assay_fact assay_schema_facts[];

#endif
