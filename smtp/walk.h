/*
 * smtp/walk.h - the MIME tree of one message, in every plausible reading (RFC 2045, 2046)
 *
 * Our own reader gives the tree, not GMime: it must be bounded in time and memory on any bytes, and
 * must give what GMime drops (what follows the closing boundary, other readings of a repeated
 * field, boundaries with missing quotes). GMime reads the same message as a second opinion, see
 * gmime.h. One pass numbers the delimiter lines (lines.h), then multiparts are split top-down by
 * explicit ranges. Attached messages (message/rfc822) are leaves here: they become payloads of
 * their own. Limits leave what was not split as one opaque leaf, so that no bytes are lost.
 *
 * Readings beyond the primary one, each naming a defect:
 *   boundary-readings   another value of the boundary parameter splits the body, too
 *   boundary-prefix     lines that only begin with the boundary
 *   after-close         parts behind the closing delimiter
 *   undeclared-parts    "--x" lines followed by Content- fields, whatever the header says
 *   header-end          the header ends elsewhere for some readers
 *   type-readings       a multipart for a reader who takes another Content-Type
 *   encoded-multipart   a multipart with a transfer encoding
 *   between-parts       content before the first or behind the last delimiter
 * Their number and the bytes they read again are bounded (`max_others`, `reread`).
 */
#ifndef ASSAY_SMTP_WALK_H
#define ASSAY_SMTP_WALK_H

#include "defect.h"
#include "lines.h"
#include "part.h"

struct assay_arena;

struct assay_walk_limits {
	size_t parts, depth;               /* of the whole message */
	size_t lines;                      /* delimiter candidates */
	size_t max_others;                 /* parts of other readings */
	size_t reread;                     /* bytes other readings may cover together */
	struct assay_header_limits header; /* of the root; parts get a tenth of the fields */
};

struct assay_walk {
	struct assay_arena *arena;
	struct assay_walk_limits limits;
	struct assay_slice bytes;
	struct assay_defects *defects;
	struct assay_lines lines;
	struct assay_part **part; /* in wire order; other readings behind */
	size_t n, cap, primary;   /* all, of the primary reading */
	size_t others, reread;
	bool cut_parts, cut_depth, cut_lines, cut_others; /* limits that were met */
	size_t deepest;
	bool decoding; /* inside the decoded copy of an encoded multipart */
};

/* Everything in *walk lives in the arena. defects must have been initialised. */
void assay_walk_read(struct assay_walk *walk, struct assay_arena *arena, struct assay_slice bytes,
    const struct assay_walk_limits *limits, struct assay_defects *defects);
/* Reads the decoded copy of an encoded multipart with what is left of the outer walk's limits. */
void assay_walk_inner(
    struct assay_walk *inner, const struct assay_walk *outer, struct assay_slice bytes);
/* Adds a leaf that somebody else found (NULL: the budget is spent, or it is known already). */
struct assay_part *assay_walk_add(struct assay_walk *walk, const struct assay_part *parent,
    struct assay_slice bytes, const char *reading);
/* Another view of a part: same header, body from `body` on. NULL: the budget is spent. */
struct assay_part *assay_walk_view(
    struct assay_walk *walk, const struct assay_part *part, size_t body, const char *reading);
/* Is there a part whose body is these bytes (line ends around it aside)? */
bool assay_walk_knows(const struct assay_walk *walk, struct assay_slice body);
/* True for a part that holds content itself: no multipart that was split. */
bool assay_walk_is_leaf(const struct assay_part *part);

#endif
