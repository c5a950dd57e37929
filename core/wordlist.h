/*
 * core/wordlist.h - options that name words of the vocabulary
 *
 * A LIST row whose `words` begins with "fact" may have what the other words say, and every word of
 * facts{} that is known when all plugins are loaded. Checked once, by core/host.c; allocates
 * little, touches nothing.
 */
#ifndef ASSAY_WORDLIST_H
#define ASSAY_WORDLIST_H

#include <assay/types.h>

struct assay_host;

/* Of all loaded plugins. E_CONF: file:line, the word, and the nearest one. */
ASSAY_MUST_CHECK enum assay_status assay_wordlist_check(
    const struct assay_host *host, struct assay_err *err);

#endif
