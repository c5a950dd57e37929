/* rooms: core text base */
/*
 * tests of core/fields, core/cut and core/facts: what plugins may say, how it is shortened, and
 * which facts it gives
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "core/cut.h"
#include "core/facts.h"
#include "core/fields.h"
#include "core/json.h"

static const struct assay_field rows[] = {
	{ "name", ASSAY_STR | ASSAY_NULL, ASSAY_PERSONAL, "name" },
	{ "size", ASSAY_INT, ASSAY_TECHNICAL, "size" },
	{ "share", ASSAY_REAL, ASSAY_TECHNICAL, "share" },
	{ "flag", ASSAY_BOOL, ASSAY_TECHNICAL, "flag" },
	{ "auth", ASSAY_OBJECT | ASSAY_NULL, ASSAY_TECHNICAL, "may be null" },
	{ "auth.user", ASSAY_STR, ASSAY_PERSONAL, "user" },
	{ "tags[]", ASSAY_STR, ASSAY_TECHNICAL, "tags" },
	{ "grid[][]", ASSAY_INT, ASSAY_TECHNICAL, "rows of numbers" },
	{ "hits[].rule", ASSAY_STR, ASSAY_TECHNICAL, "rule" },
	{ "hits[].strings[].data", ASSAY_STR, ASSAY_CONTENT, "what matched" },
	{ "body", ASSAY_STR, ASSAY_CONTENT, "text" },
	{ "words.*[].value", ASSAY_STR, ASSAY_PERSONAL, "of a word that the configuration names" },
	{ "words.known", ASSAY_INT, ASSAY_TECHNICAL, "a word of its own" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

struct fixture {
	struct assay_arena *arena;
	struct assay_field_node *root;
};

/* setup - the table above as a tree */
static int setup(void **state)
{
	struct fixture *f = assay_xcalloc(1, sizeof *f);

	f->arena = assay_arena_new();
	assert_int_equal(assay_fields_new(f->arena, rows, &f->root, NULL), ASSAY_OK);
	*state = f;
	return 0;
}

/* teardown - all gone */
static int teardown(void **state)
{
	struct fixture *f = *state;

	assay_arena_free(&f->arena);
	free(f);
	return 0;
}

/* parse - a value from text */
static json_t *parse(const char *text)
{
	json_t *value;

	assert_int_equal(assay_json_parse(assay_slice_str(text), &value, NULL), ASSAY_OK);
	return value;
}

/* same - a value as text; takes it */
static void same(json_t *value, const char *expected)
{
	struct assay_buf buf;

	assay_buf_init(&buf, 1 << 24);
	assert_true(assay_json_write(value, ASSAY_JSON_COMPACT, &buf));
	assert_string_equal(buf.p, expected);
	assay_buf_release(&buf);
	json_decref(value);
}

/* fits - what is left of a result, how much was dropped, and the first of it */
static void fits(struct fixture *f, const char *in, const char *out, size_t n, const char *first)
{
	json_t *value = parse(in);
	struct assay_fields_dropped dropped;

	assay_fields_check(f->root, value, &dropped);
	assert_int_equal(dropped.n, n);
	if (n > 0)
		assert_string_equal(dropped.first, first);
	same(value, out);
}

/* test_fits - declared values stay as they are */
static void test_fits(void **state)
{
	static const char all[] =
	    "{\"name\":null,\"size\":-1,\"share\":0.5,\"flag\":true,\"auth\":{\"user\":\"u\"},"
	    "\"tags\":[\"a\",\"b\"],\"grid\":[[1,2],[]],\"hits\":[{\"rule\":\"r\",\"strings\":[]}]"
	    "}";
	struct fixture *f = *state;

	fits(f, all, all, 0, "");
	fits(f, "{}", "{}", 0, "");
	fits(f, "null", "null", 0, "");
	fits(f, "{\"auth\":null,\"tags\":[]}", "{\"auth\":null,\"tags\":[]}", 0, "");
}

/* test_drops - everything else goes, and its path is told */
static void test_drops(void **state)
{
	struct fixture *f = *state;

	fits(f, "{\"x\":1,\"size\":2}", "{\"size\":2}", 1, "x");
	fits(f, "{\"size\":\"2\",\"flag\":0,\"share\":1}", "{}", 3, "size");
	fits(f, "{\"size\":null,\"tags\":null}", "{}", 2, "size");
	fits(f, "{\"tags\":[\"a\",1,null,\"b\",[]]}", "{\"tags\":[\"a\",\"b\"]}", 3, "tags");
	fits(f, "{\"grid\":[[1],2,[\"x\",3]]}", "{\"grid\":[[1],[3]]}", 2, "grid");
	fits(f, "{\"hits\":[{\"rule\":1},7,{\"strings\":[{\"data\":2,\"y\":3}]}]}",
	    "{\"hits\":[{},{\"strings\":[{}]}]}", 4, "hits.rule");
	fits(f, "{\"auth\":[],\"hits\":{}}", "{}", 2, "auth");
}

/* test_any_name - "*" is every name without a row of its own */
static void test_any_name(void **state)
{
	static const char good[] =
	    "{\"words\":{\"known\":1,\"from\":[{\"value\":\"x\"}],\"to\":[]}}";
	struct fixture *f = *state;

	fits(f, good, good, 0, "");
	fits(f, "{\"words\":{\"known\":[],\"a\":[{\"value\":1}],\"b\":{},\"c\":[{\"x\":1}]}}",
	    "{\"words\":{\"a\":[{}],\"c\":[{}]}}", 4, "words.known");
	fits(f, "{\"more\":[]}", "{}", 1, "more");
}

/* bad_table - is refused */
static void bad_table(struct fixture *f, const char *one, const char *two)
{
	const struct assay_field table[] = { { one, ASSAY_STR, ASSAY_TECHNICAL, "x" },
		{ two, ASSAY_STR, ASSAY_TECHNICAL, "x" }, { NULL, 0, ASSAY_TECHNICAL, NULL } };
	struct assay_field_node *root;
	struct assay_err err;

	assert_int_equal(assay_fields_new(f->arena, table, &root, &err), ASSAY_E_PLUGIN);
	assert_true(strlen(err.text) > 10);
}

/* test_bad_tables - that contradict themselves */
static void test_bad_tables(void **state)
{
	struct fixture *f = *state;

	bad_table(f, "a", "a");
	bad_table(f, "a[].b", "a.c");
	bad_table(f, "a", "");
	bad_table(f, "a", "b..c");
	bad_table(f, "a", "[]");
	bad_table(f, "a", "a.b.c.d.e.f.g.h.i.j.k.l.m.n");
}

/* test_cut - content first, then lists from the end, names never */
static void test_cut(void **state)
{
	struct fixture *f = *state;
	json_t *value = parse("{\"name\":\"kept\",\"tags\":[],\"hits\":[],\"body\":\"\"}");
	char *text = assay_xmalloc(100001);
	uint64_t had;

	memset(text, 'x', 100000);
	text[100000] = '\0';
	assay_json_set(value, "body", json_string(text));
	assert_true(assay_cut_result(value, f->root, 1 << 20, &had) >= 100000);
	assert_int_equal(had, 0);
	assert_true(assay_cut_result(value, f->root, 5000, &had) <= 5000);
	assert_true(had > 100000);
	assert_int_equal(json_string_length(json_object_get(value, "body")), 4096);
	for (int i = 0; i < 10000; i++)
		assay_json_append(json_object_get(value, "tags"), json_string("0123456789"));
	for (int i = 0; i < 10; i++)
		assay_json_append(json_object_get(value, "hits"), parse("{\"rule\":\"r\"}"));
	assert_true(assay_cut_result(value, f->root, 5000, &had) <= 5000);
	assert_int_equal(json_array_size(json_object_get(value, "hits")), 10);
	assert_true(json_array_size(json_object_get(value, "tags")) > 100);
	assert_string_equal(assay_json_get_str(value, "name"), "kept");
	assert_true(assay_cut_result(value, f->root, 10, &had) < 200);
	json_decref(value);
	free(text);
}

/* test_cut_characters - a cut string is still UTF-8 */
static void test_cut_characters(void **state)
{
	struct fixture *f = *state;
	json_t *value = json_object();
	char text[9001];

	for (size_t i = 0; i < 9000; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	text[9000] = '\0';
	assay_json_set(value, "body", json_string(text));
	(void)assay_cut_result(value, f->root, 6000, NULL);
	assert_int_equal(json_string_length(json_object_get(value, "body")), 4095);
	json_decref(value);
}

/* test_facts - paths, types, order, uniqueness, bounds */
static void test_facts(void **state)
{
	static const struct assay_fact facts_rows[] = { { "rule", ASSAY_FACT_PAYLOAD,
							    ASSAY_COMPARE_GLOB, "hits[].rule", "" },
		{ "many", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "tags[]", "" },
		{ "number", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_SIZE, "size", "" },
		{ "number_text", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "size", "" },
		{ "flagged", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_FLAG, "flag", "" },
		{ "grid", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_SIZE, "grid[][]", "" },
		{ "user", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "auth.user", "" },
		{ "other", ASSAY_FACT_MESSAGE, ASSAY_COMPARE_GLOB, "body", "" },
		{ NULL, 0, 0, NULL, NULL } };
	struct fixture *f = *state;
	struct assay_facts facts, all;
	json_t *value = parse("{\"hits\":[{\"rule\":\"b\"},{\"rule\":\"a\"},{\"rule\":\"b\"},{}],"
			      "\"size\":7,\"flag\":false,\"grid\":[[3,-1],[3]],\"auth\":null,"
			      "\"body\":\"x\",\"tags\":[\"\"]}");

	for (int i = 0; i < 50; i++) {
		char tag[3] = { (char)('a' + i % 25), (char)('a' + i / 25), '\0' };

		assay_json_append(json_object_get(value, "tags"), json_string(tag));
		assay_json_append(json_object_get(value, "tags"), json_string(tag));
	}
	assay_facts_init(&facts, f->arena, 20);
	assay_facts_collect(&facts, facts_rows, ASSAY_FACT_PAYLOAD, value);
	assert_string_equal(facts.cut_word, "many");
	assert_int_equal(facts.cut_count, 80);
	assay_facts_init(&all, f->arena, 3);
	assay_facts_join(&all, &facts);
	assay_facts_join(&all, &facts);
	same(assay_facts_json(&all),
	    "{\"flagged\":[\"no\"],\"grid\":[-1,3],\"many\":[\"aa\",\"ba\",\"ca\"],\"number\":[7],"
	    "\"number_text\":[\"7\"],\"rule\":[\"a\",\"b\"]}");
	json_decref(value);
}

/* test_vocabulary - words must mean one thing */
static void test_vocabulary(void **state)
{
	static const struct assay_fact good[] = { { "size", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_SIZE,
						      "size", "s" },
		{ "fresh", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_FLAG, "x", "f" },
		{ NULL, 0, 0, NULL, NULL } };
	static const struct assay_fact bad[] = { { "fresh", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB,
						     "x", "f" },
		{ NULL, 0, 0, NULL, NULL } };
	struct fixture *f = *state;
	struct assay_vocabulary v;
	struct assay_err err;

	assay_vocabulary_init(&v, f->arena);
	assert_int_equal(assay_vocabulary_add(&v, "core", assay_facts_core, &err), ASSAY_OK);
	assert_int_equal(assay_vocabulary_add(&v, "good", good, &err), ASSAY_OK);
	assert_int_equal(assay_vocabulary_add(&v, "none", NULL, &err), ASSAY_OK);
	assert_int_equal(assay_vocabulary_add(&v, "bad", bad, &err), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "good and bad"));
	assert_string_equal(assay_vocabulary_find(&v, "fresh")->plugin, "good");
	assert_string_equal(assay_vocabulary_find(&v, "size")->plugin, "core");
	assert_null(assay_vocabulary_find(&v, "unheard"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = { T(test_fits), T(test_any_name), T(test_drops),
		T(test_bad_tables), T(test_cut), T(test_cut_characters), T(test_facts),
		T(test_vocabulary) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
