/*
 * mail/msgid.h - Message-ID, In-Reply-To, References (RFC 5322 3.6.4), tolerant
 *
 * Ids are given without their angle brackets, folding and white space inside removed, as valid
 * UTF-8 in the arena with a NUL behind. Words outside brackets count only in a list that has no
 * brackets at all. Linear; at most `max` ids are kept, the rest counted.
 */
#ifndef ASSAY_MAIL_MSGID_H
#define ASSAY_MAIL_MSGID_H

#include <assay/types.h>

struct assay_arena;

struct assay_msgid_list {
	struct assay_slice *id;
	size_t n, total;
};

/* max 0 means 1,000. */
void assay_msgid_parse(
    struct assay_arena *arena, struct assay_slice raw, size_t max, struct assay_msgid_list *list);

#endif
