/* rooms: core text base */
/*
 * fuzz_query.c - any bytes as a query
 *
 * What is accepted must be a tree as query.h promises: known words, bounded nesting and terms,
 * values not empty and without upper-case ASCII, bounds of addresses in order; refused is said in
 * one line that begins with "query: ".
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/facts.h"
#include "core/query.h"
#include "core/when.h"

#define NOW ((int64_t)1767225600000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned terms;

/* text_at - a member that must be a text in lower case */
static const char *text_at(const json_t *node, const char *name)
{
	const char *s = json_string_value(json_object_get(node, name));

	ASSAY_ASSERT(s != NULL);
	for (const char *p = s; *p != '\0'; p++)
		ASSAY_ASSERT(*p < 'A' || *p > 'Z');
	return s;
}

/* check_leaf - one comparison */
static void check_leaf(const json_t *node)
{
	const char *is = text_at(node, "is");
	const json_t *from = json_object_get(node, "from"), *to = json_object_get(node, "to");

	terms++;
	if (strcmp(is, "text") != 0 && strcmp(is, "time") != 0)
		ASSAY_ASSERT(json_is_string(json_object_get(node, "word")));
	if (strcmp(is, "net") == 0)
		ASSAY_ASSERT(strlen(text_at(node, "from")) == 32 &&
		    strcmp(text_at(node, "from"), text_at(node, "to")) <= 0);
	else if (strcmp(is, "time") == 0 || strcmp(is, "size") == 0)
		ASSAY_ASSERT(json_is_integer(from) && json_is_integer(to));
	else
		ASSAY_ASSERT(strlen(text_at(node, "value")) <= ASSAY_QUERY_VALUE);
}

/* check - a node and what is below it; recursion: the bound that is checked */
static void check(const json_t *node, unsigned depth)
{
	const json_t *list = json_object_get(node, "and");

	/* Beside each parenthesis there may be an "or" of "and"s. */
	ASSAY_ASSERT(json_is_object(node) && depth <= 3 * ASSAY_QUERY_DEPTH + 3);
	if (list == NULL)
		list = json_object_get(node, "or");
	if (list != NULL) {
		ASSAY_ASSERT(json_array_size(list) >= 2);
		for (size_t i = 0; i < json_array_size(list); i++)
			check(json_array_get(list, i), depth + 1);
	} else if (json_object_get(node, "not") != NULL) {
		check(json_object_get(node, "not"), depth + 1);
	} else {
		check_leaf(node);
	}
}

/* LLVMFuzzerTestOneInput - parse and check */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_slice text = { (const char *)data, size };
	struct assay_vocabulary vocabulary;
	struct assay_query_context context = { &vocabulary, NOW };
	struct assay_err err = { .text = "" };
	struct assay_when when;
	json_t *match = NULL;

	assay_vocabulary_init(&vocabulary, arena);
	ASSAY_ASSERT(assay_vocabulary_add(&vocabulary, "core", assay_facts_core, NULL) == ASSAY_OK);
	terms = 0;
	if (assay_query_parse(text, &context, &match, &err) != ASSAY_OK) {
		ASSAY_ASSERT(match == NULL && err.code == ASSAY_E_USAGE);
		ASSAY_ASSERT(strncmp(err.text, "query: ", 7) == 0);
	} else if (match != NULL) {
		check(match, 0);
		ASSAY_ASSERT(terms <= ASSAY_QUERY_TERMS);
	}
	json_decref(match);
	if (size > 0 && assay_when_parse(text, NOW, &when))
		ASSAY_ASSERT(when.from < when.to);
	assay_arena_free(&arena);
	return 0;
}
