/*
 * mail/lex.c - see lex.h. Touches memory only; cannot fail.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/charset.h"
#include "text/utf8.h"

#include "mail/lex.h"

/* assay_lex - a lexer at the start of s */
struct assay_lex assay_lex(struct assay_slice s)
{
	return (struct assay_lex){ .s = s, .no_quotes = SIZE_MAX, .no_comments = SIZE_MAX };
}

/* assay_lex_comment - where the comment that begins at pos ends */
size_t assay_lex_comment(struct assay_lex *lex, size_t pos)
{
	size_t depth = 0;

	if (pos >= lex->no_comments)
		return 0;
	for (size_t i = pos; i < lex->s.n; i++) {
		char c = lex->s.p[i];

		if (c == '\\')
			i++;
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			return i + 1;
	}
	lex->no_comments = pos;
	return 0;
}

/* assay_lex_quoted - where the quoted string that begins at pos ends */
size_t assay_lex_quoted(struct assay_lex *lex, size_t pos)
{
	if (pos >= lex->no_quotes)
		return 0;
	for (size_t i = pos + 1; i < lex->s.n; i++) {
		if (lex->s.p[i] == '\\')
			i++;
		else if (lex->s.p[i] == '"')
			return i + 1;
	}
	lex->no_quotes = pos;
	return 0;
}

/* assay_lex_space - the first byte at or behind pos that is no white space */
size_t assay_lex_space(struct assay_slice s, size_t pos)
{
	while (pos < s.n && assay_ascii_is_space((unsigned char)s.p[pos]))
		pos++;
	return pos;
}

/* assay_lex_skip - over white space and comments */
void assay_lex_skip(struct assay_lex *lex)
{
	for (;;) {
		size_t end;

		lex->pos = assay_lex_space(lex->s, lex->pos);
		if (lex->pos >= lex->s.n || lex->s.p[lex->pos] != '(')
			return;
		end = assay_lex_comment(lex, lex->pos);
		if (end == 0)
			return;
		lex->pos = end;
	}
}

/* assay_lex_unquote - without quotes and backslashes */
void assay_lex_unquote(struct assay_slice s, struct assay_buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			continue;
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		(void)assay_buf_add_char(out, s.p[i]);
	}
}

/* assay_lex_add_utf8 - any bytes as UTF-8 */
void assay_lex_add_utf8(struct assay_buf *out, struct assay_slice s)
{
	while (s.n > 0) {
		size_t good = assay_utf8_prefix(s), bad = 0;
		uint32_t cp;

		(void)assay_buf_add(out, s.p, good);
		s = assay_slice_from(s, good);
		while (bad < s.n) {
			size_t len = assay_utf8_decode(assay_slice_from(s, bad), &cp);

			if (cp != ASSAY_UTF8_BAD)
				break;
			bad += len;
		}
		if (bad > 0 &&
		    assay_charset_to_utf8(ASSAY_SLICE_LIT("windows-1252"), assay_slice_head(s, bad),
			out, NULL) == ASSAY_E_UNSUP)
			(void)assay_utf8_clean(assay_slice_head(s, bad), out);
		s = assay_slice_from(s, bad);
	}
}

/* assay_lex_take - the text of a buffer, in the arena */
struct assay_slice assay_lex_take(struct assay_arena *arena, struct assay_buf *buf)
{
	struct assay_slice s = assay_slice_trim(assay_buf_slice(buf)), copy;

	if (s.n > 0 && (memchr(s.p, '\0', s.n) != NULL || !assay_utf8_is_valid(s))) {
		struct assay_buf clean;

		assay_buf_init(&clean, s.n * 3);
		(void)assay_utf8_clean(s, &clean);
		copy = assay_slice(assay_arena_memdup0(arena, clean.p, clean.n), clean.n);
		assay_buf_release(&clean);
	} else {
		copy = assay_slice(assay_arena_memdup0(arena, s.n > 0 ? s.p : "", s.n), s.n);
	}
	assay_buf_release(buf);
	return copy;
}

/* assay_lex_lower - a copy in lower case */
struct assay_slice assay_lex_lower(struct assay_arena *arena, struct assay_slice s)
{
	char *p = assay_arena_memdup0(arena, s.n > 0 ? s.p : "", s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = (char)assay_ascii_lower(p[i]);
	return assay_slice(p, s.n);
}

/* assay_lex_unfold - a copy without line ends */
struct assay_slice assay_lex_unfold(struct assay_arena *arena, struct assay_slice raw)
{
	char *p = assay_arena_alloc(arena, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];

		if (c != '\r' && c != '\n') {
			p[n++] = c;
			continue;
		}
		while (i + 1 < raw.n && (raw.p[i + 1] == '\r' || raw.p[i + 1] == '\n'))
			i++;
		/* A line end that folds nothing still keeps words apart. */
		if (i + 1 < raw.n && raw.p[i + 1] != ' ' && raw.p[i + 1] != '\t')
			p[n++] = ' ';
	}
	return assay_slice_trim(assay_slice(p, n));
}
