/*
 * core/scanner.h - what commands may see inside a scanner (<assay/engine.h>)
 */
#ifndef ASSAY_SCANNER_H
#define ASSAY_SCANNER_H

#include <assay/engine.h>

struct assay_policy;

/* Who judges its reports. */
const struct assay_policy *assay_scanner_policy(const struct assay_scanner *scanner);

#endif
