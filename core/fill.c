/*
 * core/fill.c - see fill.h. Pure: the facts are foreign, the text is the administrator's.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/facts.h"
#include "core/fill.h"
#include "core/json.h"
#include "core/opts.h"

static const char *const own_words[] = { "scan_id", "status", "action", "rule", NULL };

/* take_word - "%{word}" at the front; false: no end */
static bool take_word(struct assay_slice *text, struct assay_slice *word)
{
	const size_t end = assay_slice_find(*text, '}');

	if (end == text->n)
		return false;
	*word = assay_slice(text->p + 2, end - 2);
	*text = assay_slice_from(*text, end + 1);
	return true;
}

/* unknown - with the nearest */
static enum assay_status unknown(
    struct assay_slice word, const struct assay_vocabulary *vocabulary, struct assay_err *err)
{
	const char *near = assay_vocabulary_nearest(vocabulary, word);

	return assay_err_set(err, ASSAY_E_CONF,
	    "there is no word \"%.*s\" for %%{...}; %s%s%s\"assay plugins --facts\" lists them",
	    (int)(word.n < 60 ? word.n : 60), word.p, near != NULL ? "did you mean \"" : "",
	    near != NULL ? near : "", near != NULL ? "\"? " : "");
}

/* assay_fill_check - see fill.h */
enum assay_status assay_fill_check(
    const char *text, const struct assay_vocabulary *vocabulary, struct assay_err *err)
{
	struct assay_slice rest = assay_slice_str(text), word;

	while (rest.n > 0) {
		if (!assay_slice_starts(rest, "%{")) {
			rest = assay_slice_from(rest, assay_slice_starts(rest, "%%") ? 2 : 1);
			continue;
		}
		if (!take_word(&rest, &word))
			return assay_err_set(err, ASSAY_E_CONF, "a %%{ has no }");
		if (!assay_slice_in(word, own_words) && !assay_map_has(&vocabulary->words, word))
			return unknown(word, vocabulary, err);
	}
	return ASSAY_OK;
}

/* add_text - printable ASCII */
static void add_text(struct assay_buf *out, struct assay_slice text)
{
	text = assay_slice_head(text, ASSAY_FILL_VALUE);
	for (size_t i = 0; i < text.n; i++) {
		const unsigned char c = (unsigned char)text.p[i];

		/* One ? for a character of several bytes. */
		if (c < 0x80 || c >= 0xc0)
			(void)assay_buf_add_char(out, (char)(c >= 0x20 && c < 0x7f ? c : '?'));
	}
}

/* add_facts - the first values of a word */
static void add_facts(struct assay_buf *out, const json_t *values)
{
	char number[24];

	for (size_t i = 0; i < json_array_size(values) && i < ASSAY_FILL_VALUES; i++) {
		const json_t *value = json_array_get(values, i);

		if (i > 0)
			(void)assay_buf_add_str(out, ", ");
		(void)snprintf(
		    number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		add_text(out,
		    json_is_string(value)
			? assay_slice(json_string_value(value), json_string_length(value))
			: assay_slice_str(number));
	}
	if (json_array_size(values) > ASSAY_FILL_VALUES)
		(void)assay_buf_add_str(out, ", ...");
}

/* add_word - what it stands for */
static void add_word(struct assay_buf *out, struct assay_slice word, const struct assay_fill *with)
{
	const char *const own[] = { with->scan_id, with->status, with->action, with->rule };

	for (size_t i = 0; own_words[i] != NULL; i++) {
		if (!assay_slice_is(word, own_words[i]))
			continue;
		add_text(out, assay_slice_str(own[i]));
		return;
	}
	add_facts(out, json_object_getn(with->facts, word.p, word.n));
}

/* assay_fill_text - see fill.h */
json_t *assay_fill_text(const char *text, const struct assay_fill *with, size_t max)
{
	struct assay_slice rest = assay_slice_str(text), word;
	struct assay_buf out;
	json_t *filled;

	assay_buf_init(&out, max);
	while (rest.n > 0 && !out.full) {
		if (assay_slice_starts(rest, "%{") && take_word(&rest, &word)) {
			add_word(&out, word, with);
			continue;
		}
		add_text(&out, assay_slice_head(rest, 1));
		rest = assay_slice_from(rest, assay_slice_starts(rest, "%%") ? 2 : 1);
	}
	filled = assay_json_text(out.p != NULL ? out.p : "", out.n);
	assay_buf_release(&out);
	return filled;
}
