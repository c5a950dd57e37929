/* rooms: plugin_elf fakehost text base */
/*
 * tests of plugins/worker/binary: elf.c; a program of 64 bits, and one of 32 with the other byte
 * order
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "binary_file.h"
#include "fake_host.h"

#define BASE 0x400000
#define SEGMENTS 0x40
#define INTERP 0x100
#define STRINGS 0x120
#define SYMBOLS 0x180
#define DYNAMIC 0x200
#define NAMES 0x280
#define SECTIONS 0x300

static struct fake_host *host;

/* put_segment - a row of the program header */
static void put_segment(struct binary_file *f, size_t i, uint32_t type, size_t at, size_t size)
{
	const size_t row = SEGMENTS + 56 * i;

	put(f, row, 4, type);
	put(f, row + 4, 4, 5);
	put(f, row + 8, 8, at);
	put(f, row + 16, 8, BASE + at);
	put(f, row + 32, 8, size);
	put(f, row + 40, 8, size);
}

/* put_section - a row of the section header */
static void put_section(
    struct binary_file *f, size_t i, const uint32_t head[4], uint64_t at, uint64_t size)
{
	const size_t row = SECTIONS + 64 * i;

	put(f, row, 4, head[0]);
	put(f, row + 4, 4, head[1]);
	put(f, row + 8, 8, head[2]);
	put(f, row + 16, 8, BASE + at);
	put(f, row + 24, 8, at);
	put(f, row + 32, 8, size);
	put(f, row + 40, 4, head[3]);
	put(f, row + 56, 8, head[1] == 11 ? 24 : 0);
}

/* put_symbol - of the dynamic table */
static void put_symbol(struct binary_file *f, size_t i, uint32_t name, unsigned info, unsigned in)
{
	const size_t row = SYMBOLS + 24 * i;

	put(f, row, 4, name);
	put(f, row + 4, 1, info);
	put(f, row + 6, 2, in);
	put(f, row + 16, 8, 0);
}

/* put_tables - strings, symbols, the dynamic section */
static void put_tables(struct binary_file *f)
{
	static const uint64_t dynamic[][2] = { { 1, 1 }, { 1, 11 }, { 14, 21 }, { 29, 30 },
		{ 5, BASE + STRINGS }, { 10, 64 }, { 0, 0 } };

	put_text(f, INTERP, "/lib/ld.so.1");
	put_text(f, STRINGS + 1, "libc.so.6");
	put_text(f, STRINGS + 11, "libm.so.6");
	put_text(f, STRINGS + 21, "me.so");
	put_text(f, STRINGS + 30, "$ORIGIN");
	put_text(f, STRINGS + 40, "puts");
	put_text(f, STRINGS + 45, "mine");
	put_symbol(f, 0, 0, 0, 0);
	put_symbol(f, 1, 40, 0x12, 0);
	put_symbol(f, 2, 45, 0x22, 1);
	put_symbol(f, 3, 45, 0x02, 1); /* local: nobody else's business */
	for (size_t i = 0; i < sizeof(dynamic) / sizeof(dynamic[0]); i++) {
		put(f, DYNAMIC + 16 * i, 8, dynamic[i][0]);
		put(f, DYNAMIC + 16 * i + 8, 8, dynamic[i][1]);
	}
}

/* put_sections - with their names */
static void put_sections(struct binary_file *f)
{
	put_text(f, NAMES + 1, ".dynsym");
	put_text(f, NAMES + 9, ".dynstr");
	put_text(f, NAMES + 17, ".bss");
	put_text(f, NAMES + 22, ".shstrtab");
	put_section(f, 0, (const uint32_t[]){ 0, 0, 0, 0 }, 0, 0);
	put_section(f, 1, (const uint32_t[]){ 1, 11, 2, 2 }, SYMBOLS, 96);
	put_section(f, 2, (const uint32_t[]){ 9, 3, 2, 0 }, STRINGS, 64);
	put_section(f, 3, (const uint32_t[]){ 17, 8, 3, 0 }, 0x100, 0x100);
	put_section(f, 4, (const uint32_t[]){ 22, 3, 0, 0 }, NAMES, 40);
}

/* program - a whole one */
static struct binary_file program(void)
{
	struct binary_file f = { .n = 0 };

	put_text(&f, 0,
	    "\x7f"
	    "ELF\2\1\1");
	put(&f, 16, 2, 3);
	put(&f, 18, 2, 62);
	put(&f, 20, 4, 1);
	put(&f, 24, 8, BASE + 0x150);
	put(&f, 32, 8, SEGMENTS);
	put(&f, 40, 8, SECTIONS);
	put(&f, 52, 2, 64);
	put(&f, 54, 2, 56);
	put(&f, 56, 2, 3);
	put(&f, 58, 2, 64);
	put(&f, 60, 2, 5);
	put(&f, 62, 2, 4);
	put_segment(&f, 0, 3, INTERP, 13);
	put_segment(&f, 1, 1, 0, SECTIONS);
	put_segment(&f, 2, 2, DYNAMIC, 0x70);
	put_tables(&f);
	put_sections(&f);
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
	counts(&s, "bits", 64);
	says(&s, "endian", "little");
	says(&s, "os", "sysv");
	says(&s, "kind", "pie");
	counts(&s, "entry_point", BASE + 0x150);
	says(&s, "interpreter", "/lib/ld.so.1");
	assert_true(json_is_true(member(&s, "stripped")));
	counts(&s, "needed", 2);
	says(&s, "needed.0", "libc.so.6");
	says(&s, "needed.1", "libm.so.6");
	says(&s, "soname", "me.so");
	says(&s, "runpath", "$ORIGIN");
	counts(&s, "import_count", 1);
	says(&s, "imports.0", "puts");
	counts(&s, "export_count", 1);
	says(&s, "exports.0", "mine");
	counts(&s, "sections", 5);
	says(&s, "sections.1.name", ".dynsym");
	says(&s, "sections.1.type", "dynsym");
	says(&s, "sections.1.flags.0", "alloc");
	counts(&s, "sections.2.size", 64);
	assert_true(json_real_value(member(&s, "sections.2.entropy")) > 2);
	assert_true(json_is_null(member(&s, "sections.3.md5"))); /* takes no room in the file */
	counts(&s, "segments", 3);
	says(&s, "segments.0.type", "interp");
	says(&s, "segments.1.flags.1", "execute");
	counts(&s, "segments.2.offset", DYNAMIC);
	fake_scan_free(&s);
}

/* other_order - 32 bits, the high byte first, nothing but a header */
static void other_order(void **state)
{
	struct binary_file f = { .big = true };
	struct fake_scan s;

	(void)state;
	put_text(&f, 0,
	    "\x7f"
	    "ELF\1\2\1\3");
	put(&f, 16, 2, 2);
	put(&f, 18, 2, 8);
	put(&f, 20, 4, 1);
	put(&f, 24, 4, 0x10203040);
	put(&f, 40, 2, 52);
	put(&f, 63, 1, 0);
	scan(host, f.p, f.n, &s);
	says(&s, "machine", "mips");
	counts(&s, "bits", 32);
	says(&s, "endian", "big");
	says(&s, "os", "linux");
	says(&s, "kind", "executable");
	counts(&s, "entry_point", 0x10203040);
	assert_true(json_is_null(member(&s, "interpreter")));
	counts(&s, "needed", 0);
	fake_scan_free(&s);
}

/* others - what is no ELF file; what is too large; long lists */
static void others(void **state)
{
	static const char *const one[] = { "max=1", NULL };
	const struct binary_file f = program();
	struct fake_host *own;
	struct fake_scan s;
	struct assay_err err;

	(void)state;
	scan(host, "", 0, &s);
	assert_null(s.result);
	fake_scan_free(&s);
	scan(host,
	    "\x7f"
	    "ELF\2\1\1",
	    7, &s);
	assert_null(s.result);
	fake_scan_free(&s);
	assert_int_equal(fake_host_open(&assay_plugin, one, NULL, &own, &err), ASSAY_OK);
	scan(own, f.p, f.n, &s);
	counts(&s, "sections", 1);
	counts(&s, "needed", 1);
	assert_int_equal(json_array_size(s.limits), 1);
	fake_scan_free(&s);
	fake_host_close(&own);
}

/* damage - no byte and no end leads astray, nor does a sum that has no room */
static void damage(void **state)
{
	struct binary_file f = program();
	struct fake_scan s;

	(void)state;
	damaged(host, &f);
	put(&f, SEGMENTS + 56 + 8, 8, INT64_MAX);
	scan(host, f.p, f.n, &s);
	counts(&s, "segments.1.offset", INT64_MAX);
	counts(&s, "needed", 0);
	fake_scan_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(other_order),
		cmocka_unit_test(others),
		cmocka_unit_test(damage),
	};

	binary_tests(tests);
}
