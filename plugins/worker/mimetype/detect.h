/*
 * detect.h - the type of one payload: our own look first, libmagic for the rest
 *
 * One detector per process, made before the sandbox closes; it holds libmagic's database. The
 * answer lives until the next call.
 */
#ifndef ASSAY_MIMETYPE_DETECT_H
#define ASSAY_MIMETYPE_DETECT_H

#include <assay/types.h>

struct assay_detect;

struct assay_detect_type {
	const char *mimetype;    /* lower case, never NULL */
	const char *extension;   /* or NULL */
	const char *description; /* or NULL; libmagic's words may quote the payload */
};

/* What is known of a payload besides its bytes. */
struct assay_detect_hint {
	const char *declared; /* Content-Type, lower case; or NULL */
	const char *extension;
	bool root; /* what somebody handed in, not what was found inside */
};

/* database: libmagic's compiled file, NULL: its own default. */
ASSAY_MUST_CHECK enum assay_status assay_detect_new(
    const char *database, struct assay_detect **detect, struct assay_err *err);
void assay_detect_free(struct assay_detect **detect);
struct assay_detect_type assay_detect_type(
    struct assay_detect *detect, struct assay_slice bytes, const struct assay_detect_hint *hint);

#endif
