/*
 * core/fill.h - texts with %{word} in them, for replies and headers
 *
 * A word is one of the vocabulary, or scan_id, status, action, rule. Its values stand in the text
 * as printable ASCII (other characters as ?), the first few of them, each cut; the whole is
 * bounded. "%%" is a percent sign.
 */
#ifndef ASSAY_FILL_H
#define ASSAY_FILL_H

#include <assay/plugin.h>

struct assay_buf;
struct assay_vocabulary;

#define ASSAY_FILL_VALUE 100u /* bytes of one value */
#define ASSAY_FILL_VALUES 5u  /* of one word */
#define ASSAY_FILL_TEXT 900u  /* of a header */
#define ASSAY_FILL_REPLY 400u /* of a reply */

/* What the words stand for; NULL is empty. */
struct assay_fill {
	const json_t *facts;
	const char *scan_id, *status, *action, *rule;
};

/* E_CONF: no such word, or "%{" without its end. */
ASSAY_MUST_CHECK enum assay_status assay_fill_check(
    const char *text, const struct assay_vocabulary *vocabulary, struct assay_err *err);
/* A new JSON string of at most `max` bytes. */
json_t *assay_fill_text(const char *text, const struct assay_fill *with, size_t max);

#endif
