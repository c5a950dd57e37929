/*
 * core/compare.h - a value somebody wrote, and whether a fact fits it
 *
 * A fact compares as its word declares (enum assay_fact_compare): a glob, a network, a size, an
 * address, a flag. What was written is read once; asking allocates nothing and is linear in the
 * fact as long as the pattern has its stars at its ends, else in both.
 */
#ifndef ASSAY_COMPARE_H
#define ASSAY_COMPARE_H

#include <assay/plugin.h>

struct assay_arena;

/* From the first to the last address, IPv4 as ::ffff:0:0/96. */
struct assay_net {
	unsigned char from[16], to[16];
};

struct assay_span {
	int64_t from, to; /* both meant */
};

enum assay_compare_kind {
	ASSAY_COMPARES_TEXT,   /* equal */
	ASSAY_COMPARES_BEGIN,  /* TEXT* */
	ASSAY_COMPARES_END,    /* *TEXT */
	ASSAY_COMPARES_GLOB,   /* any other pattern */
	ASSAY_COMPARES_DOMAIN, /* an address in that domain or below */
	ASSAY_COMPARES_NET,
	ASSAY_COMPARES_SPAN
};

struct assay_compare {
	enum assay_compare_kind kind;
	const char *text; /* to be compared: without the star of BEGIN and END, the @ of DOMAIN */
	size_t n;
	struct assay_net net;
	struct assay_span span;
};

/* ADDRESS or ADDRESS/BITS; the error is what should be written. */
ASSAY_MUST_CHECK enum assay_status assay_compare_net(
    struct assay_slice text, struct assay_net *net, struct assay_err *err);
/* <10M, >=64K, 512. */
ASSAY_MUST_CHECK enum assay_status assay_compare_span(
    struct assay_slice text, struct assay_span *span, struct assay_err *err);
/* Any of the five; the text is copied. E_CONF: what should be written. */
ASSAY_MUST_CHECK enum assay_status assay_compare_read(struct assay_arena *arena,
    enum assay_fact_compare how, struct assay_slice text, struct assay_compare *compare,
    struct assay_err *err);
/* A text: everything but SPAN. */
bool assay_compare_text(const struct assay_compare *compare, struct assay_slice value);
/* A value of facts{}: a string or an integer. */
bool assay_compare_fits(const struct assay_compare *compare, const json_t *value);

#endif
