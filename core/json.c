/*
 * core/json.c - see json.h
 *
 * The fast path of strings looks at eight bytes at a time for what must be escaped; runs that hold
 * bytes over 0x7f go through the UTF-8 cleaner, all others are copied as they are.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/json.h"
#include "text/base64.h"
#include "text/utf8.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGH UINT64_C(0x8080808080808080)

/* Where the text goes: a buffer, or nowhere but the count. */
struct sink {
	struct assay_buf *out; /* NULL: count only */
	size_t n;
	enum assay_json_style style;
};

/* ---- strings --------------------------------------------------------------------------------- */

/* put - append n bytes */
static void put(struct sink *s, const char *p, size_t n)
{
	s->n += n;
	if (s->out != NULL)
		(void)assay_buf_add(s->out, p, n);
}

/* put_char - append one byte */
static void put_char(struct sink *s, char c)
{
	s->n++;
	if (s->out != NULL)
		(void)assay_buf_add_char(s->out, c);
}

/* any_zero - high bit set in the first byte that is zero, maybe in later ones; 0 if none is */
static uint64_t any_zero(uint64_t x)
{
	return (x - ONES) & ~x & HIGH;
}

/* is_plain - may this byte stand in a JSON string as it is */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c != 0x7f && c != '"' && c != '\\';
}

/* plain_run - length of the beginning that needs no escape; *high: it holds bytes over 0x7f */
static size_t plain_run(const char *p, size_t n, bool *high)
{
	uint64_t x, seen = 0;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		memcpy(&x, p + i, 8);
		if ((((x - ONES * 0x20) & ~x & HIGH) | any_zero(x ^ (ONES * '"')) |
			any_zero(x ^ (ONES * '\\')) | any_zero(x ^ (ONES * 0x7f))) != 0)
			break;
		seen |= x;
	}
	for (; i < n && is_plain((unsigned char)p[i]); i++)
		seen |= (unsigned char)p[i];
	*high = (seen & HIGH) != 0;
	return i;
}

/* put_escape - one byte that may not stand as it is */
static void put_escape(struct sink *s, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letter[] = "btn?fr"; /* from 8 on */
	char text[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

	if (c == '\0') {
		put(s, ASSAY_UTF8_REPLACEMENT, 3);
	} else if (c == '"' || c == '\\') {
		text[1] = (char)c;
		put(s, text, 2);
	} else if (c >= 8 && c <= 13 && c != 11) {
		text[1] = letter[c - 8];
		put(s, text, 2);
	} else {
		put(s, text, sizeof text);
	}
}

/* find_c1 - where a control character of U+0080 to U+009F begins, or n; text is valid UTF-8 */
static size_t find_c1(const char *p, size_t n)
{
	const char *lead = p, *end = p + n;

	while ((lead = memchr(lead, 0xc2, (size_t)(end - lead))) != NULL) {
		if ((unsigned char)lead[1] < 0xa0)
			return (size_t)(lead - p);
		lead++;
	}
	return n;
}

/* put_high - text beyond ASCII; C1 controls are escaped, because terminals obey them */
static void put_high(struct sink *s, const char *p, size_t n)
{
	size_t c1;

	while ((c1 = find_c1(p, n)) < n) {
		put(s, p, c1);
		put_escape(s, (unsigned char)p[c1 + 1]);
		p += c1 + 2;
		n -= c1 + 2;
	}
	put(s, p, n);
}

/* put_text - a run without escapes, made valid UTF-8 where it is not */
static void put_text(struct sink *s, const char *p, size_t n, bool high)
{
	struct assay_slice run = { p, n };

	if (!high) {
		put(s, p, n);
	} else if (assay_utf8_is_valid(run)) {
		put_high(s, p, n);
	} else if (s->out != NULL) {
		size_t before = s->out->n;

		(void)assay_utf8_clean(run, s->out);
		s->n += s->out->n - before;
	} else {
		s->n += 3 * n;
	}
}

/* put_string - a quoted string */
static void put_string(struct sink *s, const char *p, size_t n)
{
	put_char(s, '"');
	for (size_t i = 0; i < n;) {
		bool high;
		size_t run = plain_run(p + i, n - i, &high);

		if (run > 0)
			put_text(s, p + i, run, high);
		i += run;
		if (i < n)
			put_escape(s, (unsigned char)p[i++]);
	}
	put_char(s, '"');
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* put_int - a decimal number */
static void put_int(struct sink *s, int64_t value)
{
	char text[24];
	size_t at = sizeof text;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		text[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		text[--at] = '-';
	put(s, text + at, sizeof text - at);
}

/* put_real - a number with a fraction; whatever the locale */
static void put_real(struct sink *s, double value)
{
	char text[40];
	int n;

	if (!isfinite(value)) {
		put(s, "null", 4);
		return;
	}
	n = snprintf(text, sizeof text, "%.17g", value);
	for (char *p = text; *p != '\0'; p++)
		if (*p != '-' && *p != '+' && !assay_ascii_is_alnum(*p))
			*p = '.';
	put(s, text, (size_t)n);
	if (strpbrk(text, ".en") == NULL)
		put(s, ".0", 2);
}

/* ---- values ---------------------------------------------------------------------------------- */

static void put_value(struct sink *s, const json_t *value, unsigned depth);

/* put_break - a new line, indented */
static void put_break(struct sink *s, unsigned depth)
{
	if (s->style == ASSAY_JSON_COMPACT)
		return;
	put_char(s, '\n');
	for (unsigned i = 0; i < depth; i++)
		put(s, "  ", 2);
}

/* put_object - { members } */
static void put_object(struct sink *s, const json_t *object, unsigned depth)
{
	/* jansson's iterators take a pointer to non-const but change nothing */
	json_t *o = (json_t *)(uintptr_t)object;
	bool first = true;

	put_char(s, '{');
	for (void *i = json_object_iter(o); i != NULL; i = json_object_iter_next(o, i)) {
		if (!first)
			put_char(s, ',');
		first = false;
		put_break(s, depth + 1);
		put_string(s, json_object_iter_key(i), json_object_iter_key_len(i));
		put_char(s, ':');
		if (s->style == ASSAY_JSON_INDENTED)
			put_char(s, ' ');
		put_value(s, json_object_iter_value(i), depth + 1);
	}
	if (!first)
		put_break(s, depth);
	put_char(s, '}');
}

/* put_array - [ values ] */
static void put_array(struct sink *s, const json_t *array, unsigned depth)
{
	size_t n = json_array_size(array);

	put_char(s, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			put_char(s, ',');
		put_break(s, depth + 1);
		put_value(s, json_array_get(array, i), depth + 1);
	}
	if (n > 0)
		put_break(s, depth);
	put_char(s, ']');
}

/* put_value - anything; recursion ends at ASSAY_JSON_DEPTH */
static void put_value(struct sink *s, const json_t *value, unsigned depth)
{
	if (value == NULL || depth > ASSAY_JSON_DEPTH)
		put(s, "null", 4);
	else if (json_is_string(value))
		put_string(s, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		put_int(s, json_integer_value(value));
	else if (json_is_object(value))
		put_object(s, value, depth);
	else if (json_is_array(value))
		put_array(s, value, depth);
	else if (json_is_real(value))
		put_real(s, json_real_value(value));
	else if (json_is_boolean(value))
		put(s, json_is_true(value) ? "true" : "false", json_is_true(value) ? 4 : 5);
	else
		put(s, "null", 4);
}

/* assay_json_write - append a value */
bool assay_json_write(const json_t *value, enum assay_json_style style, struct assay_buf *out)
{
	struct sink s = { .out = out, .style = style };

	put_value(&s, value, 0);
	return !out->full;
}

/* assay_json_size - how long it would be */
size_t assay_json_size(const json_t *value)
{
	struct sink s = { .style = ASSAY_JSON_COMPACT };

	put_value(&s, value, 0);
	return s.n;
}

/* ---- reading and building -------------------------------------------------------------------- */

/* assay_json_parse - strict reading */
enum assay_status assay_json_parse(struct assay_slice text, json_t **value, struct assay_err *err)
{
	json_error_t why;

	*value = json_loadb(
	    text.p != NULL ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (*value == NULL)
		return assay_err_set(err, ASSAY_E_SYNTAX, "not JSON: %s (line %d, column %d)",
		    why.text, why.line, why.column);
	return ASSAY_OK;
}

/* assay_json_set - set a member, taking the reference */
void assay_json_set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new_nocheck(object, name, value) != 0)
		ASSAY_BUG("cannot set member %s", name);
}

/* assay_json_append - append, taking the reference */
void assay_json_append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		ASSAY_BUG("cannot append to a list");
}

/* assay_json_own - text that is known to be clean */
json_t *assay_json_own(const char *s)
{
	return s != NULL ? json_string_nocheck(s) : json_null();
}

/* assay_json_int - a number */
json_t *assay_json_int(int64_t value)
{
	return json_integer(value);
}

/* assay_json_get_str - a string member, or NULL */
const char *assay_json_get_str(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* assay_json_get_int - an integer member, or what is given */
int64_t assay_json_get_int(const json_t *object, const char *name, int64_t otherwise)
{
	const json_t *value = json_object_get(object, name);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

/* assay_json_text - any bytes as text of the document */
json_t *assay_json_text(const char *p, size_t n)
{
	struct assay_slice s = { p != NULL ? p : "", p != NULL ? n : 0 };
	struct assay_buf clean;
	json_t *value;

	if ((s.n == 0 || memchr(s.p, 0, s.n) == NULL) && assay_utf8_is_valid(s))
		return json_stringn_nocheck(s.p, s.n);
	assay_buf_init(&clean, s.n < SIZE_MAX / 4 ? s.n * 3 : SIZE_MAX / 2);
	(void)assay_utf8_clean(s, &clean);
	value = json_stringn_nocheck(clean.p, clean.n);
	assay_buf_release(&clean);
	return value;
}

/* assay_json_str - a C string as text; null for NULL */
json_t *assay_json_str(const char *s)
{
	return s != NULL ? assay_json_text(s, strlen(s)) : json_null();
}

/* assay_json_time - a time as the document writes it */
json_t *assay_json_time(int64_t wall_ms)
{
	char text[ASSAY_TIME_TEXT];

	assay_clock_format(wall_ms, text);
	return json_string_nocheck(text);
}

/* assay_json_base64 - bytes as evidence */
json_t *assay_json_base64(const char *p, size_t n)
{
	struct assay_buf text;
	json_t *value;

	assay_buf_init(&text, n < SIZE_MAX / 4 ? n * 2 + 8 : SIZE_MAX / 2);
	(void)assay_base64_encode((struct assay_slice){ p != NULL ? p : "", n }, &text);
	value = json_stringn_nocheck(text.p != NULL ? text.p : "", text.n);
	assay_buf_release(&text);
	return value;
}

/* real_text - the shortest form that reads back as the same number */
static void real_text(double value, char text[40])
{
	for (int digits = 6; digits <= 17; digits++) {
		(void)snprintf(text, 40, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			return;
	}
}

/* assay_json_value - the text of a scalar, and its number */
bool assay_json_value(json_t *row, const json_t *value, size_t max)
{
	struct assay_slice s = { json_string_value(value), json_string_length(value) };
	char number[40] = "";
	size_t n;

	if (json_is_integer(value)) {
		(void)snprintf(
		    number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		assay_json_set(row, "value_int", assay_json_int(json_integer_value(value)));
	} else if (json_is_real(value)) {
		real_text(json_real_value(value), number);
	} else if (json_is_boolean(value)) {
		(void)snprintf(number, sizeof number, "%s", json_is_true(value) ? "true" : "false");
	}
	if (number[0] != '\0')
		s = assay_slice_str(number);
	n = assay_utf8_cut(s, max);
	assay_json_set(row, "value", s.p != NULL ? assay_json_text(s.p, n) : json_null());
	return n == s.n;
}
