/*
 * gate.h - which rules can match a payload at all, told by its first two bytes
 *
 * A rule whose condition is a conjunction with, say, `uint16(0) == 0x5a4d` in it cannot match
 * what does not begin with MZ. Such rules are compiled into sets of their own that are scanned
 * only when the payload begins accordingly; two fifths of public rules are of that kind, and the
 * `pe` module costs a quarter of a millisecond per scan wherever it is imported.
 *
 * The proof is conservative and purely syntactic. It knows, as a term of a conjunction (or as the
 * same in every branch of a disjunction): comparisons of (u)int16/32(be)(0) with a number, `$x at
 * 0` with a string of two plain bytes at its start, and terms that are undefined unless the pe
 * module found a PE file. Rules that name other rules, are named by others, or are global stay in
 * the main set, and a file that is not understood is compiled as it stands.
 *
 * A rule that uses pe in a branch of `or` only is compiled twice: whole for MZ payloads, and for
 * the main set with those branches replaced by `false`, which is what they are elsewhere. So a
 * match may be reported by two sets: the caller keeps one.
 */
#ifndef ASSAY_YARA_GATE_H
#define ASSAY_YARA_GATE_H

#include <assay/types.h>

struct assay_arena;

enum assay_gate_set {
	ASSAY_GATE_MAIN,  /* every payload */
	ASSAY_GATE_MZ,    /* those that begin with MZ */
	ASSAY_GATE_MAGIC, /* those whose first two bytes are in the bitmap */
	ASSAY_GATE_SETS
};

/* First two bytes, big-endian: "MZ" is 0x4d5a. */
struct assay_gate_bitmap {
	uint8_t bit[65536 / 8];
};

struct assay_gate {
	/* The file with the rules of other sets blanked, so that lines keep their numbers; NULL
	 * when the set has none of its rules. NUL-terminated. */
	const char *text[ASSAY_GATE_SETS];
	unsigned nrule[ASSAY_GATE_SETS];
	bool understood; /* else the whole file is in the main set, nrule is 0 */
	bool uses_md5;   /* a condition names the external variable md5 (or it is not known) */
	bool uses_names; /* the same of those about names and place */
};

/* Splits a file. gate false: everything into the main set. Adds to the bitmap. */
void assay_gate_split(struct assay_arena *arena, struct assay_slice text, bool gate,
    struct assay_gate_bitmap *bitmap, struct assay_gate *out);
/* Whether a set can match this payload. */
bool assay_gate_open(
    const struct assay_gate_bitmap *bitmap, enum assay_gate_set set, struct assay_slice payload);

#endif
