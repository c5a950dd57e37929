/*
 * cache.h - compiled rules on disk
 *
 * Compiled rules are code: a file is loaded only when it and its directory belong to us or root
 * and nobody else may write there, and when its body has the digest its head says. One file per
 * key; written whole or not at all; what cannot be used is made again, silently. Files of other
 * keys that were not used for 30 days are removed when one is written.
 */
#ifndef ASSAY_YARA_CACHE_H
#define ASSAY_YARA_CACHE_H

#include "ruleset.h"

/* Fills rules, bitmap and uses_md5 of *set (zeroed); false: not there, or not to be trusted. */
bool assay_cache_load(const char *dir, const char *key, struct assay_ruleset *set);
/* Failing to write is no error: the rules are compiled again next time. */
bool assay_cache_save(const char *dir, const char *key, const struct assay_ruleset *set);

#endif
