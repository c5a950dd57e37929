/*
 * core/digest.c - see digest.h. The tables of EVP are per process and never change after warm.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/err.h"
#include "core/digest.h"

static const char *const names[ASSAY_DIGESTS] = { "md5", "sha1", "sha256", "sha512" };
static EVP_MD *md[ASSAY_DIGESTS];
static EVP_MD_CTX *context;

/* assay_digest_name - the name of a digest */
const char *assay_digest_name(enum assay_digest kind)
{
	return names[kind];
}

/* assay_digest_warm - fetch what will be needed */
void assay_digest_warm(void)
{
	if (context != NULL)
		return;
	for (unsigned i = 0; i < ASSAY_DIGESTS; i++) {
		md[i] = EVP_MD_fetch(NULL, names[i], NULL);
		if (md[i] == NULL)
			ASSAY_BUG("libcrypto has no %s", names[i]);
	}
	context = EVP_MD_CTX_new();
	if (context == NULL)
		ASSAY_BUG("libcrypto gives no context");
}

/* spell - bytes in hex */
static void spell(const unsigned char *raw, unsigned n, char text[ASSAY_DIGEST_TEXT])
{
	static const char hex[] = "0123456789abcdef";

	for (unsigned i = 0; i < n; i++) {
		text[2 * i] = hex[raw[i] >> 4];
		text[2 * i + 1] = hex[raw[i] & 15];
	}
	text[2 * n] = '\0';
}

/* assay_digest_hmac - with a key */
void assay_digest_hmac(
    struct assay_slice key, struct assay_slice bytes, char text[ASSAY_DIGEST_TEXT])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (key.n > INT32_MAX ||
	    HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)bytes.p, bytes.n, raw,
		&n) == NULL)
		ASSAY_BUG("libcrypto cannot compute an HMAC");
	spell(raw, n, text);
}

/* assay_digest_hex - the digest of some bytes */
void assay_digest_hex(
    enum assay_digest kind, struct assay_slice bytes, char text[ASSAY_DIGEST_TEXT])
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	assay_digest_warm();
	if (EVP_DigestInit_ex2(context, md[kind], NULL) != 1 ||
	    EVP_DigestUpdate(context, bytes.p != NULL ? bytes.p : "", bytes.n) != 1 ||
	    EVP_DigestFinal_ex(context, raw, &n) != 1)
		ASSAY_BUG("libcrypto cannot compute %s", names[kind]);
	spell(raw, n, text);
}
