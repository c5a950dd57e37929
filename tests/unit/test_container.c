/* rooms: core text base */
/*
 * tests/unit/test_container.c - payloads out of a scan process: what is put in is read again, and
 * what is cut, over-counted or of another digest is left out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"
#include "core/container.h"
#include "core/digest.h"

#define MESSAGE ASSAY_SLICE_LIT("the message itself")

/* put - one payload with its true digest */
static void put(int fd, struct assay_slice bytes, bool message)
{
	char sha256[ASSAY_DIGEST_TEXT];
	struct assay_err err;

	assay_digest_hex(ASSAY_SHA256, bytes, sha256);
	assert_int_equal(assay_container_put(fd, sha256, bytes, message, &err), ASSAY_OK);
}

/* make - three payloads, one of them the message; its bytes in `all` */
static int make(struct assay_buf *all)
{
	struct assay_io_map map;
	struct assay_err err;
	int fd;

	assert_int_equal(assay_io_memfd("test", &fd, &err), ASSAY_OK);
	put(fd, MESSAGE, true);
	put(fd, ASSAY_SLICE_LIT(""), false);
	put(fd, ASSAY_SLICE_LIT("an attachment"), false);
	assert_int_equal(assay_io_map(fd, SIZE_MAX, &map, &err), ASSAY_OK);
	assay_buf_init(all, 4096);
	assert_true(assay_buf_add(all, map.p, map.n));
	assay_io_unmap(&map);
	return fd;
}

/* test_round - there and back */
static void test_round(void **state)
{
	struct assay_container container;
	struct assay_buf all;
	int fd = make(&all);

	(void)state;
	assay_container_open(&container, fd, 3, MESSAGE);
	assert_int_equal(container.n, 3);
	assert_true(assay_slice_eq(container.kept[0].bytes, MESSAGE));
	assert_int_equal(container.kept[1].bytes.n, 0);
	assert_true(assay_slice_is(container.kept[2].bytes, "an attachment"));
	assay_container_close(&container);
	assay_container_open(&container, -1, 3, MESSAGE);
	assert_int_equal(container.n, 0);
	assay_container_close(&container);
	assay_io_close(&fd);
	assay_buf_release(&all);
}

/* read_n - how many payloads are believed */
static size_t read_n(struct assay_slice bytes, uint32_t count, struct assay_slice message)
{
	struct assay_container container;
	size_t n;

	assay_container_read(&container, bytes, count, message);
	n = container.n;
	assay_container_close(&container);
	return n;
}

/* test_lies - cut anywhere, counts, digests, another message */
static void test_lies(void **state)
{
	struct assay_slice bytes;
	struct assay_buf all;
	int fd = make(&all);

	(void)state;
	bytes = assay_buf_slice(&all);
	for (size_t n = 0; n < bytes.n; n++)
		assert_true(read_n(assay_slice_head(bytes, n), 3, MESSAGE) < 3);
	assert_int_equal(read_n(bytes, 2, MESSAGE), 2);
	assert_int_equal(read_n(bytes, 4, MESSAGE), 0);
	assert_int_equal(read_n(bytes, UINT32_MAX, MESSAGE), 0);
	assert_int_equal(read_n(bytes, 3, ASSAY_SLICE_LIT("another")), 0);
	all.p[all.n - 1] ^= 1;
	assert_int_equal(read_n(bytes, 3, MESSAGE), 2);
	all.p[ASSAY_CONTAINER_HEAD + 64] = 1; /* the empty one gets a size */
	assert_int_equal(read_n(bytes, 3, MESSAGE), 1);
	assay_io_close(&fd);
	assay_buf_release(&all);
}

/* test_message_once - heads without bytes cannot have the message read over and over */
static void test_message_once(void **state)
{
	struct assay_buf all;
	int fd = make(&all);

	(void)state;
	assay_io_close(&fd);
	all.n = ASSAY_CONTAINER_HEAD;
	assert_int_equal(read_n(assay_buf_slice(&all), 1, MESSAGE), 1);
	assert_true(assay_buf_add(&all, all.p, ASSAY_CONTAINER_HEAD));
	assert_int_equal(read_n(assay_buf_slice(&all), 2, MESSAGE), 1);
	assay_buf_release(&all);
}

/* main - all of it */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_message_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
