/* rooms: base */
/*
 * tests of core/base/keyset: against a plain table, with keys that stand in each other's way
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/keyset.h"

#define KEYS 700

/* key - number i; with few homes most of them collide */
static struct assay_key key(unsigned i, unsigned homes)
{
	struct assay_key k = { { 0 } };

	k.b[0] = (unsigned char)(i % homes);
	k.b[8] = (unsigned char)i;
	k.b[9] = (unsigned char)(i >> 8);
	k.b[15] = 0x80;
	return k;
}

static void adds_finds_removes(void **state)
{
	const unsigned homes[] = { 1, 3, 61, 256 };

	(void)state;
	for (size_t h = 0; h < 4; h++) {
		struct assay_keyset set;
		bool in[KEYS] = { false };
		unsigned random = 12345;
		size_t n = 0;

		assay_keyset_init(&set, KEYS);
		for (int turn = 0; turn < 20000; turn++) {
			const unsigned i = (random = random * 1103515245u + 12345u) / 65536 % KEYS;
			const struct assay_key k = key(i, homes[h]);

			assert_int_equal(assay_keyset_has(&set, k), in[i]);
			if (random & 0x40000000u) {
				assert_int_equal(assay_keyset_add(&set, k), !in[i]);
				in[i] = true;
			} else {
				assert_int_equal(assay_keyset_remove(&set, k), in[i]);
				in[i] = false;
			}
		}
		for (unsigned i = 0; i < KEYS; i++) {
			assert_int_equal(assay_keyset_has(&set, key(i, homes[h])), in[i]);
			n += in[i];
		}
		assert_int_equal(set.n, n);
		assay_keyset_release(&set);
	}
}

static void a_key_of_zeros_is_a_key(void **state)
{
	const struct assay_key zero = { { 0 } };
	struct assay_keyset set;

	(void)state;
	assay_keyset_init(&set, 8);
	assert_false(assay_keyset_has(&set, zero));
	assert_false(assay_keyset_remove(&set, zero));
	assert_true(assay_keyset_add(&set, zero));
	assert_false(assay_keyset_add(&set, zero));
	assert_true(assay_keyset_has(&set, zero));
	assert_true(assay_keyset_remove(&set, zero));
	assert_int_equal(set.n, 0);
	assay_keyset_release(&set);
}

static void has_a_maximum(void **state)
{
	struct assay_keyset set, empty;

	(void)state;
	assay_keyset_init(&empty, 0);
	assert_false(assay_keyset_add(&empty, key(1, 256)));
	assert_false(assay_keyset_has(&empty, key(1, 256)));
	assert_int_equal(assay_keyset_bytes(&empty), 0);
	assay_keyset_release(&empty);

	assay_keyset_init(&set, 100);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(assay_keyset_add(&set, key(i, 256)), i < 100);
	assert_true(assay_keyset_full(&set));
	assert_int_equal(set.n, 100);
	assert_in_range(assay_keyset_bytes(&set), 1600, 4096);
	assert_true(assay_keyset_remove(&set, key(7, 256)));
	assert_true(assay_keyset_add(&set, key(150, 256)));
	assay_keyset_release(&set);
	assert_int_equal(assay_keyset_bytes(&set), 0);
	assert_true(assay_keyset_add(&set, key(1, 256)));
	assay_keyset_release(&set);
}

static void walks_each_once(void **state)
{
	struct assay_keyset set, seen;
	struct assay_key k;
	size_t at = 0, n = 0;

	(void)state;
	assay_keyset_init(&set, KEYS);
	assay_keyset_init(&seen, KEYS);
	assert_false(assay_keyset_next(&set, &at, &k));
	for (unsigned i = 0; i < KEYS; i++)
		assert_true(assay_keyset_add(&set, key(i, 17)));
	for (at = 0; assay_keyset_next(&set, &at, &k); n++)
		assert_true(assay_keyset_add(&seen, k));
	assert_int_equal(n, KEYS);
	assay_keyset_release(&set);
	assay_keyset_release(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_finds_removes),
		cmocka_unit_test(a_key_of_zeros_is_a_key),
		cmocka_unit_test(has_a_maximum),
		cmocka_unit_test(walks_each_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
