/* rooms: plugin_pe fakehost text base */
/*
 * tests of plugins/worker/binary: pe.c, version.c, tree.c, report.c, module.c; a small program
 */
#include <setjmp.h>
#include <stdarg.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/slice.h"
#include "binary/module.h"
#include "binary/version.h"
#include "binary_file.h"
#include "fake_host.h"

#define PE 0x80
#define OPTIONAL (PE + 24)
#define DIRECTORIES (OPTIONAL + 112)
#define SECTIONS (DIRECTORIES + 128)
#define TEXT 0x200 /* at 0x1000 in memory */

static struct fake_host *host;

/* put_rich - Microsoft's record of one tool, behind a key */
static void put_rich(struct binary_file *f)
{
	static const uint32_t clear[] = { 0x536e6144, 0, 0, 0, 0x0101000a, 3 };
	const uint32_t key = 0x5a123456;

	for (size_t i = 0; i < 6; i++)
		put(f, 0x40 + 4 * i, 4, clear[i] ^ key);
	put_text(f, 0x58, "Rich");
	put(f, 0x5c, 4, key);
}

/* put_section - a row of the table */
static void put_section(struct binary_file *f, size_t i, const char *name, uint32_t flags)
{
	const size_t at = SECTIONS + 40 * i;

	put_text(f, at, name);
	put(f, at + 8, 4, 0x200);
	put(f, at + 12, 4, 0x1000 * (i + 1));
	put(f, at + 16, 4, 0x200);
	put(f, at + 20, 4, TEXT * (i + 1));
	put(f, at + 36, 4, flags);
}

/* put_imports - one function by its name, one by its number */
static void put_imports(struct binary_file *f)
{
	put(f, DIRECTORIES + 8, 4, 0x1100);
	put(f, DIRECTORIES + 12, 4, 40);
	put(f, TEXT + 0x100, 4, 0x1140);
	put(f, TEXT + 0x10c, 4, 0x1180);
	put(f, TEXT + 0x110, 4, 0x1160);
	for (unsigned i = 0; i < 2; i++) {
		put(f, TEXT + 0x140 + 0x20 * i, 8, 0x1190);
		put(f, TEXT + 0x148 + 0x20 * i, 8, 1ull << 63 | 5);
	}
	put_text(f, TEXT + 0x180, "KERNEL32.dll");
	put_text(f, TEXT + 0x192, "ExitProcess");
}

/* program - a whole one */
static struct binary_file program(void)
{
	struct binary_file f = { .n = 0 };

	put_text(&f, 0, "MZ");
	put(&f, 0x3c, 4, PE);
	put_rich(&f);
	put_text(&f, PE, "PE");
	put(&f, PE + 4, 2, 0x8664);
	put(&f, PE + 6, 2, 2);
	put(&f, PE + 8, 4, 1600000000);
	put(&f, PE + 20, 2, 240);
	put(&f, PE + 22, 2, 0x2022);
	put(&f, OPTIONAL, 2, 0x20b);
	put(&f, OPTIONAL + 16, 4, 0x1010);
	put(&f, OPTIONAL + 24, 8, 0x140000000);
	put(&f, OPTIONAL + 32, 4, 0x1000);
	put(&f, OPTIONAL + 36, 4, 0x200);
	put(&f, OPTIONAL + 56, 4, 0x3000);
	put(&f, OPTIONAL + 60, 4, 0x200);
	put(&f, OPTIONAL + 68, 2, 3);
	put(&f, OPTIONAL + 70, 2, 0x140);
	put(&f, OPTIONAL + 108, 4, 16);
	put_section(&f, 0, ".text", 0x60000020);
	put_section(&f, 1, "\xffodd", 0xe0000040);
	put_imports(&f);
	put(&f, 3 * TEXT - 1, 1, 0);
	put_text(&f, 3 * TEXT, "OVER");
	f.n--;
	return f;
}

/* whole - all that stands in it */
static void whole(void **state)
{
	const struct binary_file f = program();
	struct fake_scan s;

	(void)state;
	scan(host, f.p, f.n, &s);
	says(&s, "machine", "x86-64");
	says(&s, "kind", "dll");
	says(&s, "subsystem", "console");
	says(&s, "compile_time", "2020-09-13T12:26:40.000Z");
	says(&s, "dll_characteristics.0", "aslr");
	counts(&s, "dll_characteristics", 2);
	counts(&s, "entry_point", 0x1010);
	says(&s, "entry_section", ".text");
	counts(&s, "image_base", 0x140000000);
	says(&s, "imphash", "6e397cc7bfa2ad2a121f499d79972673");
	counts(&s, "imports", 1);
	says(&s, "imports.0.library", "KERNEL32.dll");
	says(&s, "imports.0.functions.0", "ExitProcess");
	says(&s, "imports.0.functions.1", "ord5");
	counts(&s, "import_count", 2);
	counts(&s, "exports", 0);
	counts(&s, "sections", 2);
	says(&s, "sections.1.name", "\xef\xbf\xbdodd");
	counts(&s, "sections.1.offset", 0x400);
	says(&s, "sections.1.flags.3", "write");
	says(&s, "sections.1.md5", "bf619eac0cdf3f68d496ea9344137e8b");
	assert_true(json_real_value(member(&s, "sections.0.entropy")) > 0.5);
	says(&s, "rich.md5", "bff1cbea54601ff4a7c25c9622eb769b");
	counts(&s, "rich.key", 0x5a123456);
	counts(&s, "rich.tools", 1);
	counts(&s, "rich.tools.0.product", 0x101);
	counts(&s, "rich.tools.0.build", 10);
	counts(&s, "rich.tools.0.count", 3);
	counts(&s, "overlay.offset", 3 * TEXT);
	counts(&s, "overlay.size", 4);
	assert_true(json_is_false(member(&s, "signed")));
	assert_true(json_is_false(member(&s, "dotnet")));
	assert_true(json_is_null(member(&s, "pdb_path")));
	assert_int_equal(json_array_size(s.limits), 0);
	fake_scan_free(&s);
}

/* others - what is no Windows program */
static void others(void **state)
{
	struct fake_scan s;

	(void)state;
	scan(host, "", 0, &s);
	assert_null(s.result);
	fake_scan_free(&s);
	scan(host, "MZ and so on", 12, &s);
	assert_null(s.result);
	fake_scan_free(&s);
	scan(host,
	    "\x7f"
	    "ELF",
	    4, &s);
	assert_null(s.result);
	fake_scan_free(&s);
}

/* bounds - of lists, of what is looked at; a certificate table that is none */
static void bounds(void **state)
{
	static const char *const one[] = { "max=1", NULL };
	static const char *const small[] = { "max_size=1K", NULL };
	struct binary_file f = program();
	struct fake_host *own;
	struct fake_scan s;
	struct assay_err err;

	(void)state;
	assert_int_equal(fake_host_open(&assay_plugin, one, NULL, &own, &err), ASSAY_OK);
	scan(own, f.p, f.n, &s);
	counts(&s, "sections", 1);
	counts(&s, "imports.0.functions", 1);
	counts(&s, "import_count", 2);
	assert_int_equal(json_array_size(s.limits), 1);
	fake_scan_free(&s);
	fake_host_close(&own);
	assert_int_equal(fake_host_open(&assay_plugin, small, NULL, &own, &err), ASSAY_OK);
	scan(own, f.p, f.n, &s);
	assert_null(s.result);
	assert_int_equal(json_array_size(s.limits), 1);
	fake_scan_free(&s);
	fake_host_close(&own);
	put(&f, DIRECTORIES + 32, 4, 0xfffffff0);
	put(&f, DIRECTORIES + 36, 4, 100);
	scan(host, f.p, f.n, &s);
	assert_true(json_is_false(member(&s, "signed")));
	fake_scan_free(&s);
}

/* damage - no byte and no end leads astray */
static void damage(void **state)
{
	const struct binary_file f = program();

	(void)state;
	damaged(host, &f);
}

/* modules - one that libyara does not have; an expression it does not know */
static void modules(void **state)
{
	static const char *const asked[] = { "nonsense", "pe.no_such_thing()", NULL };
	struct assay_module *m = NULL;
	struct assay_err err;

	(void)state;
	assert_int_equal(assay_module_open("no_such_module", asked, &m, &err), ASSAY_E_UNSUP);
	assert_null(m);
	assert_non_null(strstr(err.text, "no_such_module"));
	assert_int_equal(assay_module_open("pe", asked, &m, &err), ASSAY_OK);
	assay_module_close(&m);
	assert_null(m);
}

/* put_node - a node of a version resource: its key, and where its value begins */
static size_t put_node(struct binary_file *f, size_t at, const char *key, unsigned value)
{
	size_t n = 0;

	put(f, at + 2, 2, value);
	for (; key[n] != 0; n++)
		put(f, at + 6 + 2 * n, 2, (unsigned char)key[n]);
	put(f, at + 6 + 2 * n, 2, 0);
	return (at + 6 + 2 * n + 2 + 3) & ~(size_t)3;
}

/* on_string - collected as "key=value;" */
static bool on_string(void *user, struct assay_slice key, struct assay_slice value)
{
	struct assay_buf *out = user;

	assay_version_text(key, out);
	assay_buf_add_char(out, '=');
	assay_version_text(value, out);
	assay_buf_add_char(out, ';');
	return out->n < 60;
}

/* versions - two strings, one of them not Latin; each beginning of the resource */
static void versions(void **state)
{
	static const unsigned words[] = { 0x41f, 0x440, 0xd83d, 0xde00, 0xd800, 'x', 0 };
	struct binary_file f = { .n = 0 };
	struct assay_buf out;
	size_t at, info, table, one;

	(void)state;
	at = put_node(&f, 0, "VS_VERSION_INFO", 4);
	put(&f, at, 4, 0xfeef04bd);
	put(&f, info = at + 4, 2, 0);
	table = put_node(&f, info, "StringFileInfo", 0);
	one = put_node(&f, table, "040904b0", 0);
	at = put_node(&f, one, "Company", 7);
	for (size_t i = 0; i < 7; i++)
		put(&f, at + 2 * i, 2, words[i]);
	put(&f, one, 2, at + 14 - one);
	one = (at + 14 + 3) & ~(size_t)3;
	at = put_node(&f, one, "Name", 3);
	put(&f, at, 2, 'a');
	put(&f, at + 2, 2, 'b');
	put(&f, at + 4, 2, 0);
	put(&f, one, 2, f.n - one);
	put(&f, table, 2, f.n - table);
	put(&f, info, 2, f.n - info);
	put(&f, 0, 2, f.n);
	assay_buf_init(&out, 1000);
	assay_version_read(assay_slice((const char *)f.p, f.n), on_string, &out);
	assert_string_equal(
	    out.p, "Company=\xd0\x9f\xd1\x80\xf0\x9f\x98\x80\xef\xbf\xbdx;Name=ab;");
	for (size_t n = 0; n < f.n; n++) {
		char *copy = assay_xmalloc(n + 1);

		memcpy(copy, f.p, n);
		assay_buf_clear(&out);
		assay_version_read(assay_slice(copy, n), on_string, &out);
		assert_int_equal(out.n, 0);
		free(copy);
	}
	assay_buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(others),
		cmocka_unit_test(bounds),
		cmocka_unit_test(damage),
		cmocka_unit_test(modules),
		cmocka_unit_test(versions),
	};

	binary_tests(tests);
}
