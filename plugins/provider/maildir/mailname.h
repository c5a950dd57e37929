/*
 * maildir/mailname.h - the name of a mail in a Maildir: "UNIQUE" in new/, "UNIQUE:2,FLAGS" in cur/
 *
 * The unique part ends at the first colon, never changes, and names the mail for ever
 * (https://cr.yp.to/proto/maildir.html). Names come from whoever may write there: any bytes but /
 * and NUL. Nothing here touches files or can fail.
 */
#ifndef ASSAY_MAILDIR_MAILNAME_H
#define ASSAY_MAILDIR_MAILNAME_H

#include "base/keyset.h"

#define ASSAY_MAILNAME_MAX 256 /* with its NUL */

/* False for what is no mail: hidden files, names without a unique part, names that are too long. */
bool assay_mailname_ok(const char *name);
struct assay_slice assay_mailname_unique(const char *name);
/* Half of the SHA-256 of some bytes. */
struct assay_key assay_mailname_digest(struct assay_slice bytes);
/* What a mail is known by: that of its unique part. */
struct assay_key assay_mailname_key(const char *name);
/* The n-th name, n = 0 .., that the mail is likely to have in cur/ now; false: no more. */
bool assay_mailname_guess(const char *name, unsigned n, char guess[ASSAY_MAILNAME_MAX]);

#endif
