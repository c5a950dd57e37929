/* rooms: plugin_yara fakehost text base */
/*
 * tests of plugins/worker/yara: matches, bad rules, cache, dispatch, and that the gate changes
 * nothing but the cost
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "fake_host.h"
#include "yara/gate.h"
#include "yara/ruleset.h"

static char dir[64];

/* write_file - below the test's directory; the path lives until the next call */
static const char *write_file(const char *name, const char *text)
{
	static char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
	return path;
}

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/assay-test-yara-XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

/* open_with - the plugin with rules in the test's directory; opts end with NULL */
static enum assay_status open_with(struct fake_host **host, struct assay_err *err,
    const char *rules, const char *more, const char *cache)
{
	char text[300], base[128];
	const char *opts[] = { text, base, more, NULL };

	snprintf(text, sizeof(text), "rules=%s", rules);
	snprintf(base, sizeof(base), "rules_dir=%s", dir);
	return fake_host_open(&assay_plugin, opts, cache, host, err);
}

/* names - of the rules that matched, with blanks */
static const char *names(const struct fake_scan *scan)
{
	static char text[512];
	size_t i, n = 0;
	json_t *match;

	text[0] = 0;
	json_array_foreach(json_object_get(scan->result, "matches"), i, match) n +=
	    (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i > 0 ? " " : "",
		json_string_value(json_object_get(match, "rule")));
	return text;
}

static void reports_matches_with_meta_tags_and_strings(void **state)
{
	const struct fake_payload payload = { .bytes = ASSAY_SLICE_LIT("xx evil \xff\x01 evil") };
	struct fake_host *host;
	struct fake_scan scan;
	json_t *match, *expected;

	(void)state;
	write_file("a.yar",
	    "rule two : t1 t2 { meta: a = \"b\" n = 7 f = true strings: $a = "
	    "\"evil\" $b = { FF 01 } condition: all of them }\n"
	    "rule one { condition: filename == \"\" }");
	assert_int_equal(open_with(&host, NULL, "a.yar", NULL, NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	assert_int_equal(scan.status, ASSAY_OK);
	assert_string_equal(names(&scan), "one two");
	match = json_array_get(json_object_get(scan.result, "matches"), 1);
	expected = json_pack("{s:s, s:s, s:[s,s], s:[{s:s,s:s},{s:s,s:s,s:i},{s:s,s:s}],"
			     "s:[{s:s,s:i,s:i,s:s},{s:s,s:i,s:i,s:s},{s:s,s:i,s:i,s:s,s:s}]}",
	    "rule", "two", "namespace", "a.yar", "tags", "t1", "t2", "meta", "key", "a", "value",
	    "b", "key", "n", "value", "7", "value_int", 7, "key", "f", "value", "true", "strings",
	    "id", "$a", "offset", 3, "length", 4, "data", "evil", "id", "$a", "offset", 11,
	    "length", 4, "data", "evil", "id", "$b", "offset", 8, "length", 2, "data",
	    "\xef\xbf\xbd\x01", "data_raw", "/wE=");
	assert_true(json_equal(match, expected));
	json_decref(expected);
	fake_scan_free(&scan);
	fake_host_close(&host);
}

static void bounds_strings(void **state)
{
	const struct fake_payload payload = { .bytes = ASSAY_SLICE_LIT("aaaaaaaaaaaaaaaa") };
	struct fake_host *host;
	struct fake_scan scan;
	json_t *strings;

	(void)state;
	write_file("s.yar", "rule s { strings: $a = \"aa\" condition: $a }");
	assert_int_equal(open_with(&host, NULL, "s.yar", "strings_limit=3", NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	strings =
	    json_object_get(json_array_get(json_object_get(scan.result, "matches"), 0), "strings");
	assert_int_equal(json_array_size(strings), 3);
	assert_int_equal(json_array_size(scan.limits), 1);
	fake_scan_free(&scan);
	fake_host_close(&host);
}

static void knows_external_variables(void **state)
{
	const struct fake_payload payload = {
		.bytes = ASSAY_SLICE_LIT("MZ"), .filename = "x.exe", .extension = "exe", .depth = 1
	};
	struct fake_host *host;
	struct fake_scan scan;

	(void)state;
	write_file("v.yar",
	    "rule v { condition: filename == \"x.exe\" and extension == \".exe\" and filetype == "
	    "\"EXE\" and owner == \"\" and group == \"\" and unpack_parent == \"EMAIL\" and "
	    "unpack_source == \"EMAIL\" and filemode == 0 and id == 0 and filepath == \"x.exe\" "
	    "and md5 == \"a0c99a67df0c0e7c4e2e34f2fa2cf5b1\" }"
	    "rule w { condition: md5 matches /^[0-9a-f]{32}$/ }");
	assert_int_equal(open_with(&host, NULL, "v.yar", NULL, NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	assert_non_null(strstr(names(&scan), "w"));
	fake_scan_free(&scan);
	fake_host_close(&host);
}

static void leaves_out_or_refuses_bad_files(void **state)
{
	const struct fake_payload payload = { .bytes = ASSAY_SLICE_LIT("x") };
	struct fake_host *host;
	struct fake_scan scan;
	struct assay_err err = { 0 };

	(void)state;
	write_file("bad1.yar", "rule x {\n condition:\n nonsense }\n");
	write_file("good1.yar", "rule good { condition: true }\n");
	write_file("bad2.yar", "include \"good1.yar\"\nrule y { condition: true }");
	assert_int_equal(
	    open_with(&host, &err, "bad1.yar, good1.yar, bad2.yar", NULL, NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	assert_string_equal(names(&scan), "good");
	fake_scan_free(&scan);
	fake_host_close(&host);
	assert_int_equal(open_with(&host, &err, "good1.yar, bad1.yar", "on_bad_rule=refuse", NULL),
	    ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "bad1.yar:3: "));
	assert_int_equal(open_with(&host, &err, "nothere.yar", NULL, NULL), ASSAY_E_CONF);
	assert_non_null(strstr(err.text, "nothere.yar"));
	assert_int_equal(open_with(&host, &err, "no*.yar", NULL, NULL), ASSAY_E_CONF);
}

static void answers_null_without_rules(void **state)
{
	const struct fake_payload payload = { .bytes = ASSAY_SLICE_LIT("x") };
	struct fake_host *host;
	struct fake_scan scan;

	(void)state;
	assert_int_equal(open_with(&host, NULL, "scan", NULL, NULL), ASSAY_OK);
	assert_null(assay_plugin.rules_id(fake_host_state(host)));
	fake_host_scan(host, &payload, &scan);
	assert_int_equal(scan.status, ASSAY_OK);
	assert_null(scan.result);
	fake_scan_free(&scan);
	fake_host_choose(host, &payload, &scan);
	assert_int_equal(json_array_size(scan.dispatch), 0);
	fake_scan_free(&scan);
	fake_host_close(&host);
}

static void reads_directories_and_globs_in_order(void **state)
{
	const struct fake_payload payload = { .bytes = ASSAY_SLICE_LIT("x") };
	struct fake_host *host;
	struct fake_scan scan;
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/d", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/d/sub", dir);
	mkdir(path, 0700);
	write_file("d/b.yar", "rule b { condition: true }");
	write_file("d/a.yara", "rule a { condition: true }");
	write_file("d/notes.txt", "no rule at all");
	write_file("d/sub/a.yara", "rule a { condition: true }");
	assert_int_equal(open_with(&host, NULL, "d", NULL, NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	assert_string_equal(names(&scan), "a b a");
	fake_scan_free(&scan);
	fake_host_close(&host);
	assert_int_equal(open_with(&host, NULL, "d/*.yar*", NULL, NULL), ASSAY_OK);
	fake_host_scan(host, &payload, &scan);
	assert_string_equal(names(&scan), "a b");
	fake_scan_free(&scan);
	fake_host_close(&host);
}

static void dispatches_by_meta(void **state)
{
	const struct fake_payload payload = { .bytes = ASSAY_SLICE_LIT("abc") };
	struct fake_host *host;
	struct fake_scan scan;
	char rules[128], base[128];
	const char *const opts[] = { base, rules, NULL };

	(void)state;
	write_file("disp.yar",
	    "rule r1 { meta: plugin = \"exif, clamav,tnef?\" why = \"x\" condition: true }\n"
	    "rule r2 { meta: save = \"False\" condition: true }\n"
	    "rule r3 { meta: plugin = \"never\" condition: false }");
	snprintf(base, sizeof(base), "rules_dir=%s", dir);
	snprintf(rules, sizeof(rules), "dispatch_rules=disp.yar");
	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, NULL), ASSAY_OK);
	fake_host_choose(host, &payload, &scan);
	assert_int_equal(json_array_size(scan.dispatch), 3);
	assert_string_equal(json_string_value(json_array_get(scan.dispatch, 1)), "clamav");
	assert_string_equal(json_string_value(json_array_get(scan.dispatch, 2)), "tnef?");
	assert_string_equal(
	    json_string_value(json_object_get(json_object_get(scan.meta, "clamav"), "why")), "x");
	assert_true(scan.no_archive);
	fake_scan_free(&scan);
	fake_host_close(&host);
}

/* matches_of - the result of one payload under one set of rules, as text */
static char *matches_of(struct fake_host *host, struct assay_slice bytes)
{
	const struct fake_payload payload = { .bytes = bytes };
	struct fake_scan scan;
	char *text;

	fake_host_scan(host, &payload, &scan);
	assert_int_equal(scan.status, ASSAY_OK);
	text = json_dumps(scan.result, JSON_ENCODE_ANY | JSON_SORT_KEYS);
	fake_scan_free(&scan);
	return text;
}

static void keeps_compiled_rules_safely(void **state)
{
	static const char garbage[] = "garbage in the middle of compiled rules";
	struct fake_host *host;
	char cache[128], command[300];
	char *text;

	(void)state;
	snprintf(cache, sizeof(cache), "%s/cache", dir);
	write_file("c.yar", "rule c { strings: $a = \"abc\" condition: $a }");
	for (int round = 0; round < 4; round++) {
		assert_int_equal(open_with(&host, NULL, "c.yar", NULL, cache), ASSAY_OK);
		text = matches_of(host, ASSAY_SLICE_LIT("xabc"));
		assert_non_null(text);
		assert_non_null(strstr(text, "\"c\""));
		free(text);
		fake_host_close(&host);
		/* Round 1: loaded. Then damaged in the middle, then cut short. */
		snprintf(command, sizeof(command),
		    round == 1       ? "for f in %s/yara/*.rules; do printf '%s' | dd of=$f bs=1 "
				       "seek=9000 conv=notrunc 2>/dev/null; done"
			: round == 2 ? "for f in %s/yara/*.rules; do truncate -s 5000 $f; done # %s"
				     : "test $(ls %s/yara | wc -l) = 1 # %s",
		    cache, garbage);
		assert_int_equal(system(command), 0);
	}
	/* Nobody else may write where compiled rules lie. */
	assert_int_equal(chmod(cache, 0777), 0);
	snprintf(command, sizeof(command), "rm %s/yara/*.rules", cache);
	assert_int_equal(system(command), 0);
	assert_int_equal(open_with(&host, NULL, "c.yar", NULL, cache), ASSAY_OK);
	fake_host_close(&host);
	snprintf(command, sizeof(command), "test -z \"$(ls %s/yara)\"", cache);
	assert_int_equal(system(command), 0);
}

/* ---- the gate ------------------------------------------------------------------------------- */

/* Conditions of all kinds; %d is replaced by a number that makes names different. */
static const char *const conditions[] = {
	"uint16(0) == 0x5a4d and any of them",
	"uint16be(0) == 0x4D5A and filesize < 1MB and 1 of ($a*)",
	"0x5a4d == uint16(0) and #a1 > 1",
	"uint32(0) == 0x00905a4d and $a1",
	"uint32be(0) == 0x504B0304 and $b",
	"(uint16(0) == 0x5a4d and $a1) or (uint16(0) == 0x4b50 and $b)",
	"(uint16(0) == 0x5a4d and $a1) or $b",
	"uint16(0) == 0x5a4d or $a1",
	"not uint16(0) == 0x5a4d and $a1",
	"not (uint16(0) == 0x5a4d and $a1)",
	"$mz at 0 and $a1 or $mz at 0 and $b",
	"$mzhex at 0 and any of them",
	"$mzw at 0 and any of them",
	"$mzi at 0 and $a1",
	"$mz in (0..10) and $a1",
	"uint16(1) == 0x5a4d or $b",
	"uint16(uint32(0x3c)) == 0x4550 and $a1",
	"((uint16(0) == 0x5a4d) and ((any of them)))",
	"for any i in (1..#a1) : ( @a1[i] > 2 and uint16(0) == 0x5a4d )",
	"pe.number_of_sections == 0 or $b",
	"pe.is_pe == 0 and $a1",
	"pe.is_dll() and $a1",
	"pe.imports(\"kernel32.dll\") or $a1",
	"not pe.is_dll() and $a1",
	"not defined pe.machine and $a1",
	"pe.MACHINE_I386 == 0x14c and $b",
	"($a1 and pe.machine == pe.MACHINE_I386) or ($b and not $mz)",
	"filesize > pe.number_of_sections and $a1",
	"elf.type == 2 or $a1",
	"math.entropy(0, filesize) > 1 and $a1",
	"any of ($a*) and filename == \"\"",
	"true // or uint16(0) == 0x5a4d",
	"$a1 and /* ) */ uint16(0) /* x */ == 0x5a4d",
	"#a1 \\ 2 == 1 and uint16(0) == 0x5a4d",
	"filename matches /a\\/b{2}/ or $a1",
};

static const char *const bodies[] = { "", "MZ", "M", "MZ evil evil wide", "MZ\x90 PKevil",
	"evil evil", "PK\3\4 evil", "PK other zip", "xMZ evil", "mz evil", "evil }{ \" rule x",
	"other" };

/* make_rules - one rule per condition, and some that name each other */
static void make_rules(struct assay_buf *buf)
{
	assay_buf_add_str(buf, "import \"pe\"\nimport \"elf\"\nimport \"math\"\n");
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		assay_buf_printf(buf,
		    "rule r%zu : tag { // { rule\n meta: m = \"rule } {\" strings: $a1 = \"evil\" "
		    "$b = \"other\" nocase\n $mz = \"MZ\" $mzhex = { 4D 5A } $mzw = \"MZ\" wide "
		    "$mzi = \"MZ\" nocase $re = /ev[\"}]?il\\/?/ condition:\n %s\n or ((none of "
		    "them) and (all of them))}\n",
		    i, conditions[i]);
}

/* make_plain - as above, but the bare condition, and an ungated pair of linked rules */
static void make_plain(struct assay_buf *buf)
{
	assay_buf_add_str(buf, "import \"pe\"\nimport \"elf\"\nimport \"math\"\n");
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		assay_buf_printf(buf,
		    "private rule p%zu { strings: $a1 = \"evil\" $b = \"other\" nocase $mz = "
		    "\"MZ\" "
		    "$mzhex = { 4d5A } $mzw = \"MZ\" wide $mzi = \"MZ\" nocase condition: (\n%s\n) "
		    "and (1 of them or not all of them) and\n #a1 >= 0 and #b >= 0 and #mz >= 0 "
		    "and #mzhex >= 0 and #mzw >= 0 and #mzi >= 0 }\n"
		    "rule q%zu { condition: p%zu }\n"
		    "rule s%zu { strings: $a1 = \"evil\" $b = \"other\" nocase $mz = \"MZ\" $mzhex "
		    "= "
		    "{ 4d 5A } $mzw = \"MZ\" wide $mzi = \"MZ\" nocase condition: #a1 + #b + #mz + "
		    "#mzhex + #mzw + #mzi >= 0 and\n (%s\n) }\n",
		    i, conditions[i], i, i, i, conditions[i]);
}

/* compare - gated and ungated give the same for all bodies */
static void compare(const char *file)
{
	struct fake_host *gated, *whole;
	struct assay_err err = { 0 };

	if (open_with(&gated, &err, file, "on_bad_rule=refuse", NULL) != ASSAY_OK)
		fail_msg("%s", err.text);
	assert_int_equal(open_with(&whole, NULL, file, "gate=no", NULL), ASSAY_OK);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		char *a = matches_of(gated, assay_slice_str(bodies[i]));
		char *b = matches_of(whole, assay_slice_str(bodies[i]));

		if (b == NULL)
			assert_null(a);
		else
			assert_string_equal(a, b);
		free(a);
		free(b);
	}
	fake_host_close(&gated);
	fake_host_close(&whole);
}

static void gate_changes_no_match(void **state)
{
	struct assay_buf buf;

	(void)state;
	assay_buf_init(&buf, 1 << 20);
	make_rules(&buf);
	write_file("gate1.yar", buf.p);
	compare("gate1.yar");
	assay_buf_clear(&buf);
	make_plain(&buf);
	write_file("gate2.yar", buf.p);
	compare("gate2.yar");
	assay_buf_release(&buf);
	write_file("gate3.yar",
	    "global rule g { condition: filesize > 5 }\n"
	    "rule a { condition: uint16(0) == 0x5a4d }");
	compare("gate3.yar");
	write_file("gate4.yar",
	    "rule ga { condition: uint16(0) == 0x5a4d }\n"
	    "rule gb { condition: any of (g*) }\nrule x { condition: none of (ga, gb) }");
	compare("gate4.yar");
}

/* Many rules and strings on one payload: what is cut must not depend on the set a rule is in. */
static void gate_changes_nothing_of_what_is_cut(void **state)
{
	struct fake_host *gated, *whole;
	struct assay_buf buf, body;
	char *a, *b;

	(void)state;
	assay_buf_init(&buf, 1 << 20);
	assay_buf_init(&body, 1 << 16);
	for (int i = 0; i < 1200; i++)
		assay_buf_printf(&buf, "rule r%d { strings: $a = \"ab\" condition: %s $a }\n",
		    i * 7919 % 1200, i % 3 == 0 ? "uint16(0) == 0x5a4d and" : "");
	assay_buf_add_str(&body, "MZ");
	for (int i = 0; i < 30; i++)
		assay_buf_add_str(&body, "ab");
	write_file("many.yar", buf.p);
	assert_int_equal(open_with(&gated, NULL, "many.yar", NULL, NULL), ASSAY_OK);
	assert_int_equal(open_with(&whole, NULL, "many.yar", "gate=no", NULL), ASSAY_OK);
	a = matches_of(gated, assay_buf_slice(&body));
	b = matches_of(whole, assay_buf_slice(&body));
	assert_non_null(a);
	assert_string_equal(a, b);
	free(a);
	free(b);
	fake_host_close(&gated);
	fake_host_close(&whole);
	assay_buf_release(&buf);
	assay_buf_release(&body);
}

static void gate_finds_what_it_can(void **state)
{
	static const char text[] =
	    "import \"pe\"\n"
	    "rule a { strings: $x = \"x\" condition: uint16(0) == 0x5a4d and $x }\n"
	    "rule b { strings: $x = \"x\" condition: uint16(0) == 0x4b50 and $x }\n"
	    "rule c { strings: $x = \"x\" condition: $x }\n"
	    "rule d { strings: $x = \"x\" condition: pe.is_dll() and $x }\n"
	    "rule e { strings: $x = \"x\" condition: $x or (pe.machine == 1 and 1 of them) }\n";
	struct assay_gate_bitmap bitmap = { { 0 } };
	struct assay_arena *arena = assay_arena_new();
	struct assay_gate gate;

	(void)state;
	assay_gate_split(arena, ASSAY_SLICE_LIT(text), true, &bitmap, &gate);
	assert_true(gate.understood);
	assert_int_equal(gate.nrule[ASSAY_GATE_MAIN], 2);
	assert_int_equal(gate.nrule[ASSAY_GATE_MZ], 3);
	assert_int_equal(gate.nrule[ASSAY_GATE_MAGIC], 1);
	assert_null(strstr(gate.text[ASSAY_GATE_MAIN], "import"));
	assert_null(strstr(gate.text[ASSAY_GATE_MAIN], "pe."));
	assert_non_null(strstr(gate.text[ASSAY_GATE_MZ], "pe.machine"));
	assert_true(assay_gate_open(&bitmap, ASSAY_GATE_MAGIC, ASSAY_SLICE_LIT("PK")));
	assert_false(assay_gate_open(&bitmap, ASSAY_GATE_MAGIC, ASSAY_SLICE_LIT("KP")));
	assert_false(assay_gate_open(&bitmap, ASSAY_GATE_MZ, ASSAY_SLICE_LIT("M")));
	assay_arena_free(&arena);
}

static void gate_survives_any_text(void **state)
{
	struct assay_gate_bitmap bitmap = { { 0 } };
	struct assay_arena *arena = assay_arena_new();
	struct assay_gate gate;
	struct assay_buf buf;

	(void)state;
	assay_buf_init(&buf, 1 << 20);
	make_rules(&buf);
	for (size_t n = 0; n < buf.n; n += 7) {
		assay_arena_reset(arena);
		assay_gate_split(arena, assay_slice(buf.p, n), true, &bitmap, &gate);
		assay_gate_split(arena, assay_slice(buf.p + n, buf.n - n), true, &bitmap, &gate);
	}
	assay_buf_release(&buf);
	assay_arena_free(&arena);
}

/* What the gate believes of the pe module, asked of the library we are linked with. */
static void pe_members_are_undefined_elsewhere(void **state)
{
	static const char *const members[] = { "number_of_sections", "imphash()", "exports(\"a\")",
		"imports(\"a\")", "imports(\"a\", \"b\")", "machine", "timestamp",
		"sections[0].name", "entry_point", "characteristics", "is_dll()", "is_32bit()",
		"is_64bit()", "version_info[\"a\"]", "pdb_path", "number_of_resources",
		"overlay.offset", "checksum", "subsystem", "section_index(\".text\")",
		"rich_signature.version(1)", "rich_signature.length", "resources[0].type",
		"number_of_signatures", "image_base", "dll_characteristics",
		"linker_version.major" };
	struct fake_host *host;
	struct assay_buf buf;

	(void)state;
	assay_buf_init(&buf, 1 << 16);
	assay_buf_add_str(&buf, "import \"pe\"\n");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		assay_buf_printf(&buf, "rule m%zu { condition: defined pe.%s }\n", i, members[i]);
	write_file("pe.yar", buf.p);
	assay_buf_release(&buf);
	assert_int_equal(open_with(&host, NULL, "pe.yar", "gate=no", NULL), ASSAY_OK);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (strncmp(bodies[i], "MZ", 2) != 0)
			assert_null(matches_of(host, assay_slice_str(bodies[i])));
	fake_host_close(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_matches_with_meta_tags_and_strings),
		cmocka_unit_test(bounds_strings),
		cmocka_unit_test(knows_external_variables),
		cmocka_unit_test(leaves_out_or_refuses_bad_files),
		cmocka_unit_test(answers_null_without_rules),
		cmocka_unit_test(reads_directories_and_globs_in_order),
		cmocka_unit_test(dispatches_by_meta),
		cmocka_unit_test(keeps_compiled_rules_safely),
		cmocka_unit_test(gate_changes_no_match),
		cmocka_unit_test(gate_changes_nothing_of_what_is_cut),
		cmocka_unit_test(gate_finds_what_it_can),
		cmocka_unit_test(gate_survives_any_text),
		cmocka_unit_test(pe_members_are_undefined_elsewhere),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
