/* SPDX-License-Identifier: GPL-2.0-or-later WITH openssl-exception (see LICENSE) */
/*
 * assay/types.h - the few types everybody in the house shares
 *
 * Depends on libc only. Status codes exist because a caller acts differently on each of them;
 * the sentence for people travels in struct assay_err. Malformed mail is never an error: it is
 * a finding in the result.
 */
#ifndef ASSAY_TYPES_H
#define ASSAY_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASSAY_MUST_CHECK __attribute__((warn_unused_result))
#define ASSAY_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ASSAY_API __attribute__((visibility("default")))

enum assay_status {
	ASSAY_OK = 0,
	ASSAY_END,       /* nothing more to come; not a failure */
	ASSAY_E_NOENT,   /* named thing does not exist */
	ASSAY_E_SYNTAX,  /* input is not what it claims to be */
	ASSAY_E_LIMIT,   /* a bound of ours was met */
	ASSAY_E_IO,      /* the system refused: errno's words are in the text */
	ASSAY_E_TIMEOUT, /* the deadline was met */
	ASSAY_E_UNSUP,   /* understood, but we cannot do it */
	ASSAY_E_CONF,    /* configuration is wrong; text starts with file:line where there is one */
	ASSAY_E_PLUGIN,  /* a plugin failed or broke its contract */
	ASSAY_E_USAGE,   /* the command line is wrong */
	ASSAY_E_FULL,    /* no space, or a quota: try again later */
	ASSAY_E_DEAD     /* the peer process is gone */
};

/* What went wrong, in words: what, where, and what to do. `text` is printable UTF-8, one line. */
struct assay_err {
	enum assay_status code;
	char text[600];
};

/* Bytes somebody else owns. Not NUL-terminated. {NULL, 0} is "absent", {"", 0} is "empty". */
struct assay_slice {
	const char *p;
	size_t n;
};

#endif
