/*
 * walk - splits a message into its parts; see walk.h
 *
 * Recursion is for multiparts only and bounded by limits.depth. All ranges come from lines.h, so
 * that each level costs one integer comparison per delimiter line. Touches the message, the arena
 * and the defects; cannot fail.
 */
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"

#include "entity.h"
#include "others.h"
#include "walk.h"

/* A range that is being split by one boundary. */
struct split {
	struct assay_part *parent;
	size_t start, end; /* into walk->bytes */
	uint32_t boundary;
	const char *reading;
};

/* offset_of - of a pointer into the message */
static size_t offset_of(const struct assay_walk *w, const char *p)
{
	return (size_t)(p - w->bytes.p);
}

/* keep - a new part at the end of the list */
static struct assay_part *keep(struct assay_walk *w)
{
	if (w->n == w->cap) {
		struct assay_part **bigger;

		w->cap = w->cap == 0 ? 16 : w->cap * 2;
		bigger = assay_arena_calloc(w->arena, w->cap, sizeof(struct assay_part *));
		if (w->n > 0)
			memcpy(bigger, w->part, w->n * sizeof(struct assay_part *));
		w->part = bigger;
	}
	w->part[w->n] = assay_arena_zalloc(w->arena, sizeof(struct assay_part));
	return w->part[w->n++];
}

/* may_add - the budgets for one more part */
static bool may_add(struct assay_walk *w, struct assay_slice bytes, const char *reading)
{
	if (reading == NULL && w->n < w->limits.parts)
		return true;
	if (reading == NULL) {
		w->cut_parts = true;
		return false;
	}
	if (w->others >= w->limits.max_others || w->reread + bytes.n > w->limits.reread) {
		w->cut_others = true;
		return false;
	}
	w->others++;
	w->reread += bytes.n;
	return true;
}

/* place_of - "1.2" below its parent, as IMAP numbers parts; "0" is the message with its header;
 * other readings are told apart by "~" */
static const char *place_of(
    struct assay_walk *w, const struct assay_part *parent, size_t index, const char *reading)
{
	if (parent == NULL)
		return "0";
	if (reading != NULL)
		return assay_arena_printf(w->arena, "%s~%zu", parent->place, w->others);
	if (parent->parent == NULL)
		return assay_arena_printf(w->arena, "%zu", index);
	return assay_arena_printf(w->arena, "%s.%zu", parent->place, index);
}

/* header_defects - what header.c found odd, as defects of this part */
static void header_defects(struct assay_walk *w, const struct assay_part *part)
{
	const struct assay_header *h = &part->header;

	for (size_t i = 0; i < h->ndefect; i++)
		if (h->defect[i].code != ASSAY_HEADER_NO_HEADER || part->parent == NULL)
			assay_defect_add(w->defects, assay_header_code_name(h->defect[i].code),
			    part->bytes.p + h->defect[i].offset, part->place, ASSAY_SLICE_NONE);
	w->defects->total += h->defect_total - h->ndefect;
}

/* no_header - a part that begins with an empty line has no fields (RFC 2046 5.1.1); its length */
static size_t no_header(const struct assay_part *part)
{
	const struct assay_slice b = part->bytes;

	if (part->parent == NULL || b.n == 0)
		return 0;
	if (b.p[0] == '\n')
		return 1;
	if (b.p[0] != '\r')
		return 0;
	return b.n > 1 && b.p[1] == '\n' ? 2 : 1;
}

/* read_header - the field list and what it says */
static void read_header(struct assay_walk *w, struct assay_part *part)
{
	struct assay_header_limits limits = w->limits.header;
	size_t blank = no_header(part);

	if (part->parent != NULL)
		limits.fields = limits.fields / 10 + 1;
	assay_header_read(w->arena, blank > 0 ? assay_slice_head(part->bytes, 0) : part->bytes,
	    ASSAY_HEADER_EOL_AUTO, &limits, &part->header);
	part->body = assay_slice_from(part->bytes, blank > 0 ? blank : part->header.body);
	if (blank == 0 && part->reading == NULL)
		header_defects(w, part);
	assay_entity_read(w->arena, part, w->defects);
	if (part->parent != NULL && part->entity.ntype == 0 &&
	    assay_slice_is(part->parent->entity.content_type, "multipart/digest")) {
		part->entity.content_type = ASSAY_SLICE_LIT("message/rfc822");
		part->entity.message = true;
	}
}

/* new_part - one entity with its header read; NULL when the budget is spent */
static struct assay_part *new_part(
    struct assay_walk *w, struct assay_part *parent, struct assay_slice bytes, const char *reading)
{
	struct assay_part *part;

	if (!may_add(w, bytes, reading))
		return NULL;
	part = keep(w);
	part->bytes = bytes;
	part->parent = parent;
	part->reading = reading;
	part->depth = parent != NULL ? parent->depth + 1 : 0;
	if (parent != NULL)
		parent->children++;
	part->place = place_of(w, parent, parent != NULL ? parent->children : 1, reading);
	if (part->depth > w->deepest)
		w->deepest = part->depth;
	read_header(w, part);
	if (parent == NULL && !part->entity.multipart)
		part->place = "1";
	return part;
}

/* says_nothing - white space, a few characters, or the sentence old mailers put in front of the
 * first part for readers without MIME */
static bool says_nothing(struct assay_slice text)
{
	struct assay_slice head = assay_slice_head(text, 200);
	size_t printing = 0;

	for (size_t i = 0; i < text.n && printing < 16; i++)
		printing += (unsigned char)text.p[i] > ' ';
	return printing < 16 || assay_slice_casesearch(head, "multi-part") < head.n ||
	    (text.n < 400 && assay_slice_casesearch(text, "MIME") < text.n);
}

/* blob - bytes of a multipart that belong to no part */
static void blob(struct assay_walk *w, struct assay_part *parent, size_t start, size_t end)
{
	struct assay_slice bytes, rest;
	struct assay_part *part;

	end = assay_lines_content_end(w->bytes, start, end);
	if (start >= end)
		return;
	bytes = assay_slice(w->bytes.p + start, end - start);
	rest = assay_slice_trim(bytes);
	if (says_nothing(rest) || !may_add(w, bytes, "between-parts"))
		return;
	part = keep(w);
	part->bytes = part->body = bytes;
	part->parent = parent;
	part->reading = "between-parts";
	part->depth = parent->depth + 1;
	part->blob = true;
	part->place = place_of(w, parent, 0, part->reading);
	assay_defect_add(w->defects, "between-parts", bytes.p, parent->place, rest);
}

static void descend(struct assay_walk *w, struct assay_part *part);

/* one_part - the range behind a delimiter line; false when the budget is spent */
static bool one_part(struct assay_walk *w, const struct split *s, struct assay_line *line,
    size_t end, const char *reading)
{
	size_t start = line->next < s->end ? line->next : s->end;
	struct assay_part *part;

	end = assay_lines_content_end(w->bytes, start, end);
	if (end < start)
		end = start;
	part = new_part(w, s->parent, assay_slice(w->bytes.p + start, end - start), reading);
	if (part == NULL)
		return false;
	line->part_end = end;
	s->parent->split = true;
	descend(w, part);
	return true;
}

/* rest_opaque - a limit stopped the splitting: what is left stays together as one leaf */
static void rest_opaque(struct assay_walk *w, const struct split *s, size_t start)
{
	struct assay_part *part;

	if (start >= s->end || s->parent->opaque)
		return;
	s->parent->opaque = true;
	part = keep(w);
	part->bytes = part->body = assay_slice(w->bytes.p + start, s->end - start);
	part->parent = s->parent;
	part->depth = s->parent->depth + 1;
	part->blob = true;
	part->opaque = true;
	part->reading = s->reading;
	part->place = assay_arena_printf(w->arena, "%s.rest", s->parent->place);
}

/* is_delimiter - does the line belong to this boundary? */
static bool is_delimiter(const struct assay_line *line, uint32_t boundary, bool *closing)
{
	*closing = line->shut == boundary && line->open != boundary;
	return line->open == boundary || line->shut == boundary;
}

/* split_range - the parts of a multipart between the lines of its boundary */
static void split_range(struct assay_walk *w, const struct split *s)
{
	struct assay_line *open = NULL;
	const char *reading = s->reading;
	size_t last = s->start;
	bool closing = false, closed = false;

	for (size_t i = assay_lines_from(&w->lines, s->start);
	     i < w->lines.n && w->lines.line[i].offset < s->end; i++) {
		struct assay_line *line = &w->lines.line[i];

		if (!is_delimiter(line, s->boundary, &closing))
			continue;
		if (open == NULL)
			blob(w, s->parent, last, line->offset);
		else if (!one_part(w, s, open, line->offset, reading) && reading == NULL) {
			rest_opaque(w, s, open->next);
			return;
		}
		last = line->next < s->end ? line->next : s->end;
		open = closing ? NULL : line;
		/* Content behind the closing delimiter: many readers stop there, some go on. */
		if (closed && !closing && reading == NULL) {
			reading = "after-close";
			assay_defect_add(w->defects, reading, w->bytes.p + line->offset,
			    s->parent->place, ASSAY_SLICE_NONE);
		}
		closed |= closing;
	}
	if (open == NULL) {
		blob(w, s->parent, last, s->end);
		return;
	}
	if (!one_part(w, s, open, s->end, reading) && reading == NULL)
		rest_opaque(w, s, open->next);
	assay_defect_add(
	    w->defects, "missing-close", w->bytes.p + s->end, s->parent->place, ASSAY_SLICE_NONE);
}

/* occurs - does any line of the range belong to this boundary? */
static bool occurs(const struct assay_walk *w, size_t start, size_t end, uint32_t boundary)
{
	bool closing;

	for (size_t i = assay_lines_from(&w->lines, start);
	     i < w->lines.n && w->lines.line[i].offset < end; i++)
		if (is_delimiter(&w->lines.line[i], boundary, &closing))
			return true;
	return false;
}

/* split_by - each reading of the boundary that occurs, the best first; false when none does */
static bool split_by(struct assay_walk *w, struct assay_part *part, const char *reading)
{
	struct split s = { .parent = part,
		.start = offset_of(w, part->body.p),
		.end = offset_of(w, part->body.p) + part->body.n,
		.reading = reading };
	uint32_t done[ASSAY_PART_BOUNDARIES];
	size_t n = 0;

	for (size_t b = 0; b < part->entity.nboundary; b++) {
		bool again = false;

		s.boundary = assay_lines_number(&w->lines, part->entity.boundary[b]);
		for (size_t i = 0; i < n; i++)
			again |= done[i] == s.boundary;
		if (s.boundary == 0 || again || !occurs(w, s.start, s.end, s.boundary))
			continue;
		done[n++] = s.boundary;
		if (n > 1) {
			s.reading = "boundary-readings";
			assay_defect_add(w->defects, s.reading, part->bytes.p, part->place,
			    part->entity.boundary[b]);
		}
		split_range(w, &s);
	}
	return n > 0;
}

/* descend - splits a part if any reading takes it for a multipart */
static void descend(struct assay_walk *w, struct assay_part *part)
{
	const struct assay_entity *e = &part->entity;
	const char *reading = part->reading;

	if (e->nboundary == 0 && !e->multipart)
		return;
	if (part->depth >= w->limits.depth) {
		w->cut_depth = true;
		part->opaque = e->multipart;
		return;
	}
	if (!e->multipart) {
		/* Readers differ: a boundary stands at a type that is no multipart. */
		if (e->message || reading != NULL)
			return;
		reading = "type-readings";
	}
	if (split_by(w, part, reading)) {
		if (!e->multipart)
			assay_defect_add(
			    w->defects, reading, part->bytes.p, part->place, e->content_type);
		return;
	}
	if (e->multipart && part->body.n > 0)
		assay_defect_add(
		    w->defects, "no-delimiter", part->body.p, part->place, ASSAY_SLICE_NONE);
}

/* assay_walk_is_leaf - does it hold content itself? */
bool assay_walk_is_leaf(const struct assay_part *part)
{
	return !part->split || !part->entity.multipart;
}

/* assay_walk_knows - is this body known already? */
bool assay_walk_knows(const struct assay_walk *walk, struct assay_slice body)
{
	for (size_t i = 0; i < walk->n; i++) {
		const struct assay_slice have = walk->part[i]->body;

		if (have.p == body.p && have.n <= body.n + 4 && body.n <= have.n + 4)
			return true;
	}
	return false;
}

/* assay_walk_add - a part some other reader saw */
struct assay_part *assay_walk_add(struct assay_walk *walk, const struct assay_part *parent,
    struct assay_slice bytes, const char *reading)
{
	struct assay_part *up = NULL;

	for (size_t i = 0; i < walk->n && up == NULL; i++)
		if (walk->part[i] == parent)
			up = walk->part[i];
	return new_part(walk, up != NULL ? up : walk->part[0], bytes, reading);
}

/* run - root, primary reading, then the others */
static void run(struct assay_walk *w)
{
	struct assay_part *root;

	assay_lines_read(&w->lines, w->arena, w->bytes, w->limits.lines);
	w->cut_lines = w->lines.cut;
	root = new_part(w, NULL, w->bytes, NULL);
	if (root == NULL)
		return;
	descend(w, root);
	w->primary = w->n;
	assay_others_read(w);
}

/* assay_walk_view - the same part with another body */
struct assay_part *assay_walk_view(
    struct assay_walk *walk, const struct assay_part *part, size_t body, const char *reading)
{
	struct assay_part *view;

	if (!may_add(walk, part->bytes, reading))
		return NULL;
	view = keep(walk);
	*view = *part;
	view->body = assay_slice_from(part->bytes, body);
	view->reading = reading;
	view->place = place_of(walk, part, 0, reading);
	view->children = 0;
	view->shown = view->split = false;
	return view;
}

/* assay_walk_inner - the same over a decoded copy */
void assay_walk_inner(
    struct assay_walk *inner, const struct assay_walk *outer, struct assay_slice bytes)
{
	*inner = (struct assay_walk){ .arena = outer->arena,
		.limits = outer->limits,
		.bytes = bytes,
		.defects = outer->defects,
		.decoding = true };
	inner->limits.parts -= outer->n < inner->limits.parts ? outer->n : inner->limits.parts;
	inner->limits.reread -= outer->reread;
	run(inner);
}

/* assay_walk_read - the whole message */
void assay_walk_read(struct assay_walk *walk, struct assay_arena *arena, struct assay_slice bytes,
    const struct assay_walk_limits *limits, struct assay_defects *defects)
{
	*walk = (struct assay_walk){
		.arena = arena, .limits = *limits, .bytes = bytes, .defects = defects
	};
	run(walk);
}
