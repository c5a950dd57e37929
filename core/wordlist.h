/*
 * core/wordlist.h - options that name words of the vocabulary, or workers
 *
 * A LIST row whose `words` begins with "fact" may have what the other words say, and every word of
 * facts{} that is known when all plugins are loaded. A dispatcher's workers must be loaded, but for
 * those of an option at its default. Checked by core/host.c when all plugins are there; allocates
 * little, touches nothing.
 */
#ifndef ASSAY_WORDLIST_H
#define ASSAY_WORDLIST_H

#include <assay/types.h>

struct assay_host;

/* Workers that dispatchers may add (`names` of <assay/plugin.h>) are loaded; of those that are
 * open, as far as they know them yet. E_CONF: file:line or the rule, the worker, and what to do. */
ASSAY_MUST_CHECK enum assay_status assay_wordlist_workers(
    const struct assay_host *host, struct assay_err *err);
/* Of all loaded plugins. E_CONF: file:line, the word, and the nearest one. */
ASSAY_MUST_CHECK enum assay_status assay_wordlist_check(
    const struct assay_host *host, struct assay_err *err);

#endif
