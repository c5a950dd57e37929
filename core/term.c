/*
 * core/term.c - see term.h
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/compare.h"
#include "core/facts.h"
#include "core/json.h"
#include "core/opts.h"
#include "core/term.h"
#include "core/when.h"

#define WORDS_MAX 512u

/* Words a store knows beside facts{}. */
static const char *const store_words[] = { "verdict", "rule", "queue_id", "scan_id", "finding",
	"label", NULL };
/* Words that are no facts at all. */
static const char *const own_words[] = { "since", "until", "date", "text", "body", NULL };

/* find_word - of the vocabulary; NULL: it has none of that name */
static const struct assay_word *find_word(
    struct assay_slice word, const struct assay_query_context *context)
{
	return assay_map_get(&context->vocabulary->words, word);
}

/* unknown - with the nearest word there is */
static enum assay_status unknown(
    struct assay_slice word, const struct assay_query_context *context, struct assay_err *err)
{
	const struct assay_map *words = &context->vocabulary->words;
	const char *name[WORDS_MAX + 16], *near;
	size_t n = 0;

	for (size_t i = 0; store_words[i] != NULL; i++)
		name[n++] = store_words[i];
	for (size_t i = 0; own_words[i] != NULL; i++)
		name[n++] = own_words[i];
	for (size_t i = 0; i < words->n && i < WORDS_MAX; i++)
		name[n++] = ((const struct assay_word *)words->entry[i].value)->word;
	name[n] = NULL;
	near = assay_opts_nearest_of(name, word);
	return assay_err_set(err, ASSAY_E_USAGE,
	    "query: there is no word \"%.*s\"; %s%s%s\"assay plugins --facts\" lists them, and "
	    "quotation marks look for it as text",
	    (int)(word.n < 80 ? word.n : 80), word.p, near != NULL ? "did you mean \"" : "",
	    near != NULL ? near : "", near != NULL ? "\"? " : "");
}

/* assay_term_known - see term.h */
enum assay_status assay_term_known(
    struct assay_slice word, const struct assay_query_context *context, struct assay_err *err)
{
	if (find_word(word, context) != NULL || assay_slice_in(word, store_words))
		return ASSAY_OK;
	return unknown(word, context, err);
}

/* assay_term_text - see term.h */
json_t *assay_term_text(struct assay_slice value)
{
	char *lower = assay_xmalloc(value.n + 1);
	json_t *text;

	for (size_t i = 0; i < value.n; i++)
		lower[i] = (char)assay_ascii_lower(value.p[i]);
	text = assay_json_text(lower, value.n);
	free(lower);
	return text;
}

/* wrong - the value is none for this word */
static enum assay_status wrong(
    const struct assay_term *term, const char *wanted, struct assay_err *err)
{
	return assay_err_set(err, ASSAY_E_USAGE, "query: %.*s:%.*s: %s", (int)term->word.n,
	    term->word.p, (int)(term->value.n < 100 ? term->value.n : 100), term->value.p, wanted);
}

/* new_node - {"word", "is"} */
static json_t *new_node(const struct assay_term *term, const char *is)
{
	json_t *node = json_object();

	assay_json_set(node, "word", assay_json_text(term->word.p, term->word.n));
	assay_json_set(node, "is", assay_json_own(is));
	return node;
}

/* text_node - a node with one value */
static json_t *text_node(const struct assay_term *term, const char *is, struct assay_slice value)
{
	json_t *node = new_node(term, is);

	assay_json_set(node, "value", assay_term_text(value));
	return node;
}

/* range_node - a node with two numbers */
static json_t *range_node(json_t *node, int64_t from, int64_t to)
{
	assay_json_set(node, "from", assay_json_int(from));
	assay_json_set(node, "to", assay_json_int(to));
	return node;
}

/* ---- times ----------------------------------------------------------------------------------- */

/* time_node - since, until, date */
static enum assay_status time_node(const struct assay_term *term,
    const struct assay_query_context *context, json_t **node, struct assay_err *err)
{
	const size_t dots = assay_slice_search(term->value, ASSAY_SLICE_LIT(".."));
	struct assay_when first = { INT64_MIN, 0 }, last = { 0, INT64_MAX };
	struct assay_slice from = term->value, to = term->value;

	if (assay_slice_is(term->word, "since"))
		to.n = 0;
	else if (assay_slice_is(term->word, "until"))
		from.n = 0;
	else if (dots < term->value.n) {
		from = assay_slice_head(term->value, dots);
		to = assay_slice_from(term->value, dots + 2);
	}
	if ((from.n > 0 && !assay_when_parse(from, context->now_ms, &first)) ||
	    (to.n > 0 && !assay_when_parse(to, context->now_ms, &last)) || from.n + to.n == 0)
		return wrong(term,
		    "a time is written as 2026-01-31, 2026-01, 2026-01-31T12:00 (UTC) or 30d", err);
	*node = json_object();
	assay_json_set(*node, "is", assay_json_own("time"));
	(void)range_node(*node, first.from, last.to);
	return ASSAY_OK;
}

/* ---- comparisons ----------------------------------------------------------------------------- */

/* size_node - <10M, >=64K, 10 */
static enum assay_status size_node(
    const struct assay_term *term, json_t **node, struct assay_err *err)
{
	struct assay_span span;
	struct assay_err why;

	if (assay_compare_span(term->value, &span, &why) != ASSAY_OK)
		return wrong(term, why.text, err);
	*node = range_node(new_node(term, "size"), span.from, span.to);
	return ASSAY_OK;
}

/* hex_of - 16 bytes */
static json_t *hex_of(const unsigned char address[16])
{
	char text[33];

	for (size_t i = 0; i < 16; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", address[i]);
	return assay_json_own(text);
}

/* net_node - ADDRESS or ADDRESS/BITS; with a wildcard or a name it is text after all */
static enum assay_status net_node(
    const struct assay_term *term, json_t **node, struct assay_err *err)
{
	struct assay_net net;
	struct assay_err why;

	if (memchr(term->value.p, '/', term->value.n) == NULL &&
	    memchr(term->value.p, '*', term->value.n) != NULL) {
		*node = text_node(term, "glob", term->value);
		return ASSAY_OK;
	}
	if (assay_compare_net(term->value, &net, &why) != ASSAY_OK)
		return wrong(term, why.text, err);
	*node = new_node(term, "net");
	assay_json_set(*node, "from", hex_of(net.from));
	assay_json_set(*node, "to", hex_of(net.to));
	return ASSAY_OK;
}

/* flag_node - yes or no */
static enum assay_status flag_node(
    const struct assay_term *term, json_t **node, struct assay_err *err)
{
	if (!assay_slice_caseis(term->value, "yes") && !assay_slice_caseis(term->value, "no"))
		return wrong(term, "write yes or no", err);
	*node = text_node(term, "glob", term->value);
	return ASSAY_OK;
}

/* fact_node - as the word compares */
static enum assay_status fact_node(const struct assay_term *term, enum assay_fact_compare compare,
    json_t **node, struct assay_err *err)
{
	switch (compare) {
	case ASSAY_COMPARE_NET:
		return net_node(term, node, err);
	case ASSAY_COMPARE_SIZE:
		return size_node(term, node, err);
	case ASSAY_COMPARE_FLAG:
		return flag_node(term, node, err);
	case ASSAY_COMPARE_ADDRESS:
		if (term->value.n > 1 && term->value.p[0] == '@' &&
		    memchr(term->value.p, '*', term->value.n) == NULL &&
		    memchr(term->value.p, '?', term->value.n) == NULL) {
			*node = text_node(term, "domain", assay_slice_from(term->value, 1));
			return ASSAY_OK;
		}
		break;
	case ASSAY_COMPARE_GLOB:
		break;
	}
	*node = text_node(term, "glob", term->value);
	return ASSAY_OK;
}

/* free_text_node - text: or body: or no word */
static json_t *free_text_node(const struct assay_term *term)
{
	json_t *node = json_object();

	assay_json_set(node, "is", assay_json_own("text"));
	assay_json_set(
	    node, "in", assay_json_own(assay_slice_is(term->word, "body") ? "body" : "all"));
	assay_json_set(node, "value", assay_term_text(term->value));
	return node;
}

/* assay_term_node - see term.h */
enum assay_status assay_term_node(const struct assay_term *term,
    const struct assay_query_context *context, json_t **node, struct assay_err *err)
{
	const struct assay_word *word =
	    term->word.p != NULL ? find_word(term->word, context) : NULL;

	if (word != NULL)
		return fact_node(term, word->compare, node, err);
	if (term->word.p == NULL || assay_slice_is(term->word, "text") ||
	    assay_slice_is(term->word, "body")) {
		*node = free_text_node(term);
		return ASSAY_OK;
	}
	if (assay_slice_in(term->word, own_words))
		return time_node(term, context, node, err);
	if (assay_slice_in(term->word, store_words))
		return fact_node(term, ASSAY_COMPARE_GLOB, node, err);
	return unknown(term->word, context, err);
}
