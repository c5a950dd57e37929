/*
 * elf - what stands in a program or library for Linux and its like
 *
 * What it was made for, the libraries and functions it wants, what it offers, its sections and
 * segments: from libyara's module elf (module.h). What that does not tell, the interpreter and the
 * strings of the dynamic section, is looked up in the bytes. Touches nothing but the payload; what
 * is damaged is left out.
 */
#include <stdlib.h>

#include "base/arena.h"
#include "base/slice.h"

#include "tree.h"

/* Source: System V ABI, chapters 4 and 5. */
enum { EI_CLASS = 4, EI_DATA = 5, EI_OSABI = 7, E_ENTRY = 24, HEADER_LEAST = 52 };
enum { ET_REL = 1, ET_EXEC = 2, ET_DYN = 3, ET_CORE = 4 };
enum { PT_LOAD = 1, PT_INTERP = 3 };
enum {
	DT_NEEDED = 1,
	DT_STRTAB = 5,
	DT_STRSZ = 10,
	DT_SONAME = 14,
	DT_RPATH = 15,
	DT_RUNPATH = 29
};
enum { STB_GLOBAL = 1, STB_WEAK = 2, STT_SECTION = 3, STT_FILE = 4 };

/* A program, while it is told. */
struct work {
	struct assay_report r;
	const struct assay_object *segments, *dynamic;
	struct assay_slice strings; /* those of the dynamic section */
};

static const struct assay_opt options[] = {
	ASSAY_REPORT_OPTIONS,
	{ NULL, ASSAY_OPT_INT, NULL, 0, 0, NULL, NULL },
};

#define MAYBE_INT (ASSAY_INT | ASSAY_NULL)
#define MAYBE_STR (ASSAY_STR | ASSAY_NULL)
#define MAYBE_REAL (ASSAY_REAL | ASSAY_NULL)

static const struct assay_field fields[] = {
	{ "machine", ASSAY_STR, ASSAY_TECHNICAL, "x86, x86-64, arm, arm64, mips, ..." },
	{ "bits", ASSAY_INT, ASSAY_TECHNICAL, "32 or 64" },
	{ "endian", ASSAY_STR, ASSAY_TECHNICAL, "little or big" },
	{ "os", ASSAY_STR, ASSAY_TECHNICAL, "whose rules it follows: sysv, linux, freebsd, ..." },
	{ "kind", ASSAY_STR, ASSAY_TECHNICAL, "executable, pie, shared, object or core" },
	{ "entry_point", ASSAY_INT, ASSAY_TECHNICAL, "address at which it begins" },
	{ "interpreter", MAYBE_STR, ASSAY_TECHNICAL, "who loads it" },
	{ "stripped", ASSAY_BOOL, ASSAY_TECHNICAL, "it has no table of symbols" },
	{ "soname", MAYBE_STR, ASSAY_TECHNICAL, "its own name as a library" },
	{ "runpath", MAYBE_STR, ASSAY_TECHNICAL, "where it looks for libraries" },
	{ "needed[]", ASSAY_STR, ASSAY_TECHNICAL, "libraries it loads" },
	{ "imports[]", ASSAY_STR, ASSAY_TECHNICAL, "functions and data it wants from them" },
	{ "import_count", ASSAY_INT, ASSAY_TECHNICAL, "those not listed too" },
	{ "exports[]", ASSAY_STR, ASSAY_TECHNICAL, "functions and data it offers" },
	{ "export_count", ASSAY_INT, ASSAY_TECHNICAL, "those not listed too" },
	{ "sections[].name", MAYBE_STR, ASSAY_TECHNICAL, "name of a section" },
	{ "sections[].type", ASSAY_STR, ASSAY_TECHNICAL, "progbits, symtab, nobits, ..." },
	{ "sections[].flags[]", ASSAY_STR, ASSAY_TECHNICAL, "write, alloc, execute, ..." },
	{ "sections[].address", MAYBE_INT, ASSAY_TECHNICAL, "where in memory" },
	{ "sections[].offset", MAYBE_INT, ASSAY_TECHNICAL, "where in the file" },
	{ "sections[].size", MAYBE_INT, ASSAY_TECHNICAL, "bytes" },
	{ "sections[].entropy", MAYBE_REAL, ASSAY_TECHNICAL, "bits for each byte, 0 to 8" },
	{ "sections[].md5", MAYBE_STR, ASSAY_TECHNICAL, "MD5 of its bytes" },
	{ "segments[].type", ASSAY_STR, ASSAY_TECHNICAL, "load, dynamic, interp, ..." },
	{ "segments[].flags[]", ASSAY_STR, ASSAY_TECHNICAL, "read, write, execute" },
	{ "segments[].offset", MAYBE_INT, ASSAY_TECHNICAL, "where in the file" },
	{ "segments[].address", MAYBE_INT, ASSAY_TECHNICAL, "where in memory" },
	{ "segments[].file_size", MAYBE_INT, ASSAY_TECHNICAL, "bytes in the file" },
	{ "segments[].memory_size", MAYBE_INT, ASSAY_TECHNICAL, "bytes in memory" },
	{ "telfhash", MAYBE_STR, ASSAY_TECHNICAL,
	    "similar for programs with similar symbols; with libyara 4.3 or newer" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "elf_needed", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "needed[]",
	    "library that an ELF program loads" },
	{ "elf_machine", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "machine",
	    "what an ELF program runs on" },
	{ "telfhash", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "telfhash",
	    "digest of an ELF program's symbols" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

static const struct assay_word machines[] = {
	{ 2, "sparc" },
	{ 3, "x86" },
	{ 4, "m68k" },
	{ 8, "mips" },
	{ 20, "powerpc" },
	{ 21, "powerpc64" },
	{ 22, "s390" },
	{ 40, "arm" },
	{ 42, "superh" },
	{ 43, "sparc64" },
	{ 50, "ia64" },
	{ 62, "x86-64" },
	{ 83, "avr" },
	{ 93, "arc" },
	{ 183, "arm64" },
	{ 243, "riscv" },
	{ 247, "bpf" },
	{ 258, "loongarch" },
	{ 0, NULL },
};

static const struct assay_word systems[] = {
	{ 0, "sysv" },
	{ 1, "hpux" },
	{ 2, "netbsd" },
	{ 3, "linux" },
	{ 6, "solaris" },
	{ 7, "aix" },
	{ 8, "irix" },
	{ 9, "freebsd" },
	{ 12, "openbsd" },
	{ 97, "arm" },
	{ 255, "standalone" },
	{ 0, NULL },
};

static const struct assay_word section_types[] = {
	{ 0, "null" },
	{ 1, "progbits" },
	{ 2, "symtab" },
	{ 3, "strtab" },
	{ 4, "rela" },
	{ 5, "hash" },
	{ 6, "dynamic" },
	{ 7, "note" },
	{ 8, "nobits" },
	{ 9, "rel" },
	{ 11, "dynsym" },
	{ 14, "init-array" },
	{ 15, "fini-array" },
	{ 16, "preinit-array" },
	{ 17, "group" },
	{ 0x6ffffff6, "gnu-hash" },
	{ 0x6ffffffd, "gnu-verdef" },
	{ 0x6ffffffe, "gnu-verneed" },
	{ 0x6fffffff, "gnu-versym" },
	{ 0, NULL },
};

static const struct assay_word section_flags[] = {
	{ 1, "write" },
	{ 2, "alloc" },
	{ 4, "execute" },
	{ 0x400, "tls" },
	{ 0x800, "compressed" },
	{ 0, NULL },
};

static const struct assay_word segment_types[] = {
	{ 0, "null" },
	{ 1, "load" },
	{ 2, "dynamic" },
	{ 3, "interp" },
	{ 4, "note" },
	{ 6, "phdr" },
	{ 7, "tls" },
	{ 0x6474e550, "gnu-eh-frame" },
	{ 0x6474e551, "gnu-stack" },
	{ 0x6474e552, "gnu-relro" },
	{ 0x6474e553, "gnu-property" },
	{ 0, NULL },
};

static const struct assay_word segment_flags[] = {
	{ 4, "read" },
	{ 2, "write" },
	{ 1, "execute" },
	{ 0, NULL },
};

static const struct assay_copy section_rows[] = {
	{ "name", "name", ASSAY_COPY_TEXT },
	{ "address", "address", ASSAY_COPY_INT },
	{ "offset", "offset", ASSAY_COPY_INT },
	{ "size", "size", ASSAY_COPY_INT },
	{ NULL, NULL, ASSAY_COPY_INT },
};

static const struct assay_copy segment_rows[] = {
	{ "offset", "offset", ASSAY_COPY_INT },
	{ "address", "virtual_address", ASSAY_COPY_INT },
	{ "file_size", "file_size", ASSAY_COPY_INT },
	{ "memory_size", "memory_size", ASSAY_COPY_INT },
	{ NULL, NULL, ASSAY_COPY_INT },
};

/* ---- in the bytes ---------------------------------------------------------------------------- */

/* part - of the program; as much of it as there is */
static struct assay_slice part(const struct work *w, int64_t offset, int64_t size)
{
	const struct assay_slice bytes = w->r.bytes;

	if (offset < 0 || size <= 0 || (uint64_t)offset >= bytes.n)
		return ASSAY_SLICE_NONE;
	return assay_slice_head(assay_slice_from(bytes, (size_t)offset),
	    (uint64_t)size < bytes.n ? (size_t)size : bytes.n);
}

/* string_at - up to its NUL; p is NULL when it does not begin there */
static struct assay_slice string_at(struct assay_slice s, int64_t at)
{
	if (at < 0 || (uint64_t)at >= s.n)
		return ASSAY_SLICE_NONE;
	s = assay_slice_head(assay_slice_from(s, (size_t)at), 1024);
	return assay_slice_head(s, assay_slice_find(s, 0));
}

/* segment_of - the first segment of a type in which an address lies; address -1: any */
static const struct assay_object *segment_of(const struct work *w, int64_t type, int64_t address)
{
	for (size_t i = 0; i < assay_object_count(w->segments); i++) {
		const struct assay_object *o = assay_object_at(w->segments, i);
		const int64_t at = assay_object_number(o, "virtual_address");

		if (assay_object_number(o, "type") == type &&
		    (address < 0 ||
			(at >= 0 && address >= at &&
			    address - at < assay_object_number(o, "file_size"))))
			return o;
	}
	return NULL;
}

/* dynamic_value - of the first entry with a tag; -1: there is none */
static int64_t dynamic_value(const struct work *w, int64_t tag)
{
	for (size_t i = 0; i < assay_object_count(w->dynamic); i++) {
		const struct assay_object *o = assay_object_at(w->dynamic, i);

		if (o != NULL && assay_object_number(o, "type") == tag)
			return assay_object_number(o, "val");
	}
	return -1;
}

/* find_strings - the table of strings that the dynamic section names by its address */
static struct assay_slice find_strings(const struct work *w)
{
	const int64_t address = dynamic_value(w, DT_STRTAB);
	const struct assay_object *o = address > 0 ? segment_of(w, PT_LOAD, address) : NULL;
	const int64_t in = address - assay_object_number(o, "virtual_address");
	const int64_t offset = assay_object_number(o, "offset");

	if (o == NULL || offset < 0 || offset > INT64_MAX - in)
		return ASSAY_SLICE_NONE;
	return part(w, offset + in, dynamic_value(w, DT_STRSZ));
}

/* entry_point - an address of the header, in its byte order */
static uint64_t entry_point(struct assay_slice s)
{
	const unsigned char *p = (const unsigned char *)s.p + E_ENTRY;
	const unsigned n = p[EI_CLASS - E_ENTRY] == 2 ? 8 : 4;
	const bool big = p[EI_DATA - E_ENTRY] == 2;
	uint64_t value = 0;

	for (unsigned i = 0; i < n; i++)
		value = value << 8 | p[big ? i : n - 1 - i];
	return value;
}

/* ---- the parts ------------------------------------------------------------------------------- */

/* kind_of - executable, ...; a shared object that names its interpreter is a program */
static const char *kind_of(const struct work *w, int64_t type)
{
	switch (type) {
	case ET_REL:
		return "object";
	case ET_EXEC:
		return "executable";
	case ET_DYN:
		return segment_of(w, PT_INTERP, -1) != NULL ? "pie" : "shared";
	case ET_CORE:
		return "core";
	default:
		return "unknown";
	}
}

/* put_head - what kind of program it is */
static void put_head(struct work *w, const struct assay_object *root)
{
	const unsigned char *ident = (const unsigned char *)w->r.bytes.p;
	const struct assay_object *interp = segment_of(w, PT_INTERP, -1);
	json_t *out = w->r.out;

	assay_report_set(
	    out, "machine", assay_report_word(machines, assay_object_number(root, "machine")));
	assay_report_set(out, "bits", json_integer(ident[EI_CLASS] == 2 ? 64 : 32));
	assay_report_set(
	    out, "endian", json_string_nocheck(ident[EI_DATA] == 2 ? "big" : "little"));
	assay_report_set(out, "os", assay_report_word(systems, ident[EI_OSABI]));
	assay_report_set(
	    out, "kind", json_string_nocheck(kind_of(w, assay_object_number(root, "type"))));
	assay_report_set(out, "entry_point", json_integer((json_int_t)entry_point(w->r.bytes)));
	assay_report_set(out, "interpreter",
	    assay_report_text(string_at(part(w, assay_object_number(interp, "offset"),
					    assay_object_number(interp, "file_size")),
		0)));
	assay_report_set(
	    out, "stripped", json_boolean(assay_object_number(root, "symtab_entries") == 0));
	assay_report_set(out, "telfhash", json_null());
}

/* put_dynamic - libraries, and where they are looked for */
static void put_dynamic(struct work *w)
{
	json_t *needed = assay_report_list(w->r.out, "needed");
	const size_t n = assay_object_count(w->dynamic);
	int64_t path = dynamic_value(w, DT_RUNPATH);

	if (path < 0)
		path = dynamic_value(w, DT_RPATH);
	assay_report_set(w->r.out, "soname",
	    assay_report_text(string_at(w->strings, dynamic_value(w, DT_SONAME))));
	assay_report_set(w->r.out, "runpath", assay_report_text(string_at(w->strings, path)));
	for (size_t i = 0; i < n; i++) {
		const struct assay_object *o = assay_object_at(w->dynamic, i);
		struct assay_slice name;

		if (o == NULL || assay_object_number(o, "type") != DT_NEEDED)
			continue;
		name = string_at(w->strings, assay_object_number(o, "val"));
		if (name.p != NULL && assay_report_room(&w->r, needed, n))
			json_array_append_new(needed, assay_report_text(name));
	}
}

/* put_symbols - those it wants (section 0), or those it offers */
static void put_symbols(struct work *w, const struct assay_object *symbols, bool wanted)
{
	json_t *list = assay_report_list(w->r.out, wanted ? "imports" : "exports");
	const size_t all = assay_object_count(symbols);
	size_t n = 0;

	for (size_t i = 0; i < all; i++) {
		const struct assay_object *o = assay_object_at(symbols, i);
		const struct assay_slice name = assay_object_text(o, "name");
		const int64_t type = assay_object_number(o, "type"),
			      bind = assay_object_number(o, "bind");

		if (name.n == 0 || (assay_object_number(o, "shndx") == 0) != wanted ||
		    type == STT_SECTION || type == STT_FILE ||
		    (bind != STB_GLOBAL && bind != STB_WEAK))
			continue;
		n++;
		if (json_array_size(list) < w->r.max)
			json_array_append_new(list, assay_report_text(name));
	}
	if (n > w->r.max && n > w->r.most)
		w->r.most = n;
	assay_report_set(
	    w->r.out, wanted ? "import_count" : "export_count", json_integer((json_int_t)n));
}

/* put_sections - with what they measure */
static void put_sections(struct work *w, const struct assay_object *list)
{
	json_t *rows = assay_report_list(w->r.out, "sections");
	const size_t n = assay_object_count(list);

	for (size_t i = 0; i < n && assay_report_room(&w->r, rows, n); i++) {
		const struct assay_object *o = assay_object_at(list, i);
		const json_t *type;
		json_t *row;

		if (o == NULL)
			continue;
		json_array_append_new(rows, row = json_object());
		assay_tree_copy(row, o, section_rows);
		assay_report_set(
		    row, "type", assay_report_word(section_types, assay_object_number(o, "type")));
		assay_report_set(row, "flags",
		    assay_report_flags(section_flags, assay_object_number(o, "flags")));
		type = json_object_get(row, "type");
		/* nobits takes no room in the file, whatever its size. */
		assay_report_measure(&w->r, row, assay_object_number(o, "offset"),
		    strcmp(json_string_value(type), "nobits") == 0
			? 0
			: assay_object_number(o, "size"));
	}
}

/* put_segments - what is loaded where */
static void put_segments(struct work *w)
{
	json_t *rows = assay_report_list(w->r.out, "segments");
	const size_t n = assay_object_count(w->segments);

	for (size_t i = 0; i < n && assay_report_room(&w->r, rows, n); i++) {
		const struct assay_object *o = assay_object_at(w->segments, i);
		json_t *row;

		if (o == NULL)
			continue;
		json_array_append_new(rows, row = json_object());
		assay_report_set(
		    row, "type", assay_report_word(segment_types, assay_object_number(o, "type")));
		assay_report_set(row, "flags",
		    assay_report_flags(segment_flags, assay_object_number(o, "flags")));
		assay_tree_copy(row, o, segment_rows);
	}
}

/* ---- the worker ------------------------------------------------------------------------------ */

/* on_tree - all that libyara found */
static void on_tree(void *user, const struct assay_object *root)
{
	struct work *w = user;
	const struct assay_object *symbols = assay_object_member(root, "dynsym");
	int64_t machine;

	if (!assay_object_int(root, "machine", &machine))
		return;
	w->r.out = assay_result_json(w->r.result);
	w->segments = assay_object_member(root, "segments");
	w->dynamic = assay_object_member(root, "dynamic");
	w->strings = find_strings(w);
	put_head(w, root);
	put_dynamic(w);
	put_symbols(w, symbols, true);
	put_symbols(w, symbols, false);
	put_sections(w, assay_object_member(root, "sections"));
	put_segments(w);
}

/* on_said - what only functions of the module tell */
static void on_said(void *user, const char *name, struct assay_slice value)
{
	struct work *w = user;

	if (w->r.out != NULL)
		assay_report_set(w->r.out, name, assay_report_text(value));
}

/* elf_warm - compiles the rule */
static enum assay_status elf_warm(void *state, struct assay_err *err)
{
	static const char *const asked[] = { "telfhash", "elf.telfhash()", NULL };
	struct assay_report_options *b = state;

	assay_report_warm();
	return assay_module_open("elf", asked, &b->module, err);
}

/* elf_scan - a payload; null when it is no ELF file */
static enum assay_status elf_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct assay_report_options *b = state;
	const struct assay_slice bytes = assay_payload_bytes(payload);
	struct work w = { .segments = NULL };
	const struct assay_module_use use = { .read = on_tree, .said = on_said, .user = &w };
	enum assay_status status;

	if (!assay_slice_starts(bytes,
		"\x7f"
		"ELF") ||
	    bytes.n < HEADER_LEAST || !assay_report_init(&w.r, b, payload, result))
		return ASSAY_OK;
	status = assay_module_scan(b->module, bytes, &use, err);
	assay_report_finish(&w.r);
	return status;
}

static const struct assay_worker worker = { .scan = elf_scan, .pure = true };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "elf",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "what stands in a program for Linux and its like",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = assay_report_open,
	.warm = elf_warm,
	.close = assay_tree_close,
	.worker = &worker,
};
