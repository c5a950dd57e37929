/* rooms: plugin_milter fakehost text base */
/*
 * test_proto - packets of the milter protocol, made and taken apart
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"
#include "proto.h"

#define BYTES(s) assay_slice((s), sizeof(s) - 1)

static void assert_slice(struct assay_slice s, const char *text)
{
	assert_int_equal(s.n, strlen(text));
	assert_memory_equal(s.p, text, s.n);
}

static void packets_come_off_the_front(void **state)
{
	struct assay_slice in = BYTES("\0\0\0\1A\0\0\0\4Bxyz\0\0\0\2Q");
	struct assay_proto_packet packet;
	struct assay_err err;

	(void)state;
	assert_int_equal(assay_proto_next(&in, &packet, &err), ASSAY_OK);
	assert_int_equal(packet.letter, 'A');
	assert_int_equal(packet.data.n, 0);
	assert_int_equal(assay_proto_next(&in, &packet, &err), ASSAY_OK);
	assert_int_equal(packet.letter, 'B');
	assert_slice(packet.data, "xyz");
	/* Length 2, and one byte of it is not there yet. */
	assert_int_equal(assay_proto_next(&in, &packet, &err), ASSAY_END);
	assert_int_equal(in.n, 5);
	in = BYTES("\0\0\0");
	assert_int_equal(assay_proto_next(&in, &packet, &err), ASSAY_END);
}

static void lengths_that_are_none_are_refused(void **state)
{
	static const char none[] = "\0\0\0\0A", huge[] = "\0\4\0\1A", most[] = "\0\4\0\0A";
	struct assay_slice in = BYTES(none);
	struct assay_proto_packet packet;
	struct assay_err err;

	(void)state;
	assert_int_equal(assay_proto_next(&in, &packet, &err), ASSAY_E_SYNTAX);
	in = BYTES(huge);
	assert_int_equal(assay_proto_next(&in, &packet, &err), ASSAY_E_SYNTAX);
	in = BYTES("\xff\xff\xff\xff");
	assert_int_equal(assay_proto_next(&in, &packet, &err), ASSAY_E_SYNTAX);
	in = BYTES(most);
	assert_int_equal(assay_proto_next(&in, &packet, &err), ASSAY_END);
}

static void options_are_three_numbers(void **state)
{
	struct assay_proto_options options;
	struct assay_err err;

	(void)state;
	assert_int_equal(
	    assay_proto_get_options(BYTES("\0\0\0\6\0\0\1\xff\0\x1f\xff\xff"), &options, &err),
	    ASSAY_OK);
	assert_int_equal(options.version, 6);
	assert_int_equal(options.actions, ASSAY_PROTO_ALL_ACTIONS);
	assert_int_equal(options.steps, ASSAY_PROTO_ALL_STEPS);
	assert_int_equal(assay_proto_get_options(
			     BYTES("\0\0\0\6\0\0\1\xff\0\x1f\xff\xff\0\0\0\0i"), &options, &err),
	    ASSAY_OK);
	assert_int_equal(
	    assay_proto_get_options(BYTES("\0\0\0\6\0\0\1\xff\0\x1f\xff"), &options, &err),
	    ASSAY_E_SYNTAX);
	assert_int_equal(assay_proto_get_options(BYTES("\0\0\0\1\0\0\0\0\0\0\0\0"), &options, &err),
	    ASSAY_E_SYNTAX);
}

static void clients_connect_from_everywhere(void **state)
{
	struct assay_proto_connect c;
	struct assay_err err;

	(void)state;
	assert_int_equal(
	    assay_proto_get_connect(BYTES("mx.example\0004\207\021192.0.2.1\0"), &c, &err),
	    ASSAY_OK);
	assert_slice(c.host, "mx.example");
	assert_int_equal(c.family, '4');
	assert_int_equal(c.port, 0x8711);
	assert_slice(c.addr, "192.0.2.1");
	assert_int_equal(
	    assay_proto_get_connect(BYTES("[::1]\0006\0\x19IPv6:::1\0"), &c, &err), ASSAY_OK);
	assert_slice(c.addr, "IPv6:::1");
	assert_int_equal(
	    assay_proto_get_connect(BYTES("localhost\0L\0\0/run/x\0"), &c, &err), ASSAY_OK);
	assert_int_equal(assay_proto_get_connect(BYTES("nobody\0U"), &c, &err), ASSAY_OK);
	assert_int_equal(c.addr.n, 0);
}

static void half_a_connect_is_refused(void **state)
{
	static const struct assay_slice bad[] = {
		{ "", 0 },
		{ "host", 4 },
		{ "host\0", 5 },
		{ "host\0X\0\0a\0", 10 },
		{ "host\0004\0", 7 },
		{ "host\0004\0\0", 8 },
		{ "host\0004\0\031192.0.2.1", 17 },
		{ "host\0\0\0\0a", 9 },
	};
	struct assay_proto_connect c;
	struct assay_err err;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(assay_proto_get_connect(bad[i], &c, &err), ASSAY_E_SYNTAX);
}

static void commands_are_strings(void **state)
{
	struct assay_slice first, rest, more;
	struct assay_err err;

	(void)state;
	assert_int_equal(
	    assay_proto_get_strings(BYTES("<a@b>\0SIZE=9\0BODY=8BITMIME\0"), &first, &rest, &err),
	    ASSAY_OK);
	assert_slice(first, "<a@b>");
	assert_true(assay_proto_string(&rest, &more));
	assert_slice(more, "SIZE=9");
	assert_true(assay_proto_string(&rest, &more));
	assert_slice(more, "BODY=8BITMIME");
	assert_false(assay_proto_string(&rest, &more));
	assert_int_equal(assay_proto_get_strings(BYTES("\0"), &first, NULL, &err), ASSAY_OK);
	assert_int_equal(first.n, 0);
	assert_int_equal(assay_proto_get_strings(BYTES("x"), &first, NULL, &err), ASSAY_E_SYNTAX);
	assert_int_equal(
	    assay_proto_get_strings(BYTES("x\0y"), &first, NULL, &err), ASSAY_E_SYNTAX);
	assert_int_equal(assay_proto_get_strings(BYTES(""), &first, NULL, &err), ASSAY_E_SYNTAX);
}

static void header_values_may_hold_anything(void **state)
{
	struct assay_slice name, value;
	struct assay_err err;

	(void)state;
	assert_int_equal(
	    assay_proto_get_header(BYTES("Subject\0 a\n\tb\0"), &name, &value, &err), ASSAY_OK);
	assert_slice(name, "Subject");
	assert_slice(value, " a\n\tb");
	assert_int_equal(assay_proto_get_header(BYTES("X\0a\0b\0"), &name, &value, &err), ASSAY_OK);
	assert_int_equal(value.n, 3);
	assert_int_equal(assay_proto_get_header(BYTES("X\0\0"), &name, &value, &err), ASSAY_OK);
	assert_int_equal(value.n, 0);
	assert_int_equal(assay_proto_get_header(BYTES("X\0"), &name, &value, &err), ASSAY_E_SYNTAX);
	assert_int_equal(
	    assay_proto_get_header(BYTES("X\0a"), &name, &value, &err), ASSAY_E_SYNTAX);
	assert_int_equal(assay_proto_get_header(BYTES("X"), &name, &value, &err), ASSAY_E_SYNTAX);
}

static void macros_are_whole_pairs(void **state)
{
	struct assay_slice pairs;
	struct assay_err err;
	char letter;

	(void)state;
	assert_int_equal(
	    assay_proto_get_macros(BYTES("Ci\0ABC\0{x}\0\0"), &letter, &pairs, &err), ASSAY_OK);
	assert_int_equal(letter, 'C');
	assert_int_equal(pairs.n, 11);
	assert_int_equal(
	    assay_proto_get_macros(BYTES("Ci\0ABC\0lonely\0"), &letter, &pairs, &err), ASSAY_OK);
	assert_int_equal(pairs.n, 6);
	assert_int_equal(assay_proto_get_macros(BYTES("Ci"), &letter, &pairs, &err), ASSAY_OK);
	assert_int_equal(pairs.n, 0);
	assert_int_equal(assay_proto_get_macros(BYTES("C"), &letter, &pairs, &err), ASSAY_OK);
	assert_int_equal(pairs.n, 0);
	assert_int_equal(assay_proto_get_macros(BYTES(""), &letter, &pairs, &err), ASSAY_E_SYNTAX);
}

static void packets_are_written_as_they_are_read(void **state)
{
	static const char *const macros[ASSAY_PROTO_STAGES] = { "j i", NULL, "{x}" };
	const struct assay_proto_options options = { 6, 0x31, 0x80 };
	const struct assay_proto_edit gone = { 2, "X-A", "" }, more = { -1, "X-B", " c" };
	const char *const words[] = { "550 5.7.1 no", NULL };
	static const char wanted[] = "\000\000\000\035O\000\000\000\006\000\000\0001\000\000\000"
				     "\200\000\000\000\000j i\000\000\000\000\002{x}\000"
				     "\000\000\000\012m\000\000\000\002X-A\000\000"
				     "\000\000\000\010hX-B\000 c\000"
				     "\000\000\000\016y550 5.7.1 no\000"
				     "\000\000\000\001a";
	struct assay_buf out;

	(void)state;
	assay_buf_init(&out, 1000);
	assert_true(assay_proto_put_options(&out, &options, macros));
	assert_true(assay_proto_put_edit(&out, ASSAY_PROTO_CHANGE_HEADER, &gone));
	assert_true(assay_proto_put_edit(&out, ASSAY_PROTO_ADD_HEADER, &more));
	assert_true(assay_proto_put_strings(&out, ASSAY_PROTO_REPLY, words));
	assert_true(assay_proto_put(&out, ASSAY_PROTO_ACCEPT, ASSAY_SLICE_NONE));
	assert_int_equal(out.n, sizeof wanted - 1);
	assert_memory_equal(out.p, wanted, out.n);
	assay_buf_release(&out);
}

static void what_does_not_fit_is_not_begun(void **state)
{
	const struct assay_proto_edit edit = { 0, "X-A", "123456" };
	const char *const words[] = { "1234567890", NULL };
	static const char *const none[ASSAY_PROTO_STAGES] = { NULL };
	const struct assay_proto_options options = { 6, 0, 0 };
	struct assay_buf out;

	(void)state;
	assay_buf_init(&out, 14);
	assert_false(assay_proto_put_edit(&out, ASSAY_PROTO_INSERT_HEADER, &edit));
	assert_false(assay_proto_put_strings(&out, ASSAY_PROTO_REPLY, words));
	assert_false(assay_proto_put_options(&out, &options, none));
	assert_false(assay_proto_put(&out, 'B', BYTES("1234567890")));
	assert_int_equal(out.n, 0);
	assert_true(assay_proto_put(&out, 'B', BYTES("123456789")));
	assert_false(assay_proto_put(&out, 'A', ASSAY_SLICE_NONE));
	assay_buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_come_off_the_front),
		cmocka_unit_test(lengths_that_are_none_are_refused),
		cmocka_unit_test(options_are_three_numbers),
		cmocka_unit_test(clients_connect_from_everywhere),
		cmocka_unit_test(half_a_connect_is_refused),
		cmocka_unit_test(commands_are_strings),
		cmocka_unit_test(header_values_may_hold_anything),
		cmocka_unit_test(macros_are_whole_pairs),
		cmocka_unit_test(packets_are_written_as_they_are_read),
		cmocka_unit_test(what_does_not_fit_is_not_begun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
