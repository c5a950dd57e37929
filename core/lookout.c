/*
 * core/lookout.c - see lookout.h. Touches what the plugins touch; keeps nothing.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "core/lookout.h"

/* add - one plugin's words */
static void add(struct assay_lookout *seen, const char *name, const char *words)
{
	const size_t at = strlen(seen->loaded);

	(void)snprintf(seen->loaded + at, sizeof seen->loaded - at, "%s%s: %s", at > 0 ? "; " : "",
	    name, words);
}

/* assay_lookout - all of them, each time: who is not asked cannot notice */
void assay_lookout(const struct assay_host *host, struct assay_lookout *seen)
{
	const struct assay_loaded *loaded;

	*seen = (struct assay_lookout){ .changed = false };
	for (size_t i = 0; (loaded = assay_host_at(host, i)) != NULL; i++) {
		struct assay_err err = { .text = "" };
		bool changed = false;

		if (loaded->plugin->watch == NULL || !loaded->opened)
			continue;
		if (loaded->plugin->watch(loaded->state, &changed, &err) == ASSAY_OK) {
			if (err.text[0] != '\0')
				add(seen, loaded->name, err.text);
		} else if (seen->worry.text[0] == '\0') {
			seen->worry = err;
		}
		if (changed)
			assay_log(ASSAY_LOG_INFO, "%s: what it has loaded has changed: reload",
			    loaded->name);
		seen->changed |= changed;
	}
}
