/*
 * smtp/head.h - what the message's own header fields say: subject, addresses, hops, verdicts
 *
 * Reads scan->root's field list with the readers of smtp/mail and fills the result. Repeated fields
 * of addresses are merged into one list (every reader sees one of them); of single fields the first
 * counts and a defect says that there are more.
 */
#ifndef ASSAY_SMTP_HEAD_H
#define ASSAY_SMTP_HEAD_H

#include "mail/addr.h"

struct assay_scan;

void assay_head_report(struct assay_scan *scan);
/* The addresses of all fields of that name (lower-case). */
void assay_head_addresses(struct assay_scan *scan, const char *field, struct assay_addr_list *list);
/* The decoded value of the first field of that name; NONE when there is none. */
struct assay_slice assay_head_value(struct assay_scan *scan, const char *field);

#endif
