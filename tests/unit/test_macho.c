/* rooms: plugin_macho fakehost text base */
/*
 * tests of plugins/worker/binary: macho.c, image.c, report.c; programs of both byte orders and
 * widths, and a universal one
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "binary/image.h"
#include "binary/report.h"
#include "binary_file.h"
#include "fake_host.h"

static struct fake_host *host;

/* command - begins a load command; where it is */
static size_t command(struct binary_file *f, size_t at, uint32_t id, uint32_t size)
{
	put(f, at, 4, id);
	put(f, at + 4, 4, size);
	put(f, at + size - 1, 1, 0);
	return at;
}

/* put_segment - with one section; behind it */
static size_t put_segment(struct binary_file *f, size_t at, bool wide)
{
	const unsigned w = wide ? 8 : 4;
	const size_t head = wide ? 72 : 56;

	command(f, at, wide ? 0x19 : 1, (uint32_t)(head + (wide ? 80 : 68)));
	put_text(f, at + 8, "__TEXT");
	put(f, at + 24, w, 0x1000);
	put(f, at + 24 + w, w, 0x2000);
	put(f, at + 24 + 2 * w, w, 0);
	put(f, at + 24 + 3 * w, w, 0x40);
	put(f, at + 28 + 4 * w, 4, 5);
	put(f, at + 32 + 4 * w, 4, 1);
	memcpy(f->p + at + head, "sixteen letters!", 16);
	put(f, at + head + 32, w, 0x1010);
	put(f, at + head + 32 + w, w, 0x20);
	put(f, at + head + 32 + 2 * w, 4, 0x30);
	return at + head + (wide ? 80 : 68);
}

/* put_symbols - three that it wants, one that it has; behind the command */
static size_t put_symbols(struct binary_file *f, size_t at, bool wide)
{
	static const struct {
		uint32_t name;
		unsigned type;
	} symbols[] = { { 1, 1 }, { 7, 1 }, { 13, 0x0f }, { 19, 1 }, { 1, 0xe1 } };
	const size_t step = wide ? 16 : 12;

	command(f, at, 2, 24);
	put(f, at + 8, 4, 0x300);
	put(f, at + 12, 4, 5);
	put(f, at + 16, 4, 0x380);
	put(f, at + 20, 4, 0x40);
	for (size_t i = 0; i < 5; i++) {
		put(f, 0x300 + i * step, 4, symbols[i].name);
		put(f, 0x300 + i * step + 4, 1, symbols[i].type);
	}
	put_text(f, 0x381, "_puts");
	put_text(f, 0x387, "_exit");
	put_text(f, 0x38d, "_main");
	put_text(f, 0x393, "_a");
	put(f, 0x3bf, 1, 0);
	return at + 24;
}

/* put_signature - ad hoc, with a team; behind the command */
static size_t put_signature(struct binary_file *f, size_t at)
{
	const bool big = f->big;

	command(f, at, 0x1d, 16);
	put(f, at + 8, 4, 0x400);
	put(f, at + 12, 4, 0x80);
	f->big = true;
	put(f, 0x400, 4, 0xfade0cc0);
	put(f, 0x408, 4, 1);
	put(f, 0x410, 4, 20);
	put(f, 0x414, 4, 0xfade0c02);
	put(f, 0x418, 4, 0x6c);
	put(f, 0x41c, 4, 0x20400);
	put(f, 0x420, 4, 0x10002);
	put(f, 0x428, 4, 56);
	put(f, 0x444, 4, 70);
	put_text(f, 0x414 + 56, "org.example");
	put_text(f, 0x414 + 70, "TEAM123456");
	put(f, 0x47f, 1, 0);
	f->big = big;
	return at + 16;
}

/* program - a whole one */
static struct binary_file program(bool big, bool wide)
{
	struct binary_file f = { .big = big };
	size_t at = wide ? 32 : 28;

	put(&f, 0, 4, wide ? 0xfeedfacf : 0xfeedface);
	put(&f, 4, 4, big ? 18 : wide ? 0x100000c : 7);
	put(&f, 12, 4, 2);
	put(&f, 16, 4, 8);
	put(&f, 24, 4, 0x200085);
	at = put_segment(&f, at, wide);
	at = put_symbols(&f, at, wide);
	at = put_signature(&f, at);
	put(&f, command(&f, at, 0xc, 56) + 8, 4, 24);
	put(&f, at + 16, 4, 1292 << 16 | 0x6402);
	put_text(&f, at + 24, "/usr/lib/libSystem.B.dylib");
	at += 56;
	put(&f, command(&f, at, 0x8000001c, 32) + 8, 4, 12);
	put_text(&f, at + 12, "@loader_path/lib");
	at += 32;
	memset(f.p + command(&f, at, 0x1b, 24) + 8, 0xab, 16);
	at += 24;
	put(&f, command(&f, at, 0x32, 24) + 8, 4, 1);
	put(&f, at + 12, 4, 11 << 16);
	put(&f, at + 16, 4, 12 << 16 | 0x301);
	at += 24;
	put(&f, command(&f, at, 0x80000028, 24) + 8, 8, 0x5b8);
	return f;
}

/* check - all that stands in an architecture */
static void check(const struct fake_scan *s, bool big, bool wide)
{
	says(s, "archs.0.machine", big ? "powerpc" : wide ? "arm64" : "x86");
	counts(s, "archs.0.bits", wide ? 64 : 32);
	says(s, "archs.0.endian", big ? "big" : "little");
	says(s, "archs.0.kind", "execute");
	counts(s, "archs.0.flags", 4);
	says(s, "archs.0.flags.3", "pie");
	counts(s, "archs.0.commands", 8);
	assert_true(json_is_true(member(s, "archs.0.complete")));
	counts(s, "archs.0.entry_point", 0x5b8);
	says(s, "archs.0.uuid", "abababab-abab-abab-abab-abababababab");
	says(s, "archs.0.platform", "macos");
	says(s, "archs.0.min_os", "11.0.0");
	says(s, "archs.0.sdk", "12.3.1");
	counts(s, "archs.0.libraries", 1);
	says(s, "archs.0.libraries.0.name", "/usr/lib/libSystem.B.dylib");
	says(s, "archs.0.libraries.0.how", "load");
	says(s, "archs.0.libraries.0.version", "1292.100.2");
	says(s, "archs.0.rpaths.0", "@loader_path/lib");
	counts(s, "archs.0.segments", 1);
	says(s, "archs.0.segments.0.name", "__TEXT");
	counts(s, "archs.0.segments.0.protection", 2);
	counts(s, "archs.0.segments.0.address", 0x1000);
	counts(s, "archs.0.segments.0.file_size", 0x40);
	assert_true(json_real_value(member(s, "archs.0.segments.0.entropy")) > 1);
	says(s, "archs.0.segments.0.sections.0.name", "sixteen letters!");
	counts(s, "archs.0.segments.0.sections.0.offset", 0x30);
	says(s, "archs.0.signature.identifier", "org.example");
	says(s, "archs.0.signature.team", "TEAM123456");
	says(s, "archs.0.signature.flags.0", "adhoc");
	assert_true(json_is_false(member(s, "archs.0.signature.certified")));
	counts(s, "archs.0.symbol_count", 3);
	says(s, "archs.0.symhash", "c222b5ecb98969f9147a667ea8441a1b"); /* of _a,_exit,_puts */
}

/* whole - of each kind */
static void whole(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		const struct binary_file f = program((kind & 1) != 0, (kind & 2) != 0);
		struct fake_scan s;

		scan(host, f.p, f.n, &s);
		assert_true(json_is_false(member(&s, "universal")));
		check(&s, (kind & 1) != 0, (kind & 2) != 0);
		assert_int_equal(json_array_size(s.limits), 0);
		fake_scan_free(&s);
	}
}

/* universal - two architectures in one file, and Java's classes, which begin as such a file does */
static void universal(void **state)
{
	struct binary_file f = { .big = true };
	const struct binary_file one = program(false, true);
	struct fake_scan s;

	(void)state;
	put(&f, 0, 4, 0xcafebabe);
	put(&f, 4, 4, 2);
	for (size_t i = 0; i < 2; i++) {
		put(&f, 8 + 20 * i + 8, 4, 0x200 + 0x600 * i);
		put(&f, 8 + 20 * i + 12, 4, one.n);
		memcpy(f.p + 0x200 + 0x600 * i, one.p, one.n);
	}
	f.n = 0x800 + one.n;
	scan(host, f.p, f.n, &s);
	assert_true(json_is_true(member(&s, "universal")));
	counts(&s, "archs", 2);
	check(&s, false, true);
	counts(&s, "archs.1.offset", 0x800);
	says(&s, "archs.1.signature.team", "TEAM123456");
	fake_scan_free(&s);
	put(&f, 4, 4, 0x34);
	scan(host, f.p, f.n, &s);
	assert_null(s.result);
	fake_scan_free(&s);
}

/* bounds - of lists; commands that are not there, or go on for ever */
static void bounds(void **state)
{
	static const char *const one[] = { "max=1", NULL };
	struct binary_file f = program(false, true);
	struct fake_host *own;
	struct fake_scan s;
	struct assay_err err;

	(void)state;
	put(&f, 16, 4, 0xffffffff);
	scan(host, f.p, f.n, &s);
	assert_true(json_is_false(member(&s, "archs.0.complete")));
	counts(&s, "archs.0.libraries", 1);
	fake_scan_free(&s);
	put(&f, 32 + 4, 4, 0);
	scan(host, f.p, f.n, &s);
	counts(&s, "archs.0.segments", 0);
	fake_scan_free(&s);
	for (size_t at = 32; at + 24 < sizeof(f.p); at += 24) {
		command(&f, at, 0x8000001c, 24);
		put(&f, at + 8, 4, 12);
	}
	assert_int_equal(fake_host_open(&assay_plugin, one, NULL, &own, &err), ASSAY_OK);
	scan(own, f.p, f.n, &s);
	counts(&s, "archs.0.rpaths", 1);
	assert_int_equal(json_array_size(s.limits), 1);
	fake_scan_free(&s);
	fake_host_close(&own);
}

/* same_bytes - thirty architectures that are one: its commands are not read thirty times */
static void same_bytes(void **state)
{
	const size_t from = 0x400, commands = 6000;
	unsigned char *p = calloc(1, from + 32 + 8 * commands);
	struct binary_file head = { .big = true };
	struct fake_scan s;

	(void)state;
	put(&head, 0, 4, 0xcafebabe);
	put(&head, 4, 4, 30);
	for (size_t i = 0; i < 30; i++) {
		put(&head, 8 + 20 * i + 8, 4, from);
		put(&head, 8 + 20 * i + 12, 4, 32 + 8 * commands);
	}
	head.big = false;
	put(&head, from, 4, 0xfeedfacf);
	put(&head, from + 16, 4, commands);
	put(&head, from + 31, 1, 0);
	memcpy(p, head.p, head.n);
	for (size_t i = 0; i < commands; i++)
		p[from + 32 + 8 * i + 4] = 8;
	scan(host, p, from + 32 + 8 * commands, &s);
	counts(&s, "archs", 30);
	assert_true(json_is_true(member(&s, "archs.0.complete")));
	assert_true(json_is_false(member(&s, "archs.1.complete")));
	assert_true(json_is_false(member(&s, "archs.29.complete")));
	fake_scan_free(&s);
	free(p);
}

/* damage - no byte and no end leads astray */
static void damage(void **state)
{
	const struct binary_file f = program(false, true);

	(void)state;
	damaged(host, &f);
}

/* measures - parts that are there, are not, or lie upon each other too often */
static void measures(void **state)
{
	struct assay_report r = { .bytes = ASSAY_SLICE_LIT("abcd"), .work = 7 };
	json_t *out = json_object();

	(void)state;
	assay_report_measure(&r, out, 0, 4);
	assert_true(json_real_value(json_object_get(out, "entropy")) == 2.0);
	assert_string_equal(
	    json_string_value(json_object_get(out, "md5")), "e2fc714c4727ee9395f324cd2e7f331f");
	assay_report_measure(&r, out, 0, 4); /* 3 bytes are left */
	assert_true(json_is_null(json_object_get(out, "md5")));
	assay_report_measure(&r, out, 3, 2);
	assert_true(json_is_null(json_object_get(out, "md5")));
	assay_report_measure(&r, out, -1, 2);
	assert_true(json_is_null(json_object_get(out, "md5")));
	assay_report_measure(&r, out, 1, INT64_MAX);
	assert_true(json_is_null(json_object_get(out, "entropy")));
	assay_report_measure(&r, out, 2, 2);
	assert_true(json_is_string(json_object_get(out, "md5")));
	json_decref(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(universal),
		cmocka_unit_test(same_bytes),
		cmocka_unit_test(bounds),
		cmocka_unit_test(damage),
		cmocka_unit_test(measures),
	};

	binary_tests(tests);
}
