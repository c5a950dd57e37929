/*
 * head - the header fields in the result; see head.h
 *
 * Bounded by the header limits of the walk, so that everything here is linear in at most 1 MiB.
 * Cannot fail: what is not understood is null.
 */
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "mail/addr.h"
#include "mail/authres.h"
#include "mail/date.h"
#include "mail/eword.h"
#include "mail/msgid.h"
#include "mail/received.h"

#include "head.h"
#include "scan.h"

#define HEAD_RECEIVED 200 /* hops that are taken apart */
#define HEAD_RAW 4096     /* bytes of a field's raw value that are kept; more is in the archive */

/* assay_head_value - the first field, decoded */
struct assay_slice assay_head_value(struct assay_scan *scan, const char *field)
{
	const struct assay_header_field *f = assay_header_find(&scan->root->header, field, 0);

	return f != NULL ? assay_eword_decode(scan->arena, f->value) : ASSAY_SLICE_NONE;
}

/* add_list - one list behind another */
static void add_list(
    struct assay_arena *arena, struct assay_addr_list *to, const struct assay_addr_list *more)
{
	size_t room = ASSAY_ADDR_MAX - to->n, n = more->n < room ? more->n : room;
	struct assay_addr *both = assay_arena_calloc(arena, to->n + n + 1, sizeof(*both));

	if (to->n > 0)
		memcpy(both, to->addr, to->n * sizeof(*both));
	if (n > 0)
		memcpy(both + to->n, more->addr, n * sizeof(*both));
	to->addr = both;
	to->n += n;
	to->total += more->total;
}

/* assay_head_addresses - of all fields of a name */
void assay_head_addresses(struct assay_scan *scan, const char *field, struct assay_addr_list *list)
{
	const struct assay_header_field *f;

	*list = (struct assay_addr_list){ 0 };
	for (size_t i = 0; (f = assay_header_find(&scan->root->header, field, i)) != NULL; i++) {
		struct assay_addr_list one;

		if (list->n >= ASSAY_ADDR_MAX || i >= 20) {
			list->total++;
			continue;
		}
		assay_addr_parse(scan->arena, f->value, 0, &one);
		if (i == 0)
			*list = one;
		else
			add_list(scan->arena, list, &one);
	}
}

/* addresses - one list of the result */
static void addresses(struct assay_scan *scan, const char *member, const char *field)
{
	struct assay_addr_list list;
	json_t *rows = json_array();

	assay_head_addresses(scan, field, &list);
	for (size_t i = 0; i < list.n; i++) {
		const struct assay_addr *a = &list.addr[i];
		json_t *row = json_object();

		json_object_set_new_nocheck(row, "addr", assay_scan_text(a->addr));
		json_object_set_new_nocheck(row, "domain", assay_scan_text_or_null(a->domain));
		json_object_set_new_nocheck(row, "name", assay_scan_text_or_null(a->name));
		json_object_set_new_nocheck(row, "raw", assay_scan_text_or_null(a->raw));
		json_array_append_new(rows, row);
	}
	if (list.total > list.n)
		assay_result_limit(
		    scan->result, "addresses_kept", list.total, ASSAY_ADDR_MAX, false);
	assay_scan_set(scan, member, rows);
}

/* fields - headers[] in wire order */
static void fields(struct assay_scan *scan)
{
	const struct assay_header *h = &scan->root->header;
	json_t *rows = json_array();

	for (size_t i = 0; i < h->n; i++) {
		const struct assay_header_field *f = &h->field[i];
		struct assay_slice raw = assay_slice_head(f->value, HEAD_RAW);
		json_t *row = json_object();

		json_object_set_new_nocheck(row, "name", assay_json_text(f->name.p, f->name.n));
		json_object_set_new_nocheck(
		    row, "value", assay_scan_text(assay_eword_decode(scan->arena, f->value)));
		json_object_set_new_nocheck(row, "raw", assay_json_text(raw.p, raw.n));
		json_array_append_new(rows, row);
	}
	assay_scan_set(scan, "headers", rows);
}

/* hop - one Received field */
static json_t *hop(const struct assay_received *r, const struct assay_received *before)
{
	json_t *row = json_object();

	json_object_set_new_nocheck(row, "from", assay_scan_text_or_null(r->from));
	json_object_set_new_nocheck(row, "from_ip", assay_scan_text_or_null(r->from_ip));
	json_object_set_new_nocheck(row, "helo", assay_scan_text_or_null(r->helo));
	json_object_set_new_nocheck(row, "by", assay_scan_text_or_null(r->by));
	json_object_set_new_nocheck(row, "with", assay_scan_text_or_null(r->with));
	json_object_set_new_nocheck(row, "id", assay_scan_text_or_null(r->id));
	json_object_set_new_nocheck(row, "for", assay_scan_text_or_null(r->for_));
	json_object_set_new_nocheck(
	    row, "date_utc", r->has_date ? assay_json_time(r->date_ms) : json_null());
	json_object_set_new_nocheck(row, "delay_s",
	    r->has_date && before != NULL && before->has_date
		? json_integer((json_int_t)((r->date_ms - before->date_ms) / 1000))
		: json_null());
	return row;
}

/* received - the hops, newest first; delay_s is the time since the hop before (the next row) */
static void received(struct assay_scan *scan)
{
	const struct assay_header *h = &scan->root->header;
	const struct assay_header_field **field =
	    assay_arena_calloc(scan->arena, HEAD_RECEIVED, sizeof(*field));
	struct assay_received *r;
	json_t *rows = json_array();
	size_t n = 0, total = 0;

	for (size_t i = 0; i < h->n; i++)
		if (assay_slice_caseis(h->field[i].name, "received") && total++ < HEAD_RECEIVED)
			field[n++] = &h->field[i];
	r = assay_arena_calloc(scan->arena, n + 1, sizeof(*r));
	for (size_t i = 0; i < n; i++)
		assay_received_parse(scan->arena, field[i]->value, &r[i]);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(rows, hop(&r[i], i + 1 < n ? &r[i + 1] : NULL));
	if (total > n)
		assay_result_limit(scan->result, "received_kept", total, HEAD_RECEIVED, false);
	assay_scan_set(scan, "received", rows);
}

/* result_domain - {result, domain} of one method, or null */
static json_t *result_domain(struct assay_slice result, struct assay_slice domain)
{
	json_t *o;

	if (result.n == 0)
		return json_null();
	o = json_object();
	json_object_set_new_nocheck(o, "result", assay_scan_text(result));
	json_object_set_new_nocheck(o, "domain", assay_scan_text_or_null(domain));
	return o;
}

/* auth - what our own border server found; null unless it is configured and there */
static void auth(struct assay_scan *scan)
{
	struct assay_slice id = assay_slice_str(scan->conf->authserv_id);
	struct assay_authres *a = NULL;
	json_t *o, *dkim, *method;

	if (id.n > 0)
		a = assay_arena_zalloc(scan->arena, sizeof(*a));
	if (a == NULL || !assay_authres_read(scan->arena, &scan->root->header, id, a)) {
		assay_scan_set(scan, "auth", json_null());
		return;
	}
	o = json_object();
	dkim = json_array();
	json_object_set_new_nocheck(o, "authserv_id", assay_scan_text(a->authserv_id));
	json_object_set_new_nocheck(o, "spf", result_domain(a->spf_result, a->spf_domain));
	for (size_t i = 0; i < a->ndkim; i++) {
		method = result_domain(a->dkim[i].result, a->dkim[i].domain);
		if (json_is_object(method))
			json_object_set_new_nocheck(
			    method, "selector", assay_scan_text_or_null(a->dkim[i].selector));
		json_array_append_new(dkim, method);
	}
	json_object_set_new_nocheck(o, "dkim", dkim);
	method = result_domain(a->dmarc_result, a->dmarc_domain);
	if (json_is_object(method))
		json_object_set_new_nocheck(
		    method, "policy", assay_scan_text_or_null(a->dmarc_policy));
	json_object_set_new_nocheck(o, "dmarc", method);
	method = a->arc_result.n > 0 ? json_object() : json_null();
	if (a->arc_result.n > 0)
		json_object_set_new_nocheck(method, "result", assay_scan_text(a->arc_result));
	json_object_set_new_nocheck(o, "arc", method);
	assay_scan_set(scan, "auth", o);
}

/* ids - message_id, in_reply_to, references[] */
static void ids(struct assay_scan *scan)
{
	static const struct {
		const char *member, *field;
	} single[] = { { "message_id", "message-id" }, { "in_reply_to", "in-reply-to" } };
	const struct assay_header *h = &scan->root->header;
	struct assay_msgid_list list;
	const struct assay_header_field *f;
	json_t *rows = json_array();

	for (size_t i = 0; i < 2; i++) {
		f = assay_header_find(h, single[i].field, 0);
		list.n = 0;
		if (f != NULL)
			assay_msgid_parse(scan->arena, f->value, 1, &list);
		assay_scan_set(
		    scan, single[i].member, list.n > 0 ? assay_scan_text(list.id[0]) : json_null());
	}
	f = assay_header_find(h, "references", 0);
	list.n = 0;
	if (f != NULL)
		assay_msgid_parse(scan->arena, f->value, 0, &list);
	for (size_t i = 0; i < list.n; i++)
		json_array_append_new(rows, assay_scan_text(list.id[i]));
	assay_scan_set(scan, "references", rows);
}

/* date - {raw, utc} or null */
static void date(struct assay_scan *scan)
{
	const struct assay_header_field *f = assay_header_find(&scan->root->header, "date", 0);
	json_t *o = json_null();
	int64_t ms;

	if (f != NULL) {
		o = json_object();
		json_object_set_new_nocheck(o, "raw",
		    assay_scan_text(
			assay_header_unfold(scan->arena, assay_slice_head(f->value, 1000))));
		json_object_set_new_nocheck(o, "utc",
		    assay_date_parse(f->value, &ms) == ASSAY_OK ? assay_json_time(ms)
								: json_null());
	}
	assay_scan_set(scan, "date", o);
}

/* repeated - fields that may stand once only (RFC 5322 3.6) */
static void repeated(struct assay_scan *scan)
{
	static const char *const once[] = { "from", "sender", "reply-to", "to", "cc", "bcc",
		"subject", "date", "message-id", "in-reply-to", "references", "mime-version" };

	for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		const struct assay_header_field *second =
		    assay_header_find(&scan->root->header, once[i], 1);

		if (second != NULL)
			assay_defect_add(
			    &scan->defects, "repeated-field", second->name.p, "0", second->name);
	}
}

/* mailer - X-Mailer or User-Agent */
static void mailer(struct assay_scan *scan)
{
	struct assay_slice value = assay_head_value(scan, "x-mailer");

	if (value.n == 0)
		value = assay_head_value(scan, "user-agent");
	assay_scan_set(scan, "mailer", assay_scan_text_or_null(value));
}

/* assay_head_report - everything the header says */
void assay_head_report(struct assay_scan *scan)
{
	static const struct {
		const char *member, *field;
	} lists[] = { { "from", "from" }, { "sender", "sender" }, { "reply_to", "reply-to" },
		{ "to", "to" }, { "cc", "cc" }, { "bcc", "bcc" }, { "return_path", "return-path" },
		{ "delivered_to", "delivered-to" } };

	assay_scan_set(scan, "subject", assay_scan_text(assay_head_value(scan, "subject")));
	ids(scan);
	date(scan);
	mailer(scan);
	assay_scan_set(
	    scan, "content_type", assay_scan_text_or_null(scan->root->entity.content_type));
	assay_scan_set(scan, "size", json_integer((json_int_t)scan->bytes.n));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		addresses(scan, lists[i].member, lists[i].field);
	fields(scan);
	received(scan);
	auth(scan);
	repeated(scan);
}
