/*
 * text/qp.c - see qp.h. Runs without '=' are copied whole.
 */
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/qp.h"

/* soft_end - length of a soft break at the front of s (which starts with '='), or 0 */
static size_t soft_end(struct assay_slice s)
{
	size_t i = 1;

	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	if (i == s.n)
		return i;
	if (s.p[i] == '\n')
		return i + 1;
	if (s.p[i] == '\r')
		return i + 1 < s.n && s.p[i + 1] == '\n' ? i + 2 : i + 1;
	return 0;
}

/* escape - what stands at an '='; returns the number of bytes it takes */
static size_t escape(
    struct assay_slice s, unsigned flags, struct assay_buf *out, struct assay_qp *r)
{
	size_t soft;

	if (s.n >= 3) {
		const int hi = assay_ascii_hex((unsigned char)s.p[1]);
		const int lo = assay_ascii_hex((unsigned char)s.p[2]);

		if (hi >= 0 && lo >= 0) {
			(void)assay_buf_add_char(out, (char)(hi << 4 | lo));
			return 3;
		}
	}
	soft = (flags & ASSAY_QP_HEADER) == 0 ? soft_end(s) : 0;
	if (soft > 0) {
		r->soft++;
		return soft;
	}
	r->invalid++;
	(void)assay_buf_add_char(out, '=');
	/* White space that did not end the line was looked at once: take it along. */
	for (soft = 1; soft < s.n && (s.p[soft] == ' ' || s.p[soft] == '\t'); soft++)
		(void)assay_buf_add_char(out, s.p[soft]);
	return soft;
}

/* blanks_at_end - number of spaces and tabs s ends with */
static size_t blanks_at_end(struct assay_slice s)
{
	size_t n = 0;

	while (n < s.n && (s.p[s.n - 1 - n] == ' ' || s.p[s.n - 1 - n] == '\t'))
		n++;
	return n;
}

/* literal - text without escapes: copied, but for what stands before its line ends */
static void literal(struct assay_slice s, unsigned flags, struct assay_buf *out, struct assay_qp *r)
{
	while (s.n > 0) {
		const char *nl = memchr(s.p, '\n', s.n);
		const size_t line = nl != NULL ? (size_t)(nl - s.p) : s.n;
		size_t text = line, blanks;

		if (nl != NULL && text > 0 && s.p[text - 1] == '\r')
			text--;
		blanks = nl != NULL ? blanks_at_end(assay_slice_head(s, text)) : 0;
		r->trailing += blanks;
		if ((flags & ASSAY_QP_STRIP) == 0)
			blanks = 0;
		(void)assay_buf_add(out, s.p, text - blanks);
		if (nl == NULL)
			return;
		(void)assay_buf_add(out, s.p + text, line + 1 - text);
		s = assay_slice_from(s, line + 1);
	}
}

/* header_text - literal text of the Q encoding */
static void header_text(struct assay_slice s, struct assay_buf *out)
{
	for (size_t i = 0; i < s.n; i++)
		(void)assay_buf_add_char(out, s.p[i] == '_' ? ' ' : s.p[i]);
}

/* assay_qp_decode - decode in all of it */
void assay_qp_decode(
    struct assay_slice in, unsigned flags, struct assay_buf *out, struct assay_qp *r)
{
	const size_t before = out->n;

	*r = (struct assay_qp){ 0 };
	while (in.n > 0 && !out->full) {
		const char *eq = memchr(in.p, '=', in.n);
		const size_t run = eq != NULL ? (size_t)(eq - in.p) : in.n;

		if ((flags & ASSAY_QP_HEADER) != 0)
			header_text(assay_slice_head(in, run), out);
		else
			literal(assay_slice_head(in, run), flags, out, r);
		in = assay_slice_from(in, run);
		if (in.n > 0)
			in = assay_slice_from(in, escape(in, flags, out, r));
	}
	r->n = out->n - before;
	r->cut = out->full;
}
