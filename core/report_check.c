/*
 * core/report_check.c - see report_check.h. Touches the bytes it is given, once each. Any fault is
 * ASSAY_E_SYNTAX with its offset: the process that wrote them is not to be believed.
 */
#include <string.h>

#include "base/err.h"
#include "base/slice.h"
#include "core/report_check.h"
#include "text/utf8.h"

/* Where we are; `open` has one bit per level: 1 = object. */
struct scan {
	const unsigned char *p;
	size_t n, at;
	unsigned depth;
	uint64_t open;
};

_Static_assert(ASSAY_REPORT_DEPTH <= 64, "one bit per level");

/* peek - the byte here, or -1 */
static int peek(const struct scan *s)
{
	return s->at < s->n ? s->p[s->at] : -1;
}

/* skip_space - the four of JSON */
static void skip_space(struct scan *s)
{
	while (s->at < s->n &&
	    (s->p[s->at] == ' ' || s->p[s->at] == '\n' || s->p[s->at] == '\t' ||
		s->p[s->at] == '\r'))
		s->at++;
}

/* hex4 - of \uXXXX; -1 when there are none */
static long hex4(const struct scan *s, size_t at)
{
	long value = 0;

	if (s->n - at < 4 || at > s->n)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		int digit = assay_ascii_hex(s->p[at + i]);

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* skip_escape - behind the backslash; no U+0000, surrogates in pairs only */
static bool skip_escape(struct scan *s)
{
	int c = peek(s);
	long u;

	s->at++;
	if (c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' || c == 'n' || c == 'r' ||
	    c == 't')
		return true;
	if (c != 'u')
		return false;
	u = hex4(s, s->at);
	if (u <= 0 || (u >= 0xdc00 && u <= 0xdfff))
		return false;
	s->at += 4;
	if (u < 0xd800 || u > 0xdbff)
		return true;
	if (s->n - s->at < 6 || s->p[s->at] != '\\' || s->p[s->at + 1] != 'u')
		return false;
	u = hex4(s, s->at + 2);
	s->at += 6;
	return u >= 0xdc00 && u <= 0xdfff;
}

#define ONES 0x0101010101010101u
#define HIGH 0x8080808080808080u

/* plain - do the next eight bytes hold no quote, backslash or control character? A byte is below n
 * (n <= 0x80) when subtracting n borrows from it and it had no high bit itself; the first byte that
 * is found so is exact, and no more is asked for. */
static bool plain(const unsigned char *p)
{
	uint64_t w, quote, slash;

	memcpy(&w, p, sizeof w);
	quote = w ^ ONES * '"';
	slash = w ^ ONES * '\\';
	return ((((w - ONES * 0x20) & ~w) | ((quote - ONES) & ~quote) | ((slash - ONES) & ~slash)) &
		   HIGH) == 0;
}

/* skip_string - from the opening quote to behind the closing one. UTF-8 is checked for the whole
 * document at once. */
static bool skip_string(struct scan *s)
{
	if (peek(s) != '"')
		return false;
	s->at++;
	while (s->at < s->n) {
		unsigned char c;

		while (s->n - s->at >= 8 && plain(s->p + s->at))
			s->at += 8;
		if (s->at == s->n)
			break;
		c = s->p[s->at++];
		if (c == '"')
			return true;
		if (c < 0x20 || (c == '\\' && !skip_escape(s)))
			return false;
	}
	return false;
}

/* skip_digits - at least one */
static bool skip_digits(struct scan *s)
{
	size_t from = s->at;

	while (assay_ascii_is_digit(peek(s)))
		s->at++;
	return s->at > from;
}

/* in_range - an integer of 64 bits, or a fraction that a double holds: readers give up at others,
 * or read something else */
static bool in_range(struct assay_slice number)
{
	static const char most[] = "9223372036854775807";
	size_t e = assay_slice_find(number, 'e'), big_e = assay_slice_find(number, 'E');

	e = e < big_e ? e : big_e;
	if (e < number.n || assay_slice_find(number, '.') < number.n)
		return number.n <= 32 && number.n - e <= 3;
	if (number.p[0] == '-')
		number = assay_slice_from(number, 1);
	return number.n < sizeof most - 1 ||
	    (number.n == sizeof most - 1 && memcmp(number.p, most, sizeof most - 1) <= 0);
}

/* skip_number - RFC 8259 section 6 */
static bool skip_number(struct scan *s)
{
	if (peek(s) == '-')
		s->at++;
	if (peek(s) == '0')
		s->at++;
	else if (!skip_digits(s))
		return false;
	if (peek(s) == '.') {
		s->at++;
		if (!skip_digits(s))
			return false;
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		return skip_digits(s);
	}
	return true;
}

/* skip_word - true, false, null */
static bool skip_word(struct scan *s)
{
	struct assay_slice rest = assay_slice((const char *)s->p + s->at, s->n - s->at);

	if (assay_slice_starts(rest, "true") || assay_slice_starts(rest, "null"))
		s->at += 4;
	else if (assay_slice_starts(rest, "false"))
		s->at += 5;
	else
		return false;
	return true;
}

/* enter - an object or a list begins */
static bool enter(struct scan *s, bool object)
{
	if (s->depth == ASSAY_REPORT_DEPTH)
		return false;
	s->open = s->open << 1 | (object ? 1u : 0u);
	s->depth++;
	s->at++;
	return true;
}

/* skip_name - "name": of a member */
static bool skip_name(struct scan *s)
{
	skip_space(s);
	if (!skip_string(s))
		return false;
	skip_space(s);
	if (peek(s) != ':')
		return false;
	s->at++;
	return true;
}

/* skip_value - a scalar, or the beginning of an object or list; *opened says which */
static bool skip_value(struct scan *s, bool *opened)
{
	int c;

	*opened = false;
	skip_space(s);
	c = peek(s);
	if (c == '"')
		return skip_string(s);
	if (c == '-' || assay_ascii_is_digit(c)) {
		size_t from = s->at;

		return skip_number(s) &&
		    in_range(assay_slice((const char *)s->p + from, s->at - from));
	}
	if (c != '{' && c != '[')
		return skip_word(s);
	if (!enter(s, c == '{'))
		return false;
	skip_space(s);
	if (peek(s) == (c == '{' ? '}' : ']'))
		return true; /* the closing one is read by leave() */
	*opened = true;
	return c == '[' || skip_name(s);
}

/* leave - closing brackets and the comma behind a value; *more when another value follows */
static bool leave(struct scan *s, bool *more)
{
	*more = false;
	while (s->depth > 0) {
		bool object = (s->open & 1) != 0;
		int c;

		skip_space(s);
		c = peek(s);
		if (c == ',') {
			s->at++;
			*more = true;
			return !object || skip_name(s);
		}
		if (c != (object ? '}' : ']'))
			return false;
		s->at++;
		s->open >>= 1;
		s->depth--;
	}
	return true;
}

/* skip_document - one value and nothing behind it */
static bool skip_document(struct scan *s)
{
	for (;;) {
		bool opened, more;

		if (!skip_value(s, &opened))
			return false;
		if (opened)
			continue;
		if (!leave(s, &more))
			return false;
		if (!more)
			break;
	}
	skip_space(s);
	return s->at == s->n;
}

/* commands_terminal - DEL or a C1 control (U+0080 to U+009F) that is not escaped; valid UTF-8 */
static bool commands_terminal(struct assay_slice text)
{
	const char *end = text.p + text.n, *p = text.p;

	if (memchr(text.p, 0x7f, text.n) != NULL)
		return true;
	while ((p = memchr(p, 0xc2, (size_t)(end - p))) != NULL) {
		if ((unsigned char)p[1] < 0xa0)
			return true;
		p++;
	}
	return false;
}

/* assay_report_check - size, UTF-8, grammar, depth, schema */
enum assay_status assay_report_check(struct assay_slice report, struct assay_err *err)
{
	static const char head[] = "{\"schema\":\"" ASSAY_REPORT_SCHEMA "\"";
	struct scan s = { .p = (const unsigned char *)report.p, .n = report.n };

	if (report.n > ASSAY_REPORT_BYTES)
		return assay_err_set(err, ASSAY_E_SYNTAX, "the report has %zu bytes", report.n);
	if (!assay_slice_starts(report, head))
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "the report is not of schema " ASSAY_REPORT_SCHEMA);
	if (!assay_utf8_is_valid(report))
		return assay_err_set(err, ASSAY_E_SYNTAX, "the report is not UTF-8");
	if (commands_terminal(report))
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "the report holds controls that are not escaped");
	if (!skip_document(&s))
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "the report is not JSON at byte %zu", s.at);
	return ASSAY_OK;
}

/* assay_report_verdict - a quote inside a string is escaped, so that this key is a key */
struct assay_slice assay_report_verdict(struct assay_slice report)
{
	static const char key[] = ",\"verdict\":";
	size_t n = sizeof key - 1;

	for (size_t at = report.n > n ? report.n - n : 0; at > 0; at--)
		if (report.p[at] == ',' && memcmp(report.p + at, key, n) == 0)
			return assay_slice(report.p + at + n, report.n - at - n - 1);
	return (struct assay_slice){ "", 0 };
}
