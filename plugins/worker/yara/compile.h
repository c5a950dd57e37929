/*
 * compile.h - from rule files to compiled sets
 *
 * External variables are those of feasibility with other scanners: filename filepath extension
 * filetype owner group md5 unpack_parent unpack_source (strings), filemode id (integers).
 * `include` is refused: a rule file is one file. A file that does not compile is named with its
 * line, and either the call fails (ASSAY_E_CONF) or it is marked bad, logged and left out.
 */
#ifndef ASSAY_YARA_COMPILE_H
#define ASSAY_YARA_COMPILE_H

#include "ruleset.h"
#include "source.h"

/* Names of the external strings and integers; NULL ends them. */
extern const char *const assay_compile_strings[];
extern const char *const assay_compile_integers[];

/* Fills rules, bitmap and uses_md5 of *set, which is zeroed. */
ASSAY_MUST_CHECK enum assay_status assay_compile_sources(struct assay_source_list *list,
    const struct assay_ruleset_options *options, struct assay_ruleset *set, struct assay_err *err);

#endif
