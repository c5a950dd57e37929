/*
 * smtp/defect.h - everything malformed or ambiguous in one message, bounded
 *
 * Codes are words of the document (constant strings); text is a short explanation in our own words
 * or a piece of the mail. All are counted, `max` are kept. Offsets are of the message's bytes;
 * what lies in a decoded copy has the offset of the part it came from.
 */
#ifndef ASSAY_SMTP_DEFECT_H
#define ASSAY_SMTP_DEFECT_H

#include <assay/types.h>

struct assay_arena;

#define ASSAY_DEFECT_NO_OFFSET SIZE_MAX

struct assay_defect {
	const char *code;
	size_t offset;
	const char *part; /* place, "" for the message */
	struct assay_slice text;
};

struct assay_defects {
	struct assay_arena *arena;
	struct assay_slice bytes; /* of the message: offsets are into it */
	struct assay_defect *defect;
	size_t n, cap, max, total;
};

void assay_defect_init(
    struct assay_defects *defects, struct assay_arena *arena, struct assay_slice bytes, size_t max);
/* at points into the message (NULL or elsewhere: no offset). text may be NONE; it is copied. */
void assay_defect_add(struct assay_defects *defects, const char *code, const char *at,
    const char *part, struct assay_slice text);

#endif
