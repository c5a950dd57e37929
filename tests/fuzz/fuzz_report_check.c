/* rooms: core text base */
/*
 * tests/fuzz/fuzz_report_check.c - the door's check against jansson: what the check takes, jansson
 * takes as well, apart from numbers that are out of its range.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/err.h"
#include "base/slice.h"
#include "core/report_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* LLVMFuzzerTestOneInput - the input stands behind the schema */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "{\"schema\":\"" ASSAY_REPORT_SCHEMA "\"";
	size_t n = sizeof head - 1 + size;
	char *text = malloc(n + 1);
	json_error_t error;
	struct assay_err err;
	json_t *json;
	bool fine;

	memcpy(text, head, sizeof head - 1);
	if (size > 0)
		memcpy(text + sizeof head - 1, data, size);
	fine = assay_report_check(assay_slice(text, n), &err) == ASSAY_OK;
	json = json_loadb(text, n, 0, &error);
	/* Numbers out of jansson's range are JSON all the same. */
	if (fine && json == NULL)
		ASSAY_ASSERT(strstr(error.text, "too big") != NULL ||
		    strstr(error.text, "overflow") != NULL);
	json_decref(json);
	free(text);
	return 0;
}
