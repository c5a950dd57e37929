/*
 * core/view.c - see view.h
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/slice.h"
#include "core/json.h"
#include "core/view.h"

/* with_results - a shallow copy of the report with other results[], which are taken */
static json_t *with_results(const json_t *report, json_t *results)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)report);

	assay_json_set(copy, "results", results);
	return copy;
}

/* ---- by worker ------------------------------------------------------------------------------- */

/* with_worker - a shallow copy of a payload with one worker's result only; name NULL: none */
static json_t *with_worker(json_t *payload, const char *name, json_t *result)
{
	json_t *copy = json_copy(payload), *workers = json_object();

	if (name != NULL)
		assay_json_set(workers, name, json_incref(result));
	assay_json_set(copy, "workers", workers);
	return copy;
}

/* add_document - one document with one entry of results[], which is taken */
static void add_document(json_t *documents, const json_t *report, json_t *payload)
{
	json_t *results = json_array();

	assay_json_append(results, payload);
	assay_json_append(documents, with_results(report, results));
}

/* assay_view_split - a document per payload and worker */
json_t *assay_view_split(const json_t *report)
{
	json_t *documents = json_array(), *payload, *result;
	const char *name;
	size_t i;

	json_array_foreach(json_object_get(report, "results"), i, payload)
	{
		json_t *workers = json_object_get(payload, "workers");

		if (!json_is_object(payload))
			continue;
		if (json_object_size(workers) == 0)
			add_document(documents, report, with_worker(payload, NULL, NULL));
		json_object_foreach(workers, name, result)
		    add_document(documents, report, with_worker(payload, name, result));
	}
	return documents;
}

/* ---- by payload ------------------------------------------------------------------------------ */

/* release - a list of the map dies with the arena */
static void release(void *list)
{
	json_decref(list);
}

/* children_of - payload_id -> list of payloads that were extracted from it */
static void children_of(const json_t *results, struct assay_arena *arena, struct assay_map *map)
{
	json_t *payload, *parent;
	size_t i, k;

	json_array_foreach(results, i, payload)
	    json_array_foreach(json_object_get(payload, "extracted_from"), k, parent)
	{
		struct assay_slice key = { json_string_value(parent), json_string_length(parent) };
		json_t *list = key.p != NULL ? assay_map_get(map, key) : NULL;

		if (key.p == NULL)
			continue;
		if (list == NULL) {
			list = json_array();
			assay_arena_defer(arena, release, list);
			(void)assay_map_add(map, key, list);
		}
		assay_json_append(list, json_incref(payload));
	}
}

/* find - the payload of that id, or NULL */
static json_t *find(const json_t *results, const char *payload_id)
{
	json_t *payload;
	size_t i;

	json_array_foreach(results, i, payload)
	{
		const char *id = assay_json_get_str(payload, "payload_id");

		if (id != NULL && strcmp(id, payload_id) == 0)
			return payload;
	}
	return NULL;
}

/* list_once - append a payload unless it is listed already */
static void list_once(json_t *out, struct assay_map *listed, json_t *payload)
{
	const char *id = assay_json_get_str(payload, "payload_id");

	if (id != NULL && assay_map_add(listed, assay_slice_str(id), listed))
		assay_json_append(out, json_incref(payload));
}

/* reach - `first` and all below it, breadth first, each once */
static json_t *reach(const struct assay_map *children, struct assay_map *listed, json_t *first)
{
	json_t *out = json_array(), *child;
	size_t i;

	list_once(out, listed, first);
	for (size_t at = 0; at < json_array_size(out); at++) {
		const char *id = assay_json_get_str(json_array_get(out, at), "payload_id");

		json_array_foreach(assay_map_get(children, assay_slice_str(id)), i, child)
		    list_once(out, listed, child);
	}
	return out;
}

/* assay_view_subtree - a payload and what came out of it */
json_t *assay_view_subtree(const json_t *report, const char *payload_id)
{
	const json_t *results = json_object_get(report, "results");
	json_t *first = find(results, payload_id), *reached;
	struct assay_arena *arena;
	struct assay_map children, listed;

	if (first == NULL)
		return NULL;
	arena = assay_arena_new();
	assay_map_init(&children, arena);
	assay_map_init(&listed, arena);
	children_of(results, arena, &children);
	reached = reach(&children, &listed, first);
	assay_arena_free(&arena);
	return with_results(report, reached);
}
