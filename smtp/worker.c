/*
 * worker - the plugin smtp: takes a message apart
 *
 * The order of things in one scan: walk (tree and readings), second reader, header fields, leaves
 * (children, bodies, URLs), traits, then the lists of the result. Reads the payload and nothing
 * else; everything it opens (charset converters, GMime, digests) is opened in warm. Malformed mail
 * never fails: it has defects[].
 */
#include <stdlib.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/slice.h"
#include "text/charset.h"
#include "text/domain.h"

#include "body.h"
#include "gmime.h"
#include "head.h"
#include "leaf.h"
#include "scan.h"
#include "schema.h"
#include "smime.h"
#include "summary.h"
#include "traits.h"

#define WORKER_LINES 200000 /* delimiter candidates of one message */
#define WORKER_OTHERS 64    /* parts of other readings */
#define WORKER_REREAD 4     /* times the message */
#define WORKER_DEFECTS 1000

/* worker_open - options to fields */
static enum assay_status worker_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct assay_scan_conf *conf = assay_xcalloc(1, sizeof(*conf));

	(void)err;
	conf->bodies = assay_opt_str(opts, "bodies");
	conf->authserv_id = assay_opt_str(opts, "authserv_id");
	conf->our_domains = assay_opt_list(opts, "our_domains");
	conf->our_networks = assay_opt_list(opts, "our_networks");
	conf->second_reader = assay_opt_int(opts, "second_reader") != 0;
	conf->second_reader_max = (uint64_t)assay_opt_int(opts, "second_reader_max");
	*state = conf;
	return ASSAY_OK;
}

/* worker_warm - everything that libraries would open lazily */
static enum assay_status worker_warm(void *state, struct assay_err *err)
{
	const struct assay_scan_conf *conf = state;

	(void)err;
	assay_charset_warm();
	assay_domain_warm();
	assay_summary_warm();
	assay_smime_warm();
	if (conf->second_reader)
		assay_gmime_warm();
	return ASSAY_OK;
}

/* worker_close - frees the state */
static void worker_close(void *state)
{
	assay_charset_cool();
	assay_domain_cool();
	assay_summary_cool();
	free(state);
}

/* limit_of - a limit of [core] as a size */
static size_t limit_of(const struct assay_scan *scan, const char *name)
{
	uint64_t value = assay_result_allowed(scan->result, name);

	return value < SIZE_MAX / 4 ? (size_t)value : SIZE_MAX / 4;
}

/* walk - the tree, and what its limits cut */
static void walk(struct assay_scan *scan)
{
	struct assay_walk_limits limits = {
		.parts = limit_of(scan, "max_mime_parts"),
		.depth = limit_of(scan, "max_mime_depth"),
		.lines = WORKER_LINES,
		.max_others = WORKER_OTHERS,
		.reread = scan->bytes.n * WORKER_REREAD + 65536,
		.header = { .fields = limit_of(scan, "max_headers"),
		    .bytes = limit_of(scan, "max_header_bytes"),
		    .field = limit_of(scan, "max_header_line") },
	};

	if (limits.depth > 100)
		limits.depth = 100;
	assay_walk_read(&scan->walk, scan->arena, scan->bytes, &limits, &scan->defects);
	scan->root = scan->walk.part[0];
	if (scan->conf->second_reader)
		assay_gmime_compare(scan);
}

/* header_limits - of the root and of every part; the worst of each kind is told */
static void header_limits(struct assay_scan *scan)
{
	const struct assay_header_limits *allowed = &scan->walk.limits.header;
	uint64_t fields = 0, bytes = 0;
	bool line = false;

	for (size_t i = 0; i < scan->walk.n; i++) {
		const struct assay_header *h = &scan->walk.part[i]->header;

		if (h->cut_fields && h->field_total > fields)
			fields = h->field_total;
		if (h->cut_bytes && h->end - h->start > bytes)
			bytes = h->end - h->start;
		line |= h->cut_field;
	}
	if (fields > 0)
		assay_result_limit(scan->result, "max_headers", fields, allowed->fields, true);
	if (bytes > 0)
		assay_result_limit(scan->result, "max_header_bytes", bytes, allowed->bytes, true);
	if (line)
		assay_result_limit(
		    scan->result, "max_header_line", allowed->field + 1, allowed->field, false);
}

/* limits - entries for what the walk did not look at */
static void limits(struct assay_scan *scan)
{
	const struct assay_walk *w = &scan->walk;

	if (w->cut_parts)
		assay_result_limit(scan->result, "max_mime_parts", w->n, w->limits.parts, true);
	if (w->cut_depth)
		assay_result_limit(
		    scan->result, "max_mime_depth", w->deepest + 1, w->limits.depth, true);
	if (w->cut_lines)
		assay_result_limit(
		    scan->result, "mime_delimiters", w->lines.n + 1, w->limits.lines, true);
	if (w->cut_others)
		assay_result_limit(
		    scan->result, "mime_readings", w->others + 1, w->limits.max_others, true);
	header_limits(scan);
}

/* defects - defects[] of the result */
static void defects(struct assay_scan *scan)
{
	const struct assay_defects *d = &scan->defects;
	json_t *rows = json_array();

	for (size_t i = 0; i < d->n; i++) {
		json_t *row = json_object();

		json_object_set_new_nocheck(row, "code", json_string_nocheck(d->defect[i].code));
		json_object_set_new_nocheck(row, "offset",
		    d->defect[i].offset != ASSAY_DEFECT_NO_OFFSET
			? json_integer((json_int_t)d->defect[i].offset)
			: json_null());
		json_object_set_new_nocheck(row, "part", json_string_nocheck(d->defect[i].part));
		json_object_set_new_nocheck(
		    row, "text", assay_scan_text_or_null(d->defect[i].text));
		json_array_append_new(rows, row);
	}
	if (d->total > d->n)
		assay_result_limit(scan->result, "defects_kept", d->total, d->max, false);
	assay_scan_set(scan, "defects", rows);
}

/* texts - what people read, for who looks for passwords */
static void texts(struct assay_scan *scan)
{
	assay_result_text(scan->result, assay_head_value(scan, "subject"));
	assay_result_text(scan->result, scan->plain.text);
	assay_result_text(scan->result, scan->visible);
}

/* worker_scan - one message */
static enum assay_status worker_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	struct assay_arena *arena = assay_payload_arena(payload);
	struct assay_scan *scan = assay_arena_zalloc(arena, sizeof(*scan));

	(void)err;
	scan->conf = state;
	scan->payload = payload;
	scan->result = result;
	scan->arena = arena;
	scan->bytes = assay_payload_bytes(payload);
	if (scan->bytes.p == NULL)
		scan->bytes = assay_slice("", 0);
	scan->out = assay_result_json(result);
	scan->attachments = json_array();
	assay_defect_init(&scan->defects, arena, scan->bytes, WORKER_DEFECTS);
	assay_urls_init(&scan->urls, arena, limit_of(scan, "urls_kept"));
	walk(scan);
	assay_head_report(scan);
	assay_leaf_all(scan);
	texts(scan);
	assay_traits_find(scan);
	assay_body_report(scan);
	assay_urls_report(scan);
	assay_leaf_report(scan);
	assay_scan_set(scan, "attachments", scan->attachments);
	defects(scan);
	assay_traits_report(scan);
	limits(scan);
	assay_summary_report(scan);
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = worker_scan };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "smtp",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "takes e-mail apart: header, bodies, links, attachments, what is odd",
	.options = assay_schema_options,
	.fields = assay_schema_fields,
	.facts = assay_schema_facts,
	.open = worker_open,
	.warm = worker_warm,
	.close = worker_close,
	.worker = &worker,
};
