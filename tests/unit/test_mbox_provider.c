/* rooms: plugin_mbox fakehost mail text base */
/*
 * tests/unit/test_mbox_provider.c - plugins/provider/mbox: files as `assay scan` and `assay import`
 * name them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "fake_door.h"
#include "fake_host.h"
#include "mbox/kind.h"

#define FROM "From joe@example.com Fri Sep 26 17:18:40 2025\n"

/* gzip of one message: "Subject: packed\n\nx\n" */
static const char gzipped[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x0b\x2e\x4d\xca\x4a\x4d\x2e\xb1\x52\x28\x48\x4c\xce"
    "\x4e\x4d\xe1\xe2\xaa\xe0\x02\x00\x1d\x14\x71\xd8\x13\x00\x00\x00";

static struct assay_door door;
static struct fake_host *host;
static char path[64];

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(path, sizeof path, "/tmp/test_mbox.%d", (int)getpid());
	fake_door_init(&door, NULL, NULL);
	door.message_size = 1000;
	assert_int_equal(fake_host_open(&assay_plugin, NULL, NULL, &host, NULL), ASSAY_OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fake_host_close(&host);
	fake_door_release(&door);
	(void)unlink(path);
	return 0;
}

/* once - over a file with this content */
static enum assay_status once(struct assay_slice content, bool keeps, struct assay_err *err)
{
	const char *names[] = { path, NULL };

	fake_door_release(&door);
	door.message_size = 1000;
	door.keeps = keeps;
	assert_int_equal(assay_io_replace_file(path, 0600, content.p, content.n, err), ASSAY_OK);
	return assay_plugin.provider->once(fake_host_state(host), &door, names, err);
}

/* is - the i-th mail */
static void is(size_t i, const char *bytes, const char *source, const char *id)
{
	char want[100];

	assert_true(i < door.n);
	assert_int_equal(door.mail[i].n, strlen(bytes));
	assert_memory_equal(door.mail[i].bytes, bytes, strlen(bytes));
	assert_string_equal(door.mail[i].source, source);
	assert_string_equal(door.mail[i].filename, path);
	if (id == NULL) {
		assert_null(door.mail[i].source_id);
		return;
	}
	(void)snprintf(want, sizeof want, "%s%s", path, id);
	assert_string_equal(door.mail[i].source_id, want);
}

static void two_messages(void **state)
{
	const struct assay_slice two =
	    ASSAY_SLICE_LIT(FROM "Subject: a\n\n>From x\n\n" FROM "Subject: b\n\ny\n");
	struct assay_err err;

	(void)state;
	for (int keeps = 0; keeps < 2; keeps++) {
		assert_int_equal(once(two, keeps == 1, &err), ASSAY_OK);
		assert_int_equal(door.n, 2);
		is(0, "Subject: a\n\nFrom x\n", "mbox", ":0");
		is(1, "Subject: b\n\ny\n", "mbox", ":67");
		assert_true(door.mail[1].message_time_ms == 1758907120000);
	}
	assert_true(door.progress == two.n);
}

/* For `assay scan` a file of one message is that file; in an import it may grow. */
static void one_message(void **state)
{
	const struct assay_slice one = ASSAY_SLICE_LIT(FROM "Subject: a\n\nx\n");
	struct assay_err err;

	(void)state;
	assert_int_equal(once(one, false, &err), ASSAY_OK);
	is(0, one.p, "mbox", NULL);
	assert_int_equal(once(one, true, &err), ASSAY_OK);
	is(0, "Subject: a\n\nx\n", "mbox", ":0");
	assert_int_equal(
	    once(ASSAY_SLICE_LIT("From here on\nSubject: a\n\nx\n"), false, &err), ASSAY_OK);
	is(0, "From here on\nSubject: a\n\nx\n", "mbox", NULL);
}

static void files_of_one_message(void **state)
{
	struct assay_err err;

	(void)state;
	assert_int_equal(once(ASSAY_SLICE_LIT("Subject: a\n\nx\n"), true, &err), ASSAY_OK);
	is(0, "Subject: a\n\nx\n", "import", "");
	assert_int_equal(once(assay_slice(gzipped, sizeof gzipped - 1), true, &err), ASSAY_OK);
	is(0, "Subject: packed\n\nx\n", "import", "");
	assert_int_equal(
	    once(assay_slice(gzipped, sizeof gzipped - 9), true, &err), ASSAY_E_SYNTAX);
	assert_int_equal(once(ASSAY_SLICE_LIT(""), true, &err), ASSAY_OK);
	assert_int_equal(door.n, 0);
	assert_int_equal(once(ASSAY_SLICE_LIT("a text\n"), true, &err), ASSAY_E_UNSUP);
	assert_non_null(strstr(err.text, path));
}

/* What is too large is told to the door, with its size. */
static void a_message_too_large(void **state)
{
	char text[200000], *end = text;
	struct assay_err err;

	(void)state;
	end = stpcpy(end, FROM "Subject: a\n\n");
	memset(end, 'x', 150000);
	end = stpcpy(end + 150000, "\n\n" FROM "Subject: b\n\ny\n");
	assert_int_equal(once(assay_slice(text, (size_t)(end - text)), true, &err), ASSAY_OK);
	assert_int_equal(door.n, 2);
	assert_string_equal(door.mail[0].unscanned, "message_size");
	is(1, "Subject: b\n\ny\n", "mbox", ":150060");
}

static void does_not_follow_links_into_an_import(void **state)
{
	char link[80];
	const char *names[] = { link, NULL };
	struct assay_err err;

	(void)state;
	(void)snprintf(link, sizeof link, "%s.link", path);
	assert_int_equal(once(ASSAY_SLICE_LIT("Subject: a\n\nx\n"), true, &err), ASSAY_OK);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(
	    assay_plugin.provider->once(fake_host_state(host), &door, names, &err), ASSAY_E_NOENT);
	(void)unlink(link);
}

static void kinds(void **state)
{
	static const struct {
		struct assay_slice head;
		enum assay_kind kind;
	} rows[] = { { ASSAY_SLICE_LIT(FROM "A: b\n"), ASSAY_KIND_MBOX },
		{ ASSAY_SLICE_LIT("\n\n" FROM "A: b\n"), ASSAY_KIND_MBOX },
		{ ASSAY_SLICE_LIT("Received: x\n y\nFrom: z\n"), ASSAY_KIND_MESSAGE },
		{ ASSAY_SLICE_LIT("X-Odd: x\r\n\ty\r\nSubject: z\r\n"), ASSAY_KIND_MESSAGE },
		{ ASSAY_SLICE_LIT("\xef\xbb\xbfSubject: z\r\n"), ASSAY_KIND_MESSAGE },
		{ ASSAY_SLICE_LIT("From nobody\nSubject: z\n"), ASSAY_KIND_MBOX },
		{ ASSAY_SLICE_LIT("From nobody knows what\nSubject: z\n"), ASSAY_KIND_MESSAGE },
		{ ASSAY_SLICE_LIT("https://example.com/\n"), ASSAY_KIND_OTHER },
		{ ASSAY_SLICE_LIT("key: value\nother: value\n\nSubject: x\n"), ASSAY_KIND_OTHER },
		{ ASSAY_SLICE_LIT(" Subject: x\n"), ASSAY_KIND_OTHER },
		{ ASSAY_SLICE_LIT("1795\nFrom: x\nTo: y\n\nz\n"), ASSAY_KIND_MESSAGE },
		{ ASSAY_SLICE_LIT("  \nDelivered-To: x\r\nReceived: y\r\n\r\n"),
		    ASSAY_KIND_MESSAGE },
		{ ASSAY_SLICE_LIT("From  : x\r\nTo    : y\r\n__\r\n z\r\n"), ASSAY_KIND_MESSAGE },
		{ ASSAY_SLICE_LIT("{\n  \"From\": \"x\",\n  \"To\": \"y\"\n}\n"),
		    ASSAY_KIND_OTHER },
		{ ASSAY_SLICE_LIT("BZh9"), ASSAY_KIND_PACKED },
		{ ASSAY_SLICE_LIT("BZ"), ASSAY_KIND_OTHER },
		{ ASSAY_SLICE_LIT("PK\3\4"), ASSAY_KIND_CLOSED },
		{ ASSAY_SLICE_LIT(""), ASSAY_KIND_EMPTY } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (assay_kind_of(rows[i].head, NULL) != rows[i].kind)
			fail_msg("row %zu: %d", i, assay_kind_of(rows[i].head, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(two_messages),
		cmocka_unit_test(one_message), cmocka_unit_test(files_of_one_message),
		cmocka_unit_test(a_message_too_large),
		cmocka_unit_test(does_not_follow_links_into_an_import), cmocka_unit_test(kinds) };

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
