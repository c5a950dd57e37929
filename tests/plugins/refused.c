/*
 * refused - plugins that the host must not load, one per value of the macro that is defined
 */
#include "base/err.h"
#include "testplugin.h"

#ifndef TEST_ABI
#define TEST_ABI ASSAY_ABI
#endif
#ifndef TEST_SIZE
#define TEST_SIZE (uint32_t)sizeof(struct assay_plugin)
#endif
#ifndef TEST_BUILD
#define TEST_BUILD ASSAY_BUILD
#endif
#ifdef TEST_OTHER_NAME
#undef TEST_NAME
#define TEST_NAME "rightname"
#endif
#ifndef TEST_SYMBOL
#define TEST_SYMBOL assay_plugin
#endif

/* scan - never called */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	(void)state;
	(void)payload;
	(void)result;
	(void)err;
	return ASSAY_OK;
}

/* open_fails - as if something were missing */
static enum assay_status open_fails(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	(void)opts;
	(void)state;
	return assay_err_set(err, ASSAY_E_CONF, "cannot be opened on purpose");
}

/* warm_fails - as if something were missing */
static enum assay_status warm_fails(void *state, struct assay_err *err)
{
	(void)state;
	return assay_err_set(err, ASSAY_E_IO, "cannot be warmed on purpose");
}

static const struct assay_field good_fields[] = {
	{ "said", ASSAY_STR, ASSAY_TECHNICAL, "text" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};
static const struct assay_field bad_fields[] = {
	{ "list[].a", ASSAY_STR, ASSAY_TECHNICAL, "text" },
	{ "list.b", ASSAY_STR, ASSAY_TECHNICAL, "text" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};
static const struct assay_fact good_facts[] = { { NULL, 0, 0, NULL, NULL } };
static const struct assay_fact bad_facts[] = {
	{ "size", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "said", "compares otherwise elsewhere" },
	{ NULL, 0, 0, NULL, NULL },
};
static const char *const nobody[] = { "nobody_at_all", NULL };
static const char *const no_needs[] = { NULL };

#define CHOOSE(yes, a, b) ((yes) ? (a) : (b))

static const struct assay_worker worker = {
	.scan = CHOOSE(TEST_NO_SCAN, NULL, scan),
	.needs_workers = CHOOSE(TEST_NEEDS, nobody, no_needs),
};

extern ASSAY_API const struct assay_plugin TEST_SYMBOL;

const struct assay_plugin TEST_SYMBOL = {
	.abi = TEST_ABI,
	.size = TEST_SIZE,
	.build = TEST_BUILD,
	.name = TEST_NAME,
	.version = "1.0",
	.licence = "GPL-2.0-or-later",
	.summary = "must not be loaded",
	.fields = CHOOSE(TEST_BAD_FIELDS, bad_fields, good_fields),
	.facts = CHOOSE(TEST_BAD_FACTS, bad_facts, good_facts),
	.open = CHOOSE(TEST_FAIL_OPEN, open_fails, NULL),
	.warm = CHOOSE(TEST_FAIL_WARM, warm_fails, NULL),
	.worker = CHOOSE(TEST_NO_CLASS, NULL, &worker),
};
