/*
 * entity - readings of the Content- fields of one entity; see entity.h
 *
 * Touches the field list and the arena only. A field counts by its name with everything but
 * letters, digits and "-" taken out, because readers are as lax. Cannot fail.
 */
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "mail/msgid.h"

#include "defect.h"
#include "entity.h"
#include "names.h"

#define ENTITY_NAME 40   /* longest field name we look for */
#define ENTITY_VALUE 120 /* bytes of an encoding that are read */
#define ENTITY_HIDDEN 16 /* fields behind bare CRs that are looked at */

struct reader {
	struct assay_arena *arena;
	struct assay_part *part;
	struct assay_entity *entity;
	struct assay_defects *defects;
	size_t dispositions, encodings, types;
};

/* squeeze - a field name as lax readers see it: lower case, without odd bytes */
static struct assay_slice squeeze(struct assay_slice name, char out[ENTITY_NAME])
{
	size_t n = 0;

	for (size_t i = 0; i < name.n && n < ENTITY_NAME; i++) {
		int c = assay_ascii_lower((unsigned char)name.p[i]);

		if (assay_ascii_is_alnum(c) || c == '-')
			out[n++] = (char)c;
	}
	return assay_slice(out, n);
}

/* note - a defect of this entity */
static void note(const struct reader *r, const char *code, struct assay_slice at)
{
	assay_defect_add(r->defects, code, at.p, r->part->place, at);
}

/* add_distinct - appends a value that is not there yet */
static void add_distinct(struct assay_slice *list, size_t *n, size_t max, struct assay_slice value)
{
	for (size_t i = 0; i < *n; i++)
		if (assay_slice_eq(list[i], value))
			return;
	if (*n < max)
		list[(*n)++] = value;
}

/* coding_of - one word of a Content-Transfer-Encoding */
static enum assay_part_coding coding_of(struct assay_slice w)
{
	static const struct {
		const char *word;
		enum assay_part_coding coding;
	} words[] = { { "7bit", ASSAY_PART_RAW }, { "8bit", ASSAY_PART_RAW },
		{ "binary", ASSAY_PART_RAW }, { "base64", ASSAY_PART_BASE64 },
		{ "quotedprintable", ASSAY_PART_QP }, { "xquotedprintable", ASSAY_PART_QP },
		{ "xbase64", ASSAY_PART_BASE64 }, { "xuuencode", ASSAY_PART_UU },
		{ "uuencode", ASSAY_PART_UU }, { "xuue", ASSAY_PART_UU }, { "uue", ASSAY_PART_UU },
		{ "uu", ASSAY_PART_UU }, { "xuu", ASSAY_PART_UU }, { "yenc", ASSAY_PART_YENC },
		{ "xyenc", ASSAY_PART_YENC }, { "xyencode", ASSAY_PART_YENC },
		{ "macbinhex", ASSAY_PART_BINHEX }, { "macbinhex40", ASSAY_PART_BINHEX },
		{ "xbinhex40", ASSAY_PART_BINHEX }, { "xgzip64", ASSAY_PART_GZIP64 },
		{ "gzip64", ASSAY_PART_GZIP64 } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (assay_slice_is(w, words[i].word))
			return words[i].coding;
	return ASSAY_PART_UNKNOWN;
}

/* codings_in - every coding whose name stands somewhere in the text, as bits */
static unsigned codings_in(struct assay_slice text)
{
	unsigned bits = 0;

	if (assay_slice_search(text, ASSAY_SLICE_LIT("base64")) < text.n)
		bits |= 1u << ASSAY_PART_BASE64;
	if (assay_slice_search(text, ASSAY_SLICE_LIT("quoted")) < text.n)
		bits |= 1u << ASSAY_PART_QP;
	if (assay_slice_search(text, ASSAY_SLICE_LIT("uu")) < text.n)
		bits |= 1u << ASSAY_PART_UU;
	if (assay_slice_search(text, ASSAY_SLICE_LIT("gzip64")) < text.n)
		bits = (bits & ~(1u << ASSAY_PART_BASE64)) | 1u << ASSAY_PART_GZIP64;
	if (assay_slice_search(text, ASSAY_SLICE_LIT("yenc")) < text.n)
		bits |= 1u << ASSAY_PART_YENC;
	return bits;
}

/* read_encoding - one Content-Transfer-Encoding */
static void read_encoding(struct reader *r, struct assay_slice raw)
{
	struct assay_slice value = assay_slice_trim(raw);
	char plain[ENTITY_VALUE];
	size_t n = 0, depth = 0;
	enum assay_part_coding coding;
	unsigned bits;

	for (size_t i = 0; i < value.n && n < sizeof(plain); i++) {
		int c = assay_ascii_lower((unsigned char)value.p[i]);

		depth += c == '(';
		if (depth == 0 && assay_ascii_is_alnum(c))
			plain[n++] = (char)c;
		if (c == ')' && depth > 0)
			depth--;
	}
	coding = coding_of(assay_slice(plain, n));
	bits = coding != ASSAY_PART_UNKNOWN ? 1u << coding : codings_in(assay_slice(plain, n));
	if (coding == ASSAY_PART_UNKNOWN && value.n > 0)
		note(r, "unknown-encoding", value);
	if (r->encodings > 0 && (r->entity->codings | bits) != r->entity->codings)
		note(r, "repeated-encoding", value);
	if (r->entity->coding == ASSAY_PART_UNKNOWN && coding != ASSAY_PART_UNKNOWN) {
		r->entity->coding = coding;
		r->entity->encoding = assay_header_unfold(r->arena, assay_slice_head(value, 100));
	}
	r->entity->codings |= bits;
	r->encodings++;
	if (r->entity->encoding.n == 0)
		r->entity->encoding = assay_header_unfold(r->arena, assay_slice_head(value, 100));
}

/* read_type - one Content-Type */
static void read_type(struct reader *r, struct assay_slice raw)
{
	struct assay_entity *e = r->entity;
	struct assay_param_list *list;

	r->types++;
	if (e->ntype == ASSAY_PART_TYPES)
		return;
	list = assay_arena_zalloc(r->arena, sizeof(*list));
	assay_param_parse(r->arena, raw, 0, list);
	if (e->ntype > 0 && !assay_slice_eq(e->type[0]->value, list->value))
		note(r, "repeated-content-type", assay_slice_trim(raw));
	e->type[e->ntype++] = list;
	/* A multipart goes first: who takes it for text sees less than who splits it. */
	if (e->ntype > 1 && assay_slice_starts(list->value, "multipart") &&
	    !assay_slice_starts(e->type[0]->value, "multipart")) {
		memmove(&e->type[1], &e->type[0], (e->ntype - 1) * sizeof(e->type[0]));
		e->type[0] = list;
	}
}

/* add_names - file names of one parameter list */
static void add_names(struct reader *r, const struct assay_param_list *list, const char *param)
{
	struct assay_slice reading[ASSAY_PARAM_READINGS];
	size_t n = assay_param_readings(r->arena, list, param, reading, ASSAY_PARAM_READINGS);

	for (size_t i = 0; i < n; i++)
		if (reading[i].n > 0)
			add_distinct(
			    r->entity->name, &r->entity->nname, ASSAY_PART_NAMES, reading[i]);
	for (size_t i = 0; i < list->n && r->entity->name_raw.n == 0; i++)
		if (assay_slice_is(list->param[i].name, param))
			r->entity->name_raw = list->param[i].raw;
}

/* add_lax_names - what readers without grammar find, behind all others */
static void add_lax_names(struct reader *r)
{
	struct assay_slice name[ASSAY_PART_NAMES];
	const struct assay_header *h = &r->part->header;

	for (size_t i = 0; i < h->n; i++) {
		size_t n;

		if (!assay_slice_caseis(h->field[i].name, "content-type") &&
		    !assay_slice_caseis(h->field[i].name, "content-disposition"))
			continue;
		n = assay_names_lax(r->arena, h->field[i].value, name, ASSAY_PART_NAMES);
		for (size_t k = 0; k < n; k++)
			if (name[k].n > 0)
				add_distinct(
				    r->entity->name, &r->entity->nname, ASSAY_PART_NAMES, name[k]);
	}
}

/* read_disposition - one Content-Disposition */
static void read_disposition(struct reader *r, struct assay_slice raw)
{
	struct assay_param_list list = { 0 };

	assay_param_parse(r->arena, raw, 0, &list);
	if (r->dispositions++ == 0)
		r->entity->disposition = list.value;
	else if (!assay_slice_eq(r->entity->disposition, list.value))
		note(r, "repeated-disposition", assay_slice_trim(raw));
	add_names(r, &list, "filename");
	add_names(r, &list, "name");
}

/* read_field - one field, if it is about the content */
static void read_field(struct reader *r, struct assay_slice name, struct assay_slice value)
{
	char squeezed[ENTITY_NAME];
	struct assay_slice n = squeeze(name, squeezed);
	struct assay_msgid_list ids;

	if (!assay_slice_starts(n, "content"))
		return;
	if (assay_slice_is(n, "content-type")) {
		read_type(r, value);
	} else if (assay_slice_is(n, "content-transfer-encoding")) {
		read_encoding(r, value);
	} else if (assay_slice_is(n, "content-disposition")) {
		read_disposition(r, value);
	} else if (assay_slice_is(n, "content-id") && r->entity->content_id.n == 0) {
		assay_msgid_parse(r->arena, assay_slice_head(value, 1000), 1, &ids);
		if (ids.n > 0)
			r->entity->content_id = ids.id[0];
	}
}

/* read_hidden - fields behind a bare CR inside another field's value */
static void read_hidden(struct reader *r, const struct assay_header_field *field)
{
	struct assay_slice rest =
	    assay_slice(field->name.p, (size_t)(field->value.p + field->value.n - field->name.p));

	for (int i = 0; i < ENTITY_HIDDEN; i++) {
		size_t cr = assay_slice_find(rest, '\r'), colon;
		struct assay_slice line;

		if (cr >= rest.n)
			return;
		rest = assay_slice_from(rest, cr + 1);
		if (rest.n == 0 || rest.p[0] == '\n')
			continue;
		line = assay_slice_head(rest, assay_slice_find(rest, '\n'));
		line = assay_slice_head(line, assay_slice_find(line, '\r'));
		colon = assay_slice_find(line, ':');
		if (colon >= line.n || !assay_slice_casestarts(assay_slice_trim(line), "content-"))
			continue;
		note(r, "bare-cr-hides-field", line);
		read_field(r, assay_slice_head(line, colon), assay_slice_from(line, colon + 1));
	}
}

/* read_folded - a Content- field that stands in a continuation line (some readers take it) */
static void read_folded(struct reader *r, const struct assay_header_field *field)
{
	struct assay_slice rest = field->value;
	size_t lf;

	while ((lf = assay_slice_find(rest, '\n')) < rest.n) {
		struct assay_slice line;
		size_t colon;

		rest = assay_slice_from(rest, lf + 1);
		line = assay_slice_trim(assay_slice_head(rest, assay_slice_find(rest, '\n')));
		if (!assay_slice_casestarts(line, "content-"))
			continue;
		colon = assay_slice_find(line, ':');
		if (colon >= line.n)
			continue;
		note(r, "folded-field", line);
		read_field(r, assay_slice_head(line, colon), assay_slice_from(line, colon + 1));
	}
}

/* add_boundary - one reading, and what lax readers make of it */
static void add_boundary(struct reader *r, struct assay_slice b)
{
	struct assay_entity *e = r->entity;
	char *stripped;
	size_t n = 0;

	add_distinct(e->boundary, &e->nboundary, ASSAY_PART_BOUNDARIES, b);
	stripped = assay_arena_alloc(r->arena, b.n + 1);
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] != '"' && b.p[i] != '\\' && b.p[i] != '\'')
			stripped[n++] = b.p[i];
	stripped[n] = '\0';
	if (n > 0)
		add_distinct(
		    e->boundary, &e->nboundary, ASSAY_PART_BOUNDARIES, assay_slice(stripped, n));
}

/* settle_boundaries - the readings of all types, the best type's first */
static void settle_boundaries(struct reader *r)
{
	const struct assay_entity *e = r->entity;
	struct assay_slice reading[ASSAY_PARAM_READINGS];
	size_t met = 0;

	for (size_t t = 0; t < e->ntype; t++) {
		size_t n = assay_param_readings(
		    r->arena, e->type[t], "boundary", reading, ASSAY_PARAM_READINGS);

		for (size_t i = 0; i < n; i++)
			add_boundary(r, reading[i]);
		for (size_t i = 0; i < e->type[t]->n; i++)
			met += assay_slice_is(e->type[t]->param[i].name, "boundary");
	}
	if (met > 1 && e->multipart)
		note(r, "repeated-boundary", e->boundary[0]);
	if (met == 0 && e->multipart)
		note(r, "no-boundary", e->content_type);
}

/* type_defects - what is odd about the parameters of the type that counts */
static void type_defects(struct reader *r)
{
	static const struct {
		unsigned bit;
		const char *code;
	} codes[] = { { ASSAY_PARAM_OPEN_QUOTE, "open-quote" },
		{ ASSAY_PARAM_NO_SEPARATOR, "missing-semicolon" },
		{ ASSAY_PARAM_JUNK, "parameter-junk" }, { ASSAY_PARAM_COMMENT, "comment-in-value" },
		{ ASSAY_PARAM_ENCODED, "encoded-parameter" },
		{ ASSAY_PARAM_PIECES, "parameter-pieces" },
		{ ASSAY_PARAM_CUT, "many-parameters" } };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (r->entity->ntype > 0 && (r->entity->type[0]->defects & codes[i].bit) != 0)
			note(r, codes[i].code, r->entity->content_type);
}

/* settle - the best reading out of what was met */
static void settle(struct reader *r)
{
	struct assay_entity *e = r->entity;

	if (e->ntype > 0) {
		e->content_type = e->type[0]->value;
		e->charset = assay_param_get(e->type[0], "charset");
		type_defects(r);
	}
	for (size_t t = 0; t < e->ntype; t++) {
		e->multipart |= t == 0 && assay_slice_starts(e->type[t]->value, "multipart/");
		add_names(r, e->type[t], "name");
		add_names(r, e->type[t], "filename");
	}
	e->message = assay_slice_is(e->content_type, "message/rfc822") ||
	    assay_slice_is(e->content_type, "message/global") ||
	    assay_slice_is(e->content_type, "message/news");
	if (r->encodings == 0)
		e->coding = ASSAY_PART_RAW;
	settle_boundaries(r);
	add_lax_names(r);
	if (e->nname > 1)
		note(r, "filename-readings", e->name[1]);
}

/* assay_entity_read - all fields, then the best reading */
void assay_entity_read(
    struct assay_arena *arena, struct assay_part *part, struct assay_defects *defects)
{
	struct reader r = { arena, part, &part->entity, defects, 0, 0, 0 };
	const struct assay_header *h = &part->header;

	part->entity = (struct assay_entity){ .coding = ASSAY_PART_UNKNOWN };
	for (size_t i = 0; i < h->n; i++)
		read_field(&r, h->field[i].name, h->field[i].value);
	/* What only some readers take for fields comes second, so that it is never the best. */
	for (size_t i = 0; i < h->n; i++) {
		if (assay_slice_casestarts(h->field[i].name, "content-") &&
		    memchr(h->field[i].value.p, '\n', h->field[i].value.n) != NULL)
			read_folded(&r, &h->field[i]);
		if (h->eol != ASSAY_HEADER_EOL_CR)
			read_hidden(&r, &h->field[i]);
	}
	settle(&r);
}
