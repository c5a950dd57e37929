/*
 * core/docfields.h - the report's own fields, as a table
 *
 * What RESULT section 1 says of everything outside workers{} and decorators{}: path, type, privacy
 * class, meaning. The schema is made from it, and what workers and doors contribute to the frame of
 * the document is checked against it.
 */
#ifndef ASSAY_DOCFIELDS_H
#define ASSAY_DOCFIELDS_H

#include <assay/plugin.h>

extern const struct assay_field assay_doc_fields[];

#endif
