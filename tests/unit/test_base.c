/* rooms: base */
/*
 * tests of core/base: arena, buf, slice, map, clock, io, err
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/map.h"
#include "base/slice.h"

static int order[3], norder;

static void note(void *ptr)
{
	order[norder++] = *(int *)ptr;
}

static void arena_aligns_and_runs_deferred_calls_last_first(void **state)
{
	static int one = 1, two = 2;
	struct assay_arena *a = assay_arena_new();

	(void)state;
	for (size_t n = 0; n < 300000; n = n * 3 + 1) {
		char *p = assay_arena_zalloc(a, n);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
	assay_arena_defer(a, note, &one);
	assay_arena_defer(a, note, &two);
	assay_arena_free(&a);
	assert_null(a);
	assert_int_equal(order[0], 2);
	assert_int_equal(order[1], 1);
	assay_arena_free(&a);
}

static void arena_formats_and_copies(void **state)
{
	struct assay_arena *a = assay_arena_new();
	const struct assay_slice none = assay_arena_slice(a, ASSAY_SLICE_NONE);

	(void)state;
	assert_string_equal(assay_arena_printf(a, "%d-%s", 7, "x"), "7-x");
	assert_string_equal(assay_arena_memdup0(a, "abc", 2), "ab");
	assert_null(none.p);
	assay_arena_reset(a);
	assert_int_equal(assay_arena_used(a), 0);
	assay_arena_free(&a);
}

static void buf_stops_at_its_maximum(void **state)
{
	struct assay_buf b;

	(void)state;
	assay_buf_init(&b, 10);
	assert_true(assay_buf_add_str(&b, "12345"));
	assert_true(assay_buf_printf(&b, "%d", 678));
	assert_false(b.full);
	assert_false(assay_buf_add_str(&b, "abc"));
	assert_true(b.full);
	assert_string_equal(b.p, "12345678ab");
	assert_false(assay_buf_add_char(&b, 'x'));
	assert_null(assay_buf_reserve(&b, 1));
	assay_buf_clear(&b);
	assert_false(b.full);
	assert_non_null(assay_buf_reserve(&b, 10));
	assay_buf_release(&b);
}

static void slices_compare_and_search(void **state)
{
	struct assay_slice rest = ASSAY_SLICE_LIT("a,,b"), f;
	uint64_t v;

	(void)state;
	assert_true(assay_slice_caseis(ASSAY_SLICE_LIT("HeLLo"), "hEllO"));
	assert_false(assay_slice_is(ASSAY_SLICE_LIT("a\0b"), "a"));
	assert_int_equal(assay_slice_casesearch(ASSAY_SLICE_LIT("xxBOUNDARY="), "boundary="), 2);
	assert_int_equal(assay_slice_casesearch(ASSAY_SLICE_LIT("ab"), "abc"), 2);
	assert_int_equal(assay_slice_casesearch(ASSAY_SLICE_LIT("PpPasSpASSw"), "PassW"), 6);
	assert_int_equal(assay_slice_casesearch(ASSAY_SLICE_LIT("a:b=c"), "=C"), 3);
	assert_int_equal(assay_slice_casesearch(ASSAY_SLICE_LIT("aaa"), "aab"), 3);
	assert_int_equal(assay_slice_casesearch(ASSAY_SLICE_NONE, "a"), 0);
	assert_true(assay_slice_caseis(ASSAY_SLICE_LIT("aB"), "Ab"));
	assert_false(assay_slice_caseis(ASSAY_SLICE_LIT("aB"), "Abc"));
	assert_false(assay_slice_caseis(ASSAY_SLICE_LIT("aBc"), "Ab"));
	assert_int_equal(assay_slice_trim(ASSAY_SLICE_LIT(" \t\r\n")).n, 0);
	assert_true(assay_slice_split(&rest, ',', &f) && assay_slice_is(f, "a"));
	assert_true(assay_slice_split(&rest, ',', &f) && f.n == 0);
	assert_true(assay_slice_split(&rest, ',', &f) && assay_slice_is(f, "b"));
	assert_false(assay_slice_split(&rest, ',', &f));
	assert_true(
	    assay_slice_u64(ASSAY_SLICE_LIT("18446744073709551615"), &v) && v == UINT64_MAX);
	assert_false(assay_slice_u64(ASSAY_SLICE_LIT("18446744073709551616"), &v));
	assert_false(assay_slice_u64(ASSAY_SLICE_LIT(""), &v));
	assert_true(assay_slice_glob(ASSAY_SLICE_LIT("invoice.DOCM"), "*.doc?"));
	assert_true(assay_slice_glob(ASSAY_SLICE_LIT("aXbXc"), "a*b*c"));
	assert_false(assay_slice_glob(ASSAY_SLICE_LIT("aXbXc"), "a*b"));
}

static void words_and_names(void **state)
{
	static const char *const list[] = { "from", "rcpt", NULL };
	const char *names[] = { "b", "a2", "a", "\xc3\xa4", "B" };

	(void)state;
	assert_true(assay_slice_in(ASSAY_SLICE_LIT("rcpt"), list));
	assert_false(assay_slice_in(ASSAY_SLICE_LIT("rcp"), list));
	assert_false(assay_slice_in(ASSAY_SLICE_LIT("Rcpt"), list));
	assert_false(assay_slice_in(ASSAY_SLICE_NONE, list));
	assert_false(assay_slice_in(ASSAY_SLICE_LIT("rcpt"), list + 2));
	assert_false(assay_slice_in(ASSAY_SLICE_LIT("rcpt"), NULL));
	assert_true(assay_slice_is_plain(ASSAY_SLICE_LIT("a-1_B"), "_-"));
	assert_false(assay_slice_is_plain(ASSAY_SLICE_LIT("a.b"), "_-"));
	assert_false(assay_slice_is_plain(ASSAY_SLICE_LIT("a\0b"), "_-"));
	assert_false(assay_slice_is_plain(ASSAY_SLICE_LIT("\xe4"), "_-"));
	assert_false(assay_slice_is_plain(ASSAY_SLICE_NONE, "_-"));
	qsort(names, 5, sizeof names[0], assay_slice_by_text);
	assert_string_equal(names[0], "B");
	assert_string_equal(names[1], "a");
	assert_string_equal(names[2], "a2");
	assert_string_equal(names[4], "\xc3\xa4");
}

static void map_keeps_order_and_finds_all(void **state)
{
	struct assay_arena *a = assay_arena_new();
	struct assay_map m;

	(void)state;
	assay_map_init(&m, a);
	assert_null(assay_map_get(&m, ASSAY_SLICE_LIT("x")));
	for (int i = 0; i < 5000; i++) {
		struct assay_slice k = assay_slice_str(assay_arena_printf(a, "key%d", i));

		assert_true(assay_map_add(&m, k, (void *)(uintptr_t)(i + 1)));
		assert_false(assay_map_add(&m, k, NULL));
	}
	assert_int_equal(m.n, 5000);
	assert_true(assay_slice_is(m.entry[4321].key, "key4321"));
	assert_ptr_equal(assay_map_get(&m, ASSAY_SLICE_LIT("key77")), (void *)(uintptr_t)78);
	assay_map_set(&m, ASSAY_SLICE_LIT("key77"), NULL);
	assert_true(assay_map_has(&m, ASSAY_SLICE_LIT("key77")));
	assert_null(assay_map_get(&m, ASSAY_SLICE_LIT("key77")));
	assay_arena_free(&a);
}

static void times_are_written_in_utc(void **state)
{
	char t[ASSAY_TIME_TEXT];

	(void)state;
	assay_clock_format(0, t);
	assert_string_equal(t, "1970-01-01T00:00:00.000Z");
	assay_clock_format(1709210096789, t);
	assert_string_equal(t, "2024-02-29T12:34:56.789Z");
	assay_clock_format(-1, t);
	assert_string_equal(t, "1969-12-31T23:59:59.999Z");
	assay_clock_format(INT64_MAX, t);
	assert_string_equal(t, "9999-12-31T23:59:59.999Z");
	assert_int_equal(assay_clock_days(2000, 3, 1), 11017);
}

static void descriptors_cross_a_socket(void **state)
{
	struct assay_err err;
	char room[8];
	struct assay_slice got = { room, sizeof room };
	int sv[2], m, fds[2];
	size_t nfd = 2;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv), 0);
	assert_int_equal(assay_io_memfd("t", &m, &err), ASSAY_OK);
	assert_int_equal(assay_io_write_full(m, "hello", 5, &err), ASSAY_OK);
	assert_int_equal(assay_io_send_fds(sv[0], ASSAY_SLICE_LIT("x"), &m, 1, &err), ASSAY_OK);
	assert_int_equal(assay_io_recv_fds(sv[1], &got, fds, &nfd, &err), ASSAY_OK);
	assert_int_equal(nfd, 1);
	struct assay_io_map map;
	assert_int_equal(assay_io_map(fds[0], 100, &map, &err), ASSAY_OK);
	assert_memory_equal(map.p, "hello", 5);
	assay_io_unmap(&map);
	assert_int_equal(assay_io_map(fds[0], 4, &map, &err), ASSAY_E_LIMIT);
	/* more than there is room for is refused and closed */
	assert_int_equal(
	    assay_io_send_fds(sv[0], ASSAY_SLICE_LIT("y"), (int[]){ m, m, m }, 3, &err), ASSAY_OK);
	nfd = 2;
	got = (struct assay_slice){ room, sizeof room };
	assert_int_equal(assay_io_recv_fds(sv[1], &got, fds, &nfd, &err), ASSAY_E_SYNTAX);
	assert_int_equal(nfd, 0);
}

static void sealed_memory_stays_as_it_is(void **state)
{
	struct assay_err err;
	int fd, pipes[2];

	(void)state;
	assert_int_equal(assay_io_memfd("t", &fd, &err), ASSAY_OK);
	assert_int_equal(assay_io_write_full(fd, "hello", 5, &err), ASSAY_OK);
	assert_false(assay_io_is_sealed(fd));
	assert_int_equal(assay_io_seal(fd, &err), ASSAY_OK);
	assert_true(assay_io_is_sealed(fd));
	assert_int_equal(pwrite(fd, "H", 1, 0), -1);
	assert_int_equal(ftruncate(fd, 1), -1);
	assert_int_equal(ftruncate(fd, 10), -1);
	assert_ptr_equal(mmap(NULL, 5, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	assay_io_close(&fd);
	assert_int_equal(pipe(pipes), 0);
	assert_false(assay_io_is_sealed(pipes[0]));
	assert_int_equal(assay_io_seal(pipes[0], &err), ASSAY_E_IO);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
}

static void errors_are_one_printable_line(void **state)
{
	struct assay_err err;

	(void)state;
	assert_int_equal(assay_err_set(&err, ASSAY_E_CONF, "a%sb", "\n\033"), ASSAY_E_CONF);
	assert_string_equal(err.text, "a??b");
	(void)assay_err_set(
	    &err, ASSAY_E_CONF, "%s", "\xc3\xa9 \xc2\x9b \xe2\x80\xae \xff \xe2\x80");
	assert_string_equal(err.text, "\xc3\xa9 ?? ??? ? ??");
	(void)assay_err_set(&err, ASSAY_E_CONF, "a%sb", "\n\033");
	assay_err_prefix(&err, "f:%d", 3);
	assert_int_equal(err.code, ASSAY_E_CONF);
	assert_string_equal(err.text, "f:3: a??b");
	assert_int_equal(assay_status_exit(ASSAY_E_USAGE), 64);
	assert_int_equal(assay_status_exit(ASSAY_E_FULL), 73);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_aligns_and_runs_deferred_calls_last_first),
		cmocka_unit_test(arena_formats_and_copies),
		cmocka_unit_test(buf_stops_at_its_maximum),
		cmocka_unit_test(slices_compare_and_search),
		cmocka_unit_test(words_and_names),
		cmocka_unit_test(map_keeps_order_and_finds_all),
		cmocka_unit_test(times_are_written_in_utc),
		cmocka_unit_test(descriptors_cross_a_socket),
		cmocka_unit_test(sealed_memory_stays_as_it_is),
		cmocka_unit_test(errors_are_one_printable_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
