/*
 * mail/addr.h - address lists (RFC 5322 3.4, 4.4; RFC 6532), as they really look
 *
 * Reads the value of From, To, Cc, Return-Path, ... Iterative: nesting of comments and groups is
 * counted, never recursed. Linear in the input; at most `max` mailboxes are kept, the rest counted.
 * Nothing is refused: unquoted commas, dots and @ in display names, [brackets], junk around and
 * inside <>, missing brackets, nested groups. An unquoted comma in a display name does not split
 * one sender in two. Every text is valid UTF-8 without U+0000, in the arena, with a NUL behind.
 */
#ifndef ASSAY_MAIL_ADDR_H
#define ASSAY_MAIL_ADDR_H

#include <assay/types.h>

struct assay_arena;

#define ASSAY_ADDR_MAX 1000 /* kept of one field, by default */

struct assay_addr {
	struct assay_slice addr;   /* local@domain; only local where there is no @; "" for <> */
	struct assay_slice local;  /* unquoted, case kept, %-hacks kept */
	struct assay_slice domain; /* A-label, lower case, no dot at the end; [1.2.3.4] kept; "" */
	struct assay_slice name;   /* display name (else the comment), decoded; "" */
	struct assay_slice group;  /* innermost group's name, decoded; "" */
	struct assay_slice raw;    /* this mailbox as written, trimmed, made UTF-8 */
	bool null;                 /* `<>` */
};

struct assay_addr_list {
	struct assay_addr *addr;
	size_t n, total; /* kept, met */
};

/* max 0 means ASSAY_ADDR_MAX. */
void assay_addr_parse(
    struct assay_arena *arena, struct assay_slice raw, size_t max, struct assay_addr_list *list);
/* One bare address ("a@b", "<a@b>"), as an envelope has it. */
void assay_addr_one(struct assay_arena *arena, struct assay_slice raw, struct assay_addr *addr);
/* A domain as facts have it: lower case, A-labels (UTS 46, non-transitional), without the last
 * dot. What cannot be converted is only lower-cased (ASCII) and kept. */
struct assay_slice assay_addr_domain(struct assay_arena *arena, struct assay_slice domain);

#endif
