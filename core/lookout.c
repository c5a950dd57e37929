/*
 * core/lookout.c - see lookout.h. Touches what the plugins touch; keeps nothing.
 */
#include "base/log.h"
#include "core/lookout.h"

/* assay_lookout - all of them, each time: who is not asked cannot notice */
bool assay_lookout(const struct assay_host *host, struct assay_err *worry)
{
	const struct assay_loaded *loaded;
	bool any = false;

	worry->text[0] = '\0';
	for (size_t i = 0; (loaded = assay_host_at(host, i)) != NULL; i++) {
		struct assay_err err = { .text = "" };
		bool changed = false;

		if (loaded->plugin->watch == NULL || !loaded->opened)
			continue;
		if (loaded->plugin->watch(loaded->state, &changed, &err) != ASSAY_OK &&
		    worry->text[0] == '\0')
			*worry = err;
		if (changed)
			assay_log(ASSAY_LOG_INFO, "%s: what it has loaded has changed: reload",
			    loaded->name);
		any |= changed;
	}
	return any;
}
