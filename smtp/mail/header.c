/*
 * mail/header.c - see header.h
 *
 * A line at a time: each is empty (the end), a continuation, a field or neither. Touches the
 * input and the arena only; cannot fail: what is odd becomes a defect.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/utf8.h"

#include "mail/header.h"
#include "mail/lex.h"

/* Lines of junk before the first field; behind more the message is all body. */
#define JUNK_LINES 20

struct line {
	size_t at, end, next; /* without, and with the line end */
	bool extra_cr;        /* CR CR LF */
};

struct reader {
	struct assay_arena *arena;
	struct assay_header_limits limits;
	struct assay_header *h;
	size_t field_cap, defect_cap;
	struct assay_header_field *open; /* the field whose continuation may follow */
	struct assay_header_field spare; /* stands for a field that is not stored */
};

/* grow - room for one more member, twice as much as before */
static void *grow(struct assay_arena *arena, void *old, size_t n, size_t *cap, size_t size)
{
	void *p;

	if (n < *cap)
		return old;
	*cap = *cap > 0 ? *cap * 2 : 16;
	p = assay_arena_calloc(arena, *cap, size);
	if (n > 0)
		memcpy(p, old, n * size);
	return p;
}

/* defect - note it */
static void defect(struct reader *r, enum assay_header_code code, size_t offset)
{
	struct assay_header *h = r->h;

	h->defect_total++;
	if (h->ndefect >= ASSAY_HEADER_DEFECTS)
		return;
	h->defect = grow(r->arena, h->defect, h->ndefect, &r->defect_cap, sizeof(*h->defect));
	h->defect[h->ndefect++] = (struct assay_header_defect){ code, offset };
}

/* other_body - some readers begin the body here */
static void other_body(struct reader *r, size_t offset)
{
	struct assay_header *h = r->h;

	for (size_t i = 0; i < h->nother; i++)
		if (h->other_body[i] == offset)
			return;
	if (h->nother < ASSAY_HEADER_OTHERS)
		h->other_body[h->nother++] = offset;
}

/* line_at - the line that begins at pos */
static struct line line_at(const struct reader *r, size_t pos)
{
	struct assay_slice s = r->h->bytes;
	struct line l = { pos, s.n, s.n, false };
	const char *lf;

	if (r->h->eol == ASSAY_HEADER_EOL_CR) {
		for (l.end = pos; l.end < s.n && s.p[l.end] != '\r' && s.p[l.end] != '\n';)
			l.end++;
		l.next = l.end < s.n ? l.end + 1 : s.n;
		if (l.next < s.n && s.p[l.end] == '\r' && s.p[l.next] == '\n')
			l.next++;
		return l;
	}
	lf = pos < s.n ? memchr(s.p + pos, '\n', s.n - pos) : NULL;
	if (lf == NULL)
		return l;
	l.end = (size_t)(lf - s.p);
	l.next = l.end + 1;
	if (l.end > pos && s.p[l.end - 1] == '\r')
		l.end--;
	while (l.end > pos && s.p[l.end - 1] == '\r') {
		l.end--;
		l.extra_cr = true;
	}
	return l;
}

/* name_length - the field name at the start of a line, 0 if there is none; *colon is its colon */
static size_t name_length(struct assay_slice line, size_t *colon)
{
	size_t n = 0;

	/* 8-bit and most control bytes are bad names, not junk lines; see BAD_NAME. */
	while (n < line.n && line.p[n] != ':' && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	*colon = n;
	while (*colon < line.n && (line.p[*colon] == ' ' || line.p[*colon] == '\t'))
		(*colon)++;
	return *colon < line.n && line.p[*colon] == ':' ? n : 0;
}

/* text_of - the bytes of a line */
static struct assay_slice text_of(const struct reader *r, const struct line *l)
{
	return assay_slice(r->h->bytes.p + l->at, l->end - l->at);
}

/* assay_header_known - does a real message begin with a field of that name? */
bool assay_header_known(struct assay_slice name)
{
	static const char *const known[] = { "from", "to", "cc", "bcc", "subject", "date", "sender",
		"reply-to", "received", "return-path", "delivered-to", "message-id", "mime-version",
		"in-reply-to", "references", "status", "user-agent", "authentication-results",
		"received-spf", "errors-to", "precedence", "priority", "importance", "envelope-to",
		"apparently-to", "organization", "newsgroups", "path" };
	static const char *const family[] = { "x-", "content-", "list-", "arc-", "dkim-", "resent-",
		"domainkey-", "thread-" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (assay_slice_caseis(name, known[i]))
			return true;
	for (size_t i = 0; i < sizeof(family) / sizeof(family[0]); i++)
		if (assay_slice_casestarts(name, family[i]))
			return true;
	return false;
}

/* is_known_field - does the line begin a field that only a header has? */
static bool is_known_field(const struct reader *r, const struct line *l)
{
	struct assay_slice text = text_of(r, l);
	size_t colon, n = name_length(text, &colon);

	return n > 0 && assay_header_known(assay_slice_head(text, n));
}

/* is_field - does the line begin a field? */
static bool is_field(const struct reader *r, const struct line *l)
{
	size_t colon;

	return name_length(text_of(r, l), &colon) > 0;
}

/* plain_name - letters, digits and their like only */
static bool plain_name(struct assay_slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || (unsigned char)name.p[i] >= 127)
			return false;
	return true;
}

/* check_field - defects inside a field that has come to its end */
static void check_field(struct reader *r)
{
	const struct assay_header_field *f = r->open;
	const char *p, *end;

	if (f == NULL || f == &r->spare)
		return;
	p = f->value.p;
	end = p + f->value.n;
	if (memchr(p, '\0', f->value.n) != NULL)
		defect(r, ASSAY_HEADER_NUL, f->offset);
	if (!assay_utf8_is_valid(f->value))
		defect(r, ASSAY_HEADER_8BIT, f->offset);
	if (r->h->eol == ASSAY_HEADER_EOL_CR)
		return;
	for (; (p = memchr(p, '\r', (size_t)(end - p))) != NULL; p++) {
		if (p + 1 == end || p[1] != '\n') {
			defect(r, ASSAY_HEADER_BARE_CR, f->offset);
			return;
		}
	}
}

/* extend - the open field reaches to the end of this line */
static void extend(struct reader *r, const struct line *l)
{
	struct assay_header_field *f = r->open;

	if (f == NULL)
		return;
	f->length = l->next - f->offset;
	f->value.n = (size_t)(r->h->bytes.p + l->end - f->value.p);
	f->cut = f->value.n > r->limits.field;
	if (f->cut) {
		f->value.n = r->limits.field;
		r->h->cut_field = r->h->cut_field || f != &r->spare;
	}
}

/* add_field - a new field begins with this line */
static void add_field(struct reader *r, const struct line *l)
{
	struct assay_header *h = r->h;
	struct assay_slice text = text_of(r, l);
	size_t colon, name = name_length(text, &colon);

	check_field(r);
	r->open = &r->spare;
	if (h->n >= r->limits.fields) {
		h->cut_fields = true;
	} else if (l->at - h->start >= r->limits.bytes) {
		h->cut_bytes = true;
	} else {
		h->field = grow(r->arena, h->field, h->n, &r->field_cap, sizeof(*h->field));
		r->open = &h->field[h->n++];
	}
	h->field_total++;
	*r->open = (struct assay_header_field){ .name = assay_slice_head(text, name),
		.value = assay_slice_from(text, colon + 1),
		.offset = l->at };
	extend(r, l);
	if (colon > name)
		defect(r, ASSAY_HEADER_SPACE_COLON, l->at);
	if (!plain_name(r->open->name))
		defect(r, ASSAY_HEADER_BAD_NAME, l->at);
}

/* take_line - one line between the first field and the end of the block */
static void take_line(struct reader *r, const struct line *l)
{
	struct assay_slice text = text_of(r, l);

	if (text.p[0] == ' ' || text.p[0] == '\t') {
		if (assay_slice_trim(text).n == 0) {
			defect(r, ASSAY_HEADER_BLANK_FOLD, l->at);
			other_body(r, l->next);
		}
		extend(r, l);
	} else if (is_field(r, l)) {
		add_field(r, l);
	} else {
		check_field(r);
		r->open = NULL;
		defect(r, ASSAY_HEADER_NO_COLON, l->at);
		other_body(r, l->at);
	}
}

/* is_delimiter - "--" and no field: a multipart begins without an empty line before it */
static bool is_delimiter(const struct reader *r, const struct line *l)
{
	return assay_slice_starts(text_of(r, l), "--") && !is_field(r, l);
}

/* finish - the block ends before this line; a delimiter belongs to the body */
static void finish(struct reader *r, const struct line *l)
{
	bool empty = l->end == l->at;

	r->h->end = l->at;
	r->h->body = empty ? l->next : l->at;
	check_field(r);
	if (!empty)
		defect(r, ASSAY_HEADER_NO_COLON, l->at);
}

/* read_fields - from the first field to the end of the block */
static void read_fields(struct reader *r)
{
	struct assay_header *h = r->h;
	size_t pos = h->start;

	while (pos < h->bytes.n) {
		struct line l = line_at(r, pos);

		if (l.extra_cr)
			defect(r, ASSAY_HEADER_BARE_CR, l.at);
		if (l.end == l.at || is_delimiter(r, &l)) {
			finish(r, &l);
			return;
		}
		take_line(r, &l);
		pos = l.next;
	}
	check_field(r);
	h->end = h->body = h->bytes.n;
	defect(r, ASSAY_HEADER_NO_END, h->bytes.n);
}

/* skip_mbox_line - a leading From_ line, as a spool or a quoting mailer leaves it */
static size_t skip_mbox_line(struct reader *r)
{
	struct line l = line_at(r, 0);
	struct assay_slice text = text_of(r, &l);

	if (!assay_slice_starts(text, "From ") && !assay_slice_starts(text, ">From "))
		return 0;
	r->h->mbox_line = text;
	return l.next;
}

/* find_start - the first field, over empty lines and junk; false when there is none */
static bool find_start(struct reader *r, size_t first)
{
	struct line l = line_at(r, first);
	size_t junk;

	if (is_field(r, &l)) {
		r->h->start = first;
		return true;
	}
	while (l.at < r->h->bytes.n && l.end == l.at)
		l = line_at(r, l.next);
	junk = l.at;
	for (size_t n = 0; n < JUNK_LINES && l.end > l.at && !is_known_field(r, &l); n++)
		l = line_at(r, l.next);
	if (l.end == l.at || !is_known_field(r, &l))
		return false;
	r->h->start = l.at;
	if (junk > first) {
		defect(r, ASSAY_HEADER_BLANK_BEFORE, first);
		other_body(r, line_at(r, first).next);
	}
	if (l.at > junk) {
		defect(r, ASSAY_HEADER_JUNK_BEFORE, junk);
		other_body(r, junk);
	}
	return true;
}

/* detect_eol - CR only when the first line end is a bare CR and a field or its like follows */
static enum assay_header_eol detect_eol(struct reader *r)
{
	struct assay_slice s = r->h->bytes;
	struct line l;
	size_t at = 0;

	while (at < s.n && s.p[at] != '\r' && s.p[at] != '\n')
		at++;
	if (at + 1 >= s.n || s.p[at] == '\n' || s.p[at + 1] == '\n')
		return ASSAY_HEADER_EOL_LF;
	if (s.p[at + 1] == '\r' || s.p[at + 1] == ' ' || s.p[at + 1] == '\t')
		return memchr(s.p, '\n', s.n) == NULL ? ASSAY_HEADER_EOL_CR : ASSAY_HEADER_EOL_LF;
	r->h->eol = ASSAY_HEADER_EOL_CR;
	l = line_at(r, at + 1);
	return is_field(r, &l) ? ASSAY_HEADER_EOL_CR : ASSAY_HEADER_EOL_LF;
}

/* assay_header_read - the block at the start of bytes; a byte order mark is passed over */
void assay_header_read(struct assay_arena *arena, struct assay_slice bytes,
    enum assay_header_eol eol, const struct assay_header_limits *limits,
    struct assay_header *header)
{
	struct reader r = { .arena = arena, .h = header };
	size_t first;

	if (limits != NULL)
		r.limits = *limits;
	if (r.limits.fields == 0)
		r.limits.fields = 2000;
	if (r.limits.bytes == 0)
		r.limits.bytes = (size_t)1 << 20;
	if (r.limits.field == 0)
		r.limits.field = (size_t)64 << 10;
	if (bytes.p == NULL)
		bytes = ASSAY_SLICE_LIT("");
	*header = (struct assay_header){ .bytes = bytes };
	header->eol = eol == ASSAY_HEADER_EOL_AUTO ? detect_eol(&r) : eol;
	first = assay_slice_starts(bytes, "\xef\xbb\xbf") ? 3 : skip_mbox_line(&r);
	if (find_start(&r, first)) {
		read_fields(&r);
		return;
	}
	header->start = header->end = header->body = first;
	defect(&r, ASSAY_HEADER_NO_HEADER, first);
}

/* assay_header_find - the index-th field of that name */
const struct assay_header_field *assay_header_find(
    const struct assay_header *header, const char *name, size_t index)
{
	for (size_t i = 0; i < header->n; i++)
		if (assay_slice_caseis(header->field[i].name, name) && index-- == 0)
			return &header->field[i];
	return NULL;
}

/* assay_header_code_name - the word for defects[] */
const char *assay_header_code_name(enum assay_header_code code)
{
	static const char *const name[] = {
		[ASSAY_HEADER_BLANK_BEFORE] = "blank-before-header",
		[ASSAY_HEADER_JUNK_BEFORE] = "junk-before-header",
		[ASSAY_HEADER_NO_COLON] = "header-no-colon",
		[ASSAY_HEADER_SPACE_COLON] = "header-space-before-colon",
		[ASSAY_HEADER_BAD_NAME] = "header-bad-name",
		[ASSAY_HEADER_BLANK_FOLD] = "header-blank-continuation",
		[ASSAY_HEADER_NUL] = "header-nul",
		[ASSAY_HEADER_BARE_CR] = "header-bare-cr",
		[ASSAY_HEADER_8BIT] = "header-8bit",
		[ASSAY_HEADER_NO_END] = "header-no-end",
		[ASSAY_HEADER_NO_HEADER] = "no-header",
	};

	ASSAY_ASSERT((size_t)code < sizeof(name) / sizeof(name[0]));
	return name[code];
}

/* assay_header_unfold - one line of UTF-8, encoded words left alone */
struct assay_slice assay_header_unfold(struct assay_arena *arena, struct assay_slice raw)
{
	struct assay_slice s = assay_lex_unfold(arena, raw);
	struct assay_buf out;

	assay_buf_init(&out, s.n * 3 + 1);
	assay_lex_add_utf8(&out, s);
	return assay_lex_take(arena, &out);
}
