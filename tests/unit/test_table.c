/* rooms: bloom base */
/*
 * tests of bloom/table: the header of a filter, whole, torn and damaged
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bloom/bits.h"
#include "bloom/table.h"

#define FILE_BYTES (ASSAY_TABLE_DATA + 3 * 4096)

/* A header with three layers, and where it is kept. */
struct bench {
	struct assay_table table, read;
	char *slots;
};

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	assert_non_null(b);
	b->slots = calloc(1, ASSAY_TABLE_DATA);
	assert_non_null(b->slots);
	assay_table_init(&b->table, "from");
	b->table.rate = 1000000000;
	for (uint32_t i = 0; i < 3; i++)
		b->table.layer[i] = (struct assay_table_layer){
			.offset = ASSAY_TABLE_DATA + i * 4096,
			.bits = ASSAY_BITS_LEAST,
			.hashes = 11,
		};
	b->table.layers = 3;
	assay_table_fill(&b->table, b->slots);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	free(b->slots);
	free(b);
	return 0;
}

static enum assay_status load(struct bench *b, struct assay_err *err)
{
	return assay_table_load(&b->read, b->slots, FILE_BYTES, err);
}

static void the_newer_one_counts(void **state)
{
	struct bench *b = *state;
	struct assay_err err;

	for (uint64_t keys = 1; keys < 5; keys++) {
		b->table.layer[2].keys = keys;
		assay_table_save(&b->table, b->slots);
		assert_int_equal(load(b, &err), ASSAY_OK);
		assert_int_equal(b->read.layer[2].keys, keys);
		assert_int_equal(b->read.seq, b->table.seq);
		assert_int_equal(assay_table_seq(b->slots), b->table.seq);
	}
}

static void a_torn_one_leaves_the_other(void **state)
{
	struct bench *b = *state;
	struct assay_err err;
	char *before = malloc(ASSAY_TABLE_DATA);
	const size_t n = offsetof(struct assay_table, layer) + 3 * sizeof b->table.layer[0];

	assert_non_null(before);
	memcpy(before, b->slots, ASSAY_TABLE_DATA);
	for (uint32_t i = 0; i < 3; i++)
		b->table.layer[i].keys = 77;
	assay_table_save(&b->table, b->slots);
	/* Killed after each byte of the writing: the old numbers, or the new ones. */
	for (size_t cut = 0; cut <= n; cut++) {
		const char *at = b->slots + b->table.seq % 2 * ASSAY_TABLE_SLOT;
		char *torn = malloc(ASSAY_TABLE_DATA);

		assert_non_null(torn);
		memcpy(torn, before, ASSAY_TABLE_DATA);
		memcpy(torn + b->table.seq % 2 * ASSAY_TABLE_SLOT, at, cut);
		assert_int_equal(assay_table_load(&b->read, torn, FILE_BYTES, &err), ASSAY_OK);
		assert_true(b->read.layer[0].keys == b->read.layer[2].keys);
		assert_int_equal(b->read.layer[2].keys, b->read.seq == b->table.seq ? 77 : 0);
		free(torn);
	}
	free(before);
}

static void damage_is_refused(void **state)
{
	struct bench *b = *state;
	struct assay_err err;
	const size_t n = offsetof(struct assay_table, layer) + 3 * sizeof b->table.layer[0];

	for (size_t at = 0; at < n; at++) {
		b->slots[at] ^= 4;
		b->slots[ASSAY_TABLE_SLOT + at] ^= 4;
		assert_true(load(b, &err) == ASSAY_E_SYNTAX || err.code == ASSAY_E_UNSUP);
		b->slots[at] ^= 4;
		b->slots[ASSAY_TABLE_SLOT + at] ^= 4;
	}
	assert_int_equal(load(b, &err), ASSAY_OK);
}

static void layers_lie_within_the_file(void **state)
{
	struct bench *b = *state;
	const struct assay_table_layer good = b->table.layer[1];
	const struct assay_table_layer bad[] = {
		{ .offset = ASSAY_TABLE_DATA + 12288, .bits = good.bits, .hashes = 1 },
		{ .offset = UINT64_MAX - 4095, .bits = good.bits, .hashes = 1 },
		{ .offset = 0, .bits = good.bits, .hashes = 1 },
		{ .offset = good.offset + 8, .bits = good.bits, .hashes = 1 },
		{ .offset = good.offset, .bits = good.bits + 8, .hashes = 1 },
		{ .offset = good.offset, .bits = ASSAY_BITS_MOST * 2, .hashes = 1 },
		{ .offset = good.offset, .bits = 64, .hashes = 1 },
		{ .offset = good.offset, .bits = good.bits, .hashes = 0 },
		{ .offset = good.offset, .bits = good.bits, .hashes = ASSAY_BITS_HASHES + 1 },
	};
	struct assay_err err;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		b->table.layer[1] = bad[i];
		assay_table_fill(&b->table, b->slots);
		assert_int_equal(load(b, &err), ASSAY_E_SYNTAX);
		assert_non_null(strstr(err.text, "layer 2 of 3"));
	}
}

static void a_newer_version_is_told(void **state)
{
	struct bench *b = *state;
	struct assay_err err;

	b->table.version++;
	assay_table_fill(&b->table, b->slots);
	assert_int_equal(load(b, &err), ASSAY_E_UNSUP);
	assert_non_null(strstr(err.text, "newer"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_newer_one_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_torn_one_leaves_the_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(layers_lie_within_the_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_newer_version_is_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
