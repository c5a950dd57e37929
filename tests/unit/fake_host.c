/*
 * fake_host - a host for one plugin, in a unit test; see fake_host.h
 *
 * The structures of the contract are opaque to plugins, so they are simply other ones here.
 * Linked statically with one plugin and one test; never part of the product.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/utf8.h"

#include "fake_host.h"

#define FAKE_LIMITS 64

struct fake_value {
	const struct assay_opt *row;
	char *text;
	int64_t number;
	const char **list;
};

struct assay_opts {
	struct assay_arena *arena;
	const char *cache_dir;
	struct fake_value value[64];
	size_t n;
};

struct fake_host {
	const struct assay_plugin *plugin;
	struct assay_opts opts;
	void *state;
	struct {
		const char *name;
		uint64_t value;
	} limit[FAKE_LIMITS];
	size_t nlimit;
	fake_run *run;
	void *run_arg;
};

/* One object plays payload, result and plan. */
struct assay_payload {
	struct fake_host *host;
	const struct fake_payload *told;
	struct fake_scan *scan;
	json_t *occurrences, *request;
	const char *id;
};

struct assay_result {
	struct assay_payload payload;
};

struct assay_plan {
	struct assay_payload payload;
};

/* ---- options -------------------------------------------------------------------------------- */

/* unit - what the letters behind a number multiply it with */
static int64_t unit(const char *s)
{
	static const struct {
		const char *name;
		int64_t factor;
	} units[] = { { "", 1 }, { "B", 1 }, { "K", 1024 }, { "M", 1024 * 1024 },
		{ "G", 1024 * 1024 * 1024 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 },
		{ "h", 3600000 }, { "d", 86400000 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].name, s) == 0)
			return units[i].factor;
	ASSAY_BUG("unit %s", s);
}

/* word_index - position of an enum's value in its words */
static int64_t word_index(const struct assay_opt *row, const char *text)
{
	struct assay_slice rest = assay_slice_str(row->words), word;
	int64_t i = 0;

	for (; assay_slice_split(&rest, '|', &word); i++)
		if (assay_slice_is(word, text))
			return i;
	ASSAY_BUG("%s is not %s of %s", text, row->words, row->name);
}

/* split_list - the entries of a LIST, NULL behind them */
static const char **split_list(struct assay_arena *arena, const char *text)
{
	struct assay_slice rest = assay_slice_str(text), word;
	const char **list = assay_arena_calloc(arena, strlen(text) + 2, sizeof(*list));
	size_t n = 0;

	while (assay_slice_split(&rest, ',', &word)) {
		word = assay_slice_trim(word);
		if (word.n > 0)
			list[n++] = assay_arena_memdup0(arena, word.p, word.n);
	}
	return list;
}

/* opt_set - one option from its text */
static void opt_set(struct assay_opts *opts, struct fake_value *v, const char *text)
{
	char *end;

	v->text = assay_arena_strdup(opts->arena, text);
	switch (v->row->type) {
	case ASSAY_OPT_BOOL:
		v->number = strcmp(text, "yes") == 0;
		break;
	case ASSAY_OPT_INT:
	case ASSAY_OPT_SIZE:
	case ASSAY_OPT_TIME:
		v->number = strtoll(text, &end, 10);
		v->number *= unit(end);
		break;
	case ASSAY_OPT_LIST:
		v->list = split_list(opts->arena, text);
		break;
	case ASSAY_OPT_ENUM:
		v->number = word_index(v->row, text);
		break;
	case ASSAY_OPT_STR:
		break;
	}
}

/* opt_find - the option, which must be in the table */
static struct fake_value *opt_find(const struct assay_opts *opts, struct assay_slice name)
{
	for (size_t i = 0; i < opts->n; i++)
		if (assay_slice_is(name, opts->value[i].row->name))
			return (struct fake_value *)&opts->value[i];
	ASSAY_BUG("no option %.*s", (int)name.n, name.p);
}

/* opts_fill - defaults, then what the test says */
static void opts_fill(struct assay_opts *opts, const struct assay_opt *row, const char *const *set)
{
	for (; row != NULL && row->name != NULL; row++) {
		ASSAY_ASSERT(opts->n < 64);
		opts->value[opts->n].row = row;
		opt_set(opts, &opts->value[opts->n++], row->def != NULL ? row->def : "");
	}
	for (; set != NULL && *set != NULL; set++) {
		const struct assay_slice s = assay_slice_str(*set);
		const size_t eq = assay_slice_find(s, '=');

		opt_set(opts, opt_find(opts, assay_slice_head(s, eq)), *set + eq + 1);
	}
}

/* assay_opt_str - see plugin.h */
const char *assay_opt_str(const struct assay_opts *opts, const char *name)
{
	return opt_find(opts, assay_slice_str(name))->text;
}

/* assay_opt_int - see plugin.h */
int64_t assay_opt_int(const struct assay_opts *opts, const char *name)
{
	return opt_find(opts, assay_slice_str(name))->number;
}

/* assay_opt_list - see plugin.h */
const char *const *assay_opt_list(const struct assay_opts *opts, const char *name)
{
	return opt_find(opts, assay_slice_str(name))->list;
}

/* assay_opt_refuse - without where it was set: that is the test */
enum assay_status assay_opt_refuse(
    const struct assay_opts *opts, const char *name, const char *why, struct assay_err *err)
{
	return assay_err_set(err, ASSAY_E_CONF, "%s = %s: %s", name,
	    opt_find(opts, assay_slice_str(name))->text, why);
}

/* assay_opt_path - as given: a test says absolute names */
const char *assay_opt_path(const struct assay_opts *opts, const char *name)
{
	return assay_opt_str(opts, name);
}

/* assay_opt_paths - as given: a test says absolute names */
const char *const *assay_opt_paths(const struct assay_opts *opts, const char *name)
{
	return assay_opt_list(opts, name);
}

/* assay_opt_state_path - as given: a test says absolute names */
const char *assay_opt_state_path(const struct assay_opts *opts, const char *name)
{
	return assay_opt_str(opts, name);
}

/* assay_opt_cache_dir - see plugin.h */
const char *assay_opt_cache_dir(const struct assay_opts *opts)
{
	return opts->cache_dir;
}

/* ---- the host ------------------------------------------------------------------------------- */

/* fake_host_open - see fake_host.h */
enum assay_status fake_host_open(const struct assay_plugin *plugin, const char *const *opts,
    const char *cache_dir, struct fake_host **host, struct assay_err *err)
{
	struct fake_host *h = assay_xcalloc(1, sizeof(*h));
	enum assay_status status = ASSAY_OK;

	ASSAY_ASSERT(plugin->abi == ASSAY_ABI && plugin->size == sizeof(*plugin));
	*host = NULL;
	h->plugin = plugin;
	h->opts.arena = assay_arena_new();
	h->opts.cache_dir = cache_dir;
	opts_fill(&h->opts, plugin->options, opts);
	if (plugin->open != NULL)
		status = plugin->open(&h->opts, &h->state, err);
	if (status != ASSAY_OK) {
		assay_arena_free(&h->opts.arena);
		free(h);
		return status;
	}
	if (plugin->warm != NULL)
		status = plugin->warm(h->state, err);
	if (status != ASSAY_OK) {
		fake_host_close(&h);
		return status;
	}
	*host = h;
	return ASSAY_OK;
}

/* fake_host_close - see fake_host.h */
void fake_host_close(struct fake_host **host)
{
	struct fake_host *h = *host;

	if (h == NULL)
		return;
	if (h->plugin->close != NULL)
		h->plugin->close(h->state);
	assay_arena_free(&h->opts.arena);
	free(h);
	*host = NULL;
}

/* fake_host_state - see fake_host.h */
void *fake_host_state(const struct fake_host *host)
{
	return host->state;
}

/* fake_host_allow - see fake_host.h */
void fake_host_allow(struct fake_host *host, const char *limit, uint64_t value)
{
	size_t i = 0;

	while (i < host->nlimit && strcmp(host->limit[i].name, limit) != 0)
		i++;
	ASSAY_ASSERT(i < FAKE_LIMITS);
	if (i == host->nlimit)
		host->nlimit++;
	host->limit[i].name = limit;
	host->limit[i].value = value;
}

/* fake_host_run - see fake_host.h */
void fake_host_run(struct fake_host *host, fake_run *run, void *arg)
{
	host->run = run;
	host->run_arg = arg;
}

/* made_occurrences - one place, from what the test said of the payload */
static json_t *made_occurrences(const struct fake_payload *told)
{
	return json_pack("[{s:s?, s:s?, s:s?}]", "filename", told->filename, "content_type",
	    told->content_type, "place", told->depth == 0 ? NULL : "1");
}

/* begin - an empty record, and the payload the plugin sees */
static void begin(struct assay_payload *p, struct fake_host *host, const struct fake_payload *told,
    struct fake_scan *scan)
{
	memset(scan, 0, sizeof(*scan));
	memset(p, 0, sizeof(*p));
	scan->arena = assay_arena_new();
	scan->limits = json_array();
	scan->errors = json_array();
	scan->report = json_object();
	scan->dispatch = json_array();
	scan->meta = json_object();
	scan->texts = json_array();
	p->host = host;
	p->told = told;
	p->scan = scan;
	p->occurrences =
	    told->occurrences != NULL ? json_incref(told->occurrences) : made_occurrences(told);
	p->request = told->request != NULL ? json_incref(told->request) : json_object();
	p->id = told->depth == 0 ? "0" : "0.0";
}

/* end - gives back what begin made */
static void end(struct assay_payload *p)
{
	json_decref(p->occurrences);
	json_decref(p->request);
}

/* fake_host_scan - see fake_host.h */
void fake_host_scan(
    struct fake_host *host, const struct fake_payload *payload, struct fake_scan *scan)
{
	struct assay_result result = { 0 };

	begin(&result.payload, host, payload, scan);
	scan->status =
	    host->plugin->worker->scan(host->state, &result.payload, &result, &scan->err);
	end(&result.payload);
}

/* fake_host_choose - see fake_host.h */
void fake_host_choose(
    struct fake_host *host, const struct fake_payload *payload, struct fake_scan *scan)
{
	struct assay_plan plan = { 0 };

	begin(&plan.payload, host, payload, scan);
	scan->status =
	    host->plugin->dispatcher->choose(host->state, &plan.payload, &plan, &scan->err);
	end(&plan.payload);
}

/* fake_scan_free - see fake_host.h */
void fake_scan_free(struct fake_scan *scan)
{
	for (size_t i = 0; i < scan->nchild; i++)
		json_decref(scan->child[i].extra);
	free(scan->child);
	json_decref(scan->result);
	json_decref(scan->limits);
	json_decref(scan->errors);
	json_decref(scan->report);
	json_decref(scan->dispatch);
	json_decref(scan->meta);
	json_decref(scan->texts);
	assay_arena_free(&scan->arena);
	memset(scan, 0, sizeof(*scan));
}

/* ---- payloads ------------------------------------------------------------------------------- */

/* assay_payload_bytes - see plugin.h */
struct assay_slice assay_payload_bytes(const struct assay_payload *payload)
{
	return payload->told->bytes;
}

/* assay_payload_id - see plugin.h */
const char *assay_payload_id(const struct assay_payload *payload)
{
	return payload->id;
}

/* assay_payload_path - the file name will do */
const char *assay_payload_path(const struct assay_payload *payload)
{
	return payload->told->filename != NULL ? payload->told->filename : "";
}

/* assay_payload_depth - see plugin.h */
unsigned assay_payload_depth(const struct assay_payload *payload)
{
	return payload->told->depth;
}

/* assay_payload_filename - see plugin.h */
const char *assay_payload_filename(const struct assay_payload *payload)
{
	return payload->told->filename;
}

/* assay_payload_extension - see plugin.h */
const char *assay_payload_extension(const struct assay_payload *payload)
{
	return payload->told->extension;
}

/* assay_payload_content_type - see plugin.h */
const char *assay_payload_content_type(const struct assay_payload *payload)
{
	return payload->told->content_type;
}

/* assay_payload_digest - see plugin.h */
const char *assay_payload_digest(const struct assay_payload *payload, enum assay_digest digest)
{
	static const char *const names[] = { "MD5", "SHA1", "SHA256", "SHA512" };
	char *text = payload->scan->digest[digest];
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	ASSAY_ASSERT(EVP_Digest(payload->told->bytes.p, payload->told->bytes.n, md, &n,
			 EVP_get_digestbyname(names[digest]), NULL) == 1);
	for (unsigned i = 0; i < n; i++)
		snprintf(text + 2 * i, 3, "%02x", md[i]);
	return text;
}

/* assay_payload_occurrences - see plugin.h */
const json_t *assay_payload_occurrences(const struct assay_payload *payload)
{
	return payload->occurrences;
}

/* assay_payload_extra - nobody said anything */
const char *assay_payload_extra(const struct assay_payload *payload, const char *key)
{
	(void)payload;
	(void)key;
	return NULL;
}

/* assay_payload_text - see plugin.h */
bool assay_payload_text(const struct assay_payload *payload, size_t i, struct assay_slice *text)
{
	const char *const *texts = payload->told->texts;

	for (size_t k = 0; texts != NULL && texts[k] != NULL; k++)
		if (k == i) {
			*text = assay_slice_str(texts[k]);
			return true;
		}
	return false;
}

/* assay_payload_result - see plugin.h */
const json_t *assay_payload_result(const struct assay_payload *payload, const char *worker)
{
	return json_object_get(payload->told->results, worker);
}

/* assay_payload_dispatch_meta - see plugin.h */
const char *assay_payload_dispatch_meta(
    const struct assay_payload *payload, const char *dispatcher, const char *key)
{
	return json_string_value(
	    json_object_get(json_object_get(payload->told->meta, dispatcher), key));
}

/* assay_payload_request - see plugin.h */
const json_t *assay_payload_request(const struct assay_payload *payload)
{
	return payload->request;
}

/* assay_payload_scan_time - see plugin.h */
int64_t assay_payload_scan_time(const struct assay_payload *payload)
{
	return payload->told->scan_time_ms;
}

/* assay_payload_arena - see plugin.h */
struct assay_arena *assay_payload_arena(const struct assay_payload *payload)
{
	return payload->scan->arena;
}

/* ---- a worker's result ---------------------------------------------------------------------- */

/* assay_result_json - see plugin.h */
json_t *assay_result_json(struct assay_result *result)
{
	struct fake_scan *scan = result->payload.scan;

	if (scan->result == NULL)
		scan->result = json_object();
	return scan->result;
}

/* assay_json_text - see plugin.h */
json_t *assay_json_text(const char *p, size_t n)
{
	struct assay_buf buf;
	json_t *text;

	assay_buf_init(&buf, n * 3 + 1);
	assay_utf8_clean(assay_slice(p, n), &buf);
	text = json_stringn(buf.n > 0 ? buf.p : "", buf.n);
	assay_buf_release(&buf);
	ASSAY_ASSERT(text != NULL);
	return text;
}

/* assay_json_str - see plugin.h */
json_t *assay_json_str(const char *s)
{
	return s != NULL ? assay_json_text(s, strlen(s)) : json_null();
}

/* assay_json_time - see plugin.h */
json_t *assay_json_time(int64_t wall_ms)
{
	char text[ASSAY_TIME_TEXT];

	assay_clock_format(wall_ms, text);
	return json_string(text);
}

/* assay_json_value - as the host's, for whole numbers and strings */
bool assay_json_value(json_t *row, const json_t *value, size_t max)
{
	const char *s = json_string_value(value);
	size_t n = json_string_length(value);
	char number[32];

	if (json_is_integer(value)) {
		(void)snprintf(
		    number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		s = number;
		n = strlen(number);
		json_object_set_new(row, "value_int", json_integer(json_integer_value(value)));
	} else if (json_is_boolean(value)) {
		s = json_is_true(value) ? "true" : "false";
		n = strlen(s);
	}
	json_object_set_new(
	    row, "value", s != NULL ? assay_json_text(s, n < max ? n : max) : json_null());
	return n <= max;
}

/* assay_json_base64 - see plugin.h */
json_t *assay_json_base64(const char *p, size_t n)
{
	unsigned char *text = assay_xmalloc(n / 3 * 4 + 8);
	json_t *json;

	ASSAY_ASSERT(n < INT32_MAX);
	EVP_EncodeBlock(text, (const unsigned char *)p, (int)n);
	json = json_string((const char *)text);
	free(text);
	return json;
}

/* joined - the names of a list, with commas */
static char *joined(struct assay_arena *arena, const char *const *list)
{
	char *text = NULL;

	for (; list != NULL && *list != NULL; list++)
		text = text == NULL ? assay_arena_strdup(arena, *list)
				    : assay_arena_printf(arena, "%s,%s", text, *list);
	return text;
}

/* copied - a string of the scan's own, or NULL */
static char *copied(struct assay_arena *arena, const char *s)
{
	return s != NULL ? assay_arena_strdup(arena, s) : NULL;
}

/* child_payload - what a parent may ask of its child: id, bytes, digests, names */
static const struct assay_payload *child_payload(
    const struct assay_payload *parent, struct assay_slice bytes, const struct fake_child *c)
{
	struct assay_arena *arena = parent->scan->arena;
	struct fake_payload *told = assay_arena_zalloc(arena, sizeof(*told));
	struct fake_scan *own = assay_arena_zalloc(arena, sizeof(*own));
	struct assay_payload *made = assay_arena_zalloc(arena, sizeof(*made));

	*told = (struct fake_payload){ .bytes = bytes,
		.filename = c->filename,
		.content_type = c->content_type,
		.depth = parent->told->depth + 1 };
	own->arena = arena;
	made->host = parent->host;
	made->told = told;
	made->scan = own;
	made->id = assay_arena_printf(arena, "%s.%zu", parent->id, parent->scan->nchild++);
	return made;
}

/* assay_result_child - records it; equal bytes are not looked for */
const struct assay_payload *assay_result_child(
    struct assay_result *result, const struct assay_child *child)
{
	struct fake_scan *scan = result->payload.scan;
	struct fake_child *c;

	scan->child = assay_xrealloc(scan->child, (scan->nchild + 1) * sizeof(*scan->child));
	c = &scan->child[scan->nchild];
	*c = (struct fake_child){
		.bytes =
		    assay_slice(assay_arena_memdup0(scan->arena, child->bytes.p, child->bytes.n),
			child->bytes.n),
		.filename = copied(scan->arena, child->filename),
		.content_type = copied(scan->arena, child->content_type),
		.disposition = copied(scan->arena, child->disposition),
		.place = copied(scan->arena, child->place),
		.dispatch_to = joined(scan->arena, child->dispatch_to),
		.no_scan = child->no_scan,
		.no_archive = child->no_archive,
		.extra = child->extra,
	};
	if (child->heap)
		free((char *)child->bytes.p);
	return child_payload(&result->payload, c->bytes, c);
}

/* assay_result_text - records it */
void assay_result_text(struct assay_result *result, struct assay_slice text)
{
	if (text.n > 0)
		json_array_append_new(result->payload.scan->texts, assay_json_text(text.p, text.n));
}

/* assay_result_budget - as much as there is */
void assay_result_budget(const struct assay_result *result, uint64_t *member, uint64_t *total)
{
	*member = assay_result_allowed(result, "max_member_bytes");
	*total = assay_result_allowed(result, "max_unpacked_bytes");
	*member = *member < *total ? *member : *total;
}

/* assay_result_limit - see plugin.h */
void assay_result_limit(
    struct assay_result *result, const char *limit, uint64_t value, uint64_t allowed, bool unseen)
{
	json_array_append_new(result->payload.scan->limits,
	    json_pack("{s:s, s:I, s:I, s:s}", "limit", limit, "value", (json_int_t)value, "allowed",
		(json_int_t)allowed, "effect", unseen ? "unseen" : "cut"));
}

/* assay_result_allowed - see plugin.h */
uint64_t assay_result_allowed(const struct assay_result *result, const char *limit)
{
	const struct fake_host *host = result->payload.host;

	for (size_t i = 0; i < host->nlimit; i++)
		if (strcmp(host->limit[i].name, limit) == 0)
			return host->limit[i].value;
	return UINT64_MAX;
}

/* assay_result_error - see plugin.h */
void assay_result_error(struct assay_result *result, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(result->payload.scan->errors, assay_json_text(text, strlen(text)));
}

/* assay_result_dispatch - see plugin.h */
void assay_result_dispatch(struct assay_result *result, const char *worker)
{
	json_array_append_new(result->payload.scan->dispatch, json_string(worker));
}

/* assay_result_report - see plugin.h */
void assay_result_report(struct assay_result *result, const char *member, json_t *value)
{
	json_object_set_new(result->payload.scan->report, member, value);
}

/* assay_result_run - whatever the test makes of it */
enum assay_status assay_result_run(struct assay_result *result, size_t program,
    const struct assay_run_input *in, struct assay_run_output *out, struct assay_err *err)
{
	const struct fake_host *host = result->payload.host;

	*out = (struct assay_run_output){ .exit = -1 };
	if (host->run == NULL)
		return assay_err_set(err, ASSAY_E_NOENT, "program %zu is not there", program);
	return host->run(host->run_arg, program, in, out, err);
}

/* ---- a dispatcher's plan -------------------------------------------------------------------- */

/* assay_plan_add - see plugin.h */
void assay_plan_add(struct assay_plan *plan, const char *worker)
{
	json_array_append_new(plan->payload.scan->dispatch, json_string(worker));
}

/* assay_plan_wish - "worker?" */
void assay_plan_wish(struct assay_plan *plan, const char *worker)
{
	json_array_append_new(plan->payload.scan->dispatch, json_sprintf("%s?", worker));
}

/* assay_plan_meta - see plugin.h */
void assay_plan_meta(struct assay_plan *plan, const char *key, const char *value)
{
	struct fake_scan *scan = plan->payload.scan;
	const size_t n = json_array_size(scan->dispatch);
	const char *worker;
	json_t *meta;

	ASSAY_ASSERT(n > 0);
	worker = json_string_value(json_array_get(scan->dispatch, n - 1));
	meta = json_object_get(scan->meta, worker);
	if (meta == NULL) {
		meta = json_object();
		json_object_set_new(scan->meta, worker, meta);
	}
	json_object_set_new(meta, key, assay_json_str(value));
}

/* assay_plan_no_archive - see plugin.h */
void assay_plan_no_archive(struct assay_plan *plan)
{
	plan->payload.scan->no_archive = true;
}
