/*
 * core/lookup_table.c - see lookup_table.h. Reads what the plugin reads, nothing else.
 */
#include "core/lookup_table.h"

#include <jansson.h>

#include "base/err.h"
#include "base/slice.h"
#include "core/host.h"
#include "core/json.h"

#define VALUE_MAX 500u /* Postfix takes no longer one from other tables either */

/* ---- the configuration ------------------------------------------------------------------------
 */

/* check_value - it goes out as it is */
static enum assay_status check_value(
    const struct assay_opts *core, const char *option, const char **value, struct assay_err *err)
{
	*value = assay_opt_str(core, option);
	if (strlen(*value) > VALUE_MAX)
		return assay_opt_refuse(core, option, "it has more than 500 bytes", err);
	for (const char *p = *value; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return assay_opt_refuse(
			    core, option, "it has a control character in it", err);
	return ASSAY_OK;
}

/* ---- a question --------------------------------------------------------------------------------
 */

/* take_row - the one answer there is */
static bool take_row(void *arg, const json_t *row)
{
	enum assay_lookup_is *is = arg;

	if (json_is_null(json_object_get(row, "value")))
		*is = ASSAY_LOOKUP_NONE;
	else
		*is = json_is_true(json_object_get(row, "isnew")) ? ASSAY_LOOKUP_NEW
								  : ASSAY_LOOKUP_KNOWN;
	return false;
}

/* ask - of this field; key absent: only whether it is kept */
static enum assay_status ask(const struct assay_lookup_table *table, struct assay_slice field,
    struct assay_slice key, enum assay_lookup_is *is, struct assay_err *err)
{
	json_t *query = json_object(), *values = json_array();
	enum assay_status status;

	assay_json_set(query, "want", assay_json_own("lookup"));
	if (field.n > 0)
		assay_json_set(query, "field", assay_json_text(field.p, field.n));
	if (key.p != NULL)
		assay_json_append(values, assay_json_text(key.p, key.n));
	assay_json_set(query, "values", values);
	*is = ASSAY_LOOKUP_NONE;
	status =
	    table->plugin->plugin->connector->query(table->plugin->state, query, take_row, is, err);
	json_decref(query);
	return status;
}

/* assay_lookup_table_open - see lookup_table.h */
enum assay_status assay_lookup_table_open(struct assay_lookup_table *table,
    const struct assay_host *host, const struct assay_opts *core, struct assay_err *err)
{
	enum assay_lookup_is is;
	enum assay_status status;

	*table = (struct assay_lookup_table){ .plugin = assay_host_find(host, ASSAY_LOOKUP_PLUGIN),
		.field = assay_opt_str(core, "lookup_field") };
	if (table->plugin == NULL || table->plugin->plugin->connector == NULL ||
	    table->plugin->plugin->connector->query == NULL)
		return assay_err_set(err, ASSAY_E_CONF,
		    "[core] lookup_listen: nothing is remembered here: name \"%s\" in decorators "
		    "and connectors of [core]",
		    ASSAY_LOOKUP_PLUGIN);
	status = check_value(core, "lookup_known", &table->known, err);
	if (status == ASSAY_OK)
		status = check_value(core, "lookup_unknown", &table->unknown, err);
	if (status == ASSAY_OK)
		status = ask(table, assay_slice_str(table->field), ASSAY_SLICE_NONE, &is, err);
	if (status == ASSAY_E_USAGE) {
		const struct assay_err why = *err;

		return assay_opt_refuse(core, "lookup_field", why.text, err);
	}
	return status;
}

/* assay_lookup_table_ask - see lookup_table.h */
void assay_lookup_table_ask(const struct assay_lookup_table *table,
    const struct assay_lookup_request *request, struct assay_lookup_said *said)
{
	const struct assay_slice field =
	    request->tcp ? assay_slice_str(table->field) : request->map;
	enum assay_status status;

	*said = (struct assay_lookup_said){ .answer = ASSAY_LOOKUP_NOTFOUND, .text = "" };
	if (request->verb != ASSAY_LOOKUP_GET) {
		said->answer = ASSAY_LOOKUP_PERM;
		said->text = "only \"get\" is known here";
		return;
	}
	status = ask(table, field, request->key, &said->is, &said->why);
	if (status != ASSAY_OK) {
		said->is = ASSAY_LOOKUP_NONE;
		said->answer = status == ASSAY_E_USAGE ? ASSAY_LOOKUP_PERM : ASSAY_LOOKUP_TEMP;
		said->text = said->why.text;
		return;
	}
	if (said->is != ASSAY_LOOKUP_NONE)
		said->text = said->is == ASSAY_LOOKUP_KNOWN ? table->known : table->unknown;
	if (said->text[0] != '\0')
		said->answer = ASSAY_LOOKUP_FOUND;
}
