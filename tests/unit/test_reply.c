/* rooms: plugin_milter fakehost text base */
/*
 * test_reply - from a verdict to what a mail server is told
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "reply.h"

#define ALL                                                                                        \
	(ASSAY_PROTO_MAY_ADD_HEADERS | ASSAY_PROTO_MAY_CHANGE_HEADERS | ASSAY_PROTO_MAY_QUARANTINE)
#define NAMES(s) assay_slice((s), sizeof(s) - 1)

/* told - all of it in one line: edits, then the last word */
static const char *told(const struct assay_verdict *verdict, const struct assay_reply_to *to)
{
	static const char *const words[] = { "accept", "discard", "tempfail", "reject" };
	static char line[4000];
	struct assay_reply reply;
	size_t n = 0;

	assay_reply_init(&reply, verdict, to);
	line[0] = '\0';
	for (size_t i = 0; i < reply.nedits; i++)
		n += (size_t)snprintf(line + n, sizeof line - n, "%s %d%s; ", reply.edit[i].name,
		    (int)reply.edit[i].index, reply.edit[i].value);
	if (reply.hold[0] != '\0')
		n += (size_t)snprintf(line + n, sizeof line - n, "hold %s; ", reply.hold);
	n += (size_t)snprintf(line + n, sizeof line - n, "%s %s", words[reply.action], reply.text);
	if (reply.trouble != NULL)
		(void)snprintf(line + n, sizeof line - n, "!%s", reply.trouble);
	assay_reply_release(&reply);
	return line;
}

static const struct assay_reply_to simple = {
	.names = { "Subject\0To\0", 11 }, .actions = ALL, .leading_space = true
};

static void observing_changes_nothing(void **state)
{
	static const char *const all[] = { "accept", "tag", "quarantine", "tempfail", "reject",
		"discard", "redirect", NULL };
	struct assay_reply_to to = simple;
	json_t *headers = json_pack("[{s:s, s:s}]", "name", "X-Assay-Verdict", "value", "bad");

	(void)state;
	to.names = NAMES("X-Assay-Verdict\0");
	to.names_cut = true;
	for (size_t i = 0; i < 8; i++) {
		struct assay_verdict verdict = { .action = "reject",
			.answered = all[i],
			.reply = "550 5.7.1 no",
			.headers = headers };

		assert_string_equal(told(&verdict, &to), "accept ");
	}
	json_decref(headers);
}

static void words_become_answers(void **state)
{
	struct assay_verdict v = { .enforced = true, .scan_id = "id", .rule = "r" };

	(void)state;
	v.answered = "accept";
	assert_string_equal(told(&v, &simple), "accept ");
	v.answered = "discard";
	assert_string_equal(told(&v, &simple), "discard ");
	v.answered = "tempfail";
	assert_string_equal(told(&v, &simple), "tempfail 451 4.7.1 Please try again later (id)");
	v.answered = "reject";
	assert_string_equal(told(&v, &simple), "reject 550 5.7.1 Message refused (id)");
	v.answered = "quarantine";
	assert_string_equal(told(&v, &simple), "hold assay r id; accept ");
	v.answered = "redirect";
	assert_non_null(strstr(told(&v, &simple), "tempfail 451"));
	assert_non_null(strchr(told(&v, &simple), '!'));
	v.answered = NULL;
	assert_non_null(strstr(told(&v, &simple), "tempfail 451"));
}

static void texts_are_the_policys_if_they_fit(void **state)
{
	struct assay_verdict v = { .enforced = true, .scan_id = "id", .answered = "reject" };

	(void)state;
	v.reply = "554 5.7.1 100% no\r\n250 ok \xc3\xbc\x7f";
	assert_string_equal(told(&v, &simple), "reject 554 5.7.1 100%% no  250 ok ?? ");
	v.reply = "451 4.7.1 later"; /* another class: kept for a later verdict by some */
	assert_string_equal(told(&v, &simple), "reject 550 5.7.1 Message refused (id)");
	v.reply = "5";
	assert_string_equal(told(&v, &simple), "reject 550 5.7.1 Message refused (id)");
	v.answered = "tempfail";
	v.reply = "421 4.3.2 closing";
	assert_string_equal(told(&v, &simple), "tempfail 421 4.3.2 closing");
}

static void long_texts_are_cut(void **state)
{
	struct assay_verdict v = { .enforced = true, .scan_id = "id", .answered = "reject" };
	char text[3000] = "550 5.7.1 ";
	struct assay_reply reply;

	(void)state;
	memset(text + 10, '%', sizeof text - 11);
	v.reply = text;
	assay_reply_init(&reply, &v, &simple);
	assert_true(strlen(reply.text) < ASSAY_REPLY_TEXT);
	assert_int_equal(strspn(reply.text + 10, "%") % 2, 0);
	assay_reply_release(&reply);
}

static void forged_headers_go_bottom_up(void **state)
{
	struct assay_verdict v = { .enforced = true, .scan_id = "id", .answered = "tag" };
	struct assay_reply_to to = simple;

	(void)state;
	v.headers = json_pack("[{s:s, s:s}, {s:s, s:s}]", "name", "X-Assay-Verdict", "value",
	    "tag\r\nEvil: %x", "name", "X-Own", "value", "2");
	to.names = NAMES("Subject\0x-assay-verdict\0x-own\0X-Assay-Other\0X-ASSAY-VERDICT\0");
	assert_string_equal(told(&v, &to),
	    "x-assay-verdict 2; x-assay-verdict 1; x-own 1; X-Assay-Other 1; X-Own 0 2; "
	    "X-Assay-Verdict 0 tag  Evil: %x; accept ");
	to.leading_space = false;
	assert_non_null(strstr(told(&v, &to), "X-Own 02; "));
	to.actions = ASSAY_PROTO_MAY_ADD_HEADERS;
	assert_non_null(strstr(told(&v, &to), "removed"));
	to.actions = 0;
	assert_non_null(strstr(told(&v, &to), "added"));
	json_decref((json_t *)(uintptr_t)v.headers);
	/* Nothing to be added: what is forged goes all the same. */
	v.headers = NULL;
	v.answered = "accept";
	to.actions = ALL;
	assert_string_equal(
	    told(&v, &to), "x-assay-verdict 2; x-assay-verdict 1; X-Assay-Other 1; accept ");
}

static void names_that_are_none_are_left_out(void **state)
{
	struct assay_verdict v = { .enforced = true, .answered = "tag" };

	(void)state;
	v.headers = json_pack("[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}, {s:s}, {s:i, s:s}]", "name", "",
	    "value", "x", "name", "A:b", "value", "x", "name", "A b\r\n", "value", "x", "name",
	    "Lone", "name", 3, "value", "x");
	assert_string_equal(told(&v, &simple), "accept ");
	json_decref((json_t *)(uintptr_t)v.headers);
}

static void a_hold_that_cannot_be_is_no_accept(void **state)
{
	struct assay_verdict v = { .enforced = true, .scan_id = "id", .answered = "quarantine" };
	struct assay_reply_to to = simple;

	(void)state;
	to.actions = ASSAY_PROTO_MAY_ADD_HEADERS;
	assert_non_null(strstr(told(&v, &to), "tempfail 451"));
	v.rule = "a\r\nb";
	assert_string_equal(told(&v, &simple), "hold assay a  b id; accept ");
}

static void too_many_headers_cannot_be_trusted(void **state)
{
	struct assay_verdict v = { .enforced = true, .scan_id = "id", .answered = "accept" };
	struct assay_reply_to to = simple;

	(void)state;
	to.names_cut = true;
	assert_string_equal(told(&v, &to), "reject 550 5.6.0 Too many headers");
}

static void many_forged_headers_cost_linear_time(void **state)
{
	struct assay_verdict v = { .enforced = true, .answered = "accept" };
	struct assay_reply_to to = simple;
	struct assay_reply reply;
	struct assay_buf names, out;

	(void)state;
	assay_buf_init(&names, (size_t)256 * 1024);
	for (int i = 0; names.n < names.max - 20; i++) {
		(void)assay_buf_printf(&names, "X-Assay-%d", i);
		(void)assay_buf_add_char(&names, '\0');
	}
	to.names = assay_buf_slice(&names);
	assay_reply_init(&reply, &v, &to);
	assert_true(reply.nedits > 15000);
	assay_buf_init(&out, (size_t)1024 * 1024);
	assert_true(assay_reply_put(&reply, &out));
	assay_buf_release(&out);
	assay_buf_init(&out, 100);
	assert_false(assay_reply_put(&reply, &out));
	assay_buf_release(&out);
	assay_reply_release(&reply);
	assay_buf_release(&names);
}

static void packets_end_with_the_answer(void **state)
{
	struct assay_verdict v = { .enforced = true, .scan_id = "id", .answered = "quarantine" };
	struct assay_reply_to to = simple;
	struct assay_reply reply;
	struct assay_buf out;

	(void)state;
	v.headers = json_pack("[{s:s, s:s}]", "name", "X-A", "value", "1");
	to.names = NAMES("X-A\0");
	assay_buf_init(&out, 1000);
	assay_reply_init(&reply, &v, &to);
	assert_true(assay_reply_put(&reply, &out));
	assay_reply_release(&reply);
	assert_int_equal(out.n, 14 + 16 + 15 + 5);
	assert_memory_equal(out.p, "\0\0\0\012m\0\0\0\1X-A\0\0", 14);
	assert_memory_equal(out.p + 14, "\0\0\0\014i\0\0\0\0X-A\0 1\0", 16);
	assert_memory_equal(out.p + 30, "\0\0\0\013qassay  id\0", 15);
	assert_memory_equal(out.p + 45, "\0\0\0\1a", 5);
	json_decref((json_t *)(uintptr_t)v.headers);
	v.headers = NULL;
	v.answered = "discard";
	assay_buf_clear(&out);
	assay_reply_init(&reply, &v, &to);
	assert_true(assay_reply_put(&reply, &out));
	assay_reply_release(&reply);
	assert_memory_equal(out.p, "\0\0\0\1d", 5);
	v.answered = "reject";
	v.reply = "550 5.7.1 x";
	assay_buf_clear(&out);
	assay_reply_init(&reply, &v, &to);
	assert_true(assay_reply_put(&reply, &out));
	assay_reply_release(&reply);
	assert_memory_equal(out.p, "\0\0\0\015y550 5.7.1 x\0", 17);
	assay_buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(observing_changes_nothing),
		cmocka_unit_test(words_become_answers),
		cmocka_unit_test(texts_are_the_policys_if_they_fit),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(forged_headers_go_bottom_up),
		cmocka_unit_test(names_that_are_none_are_left_out),
		cmocka_unit_test(a_hold_that_cannot_be_is_no_accept),
		cmocka_unit_test(too_many_headers_cannot_be_trusted),
		cmocka_unit_test(many_forged_headers_cost_linear_time),
		cmocka_unit_test(packets_end_with_the_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
