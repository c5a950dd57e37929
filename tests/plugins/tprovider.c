/*
 * tprovider - a provider whose messages are the names it is given
 */
#include "testplugin.h"

/* once - each name is a message */
static enum assay_status once(
    void *state, struct assay_door *door, const char *const *names, struct assay_err *err)
{
	(void)state;
	for (; *names != NULL && !assay_door_stopping(door); names++) {
		const struct assay_submission mail = { .bytes = assay_slice_str(*names),
			.fd = -1,
			.source = "tprovider",
			.source_id = *names,
			.filename = *names };
		enum assay_status s = assay_submit(door, &mail, NULL, err);

		if (s != ASSAY_OK)
			return s;
	}
	return ASSAY_OK;
}

static const struct assay_provider provider = { .once = once };

const struct assay_plugin assay_plugin = { TEST_HEAD("tprovider", "its names are its messages"),
	.needs = ASSAY_NEEDS_FILES, .provider = &provider };
