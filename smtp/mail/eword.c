/*
 * mail/eword.c - see eword.h
 *
 * One pass over the unfolded text. Bytes of adjacent words of one charset gather in `bytes` and are
 * converted when another charset, or text, follows. Touches memory only; cannot fail: what is not
 * understood is kept as text.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "text/base64.h"
#include "text/charset.h"
#include "text/qp.h"

#include "mail/eword.h"
#include "mail/lex.h"

/* A charset's name and language are never longer in earnest; this keeps "=?=?=?" linear. */
#define CHARSET_MAX 80

struct word {
	struct assay_slice charset, text;
	char encoding; /* 'b' or 'q' */
	size_t end;    /* offset behind "?=" */
};

struct decoder {
	struct assay_slice s;
	size_t close;           /* offset of the first "?=" at or behind where it was last sought */
	struct assay_buf bytes; /* not yet converted */
	struct assay_slice charset;
	struct assay_buf out;
};

/* find_pair - the first place at or behind pos where a and b stand side by side; s.n if none
 *
 * Not memmem(): sanitizers check all that is left at each call, which makes them quadratic here. */
static size_t find_pair(struct assay_slice s, size_t pos, char a, char b)
{
	for (; pos < s.n; pos++) {
		pos += assay_slice_find(assay_slice_from(s, pos), a);
		if (pos + 1 < s.n && s.p[pos + 1] == b)
			return pos;
	}
	return s.n;
}

/* flush - convert what has gathered */
static void flush(struct decoder *d)
{
	struct assay_charset_guess guess;

	if (d->bytes.n > 0)
		assay_charset_decode_guess(d->charset, assay_buf_slice(&d->bytes), &d->out, &guess);
	assay_buf_clear(&d->bytes);
}

/* find_close - the first "?=" at or behind pos; s.n when there is none */
static size_t find_close(struct decoder *d, size_t pos)
{
	if (d->close < pos)
		d->close = find_pair(d->s, pos, '?', '=');
	return d->close;
}

/* interrupted - another word begins inside: the closing "?=" is that one's */
static bool interrupted(struct assay_slice text)
{
	size_t at = find_pair(text, 0, '=', '?');

	return at + 2 < text.n && text.p[at + 2] != '=';
}

/* read_word - the encoded word that begins at pos ("=?"), if it is one */
static bool read_word(struct decoder *d, size_t pos, struct word *w)
{
	struct assay_slice rest = assay_slice_from(d->s, pos + 2);
	size_t mark = assay_slice_find(assay_slice_head(rest, CHARSET_MAX), '?'), text, close;

	if (mark == 0 || mark >= CHARSET_MAX || mark + 2 >= rest.n || rest.p[mark + 2] != '?')
		return false;
	w->encoding = (char)assay_ascii_lower(rest.p[mark + 1]);
	if (w->encoding != 'b' && w->encoding != 'q')
		return false;
	w->charset = assay_slice_head(rest, mark);
	text = pos + 2 + mark + 3;
	close = find_close(d, text);
	if (close >= d->s.n)
		return false;
	w->text = assay_slice(d->s.p + text, close - text);
	w->end = close + 2;
	return !interrupted(w->text);
}

/* joins - the bytes of both charsets may stand in one row */
static bool joins(struct assay_slice a, struct assay_slice b)
{
	/* A UTF-7 or UTF-16 word has a state or a mark of its own. */
	return assay_slice_caseeq(a, b) && !assay_slice_casestarts(a, "utf-7") &&
	    !assay_slice_casestarts(a, "utf-16");
}

/* add_word - the word's bytes, beside those of its neighbours */
static void add_word(struct decoder *d, const struct word *w)
{
	struct assay_base64 b64;
	struct assay_qp qp;

	if (!joins(d->charset, w->charset))
		flush(d);
	d->charset = w->charset;
	if (w->encoding == 'b')
		assay_base64_decode(w->text, ASSAY_BASE64_CHUNKS, &d->bytes, &b64);
	else
		assay_qp_decode(w->text, ASSAY_QP_HEADER, &d->bytes, &qp);
}

/* add_text - text between words; white space between two words is none */
static void add_text(struct decoder *d, struct assay_slice text, bool between)
{
	if (text.n == 0 || (between && assay_slice_trim(text).n == 0))
		return;
	flush(d);
	assay_lex_add_utf8(&d->out, text);
}

/* decode - all of d->s */
static void decode(struct decoder *d)
{
	size_t pos = 0, text = 0;
	bool after_word = false;
	struct word w;

	while (pos < d->s.n) {
		pos = find_pair(d->s, pos, '=', '?');
		if (pos >= d->s.n)
			break;
		if (!read_word(d, pos, &w)) {
			pos += 2;
			continue;
		}
		add_text(d, assay_slice(d->s.p + text, pos - text), after_word);
		add_word(d, &w);
		after_word = true;
		pos = text = w.end;
	}
	add_text(d, assay_slice_from(d->s, text), false);
	flush(d);
}

/* assay_eword_decode - unfold, trim, decode */
struct assay_slice assay_eword_decode(struct assay_arena *arena, struct assay_slice raw)
{
	struct decoder d = { .s = assay_lex_unfold(arena, raw) };

	assay_buf_init(&d.bytes, d.s.n + 1);
	assay_buf_init(&d.out, d.s.n * 4 + 16);
	decode(&d);
	assay_buf_release(&d.bytes);
	return assay_lex_take(arena, &d.out);
}

/* assay_eword_any - is there anything like an encoded word? */
bool assay_eword_any(struct assay_slice raw)
{
	size_t at = find_pair(raw, 0, '=', '?');

	return at < raw.n && find_pair(raw, at + 2, '?', '=') < raw.n;
}

/* assay_eword_charset - bytes of a named charset as UTF-8 */
struct assay_slice assay_eword_charset(
    struct assay_arena *arena, struct assay_slice charset, struct assay_slice bytes)
{
	struct assay_charset_guess guess;
	struct assay_buf out;

	assay_buf_init(&out, bytes.n * 4 + 16);
	assay_charset_decode_guess(charset, bytes, &out, &guess);
	return assay_lex_take(arena, &out);
}
