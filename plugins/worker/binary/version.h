/*
 * binary/version.h - the version resource of a Windows program: CompanyName, OriginalFilename, ...
 *
 * An own reader of VS_VERSIONINFO: libyara keeps the low byte of each UTF-16 character only, so
 * that what is not Latin becomes nonsense. Takes any bytes; linear; no recursion. Source:
 * Microsoft, "VS_VERSIONINFO structure" and those it names.
 */
#ifndef ASSAY_BINARY_VERSION_H
#define ASSAY_BINARY_VERSION_H

#include <assay/types.h>

struct assay_buf;

/* Told of each string of the resource; key and value are UTF-16LE without their NUL. False: enough.
 */
typedef bool assay_version_string(void *user, struct assay_slice key, struct assay_slice value);
void assay_version_read(struct assay_slice resource, assay_version_string *string, void *user);

/* Appends UTF-16LE as UTF-8; what is no character becomes U+FFFD. */
void assay_version_text(struct assay_slice utf16, struct assay_buf *out);

#endif
