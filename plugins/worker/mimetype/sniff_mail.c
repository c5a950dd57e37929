/*
 * sniff_mail - is it a mail message?
 *
 * Reads lines from the start until the blank line that ends a header (RFC 5322 section 2.1) and
 * counts field names. Looks at 64 lines or 16 KiB at most, whatever comes first.
 */
#include "base/slice.h"

#include "sniff.h"

#define MAIL_HEAD ((size_t)16 * 1024)
#define MAIL_LINES 64
#define MAIL_JUNK 5

/* Written by machines: one of them and another header line make a mail. */
static const char *const certain[] = { "Received", "Return-Path", "Delivered-To", "Message-ID",
	"MIME-Version", "DKIM-Signature", "ARC-Seal", "Authentication-Results", "X-Mailer",
	"X-Originating-IP", "Received-SPF", "X-Received", "List-Unsubscribe", "X-Original-To",
	"Content-Transfer-Encoding", "Resent-From", "Envelope-To", "X-Envelope-From" };
/* People quote these in texts. */
static const char *const weak[] = { "From", "To", "Subject", "Date", "Cc", "Bcc", "Reply-To",
	"Sender", "Content-Type", "Content-Disposition", "In-Reply-To", "References", "User-Agent",
	"Importance", "X-Priority" };

/* in_list - is the name among those of the list, ASCII case ignored */
static bool in_list(const char *const *list, size_t n, struct assay_slice name)
{
	for (size_t i = 0; i < n; i++)
		if (assay_slice_caseis(name, list[i]))
			return true;
	return false;
}

/* take_line - the next line without its end; CRLF, LF and bare CR end one */
static struct assay_slice take_line(struct assay_slice *rest)
{
	struct assay_slice line = *rest;
	size_t n = 0;

	while (n < rest->n && rest->p[n] != '\n' && rest->p[n] != '\r')
		n++;
	line.n = n;
	if (n + 1 < rest->n && rest->p[n] == '\r' && rest->p[n + 1] == '\n')
		n++;
	*rest = assay_slice_from(*rest, n + 1);
	return line;
}

/* field_name - the name of a header line; empty when it is none (RFC 5322 section 3.6.8) */
static struct assay_slice field_name(struct assay_slice line)
{
	const struct assay_slice name =
	    assay_slice_trim(assay_slice_head(line, assay_slice_find(line, ':')));

	if (name.n == line.n || name.n == 0 || name.n > 76)
		return assay_slice("", 0);
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] >= 0x7f)
			return assay_slice("", 0);
	return name;
}

/* assay_sniff_field - see sniff.h */
bool assay_sniff_field(struct assay_slice bytes)
{
	struct assay_slice rest = assay_slice_head(bytes, MAIL_HEAD);

	return field_name(take_line(&rest)).n > 0;
}

/* assay_sniff_mail - see sniff.h */
enum assay_sniff_mail assay_sniff_mail(struct assay_slice bytes)
{
	struct assay_slice rest = assay_slice_head(bytes, MAIL_HEAD);
	unsigned nfield = 0, nweak = 0, ncertain = 0, junk = 0;

	if (assay_slice_starts(rest, "\xef\xbb\xbf"))
		rest = assay_slice_from(rest, 3);
	for (unsigned i = 0; i < MAIL_LINES && rest.n > 0; i++) {
		const struct assay_slice line = take_line(&rest);
		const struct assay_slice name = field_name(line);

		if (assay_slice_trim(line).n == 0 && nfield > 0)
			break;
		if (name.n > 0) {
			nfield++;
			ncertain += in_list(certain, sizeof(certain) / sizeof(certain[0]), name);
			nweak += in_list(weak, sizeof(weak) / sizeof(weak[0]), name);
		} else if (line.n > 0 && line.p[0] != ' ' && line.p[0] != '\t' &&
		    !assay_slice_starts(line, "From ") && !assay_slice_starts(line, ">From ")) {
			if (++junk > MAIL_JUNK)
				break;
		}
	}
	if (junk > nfield)
		return ASSAY_MAIL_NO;
	if (ncertain > 0 && nfield > 1)
		return ASSAY_MAIL_CERTAIN;
	return nweak > 1 || ncertain > 0 ? ASSAY_MAIL_WEAK : ASSAY_MAIL_NO;
}
