/*
 * decompress/password.h - passwords to try on an archive, the likeliest first
 *
 * From what the door was told (extra "passwords", one a line), what the texts of the message call a
 * password, the configured list, words near such a word, the archive's own name, and at last all
 * words of the texts. Each once. Bounded by `max`, of which what a stranger calls a password may
 * take half; linear in the texts.
 */
#ifndef ASSAY_DECOMPRESS_PASSWORD_H
#define ASSAY_DECOMPRESS_PASSWORD_H

#include <assay/plugin.h>

/* A list in the payload's arena; NULL ends it. `configured` ends likewise. */
const char *const *assay_passwords_of(
    const struct assay_payload *payload, const char *const *configured, size_t max);

#endif
