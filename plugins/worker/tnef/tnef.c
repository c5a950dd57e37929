/*
 * tnef - Outlook's winmail.dat: attachments, bodies and embedded messages as children
 *
 * An own reader ([MS-OXTNEF]): the libraries for it have a long list of holes. Attachments are
 * given as they lie in the stream; an embedded message is such a stream itself and comes back to
 * this worker. Bodies are children in the form they have: text as UTF-8, HTML as it is, RTF
 * unpacked. Damage is a finding: what stands before it is told.
 */
#include <stdio.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "text/charset.h"

#include "rtf.h"
#include "stream.h"

#define TEXT_MAX ((size_t)4096)
#define ROWS_MAX 1000u

/* [MS-OXPROPS] */
enum prop_id {
	PR_MESSAGE_CLASS = 0x001a,
	PR_SUBJECT = 0x0037,
	PR_BODY = 0x1000,
	PR_RTF_COMPRESSED = 0x1009,
	PR_BODY_HTML = 0x1013,
	PR_INTERNET_MESSAGE_ID = 0x1035,
	PR_DISPLAY_NAME = 0x3001,
	PR_ATTACH_DATA = 0x3701,
	PR_ATTACH_FILENAME = 0x3704,
	PR_ATTACH_LONG_FILENAME = 0x3707,
	PR_ATTACH_MIME_TAG = 0x370e,
	PR_INTERNET_CPID = 0x3fde
};

/* The attachment that is being read. Its best name is the one of the highest rank. */
struct attachment {
	bool there;
	const char *name;
	unsigned rank;
	const char *mime;
	struct assay_slice data;   /* attAttachData */
	struct assay_slice object; /* PR_ATTACH_DATA */
	bool is_object;
};

struct work {
	const struct assay_payload *payload;
	struct assay_result *result;
	struct assay_arena *arena;
	json_t *out, *rows, *bodies;
	struct attachment now;
	uint64_t n;
	uint32_t codepage;
};

static const struct assay_field fields[] = {
	{ "message_class", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "IPM.Note, ..." },
	{ "subject", ASSAY_STR | ASSAY_NULL, ASSAY_PERSONAL, "subject in the stream" },
	{ "message_id", ASSAY_STR | ASSAY_NULL, ASSAY_PERSONAL, "Message-ID in the stream" },
	{ "codepage", ASSAY_INT | ASSAY_NULL, ASSAY_TECHNICAL, "charset of its 8-bit texts" },
	{ "bodies[].kind", ASSAY_STR, ASSAY_TECHNICAL, "text, html or rtf" },
	{ "bodies[].size", ASSAY_INT, ASSAY_TECHNICAL, "bytes, unpacked" },
	{ "bodies[].payload_id", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "the body's payload" },
	{ "members[].name", ASSAY_STR | ASSAY_NULL, ASSAY_PERSONAL, "name of an attachment" },
	{ "members[].content_type", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "as declared" },
	{ "members[].kind", ASSAY_STR, ASSAY_TECHNICAL, "file, message, object, or none" },
	{ "members[].size", ASSAY_INT, ASSAY_TECHNICAL, "bytes" },
	{ "members[].payload_id", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL,
	    "the attachment's payload" },
	{ "member_count", ASSAY_INT, ASSAY_TECHNICAL, "attachments, those not listed too" },
	{ "bad_checksums", ASSAY_INT, ASSAY_TECHNICAL, "attributes whose checksum is wrong" },
	{ "complete", ASSAY_BOOL, ASSAY_TECHNICAL, "it could be read to its end" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "tnef_class", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "message_class",
	    "class of a message in winmail.dat" },
	{ "tnef_complete", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_FLAG, "complete",
	    "winmail.dat could be read to its end" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* ---- texts ----------------------------------------------------------------------------------- */

/* without_nul - up to the NUL that ends a string */
static struct assay_slice without_nul(struct assay_slice s)
{
	return assay_slice_head(s, assay_slice_find(s, 0));
}

/* utf8_of - a text in the stream's codepage, or in UTF-16 */
static struct assay_slice utf8_of(
    const struct work *w, struct assay_slice s, bool unicode, size_t max)
{
	struct assay_charset_guess guess;
	struct assay_slice text;
	struct assay_buf out;
	char label[24] = "";

	assay_buf_init(&out, max);
	if (unicode) {
		if (assay_charset_to_utf8(ASSAY_SLICE_LIT("utf-16le"),
			assay_slice_head(s, s.n & ~(size_t)1), &out, NULL) != ASSAY_OK)
			out.full = true;
	} else {
		if (w->codepage > 0)
			(void)snprintf(label, sizeof(label), "cp%u", (unsigned)w->codepage);
		assay_charset_decode_guess(
		    assay_slice_str(label[0] != 0 ? label : NULL), without_nul(s), &out, &guess);
	}
	text = assay_arena_slice(w->arena, assay_buf_slice(&out));
	assay_buf_release(&out);
	return unicode ? without_nul(text) : text;
}

/* text_of - the same as a string; NULL when it is empty */
static const char *text_of(const struct work *w, struct assay_slice s, bool unicode)
{
	const struct assay_slice text =
	    utf8_of(w, assay_slice_head(s, TEXT_MAX), unicode, 4 * TEXT_MAX);

	return text.n > 0 ? assay_arena_memdup0(w->arena, text.p, text.n) : NULL;
}

/* say - a text of the message, if none was said before */
static void say(const struct work *w, const char *key, const char *text)
{
	if (text != NULL && json_is_null(json_object_get(w->out, key)))
		json_object_set_new_nocheck(w->out, key, assay_json_str(text));
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static const struct {
	const char *kind, *name, *type;
} kinds[] = { { "text", "body.txt", "text/plain" }, { "html", "body.html", "text/html" },
	{ "rtf", "body.rtf", "text/rtf" } };

/* add_body - a child */
static void add_body(struct work *w, unsigned kind, struct assay_slice bytes)
{
	const struct assay_payload *child;
	json_t *row;

	if (bytes.n == 0 || json_array_size(w->bodies) >= ROWS_MAX)
		return;
	child = assay_result_child(w->result,
	    &(struct assay_child){ .bytes = bytes,
		.filename = kinds[kind].name,
		.content_type = kinds[kind].type,
		.place = kinds[kind].kind });
	row = json_object();
	json_object_set_new_nocheck(row, "kind", assay_json_str(kinds[kind].kind));
	json_object_set_new_nocheck(row, "size", json_integer((json_int_t)bytes.n));
	json_object_set_new_nocheck(row, "payload_id",
	    child != NULL ? assay_json_str(assay_payload_id(child)) : json_null());
	json_array_append_new(w->bodies, row);
}

/* add_text - a plain text body */
static void add_text(struct work *w, struct assay_slice s, bool unicode)
{
	uint64_t member, total;

	assay_result_budget(w->result, &member, &total);
	if (member > 3 * s.n + 16)
		member = 3 * s.n + 16;
	add_body(w, 0, utf8_of(w, s, unicode, (size_t)member));
}

/* add_rtf - unpacked; what was cut off is said */
static void add_rtf(struct work *w, struct assay_slice s)
{
	uint64_t member, total;
	struct assay_err err;
	struct assay_buf out;
	enum assay_status status;

	assay_result_budget(w->result, &member, &total);
	assay_buf_init(&out, (size_t)(member < 18 * s.n + 16 ? member : 18 * s.n + 16));
	status = assay_rtf_unpack(s, &out, &err);
	if (status != ASSAY_OK)
		json_object_set_new_nocheck(w->out, "complete", json_false());
	if (status == ASSAY_E_LIMIT)
		assay_result_limit(w->result, "max_member_bytes", out.n + 1, out.n, true);
	add_body(w, 2, assay_arena_slice(w->arena, assay_buf_slice(&out)));
	assay_buf_release(&out);
}

/* message_prop - a property of the message */
static void message_prop(struct work *w, const struct assay_stream_prop *prop)
{
	const bool unicode = prop->type == ASSAY_STREAM_UNICODE;
	const bool text = unicode || prop->type == ASSAY_STREAM_STRING8;

	if (prop->id == PR_RTF_COMPRESSED && prop->type == ASSAY_STREAM_BINARY)
		add_rtf(w, prop->value);
	if (prop->id == PR_BODY_HTML && !unicode)
		add_body(w, 1, text ? without_nul(prop->value) : prop->value);
	if (prop->id == PR_BODY_HTML && unicode)
		add_body(w, 1, utf8_of(w, prop->value, true, 2 * prop->value.n + 16));
	if (prop->id == PR_INTERNET_CPID && prop->type == ASSAY_STREAM_LONG && w->codepage == 0)
		w->codepage = assay_stream_u32(prop->value, 0) & 0xffff;
	if (!text)
		return;
	if (prop->id == PR_BODY)
		add_text(w, prop->value, unicode);
	if (prop->id == PR_SUBJECT)
		say(w, "subject", text_of(w, prop->value, unicode));
	if (prop->id == PR_MESSAGE_CLASS)
		say(w, "message_class", text_of(w, prop->value, unicode));
	if (prop->id == PR_INTERNET_MESSAGE_ID)
		say(w, "message_id", text_of(w, prop->value, unicode));
}

/* ---- attachments ----------------------------------------------------------------------------- */

/* call - a name for it; the one of the highest rank stays */
static void call(struct work *w, struct assay_slice s, bool unicode, unsigned rank)
{
	const char *name = text_of(w, s, unicode);

	if (name == NULL || rank <= w->now.rank)
		return;
	w->now.name = name;
	w->now.rank = rank;
}

/* last_part - of a name that may be a path */
static const char *last_part(const char *name)
{
	const char *part = name;

	for (; name != NULL && *name != 0; name++)
		if (*name == '/' || *name == '\\')
			part = name + 1;
	return part;
}

/* is_stream - does an object hold a message, behind the 16 bytes of its interface? */
static bool is_stream(struct assay_slice s)
{
	return s.n >= 22 && assay_stream_u32(s, 16) == 0x223e9f78u;
}

/* add_child - an attachment in one of its forms */
static void add_child(struct work *w, struct assay_slice bytes, const char *kind)
{
	const struct assay_payload *child = NULL;
	json_t *row;

	w->n++;
	if (bytes.p != NULL)
		child = assay_result_child(w->result,
		    &(struct assay_child){ .bytes = bytes,
			.filename = last_part(w->now.name),
			.content_type = w->now.mime,
			.place = assay_arena_printf(w->arena, "%llu", (unsigned long long)w->n) });
	if (json_array_size(w->rows) >= ROWS_MAX)
		return;
	row = json_object();
	json_object_set_new_nocheck(row, "name", assay_json_str(w->now.name));
	json_object_set_new_nocheck(row, "content_type", assay_json_str(w->now.mime));
	json_object_set_new_nocheck(row, "kind", assay_json_str(kind));
	json_object_set_new_nocheck(row, "size", json_integer((json_int_t)bytes.n));
	json_object_set_new_nocheck(row, "payload_id",
	    child != NULL ? assay_json_str(assay_payload_id(child)) : json_null());
	json_array_append_new(w->rows, row);
}

/* end_attachment - what was gathered of it; where it is there twice and differs, both */
static void end_attachment(struct work *w)
{
	struct attachment *a = &w->now;
	struct assay_slice object = a->object;

	if (!a->there)
		return;
	if (a->is_object && object.p != NULL)
		object = assay_slice_from(object, 16);
	if (a->data.p != NULL)
		add_child(w, a->data, "file");
	if (object.p != NULL && !(a->data.p != NULL && assay_slice_eq(a->data, object)))
		add_child(w, object,
		    a->is_object && is_stream(a->object) ? "message"
			: a->is_object                   ? "object"
							 : "file");
	if (a->data.p == NULL && object.p == NULL)
		add_child(w, ASSAY_SLICE_NONE, "none");
	*a = (struct attachment){ .there = false };
}

/* attachment_prop - a property of the attachment */
static void attachment_prop(struct work *w, const struct assay_stream_prop *prop)
{
	const bool unicode = prop->type == ASSAY_STREAM_UNICODE;
	const bool text = unicode || prop->type == ASSAY_STREAM_STRING8;

	if (prop->id == PR_ATTACH_DATA && !text && prop->value.n > 0) {
		w->now.object = prop->value;
		w->now.is_object = prop->type == ASSAY_STREAM_OBJECT;
	}
	if (!text)
		return;
	if (prop->id == PR_ATTACH_LONG_FILENAME)
		call(w, prop->value, unicode, 5);
	if (prop->id == PR_ATTACH_FILENAME)
		call(w, prop->value, unicode, 4);
	if (prop->id == PR_DISPLAY_NAME)
		call(w, prop->value, unicode, 2);
	if (prop->id == PR_ATTACH_MIME_TAG)
		w->now.mime = text_of(w, prop->value, unicode);
}

/* ---- the stream ------------------------------------------------------------------------------ */

/* walk_props - each property of an attribute */
static void walk_props(struct work *w, struct assay_slice data,
    void (*see)(struct work *w, const struct assay_stream_prop *prop))
{
	struct assay_stream_props props;
	struct assay_stream_prop prop;

	assay_stream_props_init(&props, data);
	while (assay_stream_prop_next(&props, &prop))
		see(w, &prop);
	if (props.cut)
		json_object_set_new_nocheck(w->out, "complete", json_false());
}

/* message_attribute - of the message */
static void message_attribute(struct work *w, const struct assay_stream_attribute *a)
{
	switch (a->id) {
	case ASSAY_STREAM_CODEPAGE:
		w->codepage = assay_stream_u32(a->data, 0) & 0xffff;
		break;
	case ASSAY_STREAM_CLASS:
		say(w, "message_class", text_of(w, a->data, false));
		break;
	case ASSAY_STREAM_SUBJECT:
		say(w, "subject", text_of(w, a->data, false));
		break;
	case ASSAY_STREAM_BODY:
		add_text(w, a->data, false);
		break;
	case ASSAY_STREAM_PROPS:
		walk_props(w, a->data, message_prop);
		break;
	default:
		break;
	}
}

/* attachment_attribute - of an attachment */
static void attachment_attribute(struct work *w, const struct assay_stream_attribute *a)
{
	if (a->id == ASSAY_STREAM_REND_DATA)
		end_attachment(w);
	w->now.there = true;
	switch (a->id) {
	case ASSAY_STREAM_TITLE:
		call(w, a->data, false, 3);
		break;
	case ASSAY_STREAM_TRANSPORT_NAME:
		call(w, a->data, false, 1);
		break;
	case ASSAY_STREAM_DATA:
		/* A second one without a beginning is another attachment. */
		if (w->now.data.p != NULL)
			end_attachment(w);
		w->now.there = true;
		w->now.data = a->data;
		break;
	case ASSAY_STREAM_ATTACHMENT:
		walk_props(w, a->data, attachment_prop);
		break;
	default:
		break;
	}
}

/* begin - the members that are always there */
static void begin(struct work *w)
{
	static const char *const texts[] = { "message_class", "subject", "message_id", "codepage" };

	w->out = assay_result_json(w->result);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		json_object_set_new_nocheck(w->out, texts[i], json_null());
	w->bodies = json_array();
	w->rows = json_array();
	json_object_set_new_nocheck(w->out, "bodies", w->bodies);
	json_object_set_new_nocheck(w->out, "members", w->rows);
	json_object_set_new_nocheck(w->out, "complete", json_true());
}

/* tnef_scan - every attribute */
static enum assay_status tnef_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	struct work w = {
		.payload = payload, .result = result, .arena = assay_payload_arena(payload)
	};
	struct assay_stream_attribute a;
	struct assay_stream stream;

	(void)state;
	(void)err;
	if (!assay_stream_init(&stream, assay_payload_bytes(payload)))
		return ASSAY_OK;
	begin(&w);
	while (assay_stream_next(&stream, &a)) {
		if (a.attachment)
			attachment_attribute(&w, &a);
		else
			message_attribute(&w, &a);
	}
	end_attachment(&w);
	if (stream.cut)
		json_object_set_new_nocheck(w.out, "complete", json_false());
	if (w.codepage > 0)
		json_object_set_new_nocheck(w.out, "codepage", json_integer(w.codepage));
	json_object_set_new_nocheck(w.out, "member_count", json_integer((json_int_t)w.n));
	json_object_set_new_nocheck(w.out, "bad_checksums", json_integer(stream.bad_checksums));
	if (w.n > json_array_size(w.rows))
		assay_result_limit(result, "tnef_members", w.n, json_array_size(w.rows), false);
	return ASSAY_OK;
}

/* tnef_warm - the converters */
static enum assay_status tnef_warm(void *state, struct assay_err *err)
{
	(void)state;
	(void)err;
	(void)assay_charset_warm();
	return ASSAY_OK;
}

/* tnef_close - gives them back */
static void tnef_close(void *state)
{
	(void)state;
	assay_charset_cool();
}

static const struct assay_worker worker = { .scan = tnef_scan };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "tnef",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "Outlook's winmail.dat: attachments, bodies, embedded messages",
	.fields = fields,
	.facts = facts,
	.warm = tnef_warm,
	.close = tnef_close,
	.worker = &worker,
};
