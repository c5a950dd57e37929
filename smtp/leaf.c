/*
 * leaf - parts become payloads; see leaf.h
 *
 * One part at a time: decode, read its text, hand over its bytes. Decoded bytes are given to the
 * host (which frees them), so that at most the readings of one part are held here. When the host
 * refuses a child (a limit), that is the host's entry in limits[].
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "text/uu.h"
#include "text/yenc.h"

#include "body.h"
#include "decode.h"
#include "entity.h"
#include "leaf.h"
#include "scan.h"
#include "smime.h"

#define LEAF_BLOCKS 100 /* uuencoded or yEnc files of one text */
#define LEAF_NOTE 16384 /* bytes of a text attachment that is read for passwords */
#define LEAF_NOTES 20u  /* ... and how many: subject and bodies come behind them */

static const char *const to_smtp[] = { "smtp", NULL };

/* What is told of one child beside its bytes. */
struct child {
	struct assay_part *part;
	const char *place, *filename, *content_type;
	const char *const *dispatch_to;
	bool body; /* a shown body: no attachment */
};

/* cstr - a NUL-terminated copy; NULL when empty */
static const char *cstr(struct assay_scan *scan, struct assay_slice s)
{
	return s.n > 0 ? assay_arena_memdup0(scan->arena, s.p, s.n) : NULL;
}

/* attachment_row - one row of attachments[] */
static void attachment_row(struct assay_scan *scan, const struct child *c, size_t size,
    const struct assay_payload *payload)
{
	const struct assay_entity *e = &c->part->entity;
	json_t *row = json_object();

	json_object_set_new_nocheck(row, "filename", assay_json_str(c->filename));
	json_object_set_new_nocheck(row, "filename_raw",
	    c->filename != NULL && e->name_raw.n > 0
		? assay_json_text(e->name_raw.p, assay_slice_head(e->name_raw, 1000).n)
		: json_null());
	json_object_set_new_nocheck(row, "content_type", assay_json_str(c->content_type));
	json_object_set_new_nocheck(row, "disposition", assay_scan_text_or_null(e->disposition));
	json_object_set_new_nocheck(row, "content_id", assay_scan_text_or_null(e->content_id));
	json_object_set_new_nocheck(row, "size", json_integer((json_int_t)size));
	json_object_set_new_nocheck(row, "place", assay_json_str(c->place));
	if (payload != NULL) {
		json_object_set_new_nocheck(
		    row, "md5", assay_json_str(assay_payload_digest(payload, ASSAY_MD5)));
		json_object_set_new_nocheck(
		    row, "sha1", assay_json_str(assay_payload_digest(payload, ASSAY_SHA1)));
		json_object_set_new_nocheck(
		    row, "sha256", assay_json_str(assay_payload_digest(payload, ASSAY_SHA256)));
	}
	json_object_set_new_nocheck(
	    row, "payload_id", assay_json_str(payload != NULL ? assay_payload_id(payload) : NULL));
	json_array_append_new(scan->attachments, row);
}

/* emit - one child under one name; heap bytes are the host's afterwards */
static const struct assay_payload *emit(
    struct assay_scan *scan, const struct child *c, struct assay_slice bytes, bool heap)
{
	const struct assay_entity *e = &c->part->entity;
	struct assay_child child = { .bytes = bytes,
		.heap = heap,
		.filename = c->filename,
		.content_type = c->content_type,
		.place = c->place,
		.disposition = cstr(scan, e->disposition),
		.dispatch_to = c->dispatch_to };
	const struct assay_payload *payload = assay_result_child(scan->result, &child);

	if (!c->body)
		attachment_row(scan, c, bytes.n, payload);
	return payload;
}

/* emit_names - one child under each of its file names */
static const struct assay_payload *emit_names(
    struct assay_scan *scan, struct child *c, struct assay_slice bytes, bool heap)
{
	const struct assay_entity *e = &c->part->entity;
	const struct assay_payload *payload = emit(scan, c, bytes, heap);

	if (payload == NULL)
		return NULL;
	bytes = assay_payload_bytes(payload);
	for (size_t i = 1; i < e->nname && c->filename != NULL; i++) {
		struct child again = *c;

		again.filename = cstr(scan, e->name[i]);
		emit(scan, &again, bytes, false);
	}
	return payload;
}

/* is_mail - will the smtp worker read it, in any reading? */
static bool is_mail(const struct assay_part *part)
{
	for (size_t i = 0; i < part->entity.ntype; i++)
		if (assay_slice_is(part->entity.type[i]->value, "message/rfc822") ||
		    assay_slice_is(part->entity.type[i]->value, "message/global") ||
		    assay_slice_is(part->entity.type[i]->value, "message/partial") ||
		    assay_slice_is(part->entity.type[i]->value, "message/news"))
			return true;
	return part->entity.message;
}

/* is_smime - could it be CMS? */
static bool is_smime(const struct assay_part *part)
{
	const struct assay_entity *e = &part->entity;

	return assay_slice_search(e->content_type, ASSAY_SLICE_LIT("pkcs7-mime")) <
	    e->content_type.n ||
	    (e->nname > 0 && assay_slice_caseends(e->name[0], ".p7m"));
}

/* unwrap - the content of an opaque signature is a mail of its own */
static void unwrap(struct assay_scan *scan, struct assay_part *part, struct assay_slice bytes)
{
	struct child c = { .part = part, .content_type = "message/rfc822", .dispatch_to = to_smtp };
	struct assay_buf content;
	enum assay_smime_kind kind;
	size_t n;
	char *heap;

	assay_buf_init(&content, bytes.n + 16);
	kind = assay_smime_open(bytes, &content);
	if (kind == ASSAY_SMIME_ENCRYPTED) {
		scan->encrypted = true;
		assay_scan_trait_str(scan, "encrypted-smime", NULL);
	} else if (kind == ASSAY_SMIME_NONE) {
		assay_defect_add(
		    &scan->defects, "bad-cms", part->body.p, part->place, ASSAY_SLICE_NONE);
	} else if (kind == ASSAY_SMIME_SIGNED) {
		assay_scan_trait_str(scan, "signed-smime", "opaque");
		c.place = assay_arena_printf(scan->arena, "%s.cms", part->place);
		heap = assay_buf_steal(&content, &n);
		emit(scan, &c, assay_slice(heap, n), true);
	}
	assay_buf_release(&content);
}

/* text_block - one file out of a text */
static void text_block(struct assay_scan *scan, struct assay_part *part, struct assay_buf *data,
    struct assay_slice name, const char *kind)
{
	struct child c = { .part = part, .filename = cstr(scan, name) };
	size_t n;
	char *heap;

	assay_scan_trait_str(scan, "file-in-text", kind);
	c.place = assay_arena_printf(
	    scan->arena, "%s.%s%zu", part->place, kind, json_array_size(scan->attachments) + 1);
	if (c.filename != NULL) {
		struct assay_slice clean = assay_header_unfold(scan->arena, name);

		c.filename = clean.p;
	}
	heap = assay_buf_steal(data, &n);
	emit(scan, &c, assay_slice(heap, n), true);
}

/* text_blocks - uuencoded and yEnc files inside a text */
static void text_blocks(struct assay_scan *scan, struct assay_part *part, struct assay_slice text)
{
	struct assay_uu_block uu;
	struct assay_yenc_block yenc;
	struct assay_buf data;
	size_t at = 0;

	assay_buf_init(&data, text.n + 16);
	for (int i = 0; i < LEAF_BLOCKS && assay_uu_next(text, &at, &uu, &data); i++) {
		if (data.n > 0)
			text_block(scan, part, &data, uu.name, "uu");
		assay_buf_clear(&data);
	}
	at = 0;
	for (int i = 0; i < LEAF_BLOCKS && assay_yenc_next(text, &at, &yenc, &data); i++) {
		if (data.n > 0)
			text_block(scan, part, &data, yenc.name, "yenc");
		assay_buf_clear(&data);
	}
	assay_buf_release(&data);
}

/* wanted - does this reading of a part become a child? */
static bool wanted(const struct assay_scan *scan, const struct assay_part *part,
    const struct assay_decoded *d, bool first)
{
	const struct assay_entity *e = &part->entity;

	if (part->shown && first) {
		if (strcmp(scan->conf->bodies, "none") == 0)
			return false;
		return strcmp(scan->conf->bodies, "all") == 0 || d->bytes.p != part->body.p;
	}
	if (d->bytes.n > 0)
		return !(part->reading != NULL && strcmp(part->reading, "header-end") == 0 &&
		    part->parent != NULL && part->parent->shown && first &&
		    d->bytes.p == part->body.p);
	return e->nname > 0 || assay_slice_is(e->disposition, "attachment");
}

/* note - hands on a short text beside the bodies, such as password.txt */
static void note(
    struct assay_scan *scan, const struct assay_part *part, const struct assay_payload *payload)
{
	const struct assay_slice text = assay_payload_bytes(payload);

	if (part->shown || !assay_slice_is(part->entity.content_type, "text/plain") ||
	    text.n > LEAF_NOTE || scan->nnote == LEAF_NOTES)
		return;
	scan->nnote++;
	assay_result_text(scan->result, text);
}

/* give - one reading of one part */
static void give(
    struct assay_scan *scan, struct assay_part *part, struct assay_decoded *d, bool first)
{
	struct child c = { .part = part,
		.place = part->place,
		.body = part->shown && first,
		.content_type = cstr(scan, part->entity.content_type),
		.dispatch_to = is_mail(part) ? to_smtp : NULL };
	const struct assay_payload *payload;

	if (part->entity.nname > 0)
		c.filename = cstr(scan, part->entity.name[0]);
	else if (d->filename != NULL)
		c.filename =
		    assay_header_unfold(scan->arena, assay_slice(d->filename, d->filename_n)).p;
	payload = emit_names(scan, &c, d->bytes, d->heap != NULL);
	d->heap = NULL;
	if (first && payload != NULL)
		part->payload_id = assay_payload_id(payload);
	if (first && payload != NULL)
		note(scan, part, payload);
}

/* one_leaf - everything about one part that holds content */
static void one_leaf(struct assay_scan *scan, struct assay_part *part)
{
	size_t urls = scan->urls.n;
	struct assay_decode decode;
	bool html;

	assay_decode_part(part, part->body.n > 0, &scan->defects, &decode);
	part->size = decode.reading[0].bytes.n;
	assay_body_read(scan, part, decode.reading[0].bytes);
	if (assay_body_is_inline(part, &html) && !html)
		text_blocks(scan, part, decode.reading[0].bytes);
	if (is_smime(part))
		unwrap(scan, part, decode.reading[0].bytes);
	for (size_t i = 0; i < decode.n; i++)
		if (wanted(scan, part, &decode.reading[i], i == 0))
			give(scan, part, &decode.reading[i], i == 0);
	assay_urls_place(&scan->urls, urls,
	    part->payload_id != NULL ? part->payload_id : assay_payload_id(scan->payload));
	assay_decode_free(&decode);
}

/* assay_leaf_all - in the order of the walk */
void assay_leaf_all(struct assay_scan *scan)
{
	assay_body_choose(scan);
	for (size_t i = 0; i < scan->walk.n; i++)
		if (assay_walk_is_leaf(scan->walk.part[i]))
			one_leaf(scan, scan->walk.part[i]);
}

/* assay_leaf_report - parts[] */
void assay_leaf_report(struct assay_scan *scan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < scan->walk.n; i++) {
		const struct assay_part *p = scan->walk.part[i];
		const struct assay_entity *e = &p->entity;
		json_t *row = json_object();

		json_object_set_new_nocheck(row, "place", json_string_nocheck(p->place));
		json_object_set_new_nocheck(
		    row, "content_type", assay_scan_text_or_null(e->content_type));
		json_object_set_new_nocheck(row, "charset", assay_scan_text_or_null(e->charset));
		json_object_set_new_nocheck(
		    row, "disposition", assay_scan_text_or_null(e->disposition));
		json_object_set_new_nocheck(row, "encoding", assay_scan_text_or_null(e->encoding));
		json_object_set_new_nocheck(
		    row, "filename", e->nname > 0 ? assay_scan_text(e->name[0]) : json_null());
		json_object_set_new_nocheck(row, "size", json_integer((json_int_t)p->size));
		json_object_set_new_nocheck(row, "payload_id", assay_json_str(p->payload_id));
		json_object_set_new_nocheck(row, "reading", assay_json_str(p->reading));
		json_array_append_new(list, row);
	}
	assay_scan_set(scan, "parts", list);
}
