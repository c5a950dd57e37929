/* rooms: plugin_decompress fakehost text base */
/*
 * tests of plugins/worker/decompress: members and their names, what is no file, budgets, passwords,
 * what stands around an archive (extent.c), damage
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/slice.h"
#include "decompress/extent.h"
#include "fake_host.h"

#define ROOM ((size_t)1 << 20)

/* A member to be written. */
struct input {
	const char *name;
	unsigned type; /* AE_IF... */
	const char *text, *link;
	const char *password;
};

static char room[ROOM];

/* put - one member */
static void put(struct archive *a, const struct input *in)
{
	struct archive_entry *e = archive_entry_new();
	const size_t n = in->text != NULL ? strlen(in->text) : 0;

	archive_entry_set_pathname(e, in->name);
	archive_entry_set_filetype(e, in->type);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_mtime(e, 86400, 0);
	archive_entry_set_size(e, (la_int64_t)n);
	if (in->type == AE_IFLNK)
		archive_entry_set_symlink(e, in->link);
	else if (in->link != NULL)
		archive_entry_set_hardlink(e, in->link);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	if (n > 0)
		assert_int_equal(archive_write_data(a, in->text, n), (la_ssize_t)n);
	archive_entry_free(e);
}

/* build - an archive of these members in `room` */
static struct assay_slice build(
    int format, int filter, const char *password, const struct input *in)
{
	struct archive *a = archive_write_new();
	size_t used = 0;

	assert_int_equal(archive_write_set_format(a, format), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
	(void)archive_write_set_bytes_in_last_block(a, 1);
	if (password != NULL) {
		assert_int_equal(archive_write_set_options(a, "zip:encryption=aes256"), ARCHIVE_OK);
		assert_int_equal(archive_write_set_passphrase(a, password), ARCHIVE_OK);
	}
	assert_int_equal(archive_write_open_memory(a, room, sizeof(room), &used), ARCHIVE_OK);
	for (; in->name != NULL; in++)
		put(a, in);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	return assay_slice(room, used);
}

static const struct input two[] = { { "dir/a.txt", AE_IFREG, "hello", NULL, NULL },
	{ "b\\c.exe", AE_IFREG, "MZ and more", NULL, NULL }, { NULL, 0, NULL, NULL, NULL } };

/* scan - with a limit, or not */
static void scan(struct assay_slice bytes, const char *const *opts, const char *limit,
    uint64_t most, struct fake_scan *s)
{
	struct fake_payload told = { .bytes = bytes, .filename = "a.txt.gz" };
	struct fake_host *host;
	struct assay_err err;

	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, &err), ASSAY_OK);
	if (limit != NULL)
		fake_host_allow(host, limit, most);
	fake_host_scan(host, &told, s);
	assert_int_equal(s->status, ASSAY_OK);
	assert_int_equal(json_array_size(s->errors), 0);
	fake_host_close(&host);
}

/* at - a member's column as text: "null", "true", 12, abc */
static const char *at(const struct fake_scan *s, size_t i, const char *column)
{
	static char text[8][300];
	static unsigned turn;
	const json_t *v =
	    json_object_get(json_array_get(json_object_get(s->result, "members"), i), column);
	char *t = text[turn++ % 8];

	assert_non_null(v);
	if (json_is_string(v))
		(void)snprintf(t, 300, "%s", json_string_value(v));
	else if (json_is_integer(v))
		(void)snprintf(t, 300, "%d", (int)json_integer_value(v));
	else
		(void)snprintf(t, 300, "%s",
		    json_is_null(v)       ? "null"
			: json_is_true(v) ? "true"
					  : "false");
	return t;
}

/* says - a string of the result */
static const char *says(const struct fake_scan *s, const char *key)
{
	const char *text = json_string_value(json_object_get(s->result, key));

	return text != NULL ? text : "";
}

/* whole - was everything had? */
static bool whole(const struct fake_scan *s)
{
	return json_is_true(json_object_get(s->result, "complete"));
}

/* members - rows and children of several formats */
static void members(void **state)
{
	static const struct {
		int format, filter;
		const char *name;
	} kinds[] = { { ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "zip" },
		{ ARCHIVE_FORMAT_7ZIP, ARCHIVE_FILTER_NONE, "7z" },
		{ ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, "tar" },
		{ ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, "tar" },
		{ ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_XZ, "tar" },
		{ ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_BZIP2, "tar" },
		{ ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_ZSTD, "tar" },
		{ ARCHIVE_FORMAT_CPIO, ARCHIVE_FILTER_NONE, "cpio" },
		{ ARCHIVE_FORMAT_XAR, ARCHIVE_FILTER_NONE, "xar" } };
	struct fake_scan s;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		scan(build(kinds[i].format, kinds[i].filter, NULL, two), NULL, NULL, 0, &s);
		assert_string_equal(says(&s, "format"), kinds[i].name);
		assert_int_equal(json_array_size(json_object_get(s.result, "filters")),
		    kinds[i].filter != ARCHIVE_FILTER_NONE);
		assert_true(whole(&s));
		assert_int_equal(s.nchild, 2);
		assert_string_equal(at(&s, 0, "name"), "dir/a.txt");
		assert_string_equal(at(&s, 0, "size"), "5");
		assert_string_equal(at(&s, 0, "type"), "file");
		assert_string_equal(at(&s, 0, "mtime"), "1970-01-02T00:00:00.000Z");
		assert_string_equal(at(&s, 0, "payload_id"), "0.0");
		assert_string_equal(s.child[0].filename, "a.txt");
		assert_string_equal(s.child[0].place, "1");
		assert_string_equal(s.child[1].filename, "c.exe");
		assert_true(assay_slice_is(s.child[0].bytes, "hello"));
		assert_true(assay_slice_is(s.child[1].bytes, "MZ and more"));
		assert_int_equal(json_array_size(s.limits), 0);
		fake_scan_free(&s);
	}
}

/* no_files - links, devices and paths out of the archive are told and nothing else */
static void no_files(void **state)
{
	static const struct input in[] = { { "../../etc/cron.d/x", AE_IFREG, "evil", NULL, NULL },
		{ "/etc/passwd", AE_IFREG, "root", NULL, NULL },
		{ "link", AE_IFLNK, NULL, "/etc/shadow", NULL },
		{ "hard", AE_IFREG, NULL, "/etc/passwd", NULL },
		{ "dev", AE_IFCHR, NULL, NULL, NULL }, { "pipe", AE_IFIFO, NULL, NULL, NULL },
		{ "dir/", AE_IFDIR, NULL, NULL, NULL }, { NULL, 0, NULL, NULL, NULL } };
	static const char *const types[] = { "file", "file", "symlink", "hardlink", "device",
		"other", "dir" };
	struct fake_scan s;

	(void)state;
	scan(build(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, NULL, in), NULL, NULL, 0, &s);
	assert_true(whole(&s));
	assert_int_equal(json_integer_value(json_object_get(s.result, "member_count")), 7);
	for (size_t i = 0; i < 7; i++) {
		assert_string_equal(at(&s, i, "type"), types[i]);
		assert_int_equal(strcmp(at(&s, i, "payload_id"), "null") != 0, i < 2);
	}
	assert_string_equal(at(&s, 0, "name"), "../../etc/cron.d/x");
	assert_string_equal(at(&s, 1, "name"), "/etc/passwd");
	assert_string_equal(at(&s, 2, "link"), "/etc/shadow");
	assert_string_equal(at(&s, 3, "link"), "/etc/passwd");
	assert_int_equal(s.nchild, 2);
	assert_string_equal(s.child[0].filename, "x");
	fake_scan_free(&s);
}

/* limit_of - the only limit there is */
static const char *limit_of(const struct fake_scan *s)
{
	assert_int_equal(json_array_size(s->limits), 1);
	return json_string_value(json_object_get(json_array_get(s->limits, 0), "limit"));
}

/* budgets - what does not fit is not had, what does is */
static void budgets(void **state)
{
	static const char *const one_row[] = { "members_max=1", NULL };
	struct fake_scan s;
	char *big = calloc(1, 100001);
	const struct input in[] = { { "big", AE_IFREG, big, NULL, NULL },
		{ "small", AE_IFREG, "abc", NULL, NULL }, { NULL, 0, NULL, NULL, NULL } };

	(void)state;
	memset(big, 'x', 100000);
	scan(build(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, NULL, in), NULL, "max_member_bytes",
	    1000, &s);
	assert_string_equal(limit_of(&s), "max_member_bytes");
	assert_int_equal(s.nchild, 1);
	assert_string_equal(s.child[0].filename, "small");
	assert_string_equal(at(&s, 0, "size_declared"), "100000");
	assert_string_equal(at(&s, 0, "payload_id"), "null");
	assert_string_equal(at(&s, 0, "error"), "larger than 1000 bytes");
	assert_false(whole(&s));
	fake_scan_free(&s);

	scan(build(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, NULL, in), NULL,
	    "max_unpacked_bytes", 2000, &s);
	assert_string_equal(limit_of(&s), "max_unpacked_bytes");
	assert_int_equal(s.nchild, 1);
	fake_scan_free(&s);

	scan(build(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, NULL, in), one_row, NULL, 0, &s);
	assert_string_equal(limit_of(&s), "decompress_members");
	assert_int_equal(s.nchild, 2);
	assert_int_equal(json_array_size(json_object_get(s.result, "members")), 1);
	assert_int_equal(json_integer_value(json_object_get(s.result, "member_count")), 2);
	fake_scan_free(&s);
	free(big);
}

/* passwords - the one that works is told; none; a list of one's own; a bound */
static void passwords(void **state)
{
	static const char *const own[] = { "passwords=wrong, open sesame", NULL };
	static const char *const bound[] = { "passwords=wrong, open sesame", "passwords_max=1",
		NULL };
	struct fake_scan s;

	(void)state;
	scan(build(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "infected", two), NULL, NULL, 0, &s);
	assert_string_equal(says(&s, "password_used"), "infected");
	assert_true(json_is_true(json_object_get(s.result, "encrypted")));
	assert_true(whole(&s));
	assert_int_equal(s.nchild, 2);
	assert_true(assay_slice_is(s.child[1].bytes, "MZ and more"));
	assert_string_equal(at(&s, 1, "encrypted"), "true");
	assert_string_equal(at(&s, 1, "error"), "null");
	fake_scan_free(&s);

	for (unsigned i = 0; i < 3; i++) {
		const char *const *opts = i == 0 ? NULL : i == 1 ? own : bound;

		scan(build(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, "open sesame", two), opts, NULL,
		    0, &s);
		assert_int_equal(s.nchild, i == 1 ? 2 : 0);
		assert_int_equal(whole(&s), i == 1);
		assert_string_equal(says(&s, "password_used"), i == 1 ? "open sesame" : "");
		assert_string_equal(
		    at(&s, 0, "error"), i == 1 ? "null" : "encrypted: no password fits");
		assert_true(json_is_true(json_object_get(s.result, "encrypted")));
		fake_scan_free(&s);
	}
}

/* words_of_the_message - in bodies, in the archive's own name, and only as many as allowed */
static void words_of_the_message(void **state)
{
	static const char *const bound[] = { "passwords_max=2", NULL };
	static const struct {
		const char *password, *text, *name;
		const char *const *opts;
		bool opens;
	} cases[] = { { "open sesame", "Das Passwort lautet: \"open sesame\".", "a.zip", NULL,
			  true },
		{ "x7Kq9", "see the file (x7Kq9), please", "a.zip", NULL, true },
		{ "x7Kq9", "key=x7Kq9;", "a.zip", NULL, true },
		{ "x7Kq9", "nothing here", "x7Kq9.pdf.zip", NULL, true },
		{ "4711", "nothing here", "invoice_4711.zip", NULL, true },
		{ "x7Kq9", "nothing here", "a.zip", NULL, false },
		{ "x7Kq9", "one two three four five x7Kq9", "a.zip", bound, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const texts[] = { "a subject", cases[i].text, NULL };
		const struct fake_payload told = { .bytes = build(ARCHIVE_FORMAT_ZIP,
						       ARCHIVE_FILTER_NONE, cases[i].password, two),
			.filename = cases[i].name,
			.texts = texts };
		struct fake_host *host;
		struct fake_scan s;
		struct assay_err err;

		assert_int_equal(
		    fake_host_open(&assay_plugin, cases[i].opts, NULL, &host, &err), ASSAY_OK);
		fake_host_scan(host, &told, &s);
		assert_int_equal(s.nchild, cases[i].opens ? 2 : 0);
		assert_string_equal(
		    says(&s, "password_used"), cases[i].opens ? cases[i].password : "");
		fake_scan_free(&s);
		fake_host_close(&host);
	}
}

/* What the fake program answers, and what it was given. */
struct program {
	const char *said, *name;
	int exit;
	enum assay_status status;
	size_t left_out;
	char before[4000];
	size_t calls;
};

/* run - a program that leaves one file */
static enum assay_status run(void *arg, size_t row, const struct assay_run_input *in,
    struct assay_run_output *out, struct assay_err *err)
{
	static struct assay_run_file file;
	struct program *p = arg;

	(void)row;
	p->calls++;
	(void)snprintf(p->before, sizeof(p->before), "%.*s", (int)in->before.n, in->before.p);
	file = (struct assay_run_file){ p->name, ASSAY_SLICE_LIT("out of it") };
	*out = (struct assay_run_output){
		.exit = p->exit, .out = assay_slice_str(p->said), .left_out = p->left_out
	};
	if (p->name != NULL) {
		out->files = &file;
		out->nfiles = 1;
	}
	return p->status == ASSAY_OK ? ASSAY_OK : assay_err_set(err, p->status, "on purpose");
}

/* other_programs - who is asked for what, and what their answers become */
static void other_programs(void **state)
{
	static const char *const opts[] = { "passwords=one, two", NULL };
	/* Its list of members is encrypted. */
	static const char sevenz[] =
	    "7z\xbc\xaf\x27\x1c\0\4....\0\0\0\0\0\0\0\0\x13\0\0\0\0\0\0\0...."
	    "\x17\x06\0\1\x09\1\0\7\x0b\1\0\x06\xf1\x07\x01....";
	static const char arj[] = "\x60\xea\x20\0..............................";
	static const struct {
		struct assay_slice bytes;
		struct program program;
		const char *before, *password, *damage;
		size_t children;
	} cases[] = {
		{ { sevenz, sizeof(sevenz) - 1 }, { .said = "2\n", .name = "d/a.exe" },
		    "one\ntwo\n", "two", "", 1 },
		{ { sevenz, sizeof(sevenz) - 1 }, { .said = "", .exit = 1 }, "one\ntwo\n", "",
		    "encrypted: no password fits", 0 },
		{ { sevenz, sizeof(sevenz) - 1 }, { .said = "77\n", .name = "a" }, "one\ntwo\n", "",
		    "encrypted: no password fits", 0 },
		{ { sevenz, sizeof(sevenz) - 1 }, { .said = "", .status = ASSAY_E_LIMIT },
		    "one\ntwo\n", "", NULL, 0 },
		{ { arj, sizeof(arj) - 1 }, { .said = "", .name = "a.txt" }, "", "", "", 1 },
		{ { arj, sizeof(arj) - 1 }, { .said = "", .exit = 2 }, "", "",
		    "7z found nothing in it", 0 },
		{ { arj, sizeof(arj) - 1 }, { .said = "", .name = "a.txt", .left_out = 1 }, "", "",
		    "", 1 },
		{ { arj, sizeof(arj) - 1 }, { .said = "", .name = "a.txt", .left_out = 1000 }, "",
		    "", "", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fake_payload told = { .bytes = cases[i].bytes };
		struct program program = cases[i].program;
		struct fake_host *host;
		struct fake_scan s;
		struct assay_err err;

		assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, &err), ASSAY_OK);
		fake_host_run(host, run, &program);
		fake_host_scan(host, &told, &s);
		if (program.calls == 0) {
			print_message("7z is not installed\n");
			fake_scan_free(&s);
			fake_host_close(&host);
			return;
		}
		assert_memory_equal(program.before, cases[i].before, strlen(cases[i].before));
		assert_int_equal(s.nchild, cases[i].children);
		assert_string_equal(says(&s, "password_used"), cases[i].password);
		if (cases[i].damage != NULL)
			assert_string_equal(says(&s, "damage"), cases[i].damage);
		assert_int_equal(whole(&s), cases[i].children > 0 && program.left_out == 0);
		assert_int_equal(json_array_size(s.limits),
		    program.status == ASSAY_E_LIMIT || program.left_out > 1);
		fake_scan_free(&s);
		fake_host_close(&host);
	}
}

/* around - bytes before and behind an archive are children */
static void around(void **state)
{
	struct assay_slice zip = build(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, NULL, two);
	char *p = malloc(zip.n + 8);
	struct fake_scan s;

	(void)state;
	memcpy(p, "JUNK", 4);
	memcpy(p + 4, zip.p, zip.n);
	memcpy(p + 4 + zip.n, "TAIL", 4);
	scan(assay_slice(p, zip.n + 8), NULL, NULL, 0, &s);
	assert_int_equal(s.nchild, 4);
	assert_true(assay_slice_is(s.child[2].bytes, "JUNK"));
	assert_string_equal(s.child[2].place, "before");
	assert_true(assay_slice_is(s.child[3].bytes, "TAIL"));
	assert_string_equal(s.child[3].place, "behind");
	assert_true(whole(&s));
	fake_scan_free(&s);
	free(p);
}

/* behind_inside - bytes behind the end of a tar, inside its compression */
static void behind_inside(void **state)
{
	struct assay_slice tar = build(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, NULL, two);
	char *text = malloc(tar.n + 4), *copy;
	struct archive *a = archive_write_new();
	struct archive_entry *e = archive_entry_new();
	size_t used = 0;
	struct fake_scan s;

	(void)state;
	memcpy(text, tar.p, tar.n);
	memcpy(text + tar.n, "TAIL", 4);
	archive_write_set_format_raw(a);
	archive_write_add_filter_gzip(a);
	(void)archive_write_set_bytes_in_last_block(a, 1);
	assert_int_equal(archive_write_open_memory(a, room, sizeof(room), &used), ARCHIVE_OK);
	archive_entry_set_pathname(e, "x");
	archive_entry_set_filetype(e, AE_IFREG);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, text, tar.n + 4), (la_ssize_t)tar.n + 4);
	archive_entry_free(e);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	copy = malloc(used);
	memcpy(copy, room, used);
	scan(assay_slice(copy, used), NULL, NULL, 0, &s);
	assert_int_equal(s.nchild, 3);
	assert_true(assay_slice_is(s.child[2].bytes, "TAIL"));
	fake_scan_free(&s);
	free(copy);
	free(text);
}

/* damaged - a reason, and what came out before */
static void damaged(void **state)
{
	struct assay_slice gz = build(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_GZIP, NULL, two);
	struct fake_scan s;

	(void)state;
	scan(assay_slice_head(gz, gz.n - 30), NULL, NULL, 0, &s);
	assert_false(whole(&s));
	assert_true(says(&s, "damage")[0] != 0);
	fake_scan_free(&s);
	scan(ASSAY_SLICE_LIT("Rar!\x1a\x07\x01 and so on"), NULL, NULL, 0, &s);
	assert_string_equal(says(&s, "format"), "rar5");
	assert_false(whole(&s));
	assert_true(says(&s, "damage")[0] != 0);
	fake_scan_free(&s);
	scan(ASSAY_SLICE_LIT("plain text, and nothing else"), NULL, NULL, 0, &s);
	assert_null(s.result);
	assert_int_equal(s.nchild, 0);
	fake_scan_free(&s);
	scan(assay_slice("", 0), NULL, NULL, 0, &s);
	assert_null(s.result);
	fake_scan_free(&s);
}

/* names - in another charset, and none */
static void names(void **state)
{
	static const struct input old[] = { { "caf\x82.txt", AE_IFREG, "x", NULL, NULL },
		{ "\xc3\xa9.txt", AE_IFREG, "y", NULL, NULL }, { NULL, 0, NULL, NULL, NULL } };
	static const struct input one[] = { { "x", AE_IFREG, "text", NULL, NULL },
		{ NULL, 0, NULL, NULL, NULL } };
	static const char *const cyrillic[] = { "name_charset=cp866", NULL };
	struct fake_scan s;

	(void)state;
	scan(build(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, NULL, old), NULL, NULL, 0, &s);
	assert_string_equal(at(&s, 0, "name"), "caf\xc3\xa9.txt");
	assert_string_equal(at(&s, 1, "name"), "\xc3\xa9.txt");
	fake_scan_free(&s);
	scan(build(ARCHIVE_FORMAT_ZIP, ARCHIVE_FILTER_NONE, NULL, old), cyrillic, NULL, 0, &s);
	assert_string_equal(at(&s, 0, "name"), "caf\xd0\x92.txt");
	assert_string_equal(at(&s, 1, "name"), "\xc3\xa9.txt");
	fake_scan_free(&s);
	scan(build(ARCHIVE_FORMAT_RAW, ARCHIVE_FILTER_BZIP2, NULL, one), NULL, NULL, 0, &s);
	assert_string_equal(says(&s, "format"), "bzip2");
	assert_string_equal(at(&s, 0, "name"), "a.txt");
	assert_true(assay_slice_is(s.child[0].bytes, "text"));
	fake_scan_free(&s);
}

/* extents - from the numbers alone */
static void extents(void **state)
{
	char sevenz[64] = "7z\xbc\xaf\x27\x1c\0\4", cab[80] = "MZ..MSCF";
	const struct assay_slice s = assay_slice(sevenz, sizeof(sevenz));
	struct assay_extent e;

	(void)state;
	sevenz[12] = 4;
	sevenz[20] = 8;
	sevenz[63] = 'x';
	e = assay_extent_find(s, ASSAY_UNPACK_7Z, 0);
	assert_int_equal(e.begin, 0);
	assert_int_equal(e.end, 63);
	assert_false(assay_extent_head_encrypted(s));
	memcpy(sevenz + 36, "\x17\x06\xf1\x07\x01", 5);
	assert_true(assay_extent_head_encrypted(s));
	sevenz[19] = 1;
	e = assay_extent_find(s, ASSAY_UNPACK_7Z, 0);
	assert_int_equal(e.end, 64);
	cab[12] = 40;
	memcpy(cab + 50, "xyz", 3);
	e = assay_extent_find(assay_slice(cab, sizeof(cab)), ASSAY_UNPACK_CAB, 0);
	assert_int_equal(e.begin, 4);
	assert_int_equal(e.end, 50);
	e = assay_extent_find(assay_slice("abc\0\0\0", 6), ASSAY_UNPACK_TAR, 3);
	assert_int_equal(e.end, 6);
}

/* rar5 - encrypted headers, an encrypted file, a plain one, the end */
static void rar5(void **state)
{
	static const char head[] = "Rar!\x1a\x07\1\0crc1\2\4\0";
	static const char file[] = "Rar!\x1a\x07\1\0crc1\5\2\1\2\1\1crc2\3\5\0\0more";
	static const char plain[] = "Rar!\x1a\x07\1\0crc1\5\2\1\2\1\3crc2\3\5\0\0more";

	(void)state;
	assert_true(assay_extent_rar5_encrypted(ASSAY_SLICE_LIT(head)));
	assert_true(assay_extent_rar5_encrypted(ASSAY_SLICE_LIT(file)));
	assert_false(assay_extent_rar5_encrypted(ASSAY_SLICE_LIT(plain)));
	assert_int_equal(
	    assay_extent_find(ASSAY_SLICE_LIT(plain), ASSAY_UNPACK_RAR5, 0).end, sizeof(plain) - 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members),
		cmocka_unit_test(no_files),
		cmocka_unit_test(budgets),
		cmocka_unit_test(passwords),
		cmocka_unit_test(words_of_the_message),
		cmocka_unit_test(other_programs),
		cmocka_unit_test(around),
		cmocka_unit_test(behind_inside),
		cmocka_unit_test(damaged),
		cmocka_unit_test(names),
		cmocka_unit_test(extents),
		cmocka_unit_test(rar5),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
