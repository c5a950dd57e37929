/*
 * text/css.c - see css.h. Not a CSS parser: looks for the two forms a URL can have, wherever they
 * stand, comments and strings included.
 */
#include "base/buf.h"
#include "base/slice.h"
#include "text/css.h"
#include "text/utf8.h"

/* escape - `\68 ` and its like at the front of s (a backslash): bytes used */
static size_t escape(struct assay_slice s, struct assay_buf *out)
{
	uint32_t cp = 0;
	size_t i = 1;

	for (; i < s.n && i < 7 && assay_ascii_hex((unsigned char)s.p[i]) >= 0; i++)
		cp = cp * 16 + (uint32_t)assay_ascii_hex((unsigned char)s.p[i]);
	if (i == 1) {
		if (s.n > 1 && s.p[1] != '\n')
			(void)assay_buf_add_char(out, s.p[1]);
		return 2;
	}
	(void)assay_utf8_add(out, cp);
	return i < s.n && assay_ascii_is_space((unsigned char)s.p[i]) ? i + 1 : i;
}

/* value - a quoted or bare URL at the front of s up to its end: bytes used */
static size_t value(const struct assay_css_sink *sink, bool *stop, struct assay_slice s)
{
	struct assay_buf decoded;
	size_t i = 0;
	char end = ')';

	assay_buf_init(&decoded, ASSAY_CSS_URL_MAX);
	while (i < s.n && assay_ascii_is_space((unsigned char)s.p[i]))
		i++;
	if (i < s.n && (s.p[i] == '"' || s.p[i] == '\''))
		end = s.p[i++];
	while (i < s.n && s.p[i] != end && (end == ')' || s.p[i] != '\n')) {
		if (s.p[i] == '\\') {
			i += escape(assay_slice_from(s, i), &decoded);
		} else {
			(void)assay_buf_add_char(&decoded, s.p[i]);
			i++;
		}
	}
	*stop = !sink->url(sink->user, assay_buf_slice(&decoded));
	assay_buf_release(&decoded);
	return i < s.n ? i : s.n;
}

/* import - what follows @import at the front of s, if it is quoted: bytes used */
static size_t import(const struct assay_css_sink *sink, bool *stop, struct assay_slice s)
{
	size_t i = 0;

	while (i < s.n && assay_ascii_is_space((unsigned char)s.p[i]))
		i++;
	if (i < s.n && (s.p[i] == '"' || s.p[i] == '\''))
		i += value(sink, stop, assay_slice_from(s, i));
	return i;
}

/* assay_css_scan - url(...) and @import "..." */
void assay_css_scan(struct assay_slice css, const struct assay_css_sink *sink)
{
	bool stop = false;

	while (css.n > 0 && !stop) {
		const int c = assay_ascii_lower((unsigned char)css.p[0]);
		size_t used = 1;

		if (c == 'u' && assay_slice_casestarts(css, "url("))
			used = 4 + value(sink, &stop, assay_slice_from(css, 4));
		else if (c == '@' && assay_slice_casestarts(css, "@import"))
			used = 7 + import(sink, &stop, assay_slice_from(css, 7));
		css = assay_slice_from(css, used);
	}
}
