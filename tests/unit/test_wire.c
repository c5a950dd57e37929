/* rooms: core text base */
/*
 * tests/unit/test_wire.c - frames between door and scan process: what goes in comes out, and what
 * breaks the rules is refused with its descriptors closed.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/wire.h"

/* open_fds - how many descriptors this process has */
static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* pair - two ends */
static void pair(struct assay_wire *a, struct assay_wire *b)
{
	int fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assay_wire_init(a, fd[0]);
	assay_wire_init(b, fd[1]);
}

/* test_conversation - each type, with descriptors */
static void test_conversation(void **state)
{
	struct assay_wire_request request = { .deadline_ms = 1234567890123,
		.json = ASSAY_SLICE_LIT("{\"source\":\"scan\"}") };
	struct assay_wire_verdict verdict = { .action = ASSAY_ACTION_QUARANTINE,
		.scanned = ASSAY_PARTIAL,
		.report_size = 77,
		.keep_size = 5,
		.keep_count = 2,
		.scan_id = "01234567-89ab-4cde-8f01-23456789abcd" };
	struct assay_wire_request got;
	struct assay_wire_verdict back;
	struct assay_wire door, scan;
	struct assay_wire_frame frame;
	struct assay_err err;
	int message, page, before = open_fds();
	unsigned active;

	(void)state;
	pair(&door, &scan);
	assert_int_equal(assay_io_memfd("m", &message, &err), ASSAY_OK);
	assert_int_equal(assay_io_memfd("p", &page, &err), ASSAY_OK);
	assert_int_equal(assay_wire_send_ready(scan.sock, 5, &err), ASSAY_OK);
	assert_int_equal(assay_wire_read(&door, &frame, &err), ASSAY_OK);
	assert_int_equal(assay_wire_get_ready(&frame, &active, &err), ASSAY_OK);
	assert_int_equal(active, 5);
	assert_int_equal(
	    assay_wire_send_request(door.sock, &request, message, page, &err), ASSAY_OK);
	assert_int_equal(assay_wire_read(&scan, &frame, &err), ASSAY_OK);
	assert_int_equal(frame.nfd, 2);
	assert_int_equal(assay_wire_get_request(&frame, &got, &err), ASSAY_OK);
	assert_int_equal(got.deadline_ms, request.deadline_ms);
	assert_true(assay_slice_eq(got.json, request.json));
	assay_wire_drop(&frame);
	assert_int_equal(
	    assay_wire_send_verdict(scan.sock, &verdict, message, page, &err), ASSAY_OK);
	assert_int_equal(assay_wire_send_ready(scan.sock, 5, &err), ASSAY_OK);
	assert_int_equal(assay_wire_read(&door, &frame, &err), ASSAY_OK);
	assert_int_equal(assay_wire_get_verdict(&frame, &back, &err), ASSAY_OK);
	assert_int_equal(back.action, verdict.action);
	assert_int_equal(back.scanned, verdict.scanned);
	assert_int_equal(back.report_size, verdict.report_size);
	assert_int_equal(back.keep_size, verdict.keep_size);
	assert_int_equal(back.keep_count, verdict.keep_count);
	assert_string_equal(back.scan_id, verdict.scan_id);
	assay_wire_drop(&frame);
	assert_int_equal(assay_wire_read(&door, &frame, &err), ASSAY_OK);
	assert_int_equal(frame.type, ASSAY_WIRE_READY);
	assert_int_equal(assay_wire_send_error(scan.sock, "no", &err), ASSAY_OK);
	assert_int_equal(assay_wire_read(&door, &frame, &err), ASSAY_OK);
	assert_int_equal(frame.type, ASSAY_WIRE_ERROR);
	assert_true(assay_slice_is(frame.body, "no"));
	assay_wire_release(&scan);
	assert_int_equal(assay_wire_read(&door, &frame, &err), ASSAY_END);
	assay_wire_release(&door);
	assay_io_close(&message);
	assay_io_close(&page);
	assert_int_equal(open_fds(), before);
}

/* test_fragments - a request larger than any socket buffer, byte for byte too */
static void test_fragments(void **state)
{
	struct assay_wire wire;
	struct assay_wire_frame frame;
	struct assay_err err;
	static const char ready[] = "\4\0\0\0\1\0\1\0\5\0\0\0";

	(void)state;
	assay_wire_init(&wire, -1);
	for (size_t i = 0; i < 12; i++) {
		assert_int_equal(assay_wire_next(&wire, &frame, &err), ASSAY_END);
		assert_int_equal(assay_wire_feed(&wire, assay_slice(ready + i, 1), &err), ASSAY_OK);
	}
	assert_int_equal(assay_wire_next(&wire, &frame, &err), ASSAY_OK);
	assert_int_equal(frame.type, ASSAY_WIRE_READY);
	assert_int_equal(assay_wire_next(&wire, &frame, &err), ASSAY_END);
	assay_wire_release(&wire);
}

/* refused - does this head make next() give up? */
static void refused(const char *head)
{
	struct assay_wire wire;
	struct assay_wire_frame frame;
	struct assay_err err;

	assay_wire_init(&wire, -1);
	assert_int_equal(assay_wire_feed(&wire, assay_slice(head, 8), &err), ASSAY_OK);
	assert_int_equal(assay_wire_next(&wire, &frame, &err), ASSAY_E_SYNTAX);
	assay_wire_release(&wire);
}

/* test_refused - type, version, length, descriptors */
static void test_refused(void **state)
{
	(void)state;
	refused("\0\0\0\0\0\0\1\0");         /* type 0 */
	refused("\0\0\0\0\5\0\1\0");         /* type 5 */
	refused("\0\0\0\0\1\0\2\0");         /* version 2 */
	refused("\5\0\0\0\1\0\1\0");         /* READY with more */
	refused("\4\0\0\0\1\1\1\0");         /* READY with a descriptor */
	refused("\377\377\377\377\2\1\1\0"); /* REQUEST of 4 GiB */
	refused("\20\0\0\0\2\0\1\0");        /* REQUEST without a message */
	refused("\110\0\0\0\3\3\1\0");       /* VERDICT with three descriptors */
	refused("\107\0\0\0\3\1\1\0");       /* VERDICT, a byte short */
	refused("\0\0\1\0\4\0\1\0");         /* ERROR of 64 KiB */
}

/* test_stray_fds - descriptors nobody announced are closed and the frame is refused */
static void test_stray_fds(void **state)
{
	struct assay_wire door, scan;
	struct assay_wire_frame frame;
	struct assay_err err;
	int before = open_fds(), fd[ASSAY_IO_FDS];

	(void)state;
	for (size_t n = 1; n <= ASSAY_IO_FDS; n += 5) {
		pair(&door, &scan);
		for (size_t i = 0; i < n; i++)
			fd[i] = scan.sock;
		assert_int_equal(assay_io_send_fds(scan.sock,
				     assay_slice("\4\0\0\0\1\0\1\0\0\0\0\0", 12), fd, n, &err),
		    ASSAY_OK);
		assert_int_equal(assay_wire_read(&door, &frame, &err), ASSAY_E_SYNTAX);
		assay_wire_release(&door);
		assay_wire_release(&scan);
		assert_int_equal(open_fds(), before);
	}
}

/* test_verdict_nonsense - each field out of its range */
static void test_verdict_nonsense(void **state)
{
	static const struct {
		size_t at;
		char value;
	} bad[] = { { 0, 7 }, { 1, 3 }, { 2, 1 }, { 8, 0 }, { 16, 1 }, { 4, 1 }, { 24, 'g' },
		{ 59, 0 }, { 71, 1 } };
	struct assay_wire_verdict verdict;
	struct assay_err err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char body[ASSAY_WIRE_VERDICT_SIZE] = { 0 };
		struct assay_wire_frame frame = {
			.type = ASSAY_WIRE_VERDICT, .body = { body, sizeof body }, .nfd = 1
		};

		body[8] = 9;
		memset(body + 24, 'a', ASSAY_WIRE_ID);
		assert_int_equal(assay_wire_get_verdict(&frame, &verdict, &err), ASSAY_OK);
		body[bad[i].at] = bad[i].value;
		assert_int_equal(assay_wire_get_verdict(&frame, &verdict, &err), ASSAY_E_SYNTAX);
	}
}

/* main - all of it */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_stray_fds),
		cmocka_unit_test(test_verdict_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
