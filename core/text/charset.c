/*
 * text/charset.c - see charset.h. Single-byte charsets become a table of 256 code points when they
 * are opened (their converter is closed again), UTF-16/32 and the ISO-2022 family are done here;
 * only multi-byte charsets keep a converter. The set of converters is the process's.
 */
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/charset.h"
#include "text/iso2022.h"
#include "text/label.h"
#include "text/utf8.h"

#define CHARSETS_MAX 96
#define UTF8_BOM "\xef\xbb\xbf"

/* What opening a charset left behind; neither: not opened yet, or not to be had. */
static struct {
	uint16_t *table;
	iconv_t cd;
	bool open;
} converters[CHARSETS_MAX];

/* One conversion at work. */
struct work {
	struct assay_buf *out;
	size_t replaced;
	bool unsupported; /* a piece's charset could not be opened */
};

/* bad - note what could not be converted; false when out is full */
static bool bad(struct work *w)
{
	if (!assay_utf8_add(w->out, 0xfffd))
		return false;
	w->replaced++;
	return true;
}

/* fill_table - the 256 characters of a single-byte charset */
static uint16_t *fill_table(iconv_t cd)
{
	uint16_t *table = assay_xcalloc(256, sizeof *table);

	for (unsigned i = 0; i < 256; i++) {
		char in = (char)i, out[16], *ip = &in, *op = out;
		size_t in_left = 1, out_left = sizeof out;
		uint32_t cp = ASSAY_UTF8_BAD;

		if (iconv(cd, &ip, &in_left, &op, &out_left) != (size_t)-1 && op > out)
			(void)assay_utf8_decode(assay_slice(out, (size_t)(op - out)), &cp);
		else
			(void)iconv(cd, NULL, NULL, NULL, NULL);
		table[i] = cp <= 0xffff ? (uint16_t)cp : 0xfffd;
	}
	return table;
}

/* open_one - make sure that charset i can be converted */
static bool open_one(size_t i)
{
	const struct assay_label_charset *c = &assay_label_charsets[i];
	iconv_t cd;

	if (c->iconv == NULL || converters[i].open)
		return true;
	ASSAY_ASSERT(i < CHARSETS_MAX);
	cd = iconv_open("UTF-8", c->iconv);
	if (cd == (iconv_t)-1)
		return false;
	if (c->way == ASSAY_LABEL_SINGLE) {
		converters[i].table = fill_table(cd);
		(void)iconv_close(cd);
	} else {
		converters[i].cd = cd;
	}
	converters[i].open = true;
	return true;
}

/* assay_charset_warm - open everything while files can be opened */
size_t assay_charset_warm(void)
{
	size_t missing = 0;

	for (size_t i = 0; i < assay_label_count; i++)
		if (!open_one(i))
			missing++;
	return missing;
}

/* assay_charset_cool - give everything back */
void assay_charset_cool(void)
{
	for (size_t i = 0; i < assay_label_count; i++) {
		if (converters[i].open && converters[i].table == NULL)
			(void)iconv_close(converters[i].cd);
		free(converters[i].table);
		converters[i].table = NULL;
		converters[i].open = false;
	}
}

/* assay_charset_name - what we call it */
const char *assay_charset_name(struct assay_slice label)
{
	const struct assay_label_charset *c = assay_label_find(label);

	return c != NULL ? c->name : NULL;
}

/* ascii_prefix - length of the run of ASCII at the front */
static size_t ascii_prefix(struct assay_slice s)
{
	size_t i = 0;

	while (i < s.n && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

/* from_table - single-byte; table NULL: US-ASCII */
static void from_table(const uint16_t *table, struct assay_slice s, struct work *w)
{
	/* EBCDIC and its like have other characters below 128 as well. */
	const bool ascii = table == NULL || (table['A'] == 'A' && table['~'] == '~');

	while (s.n > 0 && !w->out->full) {
		const size_t run = ascii ? ascii_prefix(s) : 0;
		uint16_t cp;

		if (run > 0)
			(void)assay_buf_add(w->out, s.p, run);
		s = assay_slice_from(s, run);
		if (s.n == 0)
			return;
		cp = table != NULL ? table[(unsigned char)s.p[0]] : 0xfffd;
		if (cp == 0xfffd)
			(void)bad(w);
		else
			(void)assay_utf8_add(w->out, cp);
		s = assay_slice_from(s, 1);
	}
}

/* from_utf8 - UTF-8 that may be none */
static void from_utf8(struct assay_slice s, struct work *w)
{
	while (s.n > 0 && !w->out->full) {
		const size_t good = assay_utf8_prefix(s);
		const size_t cut =
		    assay_utf8_cut(assay_slice_head(s, good), w->out->max - w->out->n);
		uint32_t cp;

		(void)assay_buf_add(w->out, s.p, cut);
		w->out->full |= cut < good;
		s = assay_slice_from(s, good);
		/* Nothing behind a gap: a later, shorter character might fit. */
		if (s.n == 0 || w->out->full || !bad(w))
			return;
		s = assay_slice_from(s, assay_utf8_decode(s, &cp));
	}
}

/* from_iconv - through a converter, from its initial state */
static void from_iconv(iconv_t cd, struct assay_slice s, struct work *w)
{
	char room[4096], *in = (char *)(uintptr_t)s.p;
	size_t left = s.n;
	bool flushed = false;

	(void)iconv(cd, NULL, NULL, NULL, NULL);
	while (!flushed) {
		char *op = room;
		size_t free_left = sizeof room, got;
		int why;

		/* The last call, without input, fetches what a composing converter holds back. */
		flushed = left == 0;
		got = iconv(cd, flushed ? NULL : &in, flushed ? NULL : &left, &op, &free_left);
		why = got == (size_t)-1 ? errno : 0;
		got = (size_t)(op - room);
		if (assay_utf8_cut(assay_slice(room, got), w->out->max - w->out->n) < got)
			got = assay_utf8_cut(assay_slice(room, got), w->out->max - w->out->n);
		(void)assay_buf_add(w->out, room, got);
		if (got < (size_t)(op - room)) {
			w->out->full = true;
			return;
		}
		if (flushed || why == 0 || why == E2BIG)
			continue;
		if (!bad(w))
			return;
		/* EINVAL is a character cut off by the end: one replacement for all of it. */
		left = why == EILSEQ && left > 0 ? left - 1 : 0;
		in++;
	}
}

/* unit - a number of `size` bytes */
static uint32_t unit(const char *s, size_t size, bool big)
{
	uint32_t v = 0;

	for (size_t i = 0; i < size; i++)
		v = v << 8 | (unsigned char)s[big ? i : size - 1 - i];
	return v;
}

/* from_wide - UTF-16 (size 2) and UTF-32 (size 4) */
static void from_wide(struct assay_slice s, size_t size, bool big, struct work *w)
{
	while (s.n > 0 && !w->out->full) {
		uint32_t cp = s.n >= size ? unit(s.p, size, big) : 0xd800;
		size_t used = s.n >= size ? size : s.n;

		if (size == 2 && cp >= 0xd800 && cp < 0xdc00 && s.n >= 4) {
			const uint32_t low = unit(s.p + 2, 2, big);

			if (low >= 0xdc00 && low < 0xe000) {
				cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
				used = 4;
			}
		}
		if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
			(void)bad(w);
		else
			(void)assay_utf8_add(w->out, cp);
		s = assay_slice_from(s, used);
	}
}

/* guess_big - byte order of UTF-16/32 without a mark: on which side are the zeros? */
static bool guess_big(struct assay_slice s, size_t size)
{
	size_t first = 0, last = 0;

	s = assay_slice_head(s, 4096);
	for (size_t i = 0; i + size <= s.n; i += size) {
		first += s.p[i] == '\0';
		last += s.p[i + size - 1] == '\0';
	}
	return first >= last;
}

/* wide - UTF-16/32 of any byte order; a mark decides and is dropped */
static void wide(enum assay_label_way way, struct assay_slice s, struct work *w)
{
	const size_t size = way >= ASSAY_LABEL_UTF32 ? 4 : 2;
	bool big = way == ASSAY_LABEL_UTF16BE || way == ASSAY_LABEL_UTF32BE;
	const bool open = way == ASSAY_LABEL_UTF16 || way == ASSAY_LABEL_UTF32;

	if (open)
		big = guess_big(s, size);
	if (s.n >= size && unit(s.p, size, true) == 0xfeff && (open || big)) {
		big = true;
		s = assay_slice_from(s, size);
	} else if (s.n >= size && unit(s.p, size, false) == 0xfeff && (open || !big)) {
		big = false;
		s = assay_slice_from(s, size);
	}
	from_wide(s, size, big, w);
}

/* direct - convert what needs no pieces; false when its converter is missing */
static bool direct(const struct assay_label_charset *c, struct assay_slice s, struct work *w)
{
	const size_t i = (size_t)(c - assay_label_charsets);

	if (!open_one(i))
		return false;
	if (c->way == ASSAY_LABEL_UTF8)
		from_utf8(s, w);
	else if (c->way == ASSAY_LABEL_ASCII || c->way == ASSAY_LABEL_SINGLE)
		from_table(converters[i].table, s, w);
	else if (c->way == ASSAY_LABEL_MULTI)
		from_iconv(converters[i].cd, s, w);
	else
		wide(c->way, s, w);
	return true;
}

/* piece - one piece of a 7-bit charset */
static bool piece(void *user, const char *charset, struct assay_slice bytes)
{
	struct work *w = user;

	if (!direct(assay_label_find(assay_slice_str(charset)), bytes, w))
		w->unsupported = true;
	return !w->out->full && !w->unsupported;
}

/* convert - all ways; E_UNSUP leaves out as it was */
static enum assay_status convert(
    const struct assay_label_charset *c, struct assay_slice s, struct work *w)
{
	const struct assay_iso2022_sink sink = { piece, w };
	const size_t before = w->out->n;

	if (c->way == ASSAY_LABEL_ISO2022)
		assay_iso2022_cut(s, &sink);
	else if (c->way == ASSAY_LABEL_HZ)
		assay_iso2022_cut_hz(s, &sink);
	else if (!direct(c, s, w))
		w->unsupported = true;
	if (w->unsupported) {
		w->out->n = before;
		w->replaced = 0;
		return ASSAY_E_UNSUP;
	}
	return w->out->full ? ASSAY_E_LIMIT : ASSAY_OK;
}

/* assay_charset_to_utf8 - convert what is said to be in a charset */
enum assay_status assay_charset_to_utf8(
    struct assay_slice label, struct assay_slice bytes, struct assay_buf *out, size_t *replaced)
{
	const struct assay_label_charset *c = assay_label_find(label);
	struct work w = { .out = out };
	enum assay_status status = c != NULL ? convert(c, bytes, &w) : ASSAY_E_UNSUP;

	if (replaced != NULL)
		*replaced = w.replaced;
	return status;
}

/* mark_of - the charset a byte order mark names, and its length */
static const struct assay_label_charset *mark_of(struct assay_slice s, size_t *length)
{
	const char *name = NULL;

	*length = 2;
	if (s.n >= 3 && memcmp(s.p, UTF8_BOM, 3) == 0) {
		*length = 3;
		name = "utf-8";
	} else if (s.n >= 4 && memcmp(s.p, "\xff\xfe\0\0", 4) == 0) {
		*length = 4;
		name = "utf-32le";
	} else if (s.n >= 2 && memcmp(s.p, "\xff\xfe", 2) == 0) {
		name = "utf-16le";
	} else if (s.n >= 2 && memcmp(s.p, "\xfe\xff", 2) == 0) {
		name = "utf-16be";
	}
	return name != NULL ? assay_label_find(assay_slice_str(name)) : NULL;
}

/* mostly_utf8 - more good multi-byte characters than bad bytes in it? */
static bool mostly_utf8(struct assay_slice s)
{
	size_t good = 0, wrong = 0;

	while (s.n > 0) {
		uint32_t cp;
		const size_t n = assay_utf8_decode(s, &cp);

		wrong += cp == ASSAY_UTF8_BAD;
		good += cp != ASSAY_UTF8_BAD && n > 1;
		s = assay_slice_from(s, n);
	}
	return good > wrong;
}

/* attempt - convert afresh, forgetting an attempt before */
static enum assay_status attempt(const struct assay_label_charset *c, struct assay_slice s,
    struct assay_charset_guess *g, struct work *w, size_t before)
{
	enum assay_status status;

	if (w->out->n > before) {
		w->out->n = before;
		w->out->p[before] = '\0';
		w->out->full = false;
	}
	*w = (struct work){ .out = w->out };
	status = convert(c, s, w);
	g->used = c->name;
	g->replaced = w->replaced;
	return status;
}

/* fall_back - what it is when it is not what it says; c: what it says, or NULL */
static const struct assay_label_charset *fall_back(
    const struct assay_label_charset *c, struct assay_slice s)
{
	const bool vague = c == NULL || c->way == ASSAY_LABEL_UTF8 || c->way == ASSAY_LABEL_ASCII;

	if (assay_utf8_is_valid(s) || (vague && mostly_utf8(s)))
		return assay_label_find(ASSAY_SLICE_LIT("utf-8"));
	return vague ? assay_label_find(ASSAY_SLICE_LIT("windows-1252")) : c;
}

/* assay_charset_decode_guess - convert as a reader would */
void assay_charset_decode_guess(struct assay_slice label, struct assay_slice bytes,
    struct assay_buf *out, struct assay_charset_guess *guess)
{
	const struct assay_label_charset *said = assay_label_find(label), *c;
	const size_t before = out->n;
	struct work w = { .out = out };
	size_t mark;

	*guess = (struct assay_charset_guess){ .known = said != NULL };
	c = mark_of(bytes, &mark);
	if (c != NULL) {
		guess->bom = true;
		(void)attempt(c, assay_slice_from(bytes, mark), guess, &w, before);
	} else if (said == NULL || attempt(said, bytes, guess, &w, before) == ASSAY_E_UNSUP) {
		guess->known = false;
		c = fall_back(NULL, bytes);
	} else if (w.replaced > 0) {
		c = fall_back(said, bytes);
	} else {
		c = said;
	}
	if (!guess->bom && (c != said || !guess->known) &&
	    attempt(c, bytes, guess, &w, before) == ASSAY_E_UNSUP)
		/* No windows-1252 at all: ASCII needs no converter. */
		(void)attempt(
		    assay_label_find(ASSAY_SLICE_LIT("us-ascii")), bytes, guess, &w, before);
	guess->declared = said != NULL && strcmp(said->name, guess->used) == 0;
	guess->cut = out->full;
}
