/*
 * filedir/results.c - see results.h
 *
 * Ids, days and worker names come out of a record: each is checked letter by letter before it
 * becomes part of a path.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "results.h"
#include "shelf.h"
#include "tree.h"

#define NAME_MAX_LEN 64
#define UUID 36
#define FINDING ".finding.json"
#define FINDING_MAX ((size_t)1 << 20)
#define UNDATED "undated"

/* starts_uuid - 8-4-4-4-12 hexadecimal digits, and perhaps more */
static bool starts_uuid(const char *id)
{
	for (int i = 0; i < UUID; i++) {
		const bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? id[i] != '-' : assay_ascii_hex((unsigned char)id[i]) < 0)
			return false;
	}
	return true;
}

/* is_uuid - nothing else */
static bool is_uuid(const char *id)
{
	return starts_uuid(id) && id[UUID] == '\0';
}

/* is_name - of a worker: letters, digits, - and _ */
static bool is_name(const char *s)
{
	return assay_slice_is_plain(assay_slice_str(s), "-_") && strlen(s) <= NAME_MAX_LEN;
}

/* day_of - "2026/11/21" from "2026-11-21T...", or a folder for what has no time */
static void day_of(const json_t *record, char day[16])
{
	const char *t = json_string_value(json_object_get(record, "time"));
	bool good = t != NULL && strlen(t) >= 10 && t[4] == '-' && t[7] == '-';

	for (int i = 0; good && i < 10; i++)
		good = i == 4 || i == 7 || assay_ascii_is_digit((unsigned char)t[i]);
	if (good)
		(void)snprintf(day, 16, "%.4s/%.2s/%.2s", t, t + 5, t + 8);
	else
		(void)snprintf(day, 16, UNDATED);
}

/* put - bytes and a line feed */
static enum assay_status put(
    const struct assay_shelf *shelf, struct assay_slice json, struct assay_err *err)
{
	enum assay_status status;
	char *line = malloc(json.n + 1);

	if (line == NULL)
		return assay_err_set(err, ASSAY_E_LIMIT, "out of memory");
	memcpy(line, json.p, json.n);
	line[json.n] = '\n';
	status = assay_shelf_put(shelf, assay_slice(line, json.n + 1), err);
	free(line);
	return status;
}

/* put_json - a document into ROOT/folder/[day/]name; takes the reference */
static enum assay_status put_json(
    const struct assay_shelf *shelf, const char *folder, json_t *json, struct assay_err *err)
{
	char sub[NAME_MAX_LEN + 32];
	const struct assay_shelf in = { shelf->root, sub, shelf->name };
	char *text = json_dumps(json, JSON_COMPACT);
	enum assay_status status;

	json_decref(json);
	if (text == NULL)
		return assay_err_set(err, ASSAY_E_SYNTAX, "the report cannot be written as JSON");
	(void)snprintf(
	    sub, sizeof sub, "%s%s%s", folder, shelf->sub[0] != '\0' ? "/" : "", shelf->sub);
	status = put(&in, assay_slice_str(text), err);
	free(text);
	return status;
}

/* entry_of - one payload's result, with what says which payload it is */
static json_t *entry_of(const json_t *payload, json_t *result)
{
	static const char *const kept[] = { "payload_id", "path", "filename", "size", "sha256" };
	json_t *entry = json_object();

	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		json_t *value = json_object_get(payload, kept[i]);

		if (value != NULL)
			(void)json_object_set(entry, kept[i], value);
	}
	(void)json_object_set(entry, "result", result);
	return entry;
}

/* document_of - the results of one worker, made at its first payload */
static json_t *document_of(json_t *documents, const char *worker, const json_t *report)
{
	json_t *doc = json_object_get(documents, worker);

	if (doc != NULL)
		return doc;
	doc = json_object();
	(void)json_object_set_new(doc, "plugin", json_string(worker));
	(void)json_object_set(doc, "scan_id", json_object_get(report, "scan_id"));
	(void)json_object_set(doc, "time", json_object_get(report, "time"));
	(void)json_object_set_new(doc, "results", json_array());
	(void)json_object_set_new(documents, worker, doc);
	return doc;
}

/* part - {worker: document}; the workers are taken out of the report */
static json_t *part(json_t *report)
{
	json_t *documents = json_object(), *payload, *result;
	const char *worker;
	size_t i;

	json_array_foreach(json_object_get(report, "results"), i, payload)
	{
		json_object_foreach(json_object_get(payload, "workers"), worker, result)
		{
			if (is_name(worker) && strcmp(worker, "report") != 0)
				(void)json_array_append_new(
				    json_object_get(
					document_of(documents, worker, report), "results"),
				    entry_of(payload, result));
		}
		(void)json_object_del(payload, "workers");
	}
	return documents;
}

/* save_parts - a file per worker, then the rest, which says that all is there */
static enum assay_status save_parts(
    const struct assay_shelf *shelf, json_t *report, struct assay_err *err)
{
	json_t *documents = part(report), *doc;
	enum assay_status status = ASSAY_OK;
	const char *worker;

	json_object_foreach(documents, worker, doc)
	{
		if (status == ASSAY_OK)
			status = put_json(shelf, worker, json_incref(doc), err);
	}
	json_decref(documents);
	if (status == ASSAY_OK)
		status = put_json(shelf, "report", json_incref(report), err);
	return status;
}

/* save_read - where the record must be read to know its place */
static enum assay_status save_read(const struct assay_results *results, struct assay_shelf *shelf,
    const struct assay_record *record, struct assay_err *err)
{
	json_error_t why;
	json_t *json = json_loadb(record->json.p, record->json.n, 0, &why);
	char day[16] = "";
	enum assay_status status;

	if (!json_is_object(json)) {
		json_decref(json);
		return assay_err_set(err, ASSAY_E_SYNTAX, "%s %s is no JSON object: %s",
		    record->kind, record->id, why.text);
	}
	if (results->by_date)
		day_of(json, day);
	shelf->sub = day;
	if (results->by_plugin && strcmp(record->kind, "report") == 0)
		status = save_parts(shelf, json, err);
	else
		status = put(shelf, record->json, err);
	json_decref(json);
	return status;
}

/* assay_results_save - see results.h */
enum assay_status assay_results_save(
    const struct assay_results *results, const struct assay_record *record, struct assay_err *err)
{
	const bool report = strcmp(record->kind, "report") == 0;
	char name[64];
	struct assay_shelf shelf = { results->root, "", name };

	if (!is_uuid(record->id))
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "\"%s\" is no id of a %s", record->id, record->kind);
	(void)snprintf(name, sizeof name, "%s%s", record->id, report ? ".json" : FINDING);
	if (results->by_date || results->by_plugin)
		return save_read(results, &shelf, record, err);
	return put(&shelf, record->json, err);
}

/* ---- removing ------------------------------------------------------------------------------- */

/* What is looked for, sorted. */
struct ids {
	const char **id;
	size_t n;
};

/* by_id - for qsort and bsearch */
static int by_id(const void *a, const void *b)
{
	return strncmp(*(const char *const *)a, *(const char *const *)b, UUID);
}

/* has - is it one of them? Only the UUID that it begins with counts. */
static bool has(const struct ids *ids, const char *id)
{
	return bsearch(&id, ids->id, ids->n, sizeof *ids->id, by_id) != NULL;
}

/* read_json - a file of the tree; NULL when it is none of ours */
static json_t *read_json(const struct assay_tree *tree)
{
	int fd = openat(
	    assay_tree_dir(tree), tree->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct assay_buf buf;
	json_t *json = NULL;

	assay_buf_init(&buf, FINDING_MAX);
	if (fd >= 0 && assay_io_read_all(fd, &buf, NULL) == ASSAY_OK && buf.n > 0)
		json = json_loadb(buf.p, buf.n, 0, NULL);
	assay_io_close(&fd);
	assay_buf_release(&buf);
	return json;
}

/* concerns - is the finding about one of the scans? That they were erased may be known. */
static bool concerns(const struct assay_tree *tree, const struct ids *ids)
{
	json_t *finding = read_json(tree);
	const char *scan_id = json_string_value(json_object_get(finding, "scan_id"));
	const char *kind = json_string_value(json_object_get(finding, "kind"));
	const bool is = scan_id != NULL && starts_uuid(scan_id) && has(ids, scan_id) &&
	    (kind == NULL || strcmp(kind, "erased") != 0);

	json_decref(finding);
	return is;
}

/* erase_in - all that belongs to them; *some: anything */
static enum assay_status erase_in(
    struct assay_tree *tree, const struct ids *ids, bool *some, struct assay_err *err)
{
	while (assay_tree_next(tree)) {
		const char *id = tree->name + (tree->name[0] == '.');
		enum assay_status status;

		if (assay_results_kind(tree->path, tree->name) == ASSAY_SWEEP_FOREIGN)
			continue;
		if (!has(ids, id) && (strcmp(id + UUID, FINDING) != 0 || !concerns(tree, ids)))
			continue;
		status = assay_tree_remove(tree, err);
		if (status != ASSAY_OK && status != ASSAY_E_NOENT)
			return status;
		*some = true;
	}
	if (tree->problem.code == ASSAY_OK)
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_IO, "%s", tree->problem.text);
}

/* sync_all - what was removed does not come back */
static enum assay_status sync_all(const char *root, struct assay_err *err)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum assay_status status = ASSAY_OK;

	if (fd < 0 || syncfs(fd) != 0)
		status = assay_io_fail(err, "cannot sync", root);
	assay_io_close(&fd);
	return status;
}

/* assay_results_erase - see results.h */
enum assay_status assay_results_erase(const struct assay_results *results,
    const char *const *scan_ids, size_t n, struct assay_err *err)
{
	struct assay_tree *tree = assay_xcalloc(1, sizeof *tree);
	struct ids ids = { assay_xcalloc(n + 1, sizeof *ids.id), 0 };
	enum assay_status status;
	bool some = false;

	for (size_t i = 0; i < n; i++)
		if (is_uuid(scan_ids[i]))
			ids.id[ids.n++] = scan_ids[i];
	qsort(ids.id, ids.n, sizeof *ids.id, by_id);
	tree->most = ASSAY_RESULTS_LEVELS;
	tree->prune = true;
	status = assay_tree_open(tree, results->root, err);
	if (status == ASSAY_E_NOENT) {
		status = ASSAY_OK;
	} else if (status == ASSAY_OK) {
		status = erase_in(tree, &ids, &some, err);
		if (status == ASSAY_OK && some)
			status = sync_all(results->root, err);
		else if (status != ASSAY_OK)
			assay_err_prefix(err, "%s", results->root);
	}
	assay_tree_close(tree);
	free(tree);
	free(ids.id);
	return status;
}

/* assay_results_kind - UUID.json, UUID.finding.json, or what a crash has left of writing one */
enum assay_sweep_kind assay_results_kind(const char *path, const char *name)
{
	const bool hidden = name[0] == '.';

	(void)path;
	name += hidden;
	if (!starts_uuid(name))
		return ASSAY_SWEEP_FOREIGN;
	if (hidden)
		return assay_slice_ends(assay_slice_str(name), ".tmp") ? ASSAY_SWEEP_LEFTOVER
								       : ASSAY_SWEEP_FOREIGN;
	return strcmp(name + UUID, ".json") == 0 || strcmp(name + UUID, FINDING) == 0
	    ? ASSAY_SWEEP_OURS
	    : ASSAY_SWEEP_FOREIGN;
}
