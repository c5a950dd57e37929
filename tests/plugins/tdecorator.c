/*
 * tdecorator - a decorator that counts the payloads of the report
 */
#include "testplugin.h"

static const struct assay_field fields[] = {
	{ "payloads", ASSAY_INT, ASSAY_TECHNICAL, "entries of results[]" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

/* decorate - count */
static enum assay_status decorate(
    void *state, const json_t *report, json_t *facts, struct assay_err *err)
{
	size_t n = json_array_size(json_object_get(report, "results"));

	(void)state;
	(void)err;
	(void)json_object_set_new(facts, "payloads", json_integer((json_int_t)n));
	return ASSAY_OK;
}

static const struct assay_decorator decorator = { .decorate = decorate };

const struct assay_plugin assay_plugin = { TEST_HEAD("tdecorator", "counts payloads"),
	.fields = fields, .decorator = &decorator };
