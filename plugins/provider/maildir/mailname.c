/*
 * maildir/mailname.c - see mailname.h
 */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/err.h"
#include "base/slice.h"
#include "mailname.h"

/* assay_mailname_unique - up to the first colon */
struct assay_slice assay_mailname_unique(const char *name)
{
	const struct assay_slice whole = assay_slice_str(name);

	return assay_slice_head(whole, assay_slice_find(whole, ':'));
}

/* assay_mailname_ok - see mailname.h */
bool assay_mailname_ok(const char *name)
{
	return name[0] != '.' && assay_mailname_unique(name).n > 0 && strchr(name, '/') == NULL &&
	    strnlen(name, ASSAY_MAILNAME_MAX) < ASSAY_MAILNAME_MAX;
}

/* assay_mailname_digest - see mailname.h */
struct assay_key assay_mailname_digest(struct assay_slice bytes)
{
	unsigned char sha256[EVP_MAX_MD_SIZE];
	struct assay_key key;
	unsigned n = 0;

	ASSAY_ASSERT(EVP_Digest(bytes.p, bytes.n, sha256, &n, EVP_sha256(), NULL) == 1);
	ASSAY_ASSERT(n >= sizeof key.b);
	memcpy(key.b, sha256, sizeof key.b);
	return key;
}

/* assay_mailname_key - see mailname.h */
struct assay_key assay_mailname_key(const char *name)
{
	return assay_mailname_digest(assay_mailname_unique(name));
}

/* assay_mailname_guess - unread, read, and as some programs leave it */
bool assay_mailname_guess(const char *name, unsigned n, char guess[ASSAY_MAILNAME_MAX])
{
	static const char *const info[] = { ":2,", ":2,S", "" };
	const struct assay_slice unique = assay_mailname_unique(name);
	int length;

	if (n >= sizeof info / sizeof info[0])
		return false;
	length = snprintf(guess, ASSAY_MAILNAME_MAX, "%.*s%s", (int)unique.n, unique.p, info[n]);
	return length > 0 && length < ASSAY_MAILNAME_MAX;
}
