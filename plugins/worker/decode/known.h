/*
 * decode/known.h - what decoded bytes can be recognised by; shared by b64decode and xordecode
 *
 * A guess at an encoding is believed when what comes out is something: these are the beginnings
 * and words that files hidden in texts and behind XOR have in common. Nothing here allocates.
 */
#ifndef ASSAY_DECODE_KNOWN_H
#define ASSAY_DECODE_KNOWN_H

#include <assay/plugin.h>

struct assay_known {
	const char *name;         /* for the report */
	struct assay_slice bytes; /* at least 2 */
	bool anywhere;            /* otherwise only at the start */
};

/* Ends with a NULL name. Those that are longer stand first. */
extern const struct assay_known assay_known[];

/* The name of what the bytes begin with; "text" when they are UTF-8 or UTF-16LE without control
 * characters, looking at the first 256; NULL: nothing that is known. */
const char *assay_known_kind(struct assay_slice bytes);

/* Adds bytes, which the host takes, as a child found at `place` of the parent. Its payload_id, or
 * NULL: a limit forbade it, and is noted. */
const char *assay_known_child(struct assay_result *result, const struct assay_payload *parent,
    struct assay_slice bytes, size_t place);

/* May a child of this size be made? Notes the limit when not. */
bool assay_known_fits(struct assay_result *result, size_t size);

#endif
