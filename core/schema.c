/*
 * core/schema.c - see schema.h. Walks field trees whose depth their makers bounded. An object
 * without a row of its own is technical; what its members are, they say themselves.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/docfields.h"
#include "core/host.h"
#include "core/json.h"
#include "core/schema.h"

static json_t *node_schema(const struct assay_field_node *node);

/* types - "string", or ["string", "null"] */
static json_t *types(unsigned bits)
{
	static const struct {
		unsigned bit;
		const char *name;
	} all[] = { { ASSAY_STR, "string" }, { ASSAY_INT, "integer" }, { ASSAY_REAL, "number" },
		{ ASSAY_BOOL, "boolean" }, { ASSAY_OBJECT, "object" }, { ASSAY_NULL, "null" } };
	json_t *list = json_array(), *only;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if ((bits & all[i].bit) != 0)
			assay_json_append(list, assay_json_own(all[i].name));
	if (json_array_size(list) != 1)
		return list;
	only = json_incref(json_array_get(list, 0));
	json_decref(list);
	return only;
}

/* describe - description and privacy class */
static void describe(json_t *schema, const char *help, enum assay_privacy privacy)
{
	static const char *const names[] = { "technical", "personal", "content" };

	assay_json_set(schema, "description", assay_json_str(help != NULL ? help : ""));
	assay_json_set(schema, "x-privacy", assay_json_own(names[privacy]));
}

/* properties - of all members */
static json_t *properties(const struct assay_field_node *node)
{
	json_t *all = json_object();

	for (const struct assay_field_node *m = node->member; m != NULL; m = m->next)
		if (strcmp(m->name, "*") != 0)
			assay_json_set(all, m->name, node_schema(m));
	return all;
}

/* set_members - of an object: those it names, and all others where it has "*" */
static void set_members(json_t *schema, const struct assay_field_node *node)
{
	const struct assay_field_node *any = assay_fields_member(node, "*");

	assay_json_set(schema, "properties", properties(node));
	if (any != NULL)
		assay_json_set(schema, "additionalProperties", node_schema(any));
}

/* in_lists - wrap a schema into its lists */
static json_t *in_lists(json_t *schema, unsigned list)
{
	for (; list > 0; list--) {
		json_t *array = json_object();

		assay_json_set(array, "type", assay_json_own("array"));
		assay_json_set(array, "items", schema);
		schema = array;
	}
	return schema;
}

/* node_schema - of one place and all below it */
static json_t *node_schema(const struct assay_field_node *node)
{
	json_t *schema = json_object();

	assay_json_set(schema, "type", types(node->type));
	if (node->member != NULL)
		set_members(schema, node);
	if (node->list > 0)
		schema = in_lists(schema, node->list);
	describe(schema, node->help, node->privacy);
	return schema;
}

/* require_all - every property must be there */
static void require_all(json_t *schema)
{
	json_t *list = json_array(), *value;
	const char *name;

	json_object_foreach(json_object_get(schema, "properties"), name, value)
	    assay_json_append(list, assay_json_str(name));
	assay_json_set(schema, "required", list);
}

/* plugin_results - a property per loaded plugin of one class */
static json_t *plugin_results(const struct assay_host *host, bool decorators)
{
	json_t *all = json_object();
	const struct assay_loaded *l;

	for (size_t i = 0; (l = assay_host_at(host, i)) != NULL; i++) {
		const struct assay_plugin *p = l->plugin;
		json_t *schema;

		if (decorators ? p->decorator == NULL : p->worker == NULL)
			continue;
		schema = node_schema(l->fields);
		describe(schema, p->summary, ASSAY_TECHNICAL);
		assay_json_set(all, l->name, schema);
	}
	return all;
}

/* word_privacy - as private as the place its values come from */
static enum assay_privacy word_privacy(const struct assay_host *host,
    const struct assay_field_node *doc, const struct assay_word *word)
{
	const struct assay_loaded *l = assay_host_find(host, word->plugin);
	const struct assay_field_node *node;

	if (l != NULL)
		node = assay_fields_at(l->fields, word->path);
	else if (word->path != NULL)
		node = assay_fields_at(doc, word->path);
	else
		node = assay_fields_member(assay_fields_member(doc, "results"), word->word);
	return node != NULL ? node->privacy : ASSAY_TECHNICAL;
}

/* words - a property per word of the vocabulary */
static json_t *words(const struct assay_host *host, const struct assay_field_node *doc)
{
	const struct assay_vocabulary *vocabulary = assay_host_vocabulary(host);
	json_t *all = json_object();

	for (size_t i = 0; i < vocabulary->words.n; i++) {
		const struct assay_word *word = vocabulary->words.entry[i].value;
		bool number = word->compare == ASSAY_COMPARE_SIZE;
		json_t *item = json_object(), *list;

		assay_json_set(item, "type", assay_json_own(number ? "integer" : "string"));
		list = in_lists(item, 1);
		describe(list, word->help, word_privacy(host, doc, word));
		assay_json_set(all, word->word, list);
	}
	return all;
}

/* archiver_refs - what any archiver says */
static json_t *archiver_refs(void)
{
	json_t *schema = json_object(), *members = json_object(), *ref = json_object();

	assay_json_set(ref, "type", assay_json_own("string"));
	describe(ref, "where the bytes are, in that archiver's words", ASSAY_TECHNICAL);
	assay_json_set(members, "ref", ref);
	assay_json_set(schema, "type", assay_json_own("object"));
	assay_json_set(schema, "properties", members);
	describe(schema, "one archiver", ASSAY_TECHNICAL);
	return schema;
}

/* property - of an object schema, borrowed */
static json_t *property(json_t *schema, const char *name)
{
	json_t *p = json_object_get(json_object_get(schema, "properties"), name);

	ASSAY_ASSERT(p != NULL);
	return p;
}

/* assay_schema - of the whole document */
json_t *assay_schema(const struct assay_host *host)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_field_node *root;
	json_t *schema = json_object(), *body, *payload;

	ASSAY_ASSERT(assay_fields_new(arena, assay_doc_fields, &root, NULL) == ASSAY_OK);
	assay_json_set(
	    schema, "$schema", assay_json_own("https://json-schema.org/draft/2020-12/schema"));
	assay_json_set(schema, "$id", assay_json_own("urn:assay:schema:assay-1"));
	assay_json_set(schema, "title", assay_json_own("assay/1: the report about one message"));
	root->type = ASSAY_OBJECT;
	body = node_schema(root);
	(void)json_object_del(body, "description");
	(void)json_object_del(body, "x-privacy");
	assay_json_set(property(body, "schema"), "const", assay_json_own("assay/1"));
	payload = json_object_get(property(body, "results"), "items");
	assay_json_set(property(payload, "workers"), "properties", plugin_results(host, false));
	assay_json_set(property(payload, "archivers"), "additionalProperties", archiver_refs());
	assay_json_set(property(payload, "facts"), "properties", words(host, root));
	assay_json_set(property(body, "facts"), "properties", words(host, root));
	assay_json_set(property(body, "decorators"), "properties", plugin_results(host, true));
	require_all(payload);
	require_all(body);
	(void)json_object_update(schema, body);
	json_decref(body);
	assay_arena_free(&arena);
	return schema;
}
