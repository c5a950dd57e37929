/*
 * smtp/leaf.h - what becomes of each part: child payloads, body texts, parts[], attachments[]
 *
 * Every leaf that is not a body shown to the reader becomes a child with its exact decoded bytes,
 * in every reading (decode.h) and under every file name; a body becomes one when its decoded bytes
 * do not stand in the parent (option `bodies`). Attached messages and decoded S/MIME go to the smtp
 * worker in their turn. uuencoded and yEnc files inside texts become children, too.
 */
#ifndef ASSAY_SMTP_LEAF_H
#define ASSAY_SMTP_LEAF_H

struct assay_scan;

/* All parts, in order. Fills scan->plain, html, urls, attachments. */
void assay_leaf_all(struct assay_scan *scan);
/* parts[] of the result. */
void assay_leaf_report(struct assay_scan *scan);

#endif
