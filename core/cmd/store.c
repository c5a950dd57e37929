/*
 * core/cmd/store.c - see store.h
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/cmd/store.h"
#include "core/json.h"
#include "core/query.h"
#include "core/report_check.h"
#include "text/printable.h"

#define OUT_MAX (ASSAY_REPORT_BYTES * 4)
#define DEFAULT_STORE "sqlite"
#define NAME_BYTES 60u
#define SUBJECT_BYTES 100u
#define ID_BYTES 8u

/* answers - can the connector be asked? */
static bool answers(const struct assay_loaded *loaded)
{
	return loaded != NULL && loaded->plugin->connector != NULL &&
	    loaded->plugin->connector->query != NULL && loaded->plugin->connector->fetch != NULL;
}

/* configured - the first connector of [core] that answers; NULL: none */
static const char *configured(const struct assay_cmd_store *store)
{
	const char *const *name = assay_opt_list(assay_config_core(store->config), "connectors");

	for (; *name != NULL; name++)
		if (answers(assay_host_find(store->host, *name)))
			return *name;
	return NULL;
}

/* assay_cmd_store_open - see store.h */
enum assay_status assay_cmd_store_open(struct assay_cmd_store *store,
    const struct assay_cmd_globals *globals, const char *name, struct assay_err *err)
{
	enum assay_status status;

	*store = (struct assay_cmd_store){ .config = NULL };
	assay_buf_init(&store->out, OUT_MAX);
	status = assay_cmd_config_load(globals, NULL, &store->config, err);
	if (status == ASSAY_OK)
		status = assay_host_open(store->config, &store->host, err);
	if (status != ASSAY_OK)
		return status;
	if (name == NULL)
		name = configured(store);
	if (name == NULL)
		name = DEFAULT_STORE;
	status = assay_host_load(store->host, store->config, name, err);
	if (status == ASSAY_OK)
		status = assay_config_finish(store->config, err);
	if (status != ASSAY_OK)
		return status;
	store->loaded = assay_host_find(store->host, name);
	if (!answers(store->loaded))
		return assay_err_set(err, ASSAY_E_USAGE,
		    "%s keeps nothing that could be asked; name a store such as sqlite", name);
	return ASSAY_OK;
}

/* assay_cmd_store_close - see store.h */
void assay_cmd_store_close(struct assay_cmd_store *store)
{
	assay_buf_release(&store->out);
	assay_host_close(&store->host);
	assay_config_free(&store->config);
}

/* assay_cmd_store_match - see store.h */
enum assay_status assay_cmd_store_match(const struct assay_cmd_store *store,
    struct assay_slice text, json_t **match, struct assay_err *err)
{
	const struct assay_query_context context = {
		.vocabulary = assay_host_vocabulary(store->host), .now_ms = assay_clock_wall_ms()
	};

	return assay_query_parse(text, &context, match, err);
}

/* assay_cmd_store_ask - see store.h */
enum assay_status assay_cmd_store_ask(struct assay_cmd_store *store, json_t *query,
    bool (*row)(void *arg, const json_t *row), void *arg, struct assay_err *err)
{
	const enum assay_status status =
	    store->loaded->plugin->connector->query(store->loaded->state, query, row, arg, err);

	json_decref(query);
	return status;
}

/* assay_cmd_store_print - see store.h */
void assay_cmd_store_print(struct assay_cmd_store *store)
{
	assay_cmd_print(assay_buf_slice(&store->out));
	assay_buf_clear(&store->out);
}

/* assay_cmd_store_add - see store.h */
void assay_cmd_store_add(struct assay_cmd_store *store, const json_t *value, size_t max)
{
	if (json_is_integer(value))
		(void)assay_buf_printf(&store->out, "%" PRId64, (int64_t)json_integer_value(value));
	else if (json_is_string(value))
		(void)assay_printable_add(&store->out,
		    assay_slice(json_string_value(value), json_string_length(value)), max);
}

/* add_names - who sent it to whom */
static void add_names(struct assay_cmd_store *store, const json_t *summary)
{
	const json_t *rcpt = json_object_get(summary, "recipients");
	const json_t *all = json_object_get(summary, "recipients_count");
	const size_t n =
	    json_is_integer(all) ? (size_t)json_integer_value(all) : json_array_size(rcpt);

	assay_cmd_store_add(store, json_object_get(summary, "sender"), NAME_BYTES);
	(void)assay_buf_add_str(&store->out, " > ");
	assay_cmd_store_add(store, json_array_get(rcpt, 0), NAME_BYTES);
	if (n > 1)
		(void)assay_buf_printf(&store->out, " (+%zu)", n - 1);
}

/* assay_cmd_store_line - see store.h */
void assay_cmd_store_line(struct assay_cmd_store *store, const json_t *summary)
{
	const char *time = assay_json_get_str(summary, "message_time");
	const char *id = assay_json_get_str(summary, "scan_id");
	const char *status = assay_json_get_str(summary, "status");
	const char *verdict = assay_json_get_str(summary, "verdict");

	if (time == NULL || strlen(time) < 16)
		time = "                ";
	(void)assay_buf_printf(&store->out, "%.10s %.5s  %.*s  ", time, time + 11, (int)ID_BYTES,
	    id != NULL ? id : "");
	add_names(store, summary);
	(void)assay_buf_add_str(&store->out, "  ");
	assay_cmd_store_add(store, json_object_get(summary, "subject"), SUBJECT_BYTES);
	if (status != NULL && strcmp(status, "scanned") != 0)
		(void)assay_buf_printf(&store->out, "  [%.20s]", status);
	if (verdict != NULL && strcmp(verdict, "accept") != 0)
		(void)assay_buf_printf(&store->out, "  [%.20s]", verdict);
}

/* assay_cmd_store_join - see store.h */
void assay_cmd_store_join(const struct assay_words *operands, struct assay_buf *text)
{
	assay_buf_init(text, (size_t)1 << 20);
	for (size_t i = 0; i < operands->n; i++) {
		(void)assay_buf_add_str(text, i > 0 ? " " : "");
		(void)assay_buf_add_str(text, operands->word[i]);
	}
}
