/* rooms: core text base */
/*
 * Values as a broken plugin might make them, built from the input: whatever they are, what is
 * written is strict JSON, fields that are not declared are gone, and cutting keeps its promise.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/cut.h"
#include "core/fields.h"
#include "core/json.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct assay_field rows[] = {
	{ "a", ASSAY_STR | ASSAY_NULL, ASSAY_PERSONAL, "text" },
	{ "b[]", ASSAY_STR, ASSAY_CONTENT, "texts" },
	{ "c[].a", ASSAY_INT, ASSAY_TECHNICAL, "number" },
	{ "c[].b", ASSAY_STR, ASSAY_CONTENT, "text" },
	{ "d[][]", ASSAY_STR | ASSAY_INT, ASSAY_TECHNICAL, "table" },
	{ "e", ASSAY_OBJECT | ASSAY_NULL, ASSAY_TECHNICAL, "object" },
	{ "e.a", ASSAY_REAL | ASSAY_BOOL, ASSAY_TECHNICAL, "number" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

/* The input, eaten from the front. */
struct food {
	const uint8_t *p;
	size_t n;
	unsigned budget; /* values that may still be made */
};

/* bite - one byte; 0 when there are no more */
static unsigned bite(struct food *f)
{
	if (f->n == 0)
		return 0;
	f->n--;
	return *f->p++;
}

/* text - some bytes as they are */
static json_t *text(struct food *f, bool repeat)
{
	size_t n = bite(f), times = repeat ? 200 : 1;
	struct assay_buf buf;
	json_t *value;

	if (n > f->n)
		n = f->n;
	assay_buf_init(&buf, 1 << 20);
	while (times-- > 0)
		(void)assay_buf_add(&buf, n > 0 ? (const char *)f->p : "", n);
	f->p += n;
	f->n -= n;
	value = json_stringn_nocheck(buf.p, buf.n);
	assay_buf_release(&buf);
	return value;
}

/* make - a value of any kind; recursion bounded by 80 levels */
static json_t *make(struct food *f, unsigned depth)
{
	unsigned kind = bite(f), n = kind >> 4;
	json_t *value;
	char name[2] = "a";

	if (f->budget == 0 || depth > 80)
		return json_null();
	f->budget--;
	switch (kind & 7) {
	case 0:
		return json_integer((json_int_t)(bite(f) << 8 | bite(f)) - 300);
	case 1:
		return json_real((double)bite(f) / 7);
	case 2:
		return n > 7 ? json_null() : json_boolean(n & 1);
	case 3:
	case 4:
		return text(f, n == 15);
	case 5:
		value = json_array();
		while (n-- > 0)
			assay_json_append(value, make(f, depth + 1));
		return value;
	default:
		value = json_object();
		while (n-- > 0) {
			name[0] = (char)('a' + bite(f) % 7);
			assay_json_set(value, name, make(f, depth + 1));
		}
		return value;
	}
}

/* write_and_read - strict readers must take what was written */
static size_t write_and_read(const json_t *value, enum assay_json_style style)
{
	struct assay_buf buf;
	json_t *again;
	size_t n;

	assay_buf_init(&buf, 1 << 26);
	ASSAY_ASSERT(assay_json_write(value, style, &buf));
	ASSAY_ASSERT(assay_utf8_is_valid(assay_buf_slice(&buf)));
	ASSAY_ASSERT(assay_json_parse(assay_buf_slice(&buf), &again, NULL) == ASSAY_OK);
	json_decref(again);
	n = buf.n;
	assay_buf_release(&buf);
	return n;
}

/* check - a value that is a result: fits its table, can be cut, stays so */
static void check(json_t *value, const struct assay_field_node *root)
{
	struct assay_fields_dropped dropped;
	uint64_t had, size;

	assay_fields_check(root, value, &dropped);
	assay_fields_check(root, value, &dropped);
	ASSAY_ASSERT(dropped.n == 0);
	for (uint64_t max = 4096; max >= 64; max /= 4) {
		size = assay_cut_result(value, root, max, &had);
		ASSAY_ASSERT(had == 0 || had > max);
		ASSAY_ASSERT(had == 0 || size == assay_json_size(value));
		size = assay_json_size(value);
		ASSAY_ASSERT(had > 0 || size <= max);
		ASSAY_ASSERT(write_and_read(value, ASSAY_JSON_COMPACT) <= size);
	}
	assay_fields_check(root, value, &dropped);
	ASSAY_ASSERT(dropped.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct food food = { data, size, 5000 };
	struct assay_arena *arena = assay_arena_new();
	struct assay_field_node *root;
	json_t *value = json_object();

	ASSAY_ASSERT(assay_fields_new(arena, rows, &root, NULL) == ASSAY_OK);
	for (char name[2] = "a"; food.n > 0 && name[0] < 'h'; name[0]++)
		assay_json_set(value, name, make(&food, 0));
	ASSAY_ASSERT(write_and_read(value, ASSAY_JSON_COMPACT) <= assay_json_size(value));
	(void)write_and_read(value, ASSAY_JSON_INDENTED);
	check(value, root);
	json_decref(value);
	assay_arena_free(&arena);
	return 0;
}
