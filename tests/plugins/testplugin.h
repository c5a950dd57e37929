/*
 * tests/plugins/testplugin.h - what the test plugins share
 *
 * Head of the plugin object, a one-field result, and "is this payload meant".
 */
#ifndef ASSAY_TESTPLUGIN_H
#define ASSAY_TESTPLUGIN_H

#include <stddef.h>

#include <assay/plugin.h>

#include "base/slice.h"

#define TEST_HEAD(NAME, SUMMARY)                                                                   \
	ASSAY_PLUGIN_HEAD, .name = NAME, .version = "1.0", .licence = "GPL-2.0-or-later",          \
			   .summary = SUMMARY

/* `said`, and the option `marker`. */
#define TEST_TABLES                                                                                \
	static const struct assay_field fields[] = {                                               \
		{ "said", ASSAY_STR, ASSAY_TECHNICAL, "what the test plugin says" },               \
		{ NULL, 0, ASSAY_TECHNICAL, NULL },                                                \
	};                                                                                         \
	static const struct assay_opt options[] = {                                                \
		{ "marker", ASSAY_OPT_STR, "", 0, 0, NULL,                                         \
		    "act on payloads that hold this text only" },                                  \
		{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },                                   \
	}

/* A worker NAME.c: TEST_WORKER(name, "summary") behind a function scan(). */
#define TEST_WORKER(NAME, SUMMARY)                                                                 \
	static enum assay_status open_options(                                                     \
	    const struct assay_opts *opts, void **state, struct assay_err *err)                    \
	{                                                                                          \
		(void)err;                                                                         \
		*state = (void *)(uintptr_t)assay_opt_str(opts, "marker");                         \
		return ASSAY_OK;                                                                   \
	}                                                                                          \
	static const struct assay_worker worker = { .scan = scan };                                \
	const struct assay_plugin assay_plugin = { TEST_HEAD(NAME, SUMMARY), .options = options,   \
		.fields = fields, .open = open_options, .worker = &worker }

/* test_is_meant - does the payload hold the marker; says "fine" when not */
static inline bool test_is_meant(
    const char *marker, const struct assay_payload *payload, struct assay_result *result)
{
	struct assay_slice bytes = assay_payload_bytes(payload);

	if (marker[0] == '\0' || assay_slice_search(bytes, assay_slice_str(marker)) < bytes.n)
		return true;
	(void)json_object_set_new(assay_result_json(result), "said", json_string("fine"));
	return false;
}

#endif
