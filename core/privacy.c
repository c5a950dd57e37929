/*
 * core/privacy.c - see privacy.h
 *
 * A container whose own row is above the level goes as a whole; facts{}, workers{}, decorators{}
 * and archivers{} are open and judged by what is in them.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/docfields.h"
#include "core/facts.h"
#include "core/fields.h"
#include "core/host.h"
#include "core/json.h"
#include "core/privacy.h"
#include "core/pseudonym.h"

#define STEPS_MAX 16u

/* An excluded place, step by step. */
struct path {
	const char *step[STEPS_MAX];
	size_t n;
	struct path *next;
};

struct assay_privacy_filter {
	const struct assay_host *host;
	enum assay_privacy fields;
	struct assay_field_node *root; /* of the report itself */
	struct path *exclude;
	struct assay_pseudonym *pseudonym; /* NULL: none */
};

/* The filter at work, at a level that may be lower than configured. */
struct pass {
	const struct assay_privacy_filter *filter;
	enum assay_privacy level;
};

static bool may_stay(
    const struct pass *pass, const struct assay_field_node *node, unsigned list, json_t *value);

/* ---- excluded paths -------------------------------------------------------------------------- */

/* read_path - the steps of "a[].b.c" */
static enum assay_status read_path(
    struct assay_arena *arena, const char *text, struct path *path, struct assay_err *err)
{
	struct assay_slice rest = assay_slice_str(text), name;

	while (assay_slice_split(&rest, '.', &name)) {
		while (assay_slice_ends(name, "[]"))
			name.n -= 2;
		if (name.n == 0 || path->n == STEPS_MAX)
			return assay_err_set(err, ASSAY_E_CONF, "exclude: \"%s\" is no path", text);
		path->step[path->n++] = assay_arena_memdup0(arena, name.p, name.n);
	}
	return ASSAY_OK;
}

/* is_open - a container whose members no row of the report names */
static bool is_open(const struct assay_field_node *node)
{
	return node->member == NULL && (node->type & ASSAY_OBJECT) != 0;
}

/* is_known - does the path lead anywhere? Of a plugin that is not loaded nothing is known. */
static bool is_known(const struct assay_privacy_filter *filter, const struct path *path)
{
	const struct assay_field_node *node = filter->root;
	const struct assay_loaded *loaded;

	for (size_t i = 0; i < path->n; i++) {
		if (!is_open(node)) {
			node = assay_fields_member(node, path->step[i]);
			if (node == NULL)
				return false;
			continue;
		}
		if (strcmp(node->name, "facts") == 0)
			return i + 1 == path->n &&
			    assay_vocabulary_find(
				assay_host_vocabulary(filter->host), path->step[i]) != NULL;
		loaded = assay_host_find(filter->host, path->step[i]);
		if (loaded == NULL || strcmp(node->name, "archivers") == 0)
			return true;
		node = loaded->fields;
		if (node->member == NULL)
			return i + 1 == path->n;
	}
	return path->n > 0;
}

/* exclude - takes the place away below value, in every list on the way */
static void exclude(const struct path *path, size_t at, json_t *value)
{
	json_t *inner;
	size_t i;

	while (json_is_object(value) && at + 1 < path->n)
		value = json_object_get(value, path->step[at++]);
	if (json_is_object(value))
		(void)json_object_del(value, path->step[at]);
	json_array_foreach(value, i, inner) exclude(path, at, inner);
}

/* ---- classes --------------------------------------------------------------------------------- */

/* class_at - of a path in a table; content when it leads nowhere */
static enum assay_privacy class_at(const struct assay_field_node *node, const char *text)
{
	struct assay_slice rest = assay_slice_str(text), name;
	enum assay_privacy most = ASSAY_TECHNICAL;
	char step[64];

	while (assay_slice_split(&rest, '.', &name)) {
		while (assay_slice_ends(name, "[]"))
			name.n -= 2;
		if (name.n >= sizeof step)
			return ASSAY_CONTENT;
		memcpy(step, name.p, name.n);
		step[name.n] = '\0';
		node = assay_fields_member(node, step);
		if (node == NULL)
			return ASSAY_CONTENT;
		if (node->privacy > most)
			most = node->privacy;
	}
	return most;
}

/* class_in - of a word by the rows of one table; -1: it does not have it */
static int class_in(
    const struct assay_field_node *root, const struct assay_fact *rows, const char *word)
{
	int most = -1;

	for (; rows != NULL && rows->word != NULL; rows++) {
		int class;

		if (strcmp(rows->word, word) != 0)
			continue;
		if (rows->path != NULL)
			class = (int)class_at(root, rows->path);
		else /* the core's own words about a payload: its names, or what is measured */
			class = strcmp(word, "filename") == 0 || strcmp(word, "path") == 0
			    ? ASSAY_PERSONAL
			    : ASSAY_TECHNICAL;
		most = class > most ? class : most;
	}
	return most;
}

/* class_of_word - the highest of those its values may come from */
static enum assay_privacy class_of_word(const struct assay_privacy_filter *filter, const char *word)
{
	int most = class_in(filter->root, assay_facts_core, word);
	const struct assay_loaded *loaded;

	for (size_t i = 0; (loaded = assay_host_at(filter->host, i)) != NULL; i++) {
		const int class = class_in(loaded->fields, loaded->plugin->facts, word);

		most = class > most ? class : most;
	}
	return most >= 0 ? (enum assay_privacy)most : ASSAY_CONTENT;
}

/* filter_open - facts{}, workers{}, decorators{}; archivers{} holds references only */
static void filter_open(const struct pass *pass, const char *name, json_t *object)
{
	const bool facts = strcmp(name, "facts") == 0;
	const char *key;
	json_t *value;
	void *tmp;

	if (strcmp(name, "archivers") == 0)
		return;
	json_object_foreach_safe(object, tmp, key, value)
	{
		const struct assay_loaded *loaded = assay_host_find(pass->filter->host, key);
		bool stays;

		if (facts)
			stays = class_of_word(pass->filter, key) <= pass->level;
		else
			stays = loaded != NULL && may_stay(pass, loaded->fields, 0, value);
		if (!stays)
			(void)json_object_del(object, key);
	}
}

/* filter_members - of an object that a table describes */
static void filter_members(
    const struct pass *pass, const struct assay_field_node *node, json_t *object)
{
	const struct assay_field_node *m;
	const char *key;
	json_t *value;
	void *tmp;

	json_object_foreach_safe(object, tmp, key, value)
	{
		m = assay_fields_member(node, key);
		if (m == NULL || !may_stay(pass, m, m->list, value))
			(void)json_object_del(object, key);
	}
}

/* is_judged_inside - one of the report's open containers */
static bool is_judged_inside(const struct assay_field_node *node)
{
	static const char *const names[] = { "facts", "workers", "decorators", "archivers" };

	for (size_t i = 0; node->name != NULL && i < sizeof names / sizeof names[0]; i++)
		if (is_open(node) && strcmp(node->name, names[i]) == 0)
			return true;
	return false;
}

/* may_stay - what of it may not is taken out of it. Recursion: depth of the tables */
static bool may_stay(
    const struct pass *pass, const struct assay_field_node *node, unsigned list, json_t *value)
{
	json_t *inner;
	size_t i;

	if (list > 0) {
		json_array_foreach(value, i, inner)
		{
			if (!may_stay(pass, node, list - 1, inner))
				(void)json_array_remove(value, i--);
		}
		return true;
	}
	if (is_judged_inside(node)) {
		filter_open(pass, node->name, value);
		return true;
	}
	if (node->privacy > pass->level)
		return false;
	if (json_is_object(value))
		filter_members(pass, node, value);
	return true;
}

/* filter_finding - a later fact: who said it and what is personal */
static void filter_finding(const struct pass *pass, json_t *finding)
{
	if (pass->level >= ASSAY_PERSONAL)
		return;
	(void)json_object_del(finding, "by");
	(void)json_object_del(finding, "note");
	filter_open(pass, "facts", json_object_get(finding, "facts"));
}

/* ---- the filter ------------------------------------------------------------------------------ */

/* assay_privacy_new - see privacy.h */
enum assay_status assay_privacy_new(struct assay_arena *arena, const struct assay_host *host,
    const struct assay_privacy_options *options, struct assay_privacy_filter **filter,
    struct assay_err *err)
{
	struct assay_privacy_filter *f = assay_arena_zalloc(arena, sizeof *f);
	enum assay_status status;

	f->host = host;
	f->fields = options->fields;
	status = assay_fields_new(arena, assay_doc_fields, &f->root, err);
	for (const char *const *text = options->exclude;
	     status == ASSAY_OK && text != NULL && *text != NULL; text++) {
		struct path *path = assay_arena_zalloc(arena, sizeof *path);

		status = read_path(arena, *text, path, err);
		if (status == ASSAY_OK && !is_known(f, path))
			return assay_err_set(err, ASSAY_E_CONF,
			    "exclude: no report has \"%s\"; see `assay plugins --schema`", *text);
		path->next = f->exclude;
		f->exclude = path;
	}
	if (status == ASSAY_OK && options->pseudonymise != NULL && options->pseudonymise[0] != NULL)
		status = assay_pseudonym_new(arena, host, options, &f->pseudonym, err);
	*filter = f;
	return status;
}

/* assay_privacy_is_open - see privacy.h */
bool assay_privacy_is_open(const struct assay_privacy_filter *filter)
{
	return filter->fields == ASSAY_CONTENT && filter->exclude == NULL &&
	    filter->pseudonym == NULL;
}

/* assay_privacy_apply - see privacy.h */
void assay_privacy_apply(const struct assay_privacy_filter *filter, json_t *report)
{
	struct pass pass = { filter, filter->fields };
	const char *schema = assay_json_get_str(report, "schema");

	/* Names first: they are found by facts that may have to go. */
	if (filter->pseudonym != NULL && !assay_pseudonym_apply(filter->pseudonym, report))
		pass.level = ASSAY_TECHNICAL;
	if (schema != NULL && strncmp(schema, "assay-finding/", 14) == 0)
		filter_finding(&pass, report);
	else if (pass.level < ASSAY_CONTENT)
		filter_members(&pass, filter->root, report);
	for (const struct path *path = filter->exclude; path != NULL; path = path->next)
		exclude(path, 0, report);
}
