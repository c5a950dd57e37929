/*
 * text/iso2022.c - see iso2022.h. Pieces go through a small array where the high bit is set and
 * single shift bytes are put before them.
 */
#include <string.h>

#include "base/slice.h"
#include "text/iso2022.h"

#define ESC 0x1b
#define SO 0x0e
#define SI 0x0f

/* What a designated set is, as bytes of an EUC charset. */
struct set {
	const char *charset;
	unsigned char shift; /* put before each character, or 0 */
	unsigned char width; /* bytes of a character; 0: passed through */
};

static const struct set ascii = { "us-ascii", 0, 0 };

struct escape {
	const char *text; /* behind ESC */
	struct set set;
	bool so; /* designates what SO switches to, does not switch itself */
};

static const struct escape escapes[] = {
	{ "(B", { "us-ascii", 0, 0 }, false },
	{ "(J", { "us-ascii", 0, 0 }, false },
	{ "(I", { "euc-jp", 0x8e, 1 }, false },
	{ "$@", { "euc-jp", 0, 2 }, false },
	{ "$B", { "euc-jp", 0, 2 }, false },
	{ "$(D", { "euc-jp", 0x8f, 2 }, false },
	{ "$(B", { "euc-jp", 0, 2 }, false },
	{ "$(O", { "euc-jp", 0, 2 }, false },
	{ "$(Q", { "euc-jp", 0, 2 }, false },
	{ "$(P", { "euc-jp", 0x8f, 2 }, false },
	{ "$A", { "gb18030", 0, 2 }, false },
	{ "$(A", { "gb18030", 0, 2 }, false },
	{ "$(C", { "euc-kr", 0, 2 }, false },
	{ "$)C", { "euc-kr", 0, 2 }, true },
	{ "$)A", { "gb18030", 0, 2 }, true },
	{ "$)G", { "euc-tw", 0, 2 }, true },
	{ "&@", { NULL, 0, 0 }, false },
};

struct cutter {
	const struct assay_iso2022_sink *sink;
	struct set now; /* charset of what is in the array */
	size_t n;
	bool stopped;
	char piece[1024];
};

/* flush - hand on what is in the array */
static void flush(struct cutter *c)
{
	if (c->n > 0 && !c->stopped)
		c->stopped =
		    !c->sink->piece(c->sink->user, c->now.charset, assay_slice(c->piece, c->n));
	c->n = 0;
}

/* change - what comes next is of another set */
static void change(struct cutter *c, struct set set)
{
	if (strcmp(c->now.charset, set.charset) != 0 || c->n + 8 > sizeof c->piece)
		flush(c);
	c->now = set;
}

/* add - one byte of the current charset */
static void add(struct cutter *c, int byte)
{
	if (c->n == sizeof c->piece)
		flush(c);
	c->piece[c->n++] = (char)byte;
}

/* character - one character of the current set at the front of s; returns its length */
static size_t character(struct cutter *c, struct assay_slice s)
{
	const int first = (unsigned char)s.p[0];
	size_t i;

	/* Controls, spaces and line ends stand for themselves in any set. */
	if (c->now.width == 0 || (first & 0x7f) <= 0x20 || first == 0x7f) {
		const struct set set = c->now;

		if (set.width > 0)
			change(c, ascii);
		add(c, first);
		if (set.width > 0)
			change(c, set);
		return 1;
	}
	/* Never split a character between two pieces. */
	if (c->n + 4 > sizeof c->piece)
		flush(c);
	if (c->now.shift != 0)
		add(c, c->now.shift);
	for (i = 0; i < c->now.width && i < s.n && ((unsigned char)s.p[i] & 0x7f) > 0x20; i++)
		add(c, (unsigned char)s.p[i] | 0x80);
	return i;
}

/* designate - an escape sequence at the front of s: its length, 0 when it is none we know */
static size_t designate(struct cutter *c, struct assay_slice s, struct set *so)
{
	for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
		const struct escape *e = &escapes[i];

		if (!assay_slice_starts(assay_slice_from(s, 1), e->text))
			continue;
		if (e->so)
			*so = e->set;
		else if (e->set.charset != NULL)
			change(c, e->set);
		return 1 + strlen(e->text);
	}
	return 0;
}

/* assay_iso2022_cut - the ISO-2022 family */
void assay_iso2022_cut(struct assay_slice in, const struct assay_iso2022_sink *sink)
{
	struct cutter c = { .sink = sink, .now = ascii };
	struct set so = { "euc-kr", 0, 2 };

	while (in.n > 0 && !c.stopped) {
		const int first = (unsigned char)in.p[0];
		size_t n = 0;

		if (first == ESC)
			n = designate(&c, in, &so);
		else if (first == SO || first == SI)
			n = 1;
		if (n == 0)
			n = character(&c, in);
		else if (first == SO)
			change(&c, so);
		else if (first == SI)
			change(&c, ascii);
		/* A line end switches back in -CN and mostly in practice; -JP lines end in ASCII.
		 */
		if (first == '\n')
			change(&c, ascii);
		in = assay_slice_from(in, n);
	}
	flush(&c);
}

/* assay_iso2022_cut_hz - ~{ and ~} around GB 2312, ~~ for a tilde, ~ at a line end for nothing */
void assay_iso2022_cut_hz(struct assay_slice in, const struct assay_iso2022_sink *sink)
{
	static const struct set gb = { "gb18030", 0, 2 };
	struct cutter c = { .sink = sink, .now = ascii };

	while (in.n > 0 && !c.stopped) {
		const int second = in.n > 1 ? in.p[1] : 0;
		size_t n = 2;

		if (in.p[0] != '~')
			n = character(&c, in);
		else if (second == '{')
			change(&c, gb);
		else if (second == '}')
			change(&c, ascii);
		else if (second == '~')
			add(&c, '~');
		else if (second != '\n')
			n = character(&c, in);
		if (in.p[0] == '\n')
			change(&c, ascii);
		in = assay_slice_from(in, n);
	}
	flush(&c);
}
