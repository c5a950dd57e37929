/*
 * others - the readings beyond the primary one; see others.h and the list in walk.h
 *
 * undeclared-parts is the net under everything else: each "--x" line that is followed by a Content-
 * field opens a part for some reader, whatever boundary the header declares, and ends at the next
 * line that looks like its delimiter. So a new trick with the boundary parameter needs no new code.
 * Touches the walk only; cannot fail.
 */
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/buf.h"
#include "text/base64.h"
#include "text/qp.h"

#include "others.h"
#include "walk.h"

#define OTHERS_NEAR 64   /* lines behind an opening one that are compared by prefix */
#define OTHERS_DECODED 4 /* encoded multiparts that are decoded */

/* alike - could the second line be a delimiter of the same boundary as the first? */
static bool alike(struct assay_slice a, struct assay_slice b)
{
	size_t n;

	if (assay_slice_ends(b, "--"))
		b.n -= 2;
	n = a.n < b.n ? a.n : b.n;
	if (n == 0)
		return a.n == b.n;
	return memcmp(a.p, b.p, n) == 0;
}

/* end_of - where a part opened by line i ends */
static size_t end_of(const struct assay_walk *w, size_t i, const size_t *same)
{
	const struct assay_lines *l = &w->lines;
	struct assay_slice text = assay_lines_text(l, &l->line[i]);
	size_t end = same[i] < l->n ? l->line[same[i]].offset : w->bytes.n;

	for (size_t k = i + 1; k < l->n && k <= i + OTHERS_NEAR && l->line[k].offset < end; k++)
		if (alike(text, assay_lines_text(l, &l->line[k])))
			return l->line[k].offset;
	return end;
}

/* same_lines - for each line the next one with the same text, closing or not */
static size_t *same_lines(const struct assay_walk *w)
{
	const struct assay_lines *l = &w->lines;
	size_t *same = assay_arena_calloc(w->arena, l->n + 1, sizeof(*same));
	size_t *last = assay_arena_calloc(w->arena, l->words.n + 1, sizeof(*last));

	for (size_t i = 0; i <= l->words.n; i++)
		last[i] = l->n;
	for (size_t i = l->n; i-- > 0;) {
		same[i] = last[l->line[i].open];
		last[l->line[i].open] = i;
		if (l->line[i].shut != 0)
			last[l->line[i].shut] = i;
	}
	return same;
}

/* An attached message: it will be read in its turn. They do not overlap and come in wire order. */
struct messages {
	const struct assay_walk *walk;
	size_t at; /* index of the part that was looked at last */
};

/* inside_message - is the offset inside an attached message? Asked with growing offsets only. */
static bool inside_message(struct messages *m, size_t offset)
{
	const struct assay_walk *w = m->walk;
	const char *p = w->bytes.p + offset;

	for (; m->at < w->primary; m->at++) {
		const struct assay_part *part = w->part[m->at];

		if (part->entity.message && p < part->body.p + part->body.n)
			return p >= part->body.p;
	}
	return false;
}

/* known - does the primary reading have that part? */
static bool known(const struct assay_line *line, size_t end)
{
	return line->part_end != 0 && line->part_end <= end + 2 && end <= line->part_end + 2;
}

/* owner_of - the innermost part of the primary reading that holds the offset */
static struct assay_part *owner_of(const struct assay_walk *w, size_t offset)
{
	const char *p = w->bytes.p + offset;
	struct assay_part *owner = w->part[0];

	for (size_t i = 0; i < w->primary; i++) {
		struct assay_part *part = w->part[i];

		if (p >= part->bytes.p && p < part->bytes.p + part->bytes.n &&
		    part->depth >= owner->depth && !part->blob)
			owner = part;
	}
	return owner;
}

/* undeclared_parts - every "--x" with Content- fields behind it opens a part for somebody */
static void undeclared_parts(struct assay_walk *w)
{
	struct assay_lines *l = &w->lines;
	struct messages messages = { .walk = w };
	const size_t *same;

	if (l->heads == 0)
		return;
	same = same_lines(w);
	for (size_t i = 0; i < l->n && w->others < w->limits.max_others; i++) {
		size_t start = l->line[i].next, end;

		if (!l->line[i].head)
			continue;
		end = assay_lines_content_end(w->bytes, start, end_of(w, i, same));
		if (end <= start || known(&l->line[i], end) || inside_message(&messages, start))
			continue;
		if (assay_walk_add(w, owner_of(w, start),
			assay_slice(w->bytes.p + start, end - start), "undeclared-parts") != NULL)
			assay_defect_add(w->defects, "undeclared-parts",
			    w->bytes.p + l->line[i].offset, owner_of(w, start)->place,
			    assay_lines_text(l, &l->line[i]));
	}
}

/* header_ends - bodies that begin elsewhere for some readers */
static void header_ends(struct assay_walk *w)
{
	size_t n = w->n;

	for (size_t i = 0; i < n; i++) {
		struct assay_part *part = w->part[i];
		const struct assay_header *h = &part->header;

		if (part->blob || !assay_walk_is_leaf(part))
			continue;
		for (size_t k = 0; k < h->nother; k++) {
			struct assay_part *other =
			    assay_walk_view(w, part, h->other_body[k], "header-end");

			if (other == NULL)
				return;
			assay_defect_add(
			    w->defects, "header-end", other->body.p, part->place, ASSAY_SLICE_NONE);
		}
	}
}

/* decoded_copy - header type and decoded body of an encoded multipart, as a message of its own */
static struct assay_slice decoded_copy(const struct assay_walk *w, const struct assay_part *part)
{
	struct assay_buf out;
	struct assay_slice copy;

	assay_buf_init(&out, part->bytes.n + 1024);
	for (size_t i = 0; i < part->header.n; i++)
		if (assay_slice_caseis(part->header.field[i].name, "content-type")) {
			assay_buf_add_str(&out, "Content-Type:");
			assay_buf_add_slice(&out, part->header.field[i].value);
			assay_buf_add_str(&out, "\n");
		}
	assay_buf_add_str(&out, "\n");
	if (part->entity.coding == ASSAY_PART_BASE64) {
		struct assay_base64 r;

		assay_base64_decode(part->body, ASSAY_BASE64_CHUNKS, &out, &r);
	} else {
		struct assay_qp r;

		assay_qp_decode(part->body, 0, &out, &r);
	}
	copy = assay_arena_slice(w->arena, assay_buf_slice(&out));
	assay_buf_release(&out);
	return copy;
}

/* adopt - parts of a decoded multipart become parts of the message */
static void adopt(struct assay_walk *w, struct assay_part *part, const struct assay_walk *inner)
{
	for (size_t i = 1; i < inner->n; i++) {
		struct assay_part *copy =
		    assay_walk_add(w, part, inner->part[i]->bytes, "encoded-multipart");

		if (copy == NULL)
			return;
		copy->body = inner->part[i]->body;
		copy->blob = inner->part[i]->blob;
		copy->split = inner->part[i]->split;
	}
}

/* encoded_multiparts - RFC 2045 6.4 forbids it, some readers decode it */
static void encoded_multiparts(struct assay_walk *w)
{
	size_t n = w->n, done = 0;

	for (size_t i = 0; i < n && done < OTHERS_DECODED && !w->decoding; i++) {
		struct assay_part *part = w->part[i];
		struct assay_walk inner;
		struct assay_slice copy;

		if (!part->entity.multipart || part->blob ||
		    (part->entity.coding != ASSAY_PART_BASE64 &&
			part->entity.coding != ASSAY_PART_QP))
			continue;
		assay_defect_add(w->defects, "encoded-multipart", part->bytes.p, part->place,
		    part->entity.encoding);
		/* A declared encoding that is not used (the parts are there) is only a defect. */
		if (part->children > 0 || w->reread + part->body.n > w->limits.reread)
			continue;
		done++;
		w->reread += part->body.n;
		copy = decoded_copy(w, part);
		assay_walk_inner(&inner, w, copy);
		adopt(w, part, &inner);
	}
}

/* assay_others_read - all of them */
void assay_others_read(struct assay_walk *walk)
{
	if (!walk->decoding)
		encoded_multiparts(walk);
	undeclared_parts(walk);
	header_ends(walk);
}
