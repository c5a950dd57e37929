/*
 * core/skips.c - see skips.h. Names come from the progress page of a dead process, checked there.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/json.h"
#include "core/skips.h"

#define REMEMBERED_MS 3600000

/* list_of - skip[] of the request, made when it is missing */
static json_t *list_of(json_t *request)
{
	json_t *list = json_object_get(request, "skip");

	if (list == NULL) {
		list = json_array();
		assay_json_set(request, "skip", list);
	}
	return list;
}

/* append - one entry */
static void append(json_t *list, const char *worker, const char *sha256, const char *kind)
{
	json_t *entry = json_object();

	assay_json_set(entry, "worker", assay_json_own(worker));
	assay_json_set(entry, "sha256", assay_json_own(sha256));
	assay_json_set(entry, "kind", assay_json_own(kind));
	assay_json_append(list, entry);
}

/* assay_skips_add - those whose hour is not over */
void assay_skips_add(const struct assay_skips *skips, json_t *request)
{
	int64_t now_ms = assay_clock_mono_ms();

	for (size_t i = 0; i < ASSAY_SKIPS; i++) {
		const struct assay_skip *skip = &skips->entry[i];

		if (skip->until_ms > now_ms)
			append(list_of(request), skip->worker, skip->sha256, skip->kind);
	}
}

/* assay_skips_add_all - whatever the bytes */
void assay_skips_add_all(json_t *request, const char *worker)
{
	append(list_of(request), worker, "*", "bypass");
}

/* place_of - of this pair, or the one that is forgotten for it */
static struct assay_skip *place_of(
    struct assay_skips *skips, const char *worker, const char *sha256)
{
	struct assay_skip *oldest = &skips->entry[0];

	for (size_t i = 0; i < ASSAY_SKIPS; i++) {
		struct assay_skip *skip = &skips->entry[i];

		if (strcmp(skip->worker, worker) == 0 && strcmp(skip->sha256, sha256) == 0)
			return skip;
		if (skip->until_ms < oldest->until_ms)
			oldest = skip;
	}
	oldest->until_ms = 0;
	return oldest;
}

/* assay_skips_learn - a new pair; one that is known keeps its hour */
void assay_skips_learn(struct assay_skips *skips, const json_t *request)
{
	int64_t now_ms = assay_clock_mono_ms();
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(request, "skip"), i, entry)
	{
		const char *worker = assay_json_get_str(entry, "worker");
		const char *sha256 = assay_json_get_str(entry, "sha256");
		const char *kind = assay_json_get_str(entry, "kind");
		struct assay_skip *skip;

		if (worker == NULL || sha256 == NULL || kind == NULL || strlen(sha256) != 64 ||
		    strlen(worker) >= sizeof skip->worker || strlen(kind) >= sizeof skip->kind)
			continue;
		skip = place_of(skips, worker, sha256);
		if (skip->until_ms > now_ms)
			continue;
		(void)snprintf(skip->worker, sizeof skip->worker, "%s", worker);
		(void)snprintf(skip->sha256, sizeof skip->sha256, "%s", sha256);
		(void)snprintf(skip->kind, sizeof skip->kind, "%s", kind);
		skip->until_ms = now_ms + REMEMBERED_MS;
	}
}
