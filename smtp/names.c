/*
 * names - file names without grammar; see names.h
 *
 * Touches the value and the arena only; cannot fail.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "mail/eword.h"

#include "names.h"

#define NAMES_VALUE 1024

/* is_odd - is there anything about which readers differ? */
static bool is_odd(struct assay_slice raw)
{
	for (size_t i = 0; i < raw.n; i++)
		if (strchr("(\\'*", raw.p[i]) != NULL && raw.p[i] != '\0')
			return true;
	return false;
}

/* without_comments - the value without (...) and line ends; escaped bytes keep their backslash */
static void without_comments(struct assay_slice raw, struct assay_buf *out)
{
	int depth = 0;

	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		if (c == '\\' && i + 1 < raw.n) {
			if (depth == 0)
				assay_buf_add(out, raw.p + i, 2);
			i++;
		} else if (c == '(') {
			depth++;
		} else if (c == ')' && depth > 0) {
			depth--;
		} else if (depth == 0 && c != '\r' && c != '\n') {
			assay_buf_add_char(out, c);
		}
	}
}

/* add_byte - one byte of a value, or what %xx stands for in an extended one; returns what it took
 */
static size_t add_byte(struct assay_slice s, bool extended, struct assay_buf *out)
{
	int high, low;

	if (!extended || s.p[0] != '%' || s.n < 3) {
		assay_buf_add_char(out, s.p[0]);
		return 1;
	}
	high = assay_ascii_hex((unsigned char)s.p[1]);
	low = assay_ascii_hex((unsigned char)s.p[2]);
	if (high < 0 || low < 0) {
		assay_buf_add_char(out, '%');
		return 1;
	}
	assay_buf_add_char(out, (char)(high * 16 + low));
	return 3;
}

/* take_value - up to the next `;`, unescaped and unquoted, charset'' in front left out */
static struct assay_slice take_value(struct assay_slice s, bool extended, struct assay_buf *out)
{
	struct assay_slice value;
	size_t from = out->n, i = 0, marks = 0;

	while (i < s.n && s.p[i] != ';') {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		if (s.p[i] == '"') {
			i++;
		} else if (s.p[i] == '\'' && extended && ++marks == 2) {
			out->n = from;
			i++;
		} else {
			i += add_byte(assay_slice_from(s, i), extended, out);
		}
	}
	value = assay_slice(out->p != NULL ? out->p + from : "", out->n - from);
	if (extended)
		return value;
	while (value.n > 0 && (value.p[0] == '\'' || value.p[0] == ' '))
		value = assay_slice_from(value, 1);
	while (value.n > 0 && (value.p[value.n - 1] == '\'' || value.p[value.n - 1] == ' '))
		value.n--;
	return value;
}

/* assay_names_lax - plain names, and all pieces joined as they stand */
size_t assay_names_lax(
    struct assay_arena *arena, struct assay_slice raw, struct assay_slice *name, size_t max)
{
	struct assay_buf text, value, joined;
	struct assay_slice rest;
	size_t n = 0, at;

	raw = assay_slice_head(raw, NAMES_VALUE);
	if (max == 0 || !is_odd(raw))
		return 0;
	assay_buf_init(&text, NAMES_VALUE + 1);
	assay_buf_init(&value, NAMES_VALUE + 1);
	assay_buf_init(&joined, NAMES_VALUE + 1);
	without_comments(raw, &text);
	rest = assay_buf_slice(&text);
	while (rest.n > 0 && (at = assay_slice_casesearch(rest, "name")) < rest.n && n < max) {
		bool piece = false, extended = false;
		struct assay_slice got;

		for (at += 4; at < rest.n && rest.p[at] != '=' && rest.p[at] != ';'; at++) {
			piece |= assay_ascii_is_digit((unsigned char)rest.p[at]);
			extended |= rest.p[at] == '*';
		}
		if (at >= rest.n || rest.p[at] != '=') {
			rest = assay_slice_from(rest, at);
			continue;
		}
		rest = assay_slice_from(rest, at + 1);
		assay_buf_clear(&value);
		got = take_value(rest, extended, &value);
		if (piece)
			assay_buf_add_slice(&joined, got);
		else if (got.n > 0)
			name[n++] = assay_eword_decode(arena, got);
		rest = assay_slice_from(rest, assay_slice_find(rest, ';'));
	}
	if (joined.n > 0 && n < max)
		name[n++] = assay_eword_decode(arena, assay_buf_slice(&joined));
	assay_buf_release(&text);
	assay_buf_release(&value);
	assay_buf_release(&joined);
	return n;
}
