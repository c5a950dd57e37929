/*
 * mail/param.c - see param.h
 *
 * Three steps: cut the text into (name, value as written) pairs, gather the RFC 2231 pieces of a
 * name, decode. The text is made UTF-8 before anything is cut, so every cut at an ASCII byte leaves
 * valid UTF-8. Touches memory only; cannot fail.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/slice.h"

#include "mail/eword.h"
#include "mail/header.h"
#include "mail/lex.h"
#include "mail/param.h"

/* Pieces kept of one field: RFC 2231 continuations count each. */
#define PIECES_MAX 4096

struct piece {
	struct assay_slice name; /* lower case, with its marks */
	struct assay_slice raw;
	bool quoted, open;
};

struct parser {
	struct assay_arena *arena;
	struct assay_lex lex;
	struct assay_param_list *list;
	struct piece *piece;
	size_t n, cap, max;
};

/* One name's RFC 2231 series while it is gathered. */
struct series {
	struct section *section;
	size_t n, cap;
	size_t at; /* its place in list->param */
};

struct section {
	unsigned index;
	bool extended;
	struct assay_slice text;
	size_t order;
};

/* at_end - nothing is left */
static bool at_end(const struct parser *p)
{
	return p->lex.pos >= p->lex.s.n;
}

/* here - the byte at the reader's place */
static char here(const struct parser *p)
{
	return p->lex.s.p[p->lex.pos];
}

/* is_token - a byte of a parameter's name */
static bool is_token(char c)
{
	return (unsigned char)c > ' ' && c != 127 && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

/* begins_param - does `token =` stand at pos? A word is looked at once more by this, no more */
static bool begins_param(struct assay_slice s, size_t pos)
{
	size_t start = pos;

	while (pos < s.n && is_token(s.p[pos]))
		pos++;
	return pos > start && pos < s.n && s.p[pos] == '=';
}

/* skip - white space, comments and separators */
static void skip(struct parser *p)
{
	for (;;) {
		size_t before = p->lex.pos;

		p->lex.pos = assay_lex_space(p->lex.s, p->lex.pos);
		if (!at_end(p) && here(p) == '(') {
			assay_lex_skip(&p->lex);
			p->list->defects |= ASSAY_PARAM_COMMENT;
		}
		while (!at_end(p) && (here(p) == ';' || here(p) == ','))
			p->lex.pos++;
		if (p->lex.pos == before)
			return;
	}
}

/* read_quoted - a value that begins with a quote; raw takes junk behind it, too */
static void read_quoted(struct parser *p, struct piece *piece)
{
	size_t start = p->lex.pos, end = assay_lex_quoted(&p->lex, start);
	struct assay_slice s = p->lex.s;

	if (end == 0) {
		/* No closing quote: the value ends where the next parameter can begin. */
		piece->open = true;
		p->list->defects |= ASSAY_PARAM_OPEN_QUOTE;
		end = start + assay_slice_find(assay_slice_from(s, start), ';');
	} else {
		size_t close = end;

		while (end < s.n && s.p[end] != ';' && s.p[end] != ',' && s.p[end] != '(' &&
		    !assay_ascii_is_space((unsigned char)s.p[end]))
			end++;
		if (end > close)
			p->list->defects |= ASSAY_PARAM_JUNK;
	}
	piece->quoted = true;
	piece->raw = assay_slice_trim(assay_slice(s.p + start, end - start));
	p->lex.pos = end;
}

/* read_bare - a value without quotes: to the `;`, or to where another parameter begins */
static void read_bare(struct parser *p, struct piece *piece)
{
	struct assay_slice s = p->lex.s;
	size_t start = p->lex.pos, end = start, pos = start;

	for (;;) {
		while (
		    pos < s.n && s.p[pos] != ';' && !assay_ascii_is_space((unsigned char)s.p[pos]))
			pos++;
		end = pos;
		pos = assay_lex_space(s, pos);
		if (pos >= s.n || s.p[pos] == ';' || s.p[pos] == '(')
			break;
		if (begins_param(s, pos)) {
			p->list->defects |= ASSAY_PARAM_NO_SEPARATOR;
			break;
		}
	}
	piece->raw = assay_slice(s.p + start, end - start);
	p->lex.pos = pos;
}

/* keep - one more piece */
static void keep(struct parser *p, const struct piece *piece)
{
	struct piece *old = p->piece;

	if (p->n >= PIECES_MAX) {
		p->list->defects |= ASSAY_PARAM_CUT;
		p->list->total++;
		return;
	}
	if (p->n == p->cap) {
		p->cap = p->cap > 0 ? p->cap * 2 : 8;
		p->piece = assay_arena_calloc(p->arena, p->cap, sizeof(*p->piece));
		if (p->n > 0)
			memcpy(p->piece, old, p->n * sizeof(*old));
	}
	p->piece[p->n++] = *piece;
}

/* read_param - one `name = value` */
static void read_param(struct parser *p)
{
	struct piece piece = { 0 };
	size_t start = p->lex.pos;

	while (!at_end(p) && here(p) != '=' && here(p) != ';' && here(p) != '"' &&
	    !assay_ascii_is_space((unsigned char)here(p)))
		p->lex.pos++;
	piece.name = assay_slice(p->lex.s.p + start, p->lex.pos - start);
	p->lex.pos = assay_lex_space(p->lex.s, p->lex.pos);
	if (at_end(p) || here(p) != '=' || piece.name.n == 0) {
		p->list->defects |= ASSAY_PARAM_NO_VALUE;
		if (!at_end(p) && (here(p) == '"' || here(p) == '='))
			p->lex.pos++;
		return;
	}
	p->lex.pos++;
	p->lex.pos = assay_lex_space(p->lex.s, p->lex.pos);
	piece.name = assay_lex_lower(p->arena, piece.name);
	if (!at_end(p) && here(p) == '"')
		read_quoted(p, &piece);
	else if (!at_end(p))
		read_bare(p, &piece);
	keep(p, &piece);
}

/* read_value - what stands before the parameters, lower case without white space */
static void read_value(struct parser *p)
{
	struct assay_slice s = p->lex.s;
	char *text = assay_arena_alloc(p->arena, s.n + 1);
	size_t n = 0;

	for (;;) {
		assay_lex_skip(&p->lex);
		if (at_end(p) || here(p) == ';' || here(p) == ',')
			break;
		/* "text / html" is one value, "text/html charset=x" lacks its semicolon. */
		if (n > 0 && text[n - 1] != '/' && here(p) != '/') {
			p->list->defects |= ASSAY_PARAM_NO_SEPARATOR;
			break;
		}
		if (n == 0 && begins_param(s, p->lex.pos))
			break;
		do {
			if (here(p) != '"')
				text[n++] = (char)assay_ascii_lower(here(p));
			p->lex.pos++;
		} while (!at_end(p) && here(p) != ';' && here(p) != ',' && here(p) != '(' &&
		    !assay_ascii_is_space((unsigned char)here(p)));
	}
	text[n] = '\0';
	p->list->value = assay_slice(text, n);
}

/* unescaped - without its quotes; every: each backslash escapes, else only before `"` and `\` */
static struct assay_slice unescaped(struct assay_arena *arena, struct assay_slice raw, bool every)
{
	char *text = assay_arena_alloc(arena, raw.n + 1);
	size_t n = 0, i = raw.n > 0 && raw.p[0] == '"' ? 1 : 0;

	for (; i < raw.n && raw.p[i] != '"'; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n &&
		    (every || raw.p[i + 1] == '"' || raw.p[i + 1] == '\\'))
			i++;
		text[n++] = raw.p[i];
	}
	text[n] = '\0';
	return assay_slice(text, n);
}

/* plain_of - the value of a piece as written, without quotes */
static struct assay_slice plain_of(struct parser *p, const struct piece *piece)
{
	if (piece->quoted)
		return unescaped(p->arena, piece->raw, false);
	return assay_slice(
	    assay_arena_memdup0(p->arena, piece->raw.n > 0 ? piece->raw.p : "", piece->raw.n),
	    piece->raw.n);
}

/* add_param - room for one more in the list, NULL when there is none */
static struct assay_param *add_param(struct parser *p, const struct piece *piece)
{
	struct assay_param_list *list = p->list;

	list->total++;
	if (list->n >= p->max) {
		list->defects |= ASSAY_PARAM_CUT;
		return NULL;
	}
	list->param[list->n] = (struct assay_param){
		.name = piece->name, .raw = piece->raw, .open_quote = piece->open
	};
	return &list->param[list->n++];
}

/* decode_plain - a parameter without RFC 2231 marks */
static void decode_plain(struct parser *p, const struct piece *piece)
{
	struct assay_param *param = add_param(p, piece);

	if (param == NULL)
		return;
	param->plain = param->value = plain_of(p, piece);
	if (assay_eword_any(param->plain)) {
		param->value = assay_eword_decode(p->arena, param->plain);
		param->encoded = true;
		p->list->defects |= ASSAY_PARAM_ENCODED;
	}
}

/* section_of - which section `name*0*` is; false when the marks are none */
static bool section_of(struct assay_slice marks, struct section *section)
{
	uint64_t index = 0;

	section->extended = marks.n == 0 || marks.p[marks.n - 1] == '*';
	if (section->extended && marks.n > 0)
		marks.n--;
	if (marks.n > 0 && (!assay_slice_u64(marks, &index) || index > UINT32_MAX))
		return false;
	section->index = (unsigned)index;
	return true;
}

/* add_section - one more piece of a name's series */
static void add_section(
    struct parser *p, struct assay_map *map, const struct piece *piece, size_t star)
{
	struct section section = { .order = p->n };
	struct piece base = *piece;
	struct series *series;

	if (!section_of(assay_slice_from(piece->name, star + 1), &section)) {
		decode_plain(p, piece);
		return;
	}
	base.name = assay_slice_head(piece->name, star);
	section.text = plain_of(p, piece);
	series = assay_map_get(map, base.name);
	if (series == NULL) {
		struct assay_param *param = add_param(p, &base);

		if (param == NULL)
			return;
		series = assay_arena_zalloc(p->arena, sizeof(*series));
		series->at = (size_t)(param - p->list->param);
		(void)assay_map_add(map, base.name, series);
	}
	if (series->n == series->cap) {
		struct section *old = series->section;

		series->cap = series->cap > 0 ? series->cap * 2 : 4;
		series->section = assay_arena_calloc(p->arena, series->cap, sizeof(*old));
		if (series->n > 0)
			memcpy(series->section, old, series->n * sizeof(*old));
	}
	section.order = series->n;
	series->section[series->n++] = section;
}

/* by_index - order of sections; equal ones as written */
static int by_index(const void *a, const void *b)
{
	const struct section *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* add_percent - %XX decoded */
static void add_percent(struct assay_buf *out, struct assay_slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		int hi = i + 2 < s.n ? assay_ascii_hex(s.p[i + 1]) : -1;
		int lo = i + 2 < s.n ? assay_ascii_hex(s.p[i + 2]) : -1;

		if (s.p[i] == '%' && hi >= 0 && lo >= 0) {
			(void)assay_buf_add_char(out, (char)(hi * 16 + lo));
			i += 2;
		} else {
			(void)assay_buf_add_char(out, s.p[i]);
		}
	}
}

/* take_charset - cut charset'language' off the first section */
static struct assay_slice take_charset(struct assay_slice *text)
{
	size_t first = assay_slice_find(*text, '\''), second;
	struct assay_slice charset = ASSAY_SLICE_NONE;

	if (first >= text->n)
		return charset;
	second = first + 1 + assay_slice_find(assay_slice_from(*text, first + 1), '\'');
	if (second >= text->n)
		return charset;
	charset = assay_slice_head(*text, first);
	*text = assay_slice_from(*text, second + 1);
	return charset;
}

/* decode_series - join the sections of one name */
static void decode_series(struct parser *p, struct series *series)
{
	struct assay_param *param = &p->list->param[series->at];
	struct assay_slice charset = ASSAY_SLICE_NONE;
	struct assay_buf bytes;
	size_t sum = 1;

	qsort(series->section, series->n, sizeof(*series->section), by_index);
	for (size_t i = 0; i < series->n; i++) {
		sum += series->section[i].text.n;
		if (series->section[i].index != i)
			p->list->defects |= ASSAY_PARAM_PIECES;
	}
	assay_buf_init(&bytes, sum);
	if (series->section[0].extended)
		charset = take_charset(&series->section[0].text);
	for (size_t i = 0; i < series->n; i++) {
		const struct section *s = &series->section[i];

		if (s->extended)
			add_percent(&bytes, s->text);
		else
			(void)assay_buf_add_slice(&bytes, s->text);
	}
	param->value = assay_eword_charset(p->arena, charset, assay_buf_slice(&bytes));
	assay_buf_release(&bytes);
	if (assay_eword_any(param->value)) {
		param->value = assay_eword_decode(p->arena, param->value);
		param->encoded = true;
	}
	param->plain = series->section[0].text;
	param->extended = true;
}

/* decode - pieces to parameters */
static void decode(struct parser *p)
{
	size_t room = p->n < p->max ? p->n : p->max;
	struct assay_map map;

	p->list->param = assay_arena_calloc(p->arena, room + 1, sizeof(*p->list->param));
	assay_map_init(&map, p->arena);
	for (size_t i = 0; i < p->n; i++) {
		size_t star = assay_slice_find(p->piece[i].name, '*');

		if (star == 0 || star >= p->piece[i].name.n)
			decode_plain(p, &p->piece[i]);
		else
			add_section(p, &map, &p->piece[i], star);
	}
	for (size_t i = 0; i < map.n; i++)
		decode_series(p, map.entry[i].value);
}

/* note_duplicates - two parameters of one name */
static void note_duplicates(struct parser *p)
{
	struct assay_map map;

	assay_map_init(&map, p->arena);
	for (size_t i = 0; i < p->list->n; i++)
		if (!assay_map_add(&map, p->list->param[i].name, p->list))
			p->list->defects |= ASSAY_PARAM_DUPLICATE;
}

/* assay_param_parse - a structured value */
void assay_param_parse(
    struct assay_arena *arena, struct assay_slice raw, size_t max, struct assay_param_list *list)
{
	struct parser p = { .arena = arena, .list = list };

	*list = (struct assay_param_list){ 0 };
	p.max = max > 0 ? max : ASSAY_PARAM_MAX;
	p.lex = assay_lex(assay_header_unfold(arena, raw));
	read_value(&p);
	for (skip(&p); !at_end(&p); skip(&p))
		read_param(&p);
	decode(&p);
	note_duplicates(&p);
}

/* assay_param_get - the value most readers see */
struct assay_slice assay_param_get(const struct assay_param_list *list, const char *name)
{
	struct assay_slice plain = ASSAY_SLICE_NONE;

	for (size_t i = 0; i < list->n; i++) {
		if (!assay_slice_is(list->param[i].name, name))
			continue;
		if (list->param[i].extended)
			return list->param[i].value;
		if (plain.p == NULL)
			plain = list->param[i].value;
	}
	return plain;
}

struct readings {
	struct assay_slice *reading;
	size_t n, max;
};

/* offer - one more reading, if it is new */
static void offer(struct readings *r, struct assay_slice s)
{
	s = assay_slice_trim(s);
	for (size_t i = 0; i < r->n; i++)
		if (assay_slice_eq(r->reading[i], s))
			return;
	if (s.n > 0 && r->n < r->max)
		r->reading[r->n++] = s;
}

/* without - a copy that lacks comments and quotes */
static struct assay_slice without(struct assay_arena *arena, struct assay_slice raw, bool comments)
{
	struct assay_lex lex = assay_lex(raw);
	char *text = assay_arena_alloc(arena, raw.n + 1);
	size_t n = 0, end;

	for (size_t i = 0; i < raw.n; i++) {
		if (comments && raw.p[i] == '(' && (end = assay_lex_comment(&lex, i)) > 0)
			i = end - 1;
		else if (raw.p[i] != '"')
			text[n++] = raw.p[i];
	}
	text[n] = '\0';
	return assay_slice(text, n);
}

/* closed_quote - is the value one quoted string and nothing else? */
static bool closed_quote(const struct assay_param *param)
{
	struct assay_lex lex = assay_lex(param->raw);

	return param->raw.n > 0 && param->raw.p[0] == '"' &&
	    assay_lex_quoted(&lex, 0) == param->raw.n;
}

/* offer_variants - what careless readers make of one parameter as written */
static void offer_variants(
    struct assay_arena *arena, const struct assay_param *param, struct readings *r)
{
	struct assay_slice raw = param->raw, s = raw;

	if (assay_slice_find(raw, '\\') < raw.n) {
		offer(r, unescaped(arena, raw, true));
		offer(r, without(arena, raw, false));
	}
	if (closed_quote(param))
		return;
	if (assay_slice_find(raw, '"') < raw.n) {
		offer(r, raw);
		offer(r, without(arena, raw, false));
	}
	if (assay_slice_find(raw, '(') < raw.n)
		offer(r, without(arena, raw, true));
	if (raw.n > 0 && raw.p[0] == '"')
		s = assay_slice_from(raw, 1);
	s = assay_slice_head(s, assay_slice_find(s, '"'));
	offer(r, assay_slice_head(s, assay_slice_find(s, ';')));
	offer(r, assay_slice_head(s, assay_slice_find(s, ' ')));
	offer(r, assay_slice_head(s, assay_slice_find(s, ',')));
}

/* assay_param_readings - each distinct value some reader would see */
size_t assay_param_readings(struct assay_arena *arena, const struct assay_param_list *list,
    const char *name, struct assay_slice *reading, size_t max)
{
	struct readings r = { reading, 0, max };
	const struct assay_param *last = NULL, *first = NULL;

	offer(&r, assay_param_get(list, name));
	for (size_t i = 0; i < list->n; i++) {
		if (!assay_slice_is(list->param[i].name, name))
			continue;
		last = &list->param[i];
		if (first == NULL)
			first = last;
	}
	if (first == NULL)
		return r.n;
	offer(&r, last->value);
	for (const struct assay_param *p = first; p <= last; p++)
		if (assay_slice_is(p->name, name))
			offer(&r, p->value);
	for (const struct assay_param *p = first; p <= last; p++) {
		if (!assay_slice_is(p->name, name) || p->extended)
			continue;
		offer(&r, p->plain);
		offer_variants(arena, p, &r);
	}
	return r.n;
}
