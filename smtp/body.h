/*
 * smtp/body.h - which parts a reader sees as the message's text, and that text as UTF-8
 *
 * Body and HTML body are the first inline text/plain and text/html without a file name; inside one
 * multipart/alternative the last of a type (RFC 2046 5.1.4). Text is decoded with the declared
 * charset, else as UTF-8, else as windows-1252; never URL-unquoted or changed otherwise.
 */
#ifndef ASSAY_SMTP_BODY_H
#define ASSAY_SMTP_BODY_H

#include <assay/types.h>

struct assay_part;
struct assay_scan;

/* Fills scan->plain.part and html.part. */
void assay_body_choose(struct assay_scan *scan);
/* A text part that is shown inline, chosen or not: no file name, no attachment. */
bool assay_body_is_inline(const struct assay_part *part, bool *html);
/* Takes the text of a part out of its decoded bytes: URLs, and the body if it was chosen. */
void assay_body_read(struct assay_scan *scan, struct assay_part *part, struct assay_slice bytes);
/* body, body_html of the result. */
void assay_body_report(struct assay_scan *scan);

#endif
