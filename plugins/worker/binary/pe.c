/*
 * pe - what stands in a Windows program
 *
 * What it was made for, by whom and when, what it imports and exports, its sections, resources,
 * versions and signatures; from libyara's module pe (module.h). Signatures are shown, not checked
 * against a list of authorities. Touches nothing but the payload; what is damaged is left out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include "tree.h"
#include "version.h"

#define SECURITY_DIRECTORY 4
#define COM_DIRECTORY 14
#define CERTIFICATE_HEAD 8 /* of WIN_CERTIFICATE */
#define PKCS_SIGNED 2
#define IS_DLL 0x2000
#define NATIVE 1
#define VERSION 16 /* type of a resource */
#define VERSIONS_MAX 4
#define VERSION_BYTES 65536
#define RICH_HEAD 16 /* "DanS" and its padding */

static const struct assay_opt options[] = {
	ASSAY_REPORT_OPTIONS,
	{ NULL, ASSAY_OPT_INT, NULL, 0, 0, NULL, NULL },
};

#define MAYBE_INT (ASSAY_INT | ASSAY_NULL)
#define MAYBE_STR (ASSAY_STR | ASSAY_NULL)
#define MAYBE_REAL (ASSAY_REAL | ASSAY_NULL)

static const struct assay_field fields[] = {
	{ "machine", ASSAY_STR, ASSAY_TECHNICAL, "x86, x86-64, arm64, ..." },
	{ "kind", ASSAY_STR, ASSAY_TECHNICAL, "exe, dll or driver" },
	{ "subsystem", ASSAY_STR, ASSAY_TECHNICAL, "gui, console, native, ..." },
	{ "characteristics[]", ASSAY_STR, ASSAY_TECHNICAL, "flags of the file" },
	{ "dll_characteristics[]", ASSAY_STR, ASSAY_TECHNICAL,
	    "aslr, dep, cfg, ...: how it wants to be loaded" },
	{ "compile_time", MAYBE_STR, ASSAY_TECHNICAL, "when it was linked, as it says" },
	{ "image_base", MAYBE_INT, ASSAY_TECHNICAL, "where it wants to lie" },
	{ "image_size", MAYBE_INT, ASSAY_TECHNICAL, "bytes it takes in memory" },
	{ "entry_point", MAYBE_INT, ASSAY_TECHNICAL, "where it begins, from image_base on" },
	{ "entry_section", MAYBE_STR, ASSAY_TECHNICAL, "the section that lies in" },
	{ "checksum", MAYBE_INT, ASSAY_TECHNICAL, "in its header" },
	{ "checksum_computed", MAYBE_INT, ASSAY_TECHNICAL, "what it should be" },
	{ "dotnet", ASSAY_BOOL, ASSAY_TECHNICAL, "it is for the .NET runtime" },
	{ "imphash", MAYBE_STR, ASSAY_TECHNICAL, "MD5 of what it imports, in order" },
	{ "imports[].library", MAYBE_STR, ASSAY_TECHNICAL, "a library it loads" },
	{ "imports[].delayed", ASSAY_BOOL, ASSAY_TECHNICAL, "only when it is used" },
	{ "imports[].functions[]", ASSAY_STR, ASSAY_TECHNICAL, "their names, or ord and a number" },
	{ "import_count", ASSAY_INT, ASSAY_TECHNICAL, "functions, those not listed too" },
	{ "export_name", MAYBE_STR, ASSAY_TECHNICAL, "its own name in the table of exports" },
	{ "export_time", MAYBE_STR, ASSAY_TECHNICAL, "the time in that table" },
	{ "exports[].name", MAYBE_STR, ASSAY_TECHNICAL, "name of a function" },
	{ "exports[].ordinal", MAYBE_INT, ASSAY_TECHNICAL, "its number" },
	{ "exports[].forward", MAYBE_STR, ASSAY_TECHNICAL, "LIBRARY.FUNCTION it stands for" },
	{ "export_count", ASSAY_INT, ASSAY_TECHNICAL, "exports, those not listed too" },
	{ "sections[].name", MAYBE_STR, ASSAY_TECHNICAL, "name of a section" },
	{ "sections[].address", MAYBE_INT, ASSAY_TECHNICAL, "from image_base on" },
	{ "sections[].size", MAYBE_INT, ASSAY_TECHNICAL, "bytes in memory" },
	{ "sections[].offset", MAYBE_INT, ASSAY_TECHNICAL, "where in the file" },
	{ "sections[].raw_size", MAYBE_INT, ASSAY_TECHNICAL, "bytes in the file" },
	{ "sections[].flags[]", ASSAY_STR, ASSAY_TECHNICAL, "code, data, read, write, execute" },
	{ "sections[].entropy", MAYBE_REAL, ASSAY_TECHNICAL, "bits for each byte, 0 to 8" },
	{ "sections[].md5", MAYBE_STR, ASSAY_TECHNICAL, "MD5 of its bytes" },
	{ "resources[].type", ASSAY_STR, ASSAY_TECHNICAL,
	    "icon, version, manifest, ..., or named" },
	{ "resources[].name", ASSAY_STR, ASSAY_TECHNICAL, "its name, or #id" },
	{ "resources[].language", MAYBE_INT, ASSAY_TECHNICAL, "Windows' number of a language" },
	{ "resources[].offset", MAYBE_INT, ASSAY_TECHNICAL, "where in the file" },
	{ "resources[].size", MAYBE_INT, ASSAY_TECHNICAL, "bytes" },
	{ "resource_count", ASSAY_INT, ASSAY_TECHNICAL, "resources, those not listed too" },
	{ "version_info[].key", ASSAY_STR, ASSAY_TECHNICAL, "CompanyName, OriginalFilename, ..." },
	{ "version_info[].value", ASSAY_STR, ASSAY_PERSONAL, "what stands there" },
	{ "signed", ASSAY_BOOL, ASSAY_TECHNICAL, "there is a signature, good or bad" },
	{ "signatures[].subject", MAYBE_STR, ASSAY_PERSONAL, "who signed" },
	{ "signatures[].issuer", MAYBE_STR, ASSAY_TECHNICAL, "who certified that" },
	{ "signatures[].serial", MAYBE_STR, ASSAY_TECHNICAL, "number of the certificate" },
	{ "signatures[].thumbprint", MAYBE_STR, ASSAY_TECHNICAL, "SHA-1 of the certificate" },
	{ "signatures[].algorithm", MAYBE_STR, ASSAY_TECHNICAL, "how the certificate is signed" },
	{ "signatures[].not_before", MAYBE_STR, ASSAY_TECHNICAL, "the certificate's first day" },
	{ "signatures[].not_after", MAYBE_STR, ASSAY_TECHNICAL, "the certificate's last day" },
	{ "rich", ASSAY_OBJECT | ASSAY_NULL, ASSAY_TECHNICAL, "Microsoft's record of its tools" },
	{ "rich.md5", MAYBE_STR, ASSAY_TECHNICAL, "MD5 of the record in the clear" },
	{ "rich.key", MAYBE_INT, ASSAY_TECHNICAL, "what hides it" },
	{ "rich.tools[].product", ASSAY_INT, ASSAY_TECHNICAL, "number of a tool" },
	{ "rich.tools[].build", ASSAY_INT, ASSAY_TECHNICAL, "its build" },
	{ "rich.tools[].count", ASSAY_INT, ASSAY_TECHNICAL, "how often it was used" },
	{ "overlay", ASSAY_OBJECT | ASSAY_NULL, ASSAY_TECHNICAL, "what stands behind the program" },
	{ "overlay.offset", ASSAY_INT, ASSAY_TECHNICAL, "where in the file" },
	{ "overlay.size", ASSAY_INT, ASSAY_TECHNICAL, "bytes" },
	{ "overlay.entropy", MAYBE_REAL, ASSAY_TECHNICAL, "bits for each byte, 0 to 8" },
	{ "overlay.md5", MAYBE_STR, ASSAY_TECHNICAL, "MD5 of its bytes" },
	{ "pdb_path", MAYBE_STR, ASSAY_PERSONAL, "where its author's debugger looks" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "imphash", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "imphash",
	    "MD5 of what a Windows program imports" },
	{ "richhash", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "rich.md5",
	    "MD5 of the record of its tools" },
	{ "pe_import", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "imports[].library",
	    "library that a Windows program loads" },
	{ "pe_section", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "sections[].name",
	    "section of a Windows program" },
	{ "pe_pdb", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "pdb_path",
	    "path of a Windows program's debug file" },
	{ "pe_version", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "version_info[].value",
	    "what a Windows program says of itself" },
	{ "pe_signed", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_FLAG, "signed",
	    "a Windows program has a signature, good or bad" },
	{ "pe_signer", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "signatures[].subject",
	    "who signed a Windows program" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* Source of these tables: Microsoft, "PE Format". */
static const struct assay_word machines[] = {
	{ 0x14c, "x86" },
	{ 0x8664, "x86-64" },
	{ 0xaa64, "arm64" },
	{ 0xa641, "arm64ec" },
	{ 0x1c0, "arm" },
	{ 0x1c4, "arm" },
	{ 0x1c2, "thumb" },
	{ 0x200, "ia64" },
	{ 0xebc, "efi" },
	{ 0x5032, "riscv32" },
	{ 0x5064, "riscv64" },
	{ 0x6232, "loongarch32" },
	{ 0x6264, "loongarch64" },
	{ 0x166, "mips" },
	{ 0x1f0, "powerpc" },
	{ 0, NULL },
};

static const struct assay_word subsystems[] = {
	{ 0, "unknown" },
	{ 1, "native" },
	{ 2, "gui" },
	{ 3, "console" },
	{ 5, "os2" },
	{ 7, "posix" },
	{ 9, "ce" },
	{ 10, "efi-application" },
	{ 11, "efi-boot-driver" },
	{ 12, "efi-driver" },
	{ 13, "efi-rom" },
	{ 14, "xbox" },
	{ 16, "boot" },
	{ 0, NULL },
};

static const struct assay_word characteristics[] = {
	{ 0x0001, "relocations-stripped" },
	{ 0x0002, "executable" },
	{ 0x0004, "lines-stripped" },
	{ 0x0008, "symbols-stripped" },
	{ 0x0020, "large-addresses" },
	{ 0x0100, "32-bit" },
	{ 0x0200, "debug-stripped" },
	{ 0x0400, "run-from-swap-if-removable" },
	{ 0x0800, "run-from-swap-if-network" },
	{ 0x1000, "system" },
	{ 0x2000, "dll" },
	{ 0x4000, "uniprocessor" },
	{ 0, NULL },
};

static const struct assay_word dll_characteristics[] = {
	{ 0x0020, "high-entropy-aslr" },
	{ 0x0040, "aslr" },
	{ 0x0080, "force-integrity" },
	{ 0x0100, "dep" },
	{ 0x0200, "no-isolation" },
	{ 0x0400, "no-seh" },
	{ 0x0800, "no-bind" },
	{ 0x1000, "app-container" },
	{ 0x2000, "wdm-driver" },
	{ 0x4000, "cfg" },
	{ 0x8000, "terminal-server" },
	{ 0, NULL },
};

static const struct assay_word section_flags[] = {
	{ 0x00000020, "code" },
	{ 0x00000040, "data" },
	{ 0x00000080, "bss" },
	{ 0x02000000, "discardable" },
	{ 0x10000000, "shared" },
	{ 0x20000000, "execute" },
	{ 0x40000000, "read" },
	{ 0x80000000, "write" },
	{ 0, NULL },
};

static const struct assay_word resource_types[] = {
	{ 1, "cursor" },
	{ 2, "bitmap" },
	{ 3, "icon" },
	{ 4, "menu" },
	{ 5, "dialog" },
	{ 6, "string" },
	{ 7, "fontdir" },
	{ 8, "font" },
	{ 9, "accelerator" },
	{ 10, "rcdata" },
	{ 11, "messagetable" },
	{ 12, "group-cursor" },
	{ 14, "group-icon" },
	{ 16, "version" },
	{ 17, "dlginclude" },
	{ 19, "plugplay" },
	{ 20, "vxd" },
	{ 21, "anicursor" },
	{ 22, "aniicon" },
	{ 23, "html" },
	{ 24, "manifest" },
	{ 0, NULL },
};

static const struct assay_copy head_rows[] = {
	{ "compile_time", "timestamp", ASSAY_COPY_TIME },
	{ "image_base", "image_base", ASSAY_COPY_INT },
	{ "image_size", "size_of_image", ASSAY_COPY_INT },
	{ "entry_point", "entry_point_raw", ASSAY_COPY_INT },
	{ "checksum", "checksum", ASSAY_COPY_INT },
	{ "export_name", "dll_name", ASSAY_COPY_TEXT },
	{ "export_time", "export_timestamp", ASSAY_COPY_TIME },
	{ "pdb_path", "pdb_path", ASSAY_COPY_TEXT },
	{ NULL, NULL, ASSAY_COPY_INT },
};

static const struct assay_copy export_rows[] = {
	{ "name", "name", ASSAY_COPY_TEXT },
	{ "ordinal", "ordinal", ASSAY_COPY_INT },
	{ "forward", "forward_name", ASSAY_COPY_TEXT },
	{ NULL, NULL, ASSAY_COPY_INT },
};

static const struct assay_copy section_rows[] = {
	{ "address", "virtual_address", ASSAY_COPY_INT },
	{ "size", "virtual_size", ASSAY_COPY_INT },
	{ "offset", "raw_data_offset", ASSAY_COPY_INT },
	{ "raw_size", "raw_data_size", ASSAY_COPY_INT },
	{ NULL, NULL, ASSAY_COPY_INT },
};

static const struct assay_copy resource_rows[] = {
	{ "language", "language", ASSAY_COPY_INT },
	{ "offset", "offset", ASSAY_COPY_INT },
	{ "size", "length", ASSAY_COPY_INT },
	{ NULL, NULL, ASSAY_COPY_INT },
};

static const struct assay_copy signature_rows[] = {
	{ "subject", "subject", ASSAY_COPY_TEXT },
	{ "issuer", "issuer", ASSAY_COPY_TEXT },
	{ "serial", "serial", ASSAY_COPY_TEXT },
	{ "thumbprint", "thumbprint", ASSAY_COPY_TEXT },
	{ "algorithm", "algorithm", ASSAY_COPY_TEXT },
	{ "not_before", "not_before", ASSAY_COPY_TIME },
	{ "not_after", "not_after", ASSAY_COPY_TIME },
	{ NULL, NULL, ASSAY_COPY_INT },
};

/* ---- the parts ------------------------------------------------------------------------------- */

/* u32 - little endian */
static uint32_t u32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* directory_size - of one of the data directories */
static int64_t directory_size(const struct assay_object *root, size_t which)
{
	return assay_object_number(
	    assay_object_at(assay_object_member(root, "data_directories"), which), "size");
}

/* is_signed - is there a certificate table, and in it a signature? Packers leave other things
 * where its place is said. */
static bool is_signed(const struct assay_report *r, const struct assay_object *root)
{
	const struct assay_object *o =
	    assay_object_at(assay_object_member(root, "data_directories"), SECURITY_DIRECTORY);
	const int64_t at = assay_object_number(o, "virtual_address");

	return at > 0 && assay_object_number(o, "size") > CERTIFICATE_HEAD &&
	    (uint64_t)at + CERTIFICATE_HEAD < r->bytes.n &&
	    (u32(r->bytes.p + at + 4) >> 16) == PKCS_SIGNED;
}

/* put_head - what kind of program it is */
static void put_head(struct assay_report *r, const struct assay_object *root)
{
	const int64_t flags = assay_object_number(root, "characteristics");
	const int64_t subsystem = assay_object_number(root, "subsystem");
	const char *kind = (flags & IS_DLL) != 0 ? "dll" : subsystem == NATIVE ? "driver" : "exe";

	assay_report_set(
	    r->out, "machine", assay_report_word(machines, assay_object_number(root, "machine")));
	assay_report_set(r->out, "kind", json_string_nocheck(kind));
	assay_report_set(r->out, "subsystem", assay_report_word(subsystems, subsystem));
	assay_report_set(r->out, "characteristics", assay_report_flags(characteristics, flags));
	assay_report_set(r->out, "dll_characteristics",
	    assay_report_flags(
		dll_characteristics, assay_object_number(root, "dll_characteristics")));
	assay_tree_copy(r->out, root, head_rows);
	assay_report_set(r->out, "checksum_computed", json_null());
	assay_report_set(r->out, "imphash", json_null());
	assay_report_set(r->out, "dotnet", json_boolean(directory_size(root, COM_DIRECTORY) > 0));
	assay_report_set(r->out, "signed", json_boolean(is_signed(r, root)));
}

/* function_json - a name, or "ord12" */
static json_t *function_json(const struct assay_object *function)
{
	const struct assay_slice name = assay_object_text(function, "name");
	int64_t ordinal;

	if (name.p == NULL && assay_object_int(function, "ordinal", &ordinal))
		return json_sprintf("ord%lld", (long long)ordinal);
	return name.p != NULL ? assay_report_text(name) : json_string_nocheck("");
}

/* put_imports - libraries and their functions; libyara 4.2 leaves holes before the functions of
 * each library but the first. Returns how many functions there are; *room is what may be listed. */
static size_t put_imports(struct assay_report *r, const struct assay_object *list, bool delayed,
    json_t *rows, size_t *room)
{
	size_t functions = 0;

	for (size_t i = 0; i < assay_object_count(list); i++) {
		const struct assay_object *library = assay_object_at(list, i);
		const struct assay_object *all = assay_object_member(library, "functions");
		json_t *row, *names = NULL;

		if (assay_report_room(r, rows, assay_object_count(list))) {
			json_array_append_new(rows, row = json_object());
			assay_report_set(row, "library",
			    assay_report_text(assay_object_text(library, "library_name")));
			assay_report_set(row, "delayed", json_boolean(delayed));
			names = assay_report_list(row, "functions");
		}
		for (size_t k = 0; k < assay_object_count(all); k++) {
			const struct assay_object *function = assay_object_at(all, k);

			functions += function != NULL;
			if (function == NULL || names == NULL || *room == 0)
				continue;
			json_array_append_new(names, function_json(function));
			(*room)--;
		}
	}
	return functions;
}

/* put_all_imports - at once and delayed */
static void put_all_imports(struct assay_report *r, const struct assay_object *root)
{
	json_t *rows = assay_report_list(r->out, "imports");
	size_t n, room = r->max;

	n = put_imports(r, assay_object_member(root, "import_details"), false, rows, &room);
	n += put_imports(r, assay_object_member(root, "delay_import_details"), true, rows, &room);
	if (n > r->max && n > r->most)
		r->most = n;
	assay_report_set(r->out, "import_count", json_integer((json_int_t)n));
}

/* put_rows - a list whose entries are copied as they are; returns how many there are */
static size_t put_rows(struct assay_report *r, const struct assay_object *list, const char *key,
    const struct assay_copy *copy)
{
	json_t *rows = assay_report_list(r->out, key);
	const size_t n = assay_object_count(list);

	for (size_t i = 0; i < n && assay_report_room(r, rows, n); i++) {
		const struct assay_object *o = assay_object_at(list, i);
		json_t *row;

		if (o == NULL)
			continue;
		json_array_append_new(rows, row = json_object());
		assay_tree_copy(row, o, copy);
	}
	return n;
}

/* put_sections - with what they measure; and the one in which the program begins */
static void put_sections(struct assay_report *r, const struct assay_object *root)
{
	const struct assay_object *list = assay_object_member(root, "sections");
	const int64_t entry = assay_object_number(root, "entry_point_raw");
	json_t *rows = assay_report_list(r->out, "sections"), *first = NULL;
	const size_t n = assay_object_count(list);

	for (size_t i = 0; i < n && assay_report_room(r, rows, n); i++) {
		const struct assay_object *o = assay_object_at(list, i);
		const int64_t address = assay_object_number(o, "virtual_address");
		const int64_t size = assay_object_number(o, "virtual_size"),
			      raw = assay_object_number(o, "raw_data_size");
		struct assay_slice name = assay_object_text(o, "full_name");
		json_t *row = json_object();

		if (name.p == NULL)
			name = assay_object_text(o, "name");
		assay_report_set(row, "name", assay_report_text(name));
		assay_tree_copy(row, o, section_rows);
		assay_report_set(row, "flags",
		    assay_report_flags(section_flags, assay_object_number(o, "characteristics")));
		assay_report_measure(r, row, assay_object_number(o, "raw_data_offset"), raw);
		json_array_append_new(rows, row);
		if (first == NULL && entry > 0 && entry >= address &&
		    entry - address < (size > raw ? size : raw))
			first = json_object_get(row, "name");
	}
	json_object_set_nocheck(r->out, "entry_section", first != NULL ? first : json_null());
}

/* utf16_json - a name of a resource, or NULL when it has none */
static json_t *utf16_json(struct assay_slice s)
{
	struct assay_buf text;
	json_t *json;

	if (s.p == NULL)
		return NULL;
	assay_buf_init(&text, 1024);
	assay_version_text(s, &text);
	json = assay_json_text(text.n > 0 ? text.p : "", text.n);
	assay_buf_release(&text);
	return json;
}

/* put_resources - their types, names and places */
static void put_resources(struct assay_report *r, const struct assay_object *root)
{
	const struct assay_object *list = assay_object_member(root, "resources");
	json_t *rows = assay_report_list(r->out, "resources");
	const size_t n = assay_object_count(list);

	for (size_t i = 0; i < n && assay_report_room(r, rows, n); i++) {
		const struct assay_object *o = assay_object_at(list, i);
		json_t *row = json_object();
		json_t *type = utf16_json(assay_object_text(o, "type_string"));
		json_t *name = utf16_json(assay_object_text(o, "name_string"));

		if (type == NULL)
			type = assay_report_word(resource_types, assay_object_number(o, "type"));
		if (name == NULL)
			name = json_sprintf("#%lld", (long long)assay_object_number(o, "id"));
		assay_report_set(row, "type", type);
		assay_report_set(row, "name", name);
		assay_tree_copy(row, o, resource_rows);
		json_array_append_new(rows, row);
	}
	assay_report_set(r->out, "resource_count", json_integer((json_int_t)n));
}

/* A list of versions, while it is filled. */
struct versions {
	struct assay_report *r;
	json_t *rows;
};

/* on_version - "CompanyName" and what it says */
static bool on_version(void *user, struct assay_slice key, struct assay_slice value)
{
	const struct versions *v = user;
	json_t *row;

	if (!assay_report_room(v->r, v->rows, v->r->max + 1))
		return false;
	json_array_append_new(v->rows, row = json_object());
	assay_report_set(row, "key", utf16_json(key));
	assay_report_set(row, "value", utf16_json(value));
	return true;
}

/* put_versions - what it says of itself */
static void put_versions(struct assay_report *r, const struct assay_object *root)
{
	const struct assay_object *list = assay_object_member(root, "resources");
	struct versions v = { r, assay_report_list(r->out, "version_info") };
	size_t found = 0;

	for (size_t i = 0; i < assay_object_count(list) && found < VERSIONS_MAX; i++) {
		const struct assay_object *o = assay_object_at(list, i);
		const int64_t at = assay_object_number(o, "offset");
		const int64_t size = assay_object_number(o, "length");

		if (assay_object_number(o, "type") != VERSION || at <= 0 || size <= 0 ||
		    (uint64_t)at >= r->bytes.n)
			continue;
		found++;
		assay_version_read(assay_slice_head(assay_slice_from(r->bytes, (size_t)at),
				       size < VERSION_BYTES ? (size_t)size : VERSION_BYTES),
		    on_version, &v);
	}
}

/* put_rich - which tools made it: pairs of a tool and how often it was used */
static void put_rich(struct assay_report *r, const struct assay_object *root)
{
	const struct assay_object *o = assay_object_member(root, "rich_signature");
	const struct assay_slice clear = assay_object_text(o, "clear_data");
	json_t *rich = json_object(), *tools;
	char md5[33];

	if (clear.p == NULL) {
		json_decref(rich);
		assay_report_set(r->out, "rich", json_null());
		return;
	}
	assay_report_set(r->out, "rich", rich);
	assay_report_set(
	    rich, "md5", assay_report_md5(clear, md5) ? json_string_nocheck(md5) : json_null());
	assay_report_set(rich, "key", json_integer(assay_object_number(o, "key")));
	tools = assay_report_list(rich, "tools");
	for (size_t i = RICH_HEAD; i + 8 <= clear.n && assay_report_room(r, tools, clear.n / 8);
	     i += 8) {
		const uint32_t id = u32(clear.p + i);
		json_t *tool = json_object();

		assay_report_set(tool, "product", json_integer(id >> 16));
		assay_report_set(tool, "build", json_integer(id & 0xffff));
		assay_report_set(tool, "count", json_integer(u32(clear.p + i + 4)));
		json_array_append_new(tools, tool);
	}
}

/* put_overlay - what stands behind the program */
static void put_overlay(struct assay_report *r, const struct assay_object *root)
{
	const struct assay_object *o = assay_object_member(root, "overlay");
	const int64_t offset = assay_object_number(o, "offset"),
		      size = assay_object_number(o, "size");
	json_t *overlay;

	if (size <= 0) {
		assay_report_set(r->out, "overlay", json_null());
		return;
	}
	assay_report_set(r->out, "overlay", overlay = json_object());
	assay_report_set(overlay, "offset", json_integer(offset));
	assay_report_set(overlay, "size", json_integer(size));
	assay_report_measure(r, overlay, offset, size);
}

/* ---- the worker ------------------------------------------------------------------------------ */

/* on_tree - all that libyara found */
static void on_tree(void *user, const struct assay_object *root)
{
	struct assay_report *r = user;

	if (assay_object_number(root, "is_pe") == 0)
		return;
	r->out = assay_result_json(r->result);
	put_head(r, root);
	put_all_imports(r, root);
	assay_report_set(r->out, "export_count",
	    json_integer((json_int_t)put_rows(
		r, assay_object_member(root, "export_details"), "exports", export_rows)));
	put_sections(r, root);
	put_resources(r, root);
	put_versions(r, root);
	(void)put_rows(r, assay_object_member(root, "signatures"), "signatures", signature_rows);
	put_rich(r, root);
	put_overlay(r, root);
}

/* on_said - what only functions of the module tell */
static void on_said(void *user, const char *name, struct assay_slice value)
{
	struct assay_report *r = user;
	uint64_t sum;

	if (r->out == NULL)
		return;
	if (strcmp(name, "imphash") == 0)
		assay_report_set(r->out, "imphash", assay_report_text(value));
	else if (assay_slice_u64(value, &sum) && sum <= UINT32_MAX)
		assay_report_set(r->out, "checksum_computed", json_integer((json_int_t)sum));
}

/* pe_warm - compiles the rule */
static enum assay_status pe_warm(void *state, struct assay_err *err)
{
	static const char *const asked[] = { "imphash", "pe.imphash()", "checksum",
		"pe.calculate_checksum()", NULL };
	struct assay_report_options *b = state;

	assay_report_warm();
	return assay_module_open("pe", asked, &b->module, err);
}

/* pe_scan - a payload; null when it is no Windows program */
static enum assay_status pe_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct assay_report_options *b = state;
	struct assay_report r;
	const struct assay_module_use use = { .read = on_tree, .said = on_said, .user = &r };
	enum assay_status status;

	if (!assay_slice_starts(assay_payload_bytes(payload), "MZ") ||
	    !assay_report_init(&r, b, payload, result))
		return ASSAY_OK;
	status = assay_module_scan(b->module, r.bytes, &use, err);
	assay_report_finish(&r);
	return status;
}

static const struct assay_worker worker = { .scan = pe_scan, .pure = true };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "pe",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "what stands in a Windows program",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = assay_report_open,
	.warm = pe_warm,
	.close = assay_tree_close,
	.worker = &worker,
};
