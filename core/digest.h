/*
 * core/digest.h - md5, sha1, sha256, sha512; HMAC-SHA256
 *
 * OpenSSL's EVP, fetched once per process by assay_digest_warm (before the sandbox closes); the
 * only file of the core that knows libcrypto. Cannot fail after warm: if the library refuses, that
 * is ASSAY_BUG.
 */
#ifndef ASSAY_DIGEST_H
#define ASSAY_DIGEST_H

#include <assay/plugin.h>

#define ASSAY_DIGEST_TEXT 129 /* room for any digest in hex and its NUL */

/* Called by itself on first use; explicitly before a fork or the sandbox. */
void assay_digest_warm(void);
/* Lower-case hex. */
void assay_digest_hex(
    enum assay_digest kind, struct assay_slice bytes, char text[ASSAY_DIGEST_TEXT]);
/* HMAC-SHA256 (RFC 2104), lower-case hex. */
void assay_digest_hmac(
    struct assay_slice key, struct assay_slice bytes, char text[ASSAY_DIGEST_TEXT]);
/* "md5", ... */
const char *assay_digest_name(enum assay_digest kind);

#endif
