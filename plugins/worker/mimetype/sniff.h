/*
 * sniff.h - what we recognise ourselves, before libmagic is asked
 *
 * Two reasons: libmagic misses much of what mail is made of (a mail that starts with a blank line,
 * HTML without a doctype, OOXML by its members), and it is slow on text. Looks at the first
 * ASSAY_SNIFF_BYTES (and the last 64 KiB of a zip) only; linear; allocates nothing.
 */
#ifndef ASSAY_MIMETYPE_SNIFF_H
#define ASSAY_MIMETYPE_SNIFF_H

#include <assay/types.h>

#define ASSAY_SNIFF_BYTES ((size_t)1024 * 1024)

/* How sure we are that bytes are a mail message (RFC 5322 section 2.2). */
enum assay_sniff_mail {
	ASSAY_MAIL_NO,
	ASSAY_MAIL_WEAK,   /* header lines people also quote: From, To, Subject, Date */
	ASSAY_MAIL_CERTAIN /* header lines only machines write: Received, MIME-Version ... */
};

/* A MIME type with a signature, or a text that says what it is; NULL: not known here. */
const char *assay_sniff_type(struct assay_slice bytes);
/* Leading blank lines, a byte order mark, an mbox "From " line and some junk are skipped. */
enum assay_sniff_mail assay_sniff_mail(struct assay_slice bytes);
/* The first line is a header field. */
bool assay_sniff_field(struct assay_slice bytes);
/* No NUL and next to no control characters in the first 64 KiB: somebody's text in some charset
 * that contains ASCII. */
bool assay_sniff_is_text(struct assay_slice bytes);
/* There is something like a tag in it. */
bool assay_sniff_has_tag(struct assay_slice bytes);
/* The kind of zip: OOXML, OpenDocument, Java ...; "application/zip" when it is none of them. */
const char *assay_sniff_zip(struct assay_slice bytes);

#endif
