/*
 * milter/reply.c - see reply.h. Pure.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/slice.h"
#include "reply.h"

#define OWN "X-Assay-"
#define NAME_MAX_BYTES 70u
#define VALUE_MAX 900u

/* ---- text ------------------------------------------------------------------------------------ */

/* clean - printable ASCII of one line into `to`; percent signs doubled when they mean something */
static void clean(char *to, size_t size, const char *from, bool percent)
{
	size_t n = 0;

	for (; *from != '\0' && n + 2 < size; from++) {
		unsigned char c = (unsigned char)*from;

		if (c < ' ' || c == 0x7f)
			c = ' ';
		else if (c > 0x7f)
			c = '?';
		if (c == '%' && percent)
			to[n++] = '%';
		to[n++] = (char)c;
	}
	to[n] = '\0';
}

/* is_reply - "550 text" of this class */
static bool is_reply(const char *text, char class)
{
	return text != NULL && text[0] == class && assay_ascii_is_digit(text[1]) &&
	    assay_ascii_is_digit(text[2]) && text[3] == ' ' && text[4] != '\0';
}

/* set_text - the policy's words if they fit the class, else ours */
static void set_text(struct assay_reply *reply, const struct assay_verdict *verdict, char class)
{
	char own[200];

	(void)snprintf(own, sizeof own, "%s (%.40s)",
	    class == '5' ? "550 5.7.1 Message refused" : "451 4.7.1 Please try again later",
	    verdict->scan_id != NULL ? verdict->scan_id : "-");
	clean(reply->text, sizeof reply->text,
	    is_reply(verdict->reply, class) ? verdict->reply : own, true);
}

/* ---- headers --------------------------------------------------------------------------------- */

/* A name that only we may set, and how often the message has it. */
struct forged {
	const char *name;
	size_t count;
};

/* is_name - can it be a header's? */
static bool is_name(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == ':')
			return false;
	return n > 0 && n <= NAME_MAX_BYTES;
}

/* lower - a copy in lower case */
static struct assay_slice lower(struct assay_arena *arena, struct assay_slice s)
{
	char *copy = assay_arena_memdup0(arena, s.p, s.n);

	for (size_t i = 0; i < s.n; i++)
		copy[i] = (char)assay_ascii_lower((unsigned char)copy[i]);
	return assay_slice(copy, s.n);
}

/* find_forged - in the order in which their names come first; the number of all */
static size_t find_forged(struct assay_arena *arena, const struct assay_reply_to *to,
    const struct assay_map *ours, struct assay_map *forged)
{
	struct assay_slice rest = to->names, name;
	size_t all = 0;

	while (assay_proto_string(&rest, &name)) {
		struct assay_slice key = lower(arena, name);
		struct forged *known = assay_map_get(forged, key);

		if (!assay_slice_casestarts(name, OWN) && !assay_map_has(ours, key))
			continue;
		if (known == NULL) {
			known = assay_arena_zalloc(arena, sizeof *known);
			known->name = assay_arena_memdup0(arena, name.p, name.n);
			(void)assay_map_add(forged, key, known);
		}
		known->count++;
		all++;
	}
	return all;
}

/* delete_forged - the last of each name first */
static void delete_forged(struct assay_reply *reply, const struct assay_map *forged)
{
	for (size_t i = 0; i < forged->n; i++) {
		const struct forged *f = forged->entry[i].value;

		for (size_t count = f->count; count > 0; count--)
			reply->edit[reply->nedits++] = (struct assay_proto_edit){
				.index = (int64_t)count, .name = f->name, .value = ""
			};
	}
}

/* add - one header, above those that are there */
static void add(struct assay_reply *reply, const json_t *row, bool leading_space)
{
	const char *name = json_string_value(json_object_get(row, "name"));
	const char *value = json_string_value(json_object_get(row, "value"));
	char text[VALUE_MAX];

	if (name == NULL || value == NULL || !is_name(name))
		return;
	clean(text, sizeof text, value, false);
	reply->edit[reply->nedits++] = (struct assay_proto_edit){ .index = 0,
		.name = assay_arena_strdup(reply->arena, name),
		.value = assay_arena_printf(reply->arena, "%s%s", leading_space ? " " : "", text) };
}

/* edit_headers - what goes and what comes */
static void edit_headers(
    struct assay_reply *reply, const json_t *headers, const struct assay_reply_to *to)
{
	size_t n = json_array_size(headers), gone;
	struct assay_map ours, forged;

	if (n > ASSAY_REPLY_ADDED)
		n = ASSAY_REPLY_ADDED;
	assay_map_init(&ours, reply->arena);
	assay_map_init(&forged, reply->arena);
	for (size_t i = 0; i < n; i++) {
		const json_t *name = json_object_get(json_array_get(headers, i), "name");

		if (json_is_string(name))
			(void)assay_map_add(&ours,
			    lower(reply->arena, assay_slice_str(json_string_value(name))), reply);
	}
	gone = find_forged(reply->arena, to, &ours, &forged);
	reply->edit = assay_arena_calloc(reply->arena, gone + n + 1, sizeof *reply->edit);
	if ((to->actions & ASSAY_PROTO_MAY_CHANGE_HEADERS) != 0)
		delete_forged(reply, &forged);
	else if (gone > 0)
		reply->trouble = "the mail server does not let forged headers be removed";
	if ((to->actions & ASSAY_PROTO_MAY_ADD_HEADERS) == 0 && n > 0)
		reply->trouble = "the mail server does not let headers be added";
	/* Each goes on top: the first one last. */
	for (size_t i = n; i > 0 && (to->actions & ASSAY_PROTO_MAY_ADD_HEADERS) != 0; i--)
		add(reply, json_array_get(headers, i - 1), to->leading_space);
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* refuse - with a class of reply codes; no header of what nobody gets is changed */
static void refuse(struct assay_reply *reply, const struct assay_verdict *verdict, char class)
{
	reply->action = class == '5' ? ASSAY_REPLY_REJECT : ASSAY_REPLY_TEMPFAIL;
	set_text(reply, verdict, class);
}

/* let_through - accept, tag and quarantine */
static void let_through(struct assay_reply *reply, const struct assay_verdict *verdict,
    const struct assay_reply_to *to, bool hold)
{
	char why[ASSAY_REPLY_HOLD];

	if (hold && (to->actions & ASSAY_PROTO_MAY_QUARANTINE) == 0) {
		reply->trouble = "the mail server does not let mail be held; told to try again";
		refuse(reply, verdict, '4');
		return;
	}
	if (to->names_cut) {
		/* Forged ones among them could not be removed. */
		reply->action = ASSAY_REPLY_REJECT;
		(void)snprintf(reply->text, sizeof reply->text, "%s", "550 5.6.0 Too many headers");
		return;
	}
	if (hold) {
		(void)snprintf(why, sizeof why, "assay %.60s %.36s",
		    verdict->rule != NULL ? verdict->rule : "",
		    verdict->scan_id != NULL ? verdict->scan_id : "");
		clean(reply->hold, sizeof reply->hold, why, false);
	}
	edit_headers(reply, verdict->headers, to);
}

/* assay_reply_init - by the word */
void assay_reply_init(
    struct assay_reply *reply, const struct assay_verdict *verdict, const struct assay_reply_to *to)
{
	const char *word = verdict->answered;

	*reply = (struct assay_reply){ .arena = assay_arena_new() };
	if (!verdict->enforced)
		return;
	if (word == NULL)
		word = "";
	if (strcmp(word, "accept") == 0 || strcmp(word, "tag") == 0)
		let_through(reply, verdict, to, false);
	else if (strcmp(word, "quarantine") == 0)
		let_through(reply, verdict, to, true);
	else if (strcmp(word, "discard") == 0)
		reply->action = ASSAY_REPLY_DISCARD;
	else
		refuse(reply, verdict, strcmp(word, "reject") == 0 ? '5' : '4');
	if (reply->action == ASSAY_REPLY_TEMPFAIL && strcmp(word, "tempfail") != 0 &&
	    reply->trouble == NULL)
		reply->trouble = "an answer that mail servers do not know; told to try again";
}

/* assay_reply_release - the end */
void assay_reply_release(struct assay_reply *reply)
{
	assay_arena_free(&reply->arena);
}

/* put_edits - headers that go and come */
static bool put_edits(const struct assay_reply *reply, struct assay_buf *out)
{
	bool fits = true;

	for (size_t i = 0; i < reply->nedits && fits; i++)
		fits = assay_proto_put_edit(out,
		    reply->edit[i].index > 0 ? ASSAY_PROTO_CHANGE_HEADER
					     : ASSAY_PROTO_INSERT_HEADER,
		    &reply->edit[i]);
	return fits;
}

/* assay_reply_put - see reply.h */
bool assay_reply_put(const struct assay_reply *reply, struct assay_buf *out)
{
	const char *const text[] = { reply->text, NULL }, *const hold[] = { reply->hold, NULL };

	switch (reply->action) {
	case ASSAY_REPLY_DISCARD:
		return assay_proto_put(out, ASSAY_PROTO_DISCARD, ASSAY_SLICE_NONE);
	case ASSAY_REPLY_TEMPFAIL:
	case ASSAY_REPLY_REJECT:
		return assay_proto_put_strings(out, ASSAY_PROTO_REPLY, text);
	case ASSAY_REPLY_ACCEPT:
		break;
	}
	return put_edits(reply, out) &&
	    (reply->hold[0] == '\0' ||
		assay_proto_put_strings(out, ASSAY_PROTO_QUARANTINE, hold)) &&
	    assay_proto_put(out, ASSAY_PROTO_ACCEPT, ASSAY_SLICE_NONE);
}
