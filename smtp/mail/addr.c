/*
 * mail/addr.c - see addr.h
 *
 * The list is walked once and cut into segments at those commas, semicolons and group colons that
 * really separate: a comma before any address was seen belongs to a display name. Each segment is
 * then read once more for its mailboxes. Touches memory only; cannot fail.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "text/url.h"

#include "mail/addr.h"
#include "mail/eword.h"
#include "mail/header.h"
#include "mail/lex.h"

/* Parts of a segment that are looked at; a mailbox has two or three. */
#define ANGLES_MAX 64

enum kind { SPACE, QUOTED, COMMENT, ANGLE, WORD, COMMA, SEMICOLON, COLON };

struct token {
	enum kind kind;
	size_t at, end;
	bool has_at; /* an address may be in it */
};

struct parser {
	struct assay_arena *arena;
	struct assay_lex lex;
	struct assay_addr_list *list;
	size_t cap, max;
	size_t last_semicolon; /* groups exist only before it */
	struct assay_slice group;
};

/* What one segment has shown. */
struct segment {
	size_t start;
	bool has_addr;  /* an angle or a word with an @ */
	bool has_angle; /* an angle with an address */
	bool any;       /* anything but white space and comments */
};

/* ---- tokens ---------------------------------------------------------------------------------- */

/* angle_end - offset behind the angle that begins at pos; one without `>` ends at `,`, `<` or the
 * end */
static size_t angle_end(struct parser *p, size_t pos)
{
	struct assay_slice s = p->lex.s;
	size_t comma = 0, end;

	for (size_t i = pos + 1; i < s.n; i++) {
		if (s.p[i] == '>')
			return i + 1;
		if (s.p[i] == '"' && (end = assay_lex_quoted(&p->lex, i)) > 0)
			i = end - 1;
		else if (s.p[i] == '<')
			return comma > 0 ? comma : i;
		else if ((s.p[i] == ',' || s.p[i] == ';') && comma == 0)
			comma = i;
	}
	return comma > 0 ? comma : s.n;
}

/* word_end - offset behind the word at pos; a domain literal is part of it */
static size_t word_end(struct assay_slice s, size_t pos)
{
	bool literal = false;

	for (size_t i = pos; i < s.n; i++) {
		char c = s.p[i];

		if (assay_ascii_is_space((unsigned char)c))
			return i;
		if (i > pos && c == '[' && s.p[i - 1] == '@')
			literal = true;
		if (c == ']')
			literal = false;
		if (literal && c == ':')
			continue;
		if (strchr("\"(<,;:", c) != NULL && c != '\0')
			return i;
	}
	return s.n;
}

/* next_token - the one at lex.pos */
static struct token next_token(struct parser *p)
{
	struct assay_slice s = p->lex.s;
	struct token t = { WORD, p->lex.pos, 0, false };
	char c = s.p[t.at];

	if (assay_ascii_is_space((unsigned char)c)) {
		t.kind = SPACE;
		t.end = assay_lex_space(s, t.at);
	} else if (c == '"' && (t.end = assay_lex_quoted(&p->lex, t.at)) > 0) {
		t.kind = QUOTED;
	} else if (c == '(' && (t.end = assay_lex_comment(&p->lex, t.at)) > 0) {
		t.kind = COMMENT;
	} else if (c == '<') {
		t.kind = ANGLE;
		t.end = angle_end(p, t.at);
	} else if (c == ',' || c == ';' || c == ':') {
		t.kind = c == ',' ? COMMA : c == ';' ? SEMICOLON : COLON;
		t.end = t.at + 1;
	} else {
		t.end = word_end(s, t.at + 1);
		t.has_at = memchr(s.p + t.at, '@', t.end - t.at) != NULL;
	}
	if (t.kind == ANGLE)
		t.has_at = memchr(s.p + t.at, '@', t.end - t.at) != NULL;
	p->lex.pos = t.end;
	return t;
}

/* ---- one address ----------------------------------------------------------------------------- */

/* assay_addr_domain - lower case, A-labels, no last dot */
struct assay_slice assay_addr_domain(struct assay_arena *arena, struct assay_slice domain)
{
	char host[ASSAY_URL_HOST_MAX];
	bool ascii = true;

	domain = assay_slice_trim(domain);
	for (size_t i = 0; i < domain.n && ascii; i++)
		ascii = (unsigned char)domain.p[i] < 128;
	if (!ascii && assay_url_host(domain, host) > 0)
		domain = assay_slice_str(host);
	while (domain.n > 1 && domain.p[domain.n - 1] == '.')
		domain.n--;
	return assay_lex_lower(arena, domain);
}

/* last_at - the @ that begins the domain: the last one outside quotes and a literal, or s.n */
static size_t last_at(struct assay_slice s)
{
	struct assay_lex lex = assay_lex(s);
	size_t at = s.n, end;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' && (end = assay_lex_quoted(&lex, i)) > 0)
			i = end - 1;
		else if (s.p[i] == '@')
			at = i;
	}
	return at;
}

/* bare - an addr-spec without comments, white space beside `@` and `.`, brackets and source route
 */
static struct assay_slice bare(struct parser *p, struct assay_slice s)
{
	struct assay_lex lex = assay_lex(s);
	char *text = assay_arena_alloc(p->arena, s.n + 1);
	size_t n = 0, end;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '(' && (end = assay_lex_comment(&lex, i)) > 0) {
			i = end - 1;
			continue;
		}
		if ((c == '@' || c == '.') && n > 0 && text[n - 1] == ' ')
			n--;
		if (assay_ascii_is_space((unsigned char)c)) {
			if (n == 0 || strchr(" @.", text[n - 1]) != NULL)
				continue;
			c = ' ';
		}
		text[n++] = c;
	}
	s = assay_slice_trim(assay_slice(text, n));
	if (s.n > 0 && s.p[0] == '@' && assay_slice_find(s, ':') + 1 < s.n)
		s = assay_slice_from(s, assay_slice_find(s, ':') + 1);
	if (assay_slice_casestarts(s, "mailto:"))
		s = assay_slice_from(s, 7);
	return s;
}

/* strip_marks - what encloses an address written among text: [a@b], 'a@b', a@b. */
static struct assay_slice strip_marks(struct assay_slice s)
{
	while (s.n > 0 && strchr("[({<'`\"=|", s.p[0]) != NULL && s.p[0] != '\0' &&
	    !assay_slice_starts(s, "=?"))
		s = assay_slice_from(s, 1);
	while (s.n > 0 && strchr(")}>'`\".|", s.p[s.n - 1]) != NULL && s.p[s.n - 1] != '\0')
		s.n--;
	/* The bracket of a domain literal stays. */
	if (s.n > 0 && s.p[s.n - 1] == ']' && assay_slice_search(s, ASSAY_SLICE_LIT("@[")) >= s.n)
		s.n--;
	return s;
}

/* set_address - local part and domain of an addr-spec */
static void set_address(struct parser *p, struct assay_addr *a, struct assay_slice spec)
{
	size_t at = last_at(spec);
	struct assay_slice local = assay_slice_head(spec, at);
	struct assay_buf unquoted;

	assay_buf_init(&unquoted, local.n + 1);
	if (assay_slice_find(local, '"') < local.n)
		assay_lex_unquote(local, &unquoted);
	else
		(void)assay_buf_add_slice(&unquoted, local);
	a->local = assay_lex_take(p->arena, &unquoted);
	a->addr = a->local;
	a->domain = ASSAY_SLICE_LIT("");
	if (at >= spec.n)
		return;
	a->domain = assay_addr_domain(p->arena, assay_slice_from(spec, at + 1));
	a->addr.n = a->local.n + 1 + a->domain.n;
	a->addr.p = assay_arena_printf(
	    p->arena, "%.*s@%.*s", (int)a->local.n, a->local.p, (int)a->domain.n, a->domain.p);
}

/* is_address_byte - may it stand in a bare address found among text? */
static bool is_address_byte(char c)
{
	return (unsigned char)c > ' ' && c != 127 && strchr("<>()[],;:\"'", c) == NULL;
}

/* dig - the first x@y anywhere in s, NONE when there is none */
static struct assay_slice dig(struct assay_slice s)
{
	size_t floor = 0;

	for (size_t at = assay_slice_find(s, '@'); at < s.n;
	     at = at + 1 + assay_slice_find(assay_slice_from(s, at + 1), '@')) {
		size_t start = at, end = at + 1;

		while (start > floor && is_address_byte(s.p[start - 1]) && s.p[start - 1] != '@')
			start--;
		while (end < s.n && is_address_byte(s.p[end]) && s.p[end] != '@')
			end++;
		if (start < at && end > at + 1)
			return assay_slice(s.p + start, end - start);
		floor = at;
	}
	return ASSAY_SLICE_NONE;
}

/* ---- mailboxes ------------------------------------------------------------------------------- */

/* add - room for one more mailbox, NULL when only counted */
static struct assay_addr *add(struct parser *p)
{
	struct assay_addr_list *list = p->list;
	struct assay_addr *old = list->addr;

	if (list->total++ >= p->max)
		return NULL;
	if (list->n == p->cap) {
		p->cap = p->cap > 0 ? p->cap * 2 : 4;
		list->addr = assay_arena_calloc(p->arena, p->cap, sizeof(*old));
		if (list->n > 0)
			memcpy(list->addr, old, list->n * sizeof(*old));
	}
	return &list->addr[list->n++];
}

/* text_of - what a token says as part of a display name */
static void text_of(const struct parser *p, const struct token *t, struct assay_buf *out)
{
	struct assay_slice s = assay_slice(p->lex.s.p + t->at, t->end - t->at);

	if (t->kind == QUOTED)
		assay_lex_unquote(s, out);
	else if (t->kind == SPACE)
		(void)assay_buf_add_char(out, ' ');
	else
		(void)assay_buf_add_slice(out, s);
}

/* trim_marks - without any of these bytes at both ends */
static struct assay_slice trim_marks(struct assay_slice s, const char *marks)
{
	while (s.n > 0 && s.p[s.n - 1] != '\0' && strchr(marks, s.p[s.n - 1]) != NULL)
		s.n--;
	while (s.n > 0 && s.p[0] != '\0' && strchr(marks, s.p[0]) != NULL)
		s = assay_slice_from(s, 1);
	return s;
}

/* clean_name - decoded, without the separators and the stray quote that hung on it */
static struct assay_slice clean_name(struct parser *p, struct assay_buf *text)
{
	struct assay_slice s = trim_marks(assay_buf_slice(text), ",;: \t");
	size_t quote = assay_slice_find(s, '"');

	if (quote < s.n && assay_slice_find(assay_slice_from(s, quote + 1), '"') + quote + 1 >= s.n)
		s = trim_marks(s, ",;: \t\"");
	s = assay_eword_decode(p->arena, s);
	assay_buf_release(text);
	return s;
}

/* What is gathered while a segment is read. */
struct reading {
	struct assay_slice spec[ANGLES_MAX]; /* addresses in the order they come */
	size_t nspec, nmore;
	struct assay_slice root; /* the only word, if there is but one: a local name */
	size_t nword;
	bool empty_angle, any_at;
	struct assay_buf name, comment;
};

/* take_spec - an address was met */
static void take_spec(struct parser *p, struct reading *r, struct assay_slice spec)
{
	r->any_at = r->any_at || last_at(spec) < spec.n;
	if (r->nspec < ANGLES_MAX && p->list->n + r->nspec < p->max)
		r->spec[r->nspec++] = spec;
	else
		r->nmore++;
}

/* take_angle - <...> */
static void take_angle(struct parser *p, struct reading *r, const struct token *t, bool want_at)
{
	struct assay_slice s = assay_slice(p->lex.s.p + t->at + 1, t->end - t->at - 1);

	if (s.n > 0 && s.p[s.n - 1] == '>')
		s.n--;
	s = bare(p, s);
	if (s.n == 0)
		r->empty_angle = true;
	else if (t->has_at || !want_at)
		take_spec(p, r, s);
	(void)assay_buf_add_char(&r->name, ' ');
}

/* glued - the end of the run of words and quoted strings that begins with t and has no space */
static struct token glued(struct parser *p, struct token t, size_t end)
{
	/* "a b"@c, a @ b: the address goes over more than one token */
	for (;;) {
		size_t pos = p->lex.pos;
		struct assay_slice s = p->lex.s;
		struct token next;

		if (pos >= end)
			return t;
		if (assay_ascii_is_space((unsigned char)s.p[pos])) {
			size_t over = assay_lex_space(s, pos);

			if (over >= end || (s.p[over] != '@' && s.p[t.end - 1] != '@'))
				return t;
			if (strchr("<,;:(", s.p[over]) != NULL)
				return t;
			p->lex.pos = over;
		} else if (strchr("<,;:(", s.p[pos]) != NULL) {
			return t;
		} else if (t.kind == QUOTED && s.p[pos] != '@') {
			return t;
		}
		next = next_token(p);
		t.kind = WORD;
		t.end = next.end;
		t.has_at = t.has_at || next.has_at;
	}
}

/* take_word - a word or quoted string outside brackets */
static void take_word(
    struct parser *p, struct reading *r, struct token t, const struct segment *seg, size_t end)
{
	struct assay_slice s;

	if (!seg->has_angle)
		t = glued(p, t, end);
	s = assay_slice(p->lex.s.p + t.at, t.end - t.at);
	r->nword++;
	r->root = s;
	if (t.kind == WORD && t.has_at && !seg->has_angle) {
		s = strip_marks(bare(p, s));
		if (last_at(s) > 0 && last_at(s) + 1 < s.n) {
			take_spec(p, r, s);
			return;
		}
	}
	text_of(p, &t, &r->name);
}

/* read_segment - gather addresses, name and comment between start and end */
static void read_segment(struct parser *p, struct reading *r, const struct segment *seg, size_t end)
{
	p->lex.pos = seg->start;
	while (p->lex.pos < end) {
		struct token t = next_token(p);

		if (t.kind == ANGLE) {
			take_angle(p, r, &t, seg->has_angle);
		} else if (t.kind == COMMENT) {
			(void)assay_buf_add(&r->comment, p->lex.s.p + t.at + 1, t.end - t.at - 2);
			(void)assay_buf_add_char(&r->name, ' ');
		} else if (t.kind == WORD || t.kind == QUOTED) {
			take_word(p, r, t, seg, end);
		} else {
			text_of(p, &t, &r->name);
		}
	}
}

/* emit - one mailbox */
static void emit(struct parser *p, struct assay_slice spec, struct assay_slice name,
    struct assay_slice raw, bool null)
{
	struct assay_addr *a = add(p);

	if (a == NULL)
		return;
	*a = (struct assay_addr){ .name = name, .group = p->group, .raw = raw, .null = null };
	set_address(p, a, spec);
}

/* fall_back - no address where one should be: dig one out, else take what there is */
static void fall_back(
    struct parser *p, const struct reading *r, struct assay_slice name, struct assay_slice raw)
{
	struct assay_slice found = dig(raw);

	/* The whole mailbox may be inside an encoded word. */
	if (found.p == NULL)
		found = dig(name);
	if (found.p != NULL)
		emit(p, strip_marks(found), name, raw, false);
	else if (r->empty_angle)
		emit(p, ASSAY_SLICE_LIT(""), name, raw, true);
	else if (r->nword == 1)
		emit(p, r->root, ASSAY_SLICE_LIT(""), raw, false);
	else
		emit(p, ASSAY_SLICE_LIT(""), name, raw, false);
}

/* close_segment - the mailboxes of one segment */
static void close_segment(struct parser *p, struct segment *seg, size_t end)
{
	struct assay_slice raw, name, comment;
	struct reading r = { .nspec = 0 };
	size_t after = p->lex.pos;

	raw = assay_slice_trim(assay_slice(p->lex.s.p + seg->start, end - seg->start));
	if (!seg->any && dig(raw).p == NULL) {
		*seg = (struct segment){ .start = after };
		return;
	}
	if (p->list->n >= p->max) {
		p->list->total++;
		*seg = (struct segment){ .start = after };
		return;
	}
	assay_buf_init(&r.name, raw.n * 2 + 16);
	assay_buf_init(&r.comment, raw.n + 16);
	read_segment(p, &r, seg, end);
	name = clean_name(p, &r.name);
	comment = clean_name(p, &r.comment);
	if (name.n == 0)
		name = comment;
	if (r.nspec == 0 || (!r.any_at && dig(raw).p != NULL))
		fall_back(p, &r, name, raw);
	else
		for (size_t i = 0; i < r.nspec; i++)
			emit(p, r.spec[i], name, raw, false);
	p->list->total += r.nmore;
	p->lex.pos = after;
	*seg = (struct segment){ .start = after };
}

/* names_group - does the colon end a group's name? Text with an @ before it is none */
static bool names_group(const struct parser *p, const struct segment *seg, size_t colon)
{
	return colon < p->last_semicolon && !seg->has_addr &&
	    memchr(p->lex.s.p + seg->start, '@', colon - seg->start) == NULL;
}

/* open_group - the text before a colon names a group */
static void open_group(struct parser *p, struct segment *seg, size_t colon)
{
	struct assay_buf name;

	assay_buf_init(&name, colon - seg->start + 1);
	assay_lex_unquote(assay_slice(p->lex.s.p + seg->start, colon - seg->start), &name);
	p->group = clean_name(p, &name);
	*seg = (struct segment){ .start = p->lex.pos };
}

/* note - what a token tells of its segment */
static void note(struct segment *seg, const struct parser *p, const struct token *t)
{
	if (t->kind == ANGLE) {
		seg->any = seg->has_addr = true;
		seg->has_angle = seg->has_angle || t->has_at;
	} else if (t->kind == WORD) {
		seg->any = true;
		/* A lone @ or a name like "@home" is no address. */
		if (t->has_at && p->lex.s.p[t->at] != '@')
			seg->has_addr = true;
		else if (t->has_at && t->at > seg->start)
			seg->has_addr = true;
	} else if (t->kind == QUOTED) {
		seg->any = true;
	}
}

/* walk - the whole list */
static void walk(struct parser *p)
{
	struct segment seg = { 0 };

	while (p->lex.pos < p->lex.s.n) {
		struct token t = next_token(p);

		note(&seg, p, &t);
		if (t.kind == COLON && names_group(p, &seg, t.at))
			open_group(p, &seg, t.at);
		else if ((t.kind == COMMA || t.kind == SEMICOLON) && (seg.has_addr || !seg.any))
			close_segment(p, &seg, t.at);
		if (t.kind == SEMICOLON) {
			if (p->group.n > 0 && seg.any)
				close_segment(p, &seg, t.at);
			p->group = ASSAY_SLICE_LIT("");
		}
	}
	close_segment(p, &seg, p->lex.s.n);
}

/* parser_init - the text as UTF-8, without folding */
static struct parser parser_init(
    struct assay_arena *arena, struct assay_slice raw, size_t max, struct assay_addr_list *list)
{
	struct parser p = { .arena = arena, .list = list, .group = ASSAY_SLICE_LIT("") };

	*list = (struct assay_addr_list){ 0 };
	p.max = max > 0 ? max : ASSAY_ADDR_MAX;
	p.lex = assay_lex(assay_header_unfold(arena, raw));
	for (size_t i = p.lex.s.n; i > 0 && p.last_semicolon == 0; i--)
		if (p.lex.s.p[i - 1] == ';')
			p.last_semicolon = i - 1;
	return p;
}

/* assay_addr_parse - an address list */
void assay_addr_parse(
    struct assay_arena *arena, struct assay_slice raw, size_t max, struct assay_addr_list *list)
{
	struct parser p = parser_init(arena, raw, max, list);

	walk(&p);
}

/* assay_addr_one - one bare address */
void assay_addr_one(struct assay_arena *arena, struct assay_slice raw, struct assay_addr *addr)
{
	struct assay_addr_list list;
	struct parser p = parser_init(arena, raw, 1, &list);
	struct assay_slice s = p.lex.s;

	*addr = (struct assay_addr){
		.name = ASSAY_SLICE_LIT(""), .group = ASSAY_SLICE_LIT(""), .raw = s
	};
	if (s.n > 0 && s.p[0] == '<')
		s = assay_slice_from(s, 1);
	if (s.n > 0 && s.p[s.n - 1] == '>')
		s.n--;
	s = bare(&p, s);
	addr->null = s.n == 0;
	set_address(&p, addr, s);
}
