/*
 * macho - what stands in a program for macOS or iOS
 *
 * For each architecture: what it was made for, the libraries it loads, its segments and sections,
 * its identifier, who signed it, and symhash, the digest of the symbols it wants. Read by image.h.
 * Touches nothing but the payload; what is damaged is left out.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

#include "image.h"
#include "report.h"

enum {
	LC_SEGMENT = 0x1,
	LC_SYMTAB = 0x2,
	LC_LOAD_DYLIB = 0xc,
	LC_ID_DYLIB = 0xd,
	LC_LOAD_DYLINKER = 0xe,
	LC_SEGMENT_64 = 0x19,
	LC_UUID = 0x1b,
	LC_CODE_SIGNATURE = 0x1d,
	LC_LAZY_LOAD_DYLIB = 0x20,
	LC_ENCRYPTION_INFO = 0x21,
	LC_VERSION_MIN_MACOSX = 0x24,
	LC_VERSION_MIN_IPHONEOS = 0x25,
	LC_ENCRYPTION_INFO_64 = 0x2c,
	LC_VERSION_MIN_TVOS = 0x2f,
	LC_VERSION_MIN_WATCHOS = 0x30,
	LC_BUILD_VERSION = 0x32
};
#define LC_REQ_DYLD 0x80000000u /* and these have it */
#define LC_LOAD_WEAK_DYLIB (0x18 | LC_REQ_DYLD)
#define LC_RPATH (0x1c | LC_REQ_DYLD)
#define LC_REEXPORT_DYLIB (0x1f | LC_REQ_DYLD)
#define LC_LOAD_UPWARD_DYLIB (0x23 | LC_REQ_DYLD)
#define LC_MAIN (0x28 | LC_REQ_DYLD)
enum { N_STAB = 0xe0, N_TYPE = 0x0e, N_EXT = 0x01 };
#define COMMANDS_MAX 10000u /* some hundred are usual */
#define SYMBOLS_MAX 65536u
#define SYMBOL_BYTES_MAX ((size_t)4 << 20)

/* An architecture, while it is told. */
struct work {
	struct assay_report *r;
	const struct assay_image *image;
	json_t *out, *libraries, *rpaths, *segments;
	size_t sections; /* listed */
};

static const struct assay_opt options[] = {
	ASSAY_REPORT_OPTIONS,
	{ NULL, ASSAY_OPT_INT, NULL, 0, 0, NULL, NULL },
};

#define MAYBE_INT (ASSAY_INT | ASSAY_NULL)
#define MAYBE_STR (ASSAY_STR | ASSAY_NULL)

static const struct assay_field fields[] = {
	{ "universal", ASSAY_BOOL, ASSAY_TECHNICAL, "a file of several architectures" },
	{ "archs[].machine", ASSAY_STR, ASSAY_TECHNICAL, "x86-64, arm64, ..." },
	{ "archs[].bits", ASSAY_INT, ASSAY_TECHNICAL, "32 or 64" },
	{ "archs[].endian", ASSAY_STR, ASSAY_TECHNICAL, "little or big" },
	{ "archs[].kind", ASSAY_STR, ASSAY_TECHNICAL, "execute, dylib, bundle, object, ..." },
	{ "archs[].flags[]", ASSAY_STR, ASSAY_TECHNICAL, "pie, twolevel, ..." },
	{ "archs[].offset", ASSAY_INT, ASSAY_TECHNICAL, "where in the file" },
	{ "archs[].size", ASSAY_INT, ASSAY_TECHNICAL, "bytes" },
	{ "archs[].commands", ASSAY_INT, ASSAY_TECHNICAL, "load commands it says it has" },
	{ "archs[].complete", ASSAY_BOOL, ASSAY_TECHNICAL, "all of them could be read" },
	{ "archs[].entry_point", MAYBE_INT, ASSAY_TECHNICAL, "where main begins, in the file" },
	{ "archs[].uuid", MAYBE_STR, ASSAY_TECHNICAL, "names this build" },
	{ "archs[].platform", MAYBE_STR, ASSAY_TECHNICAL, "macos, ios, ..." },
	{ "archs[].min_os", MAYBE_STR, ASSAY_TECHNICAL, "oldest system it runs on" },
	{ "archs[].sdk", MAYBE_STR, ASSAY_TECHNICAL, "what it was made with" },
	{ "archs[].id", MAYBE_STR, ASSAY_TECHNICAL, "a library's own name" },
	{ "archs[].interpreter", MAYBE_STR, ASSAY_TECHNICAL, "who loads it" },
	{ "archs[].encrypted", ASSAY_BOOL, ASSAY_TECHNICAL, "as a shop of applications does" },
	{ "archs[].libraries[].name", MAYBE_STR, ASSAY_TECHNICAL, "a library it loads" },
	{ "archs[].libraries[].how", ASSAY_STR, ASSAY_TECHNICAL,
	    "load, weak, reexport, lazy, upward" },
	{ "archs[].libraries[].version", ASSAY_STR, ASSAY_TECHNICAL, "that it was made with" },
	{ "archs[].rpaths[]", ASSAY_STR, ASSAY_TECHNICAL, "where it looks for libraries" },
	{ "archs[].segments[].name", ASSAY_STR, ASSAY_TECHNICAL, "name of a segment" },
	{ "archs[].segments[].protection[]", ASSAY_STR, ASSAY_TECHNICAL, "read, write, execute" },
	{ "archs[].segments[].address", ASSAY_INT, ASSAY_TECHNICAL, "where in memory" },
	{ "archs[].segments[].size", ASSAY_INT, ASSAY_TECHNICAL, "bytes in memory" },
	{ "archs[].segments[].offset", ASSAY_INT, ASSAY_TECHNICAL, "where in the architecture" },
	{ "archs[].segments[].file_size", ASSAY_INT, ASSAY_TECHNICAL, "bytes in the file" },
	{ "archs[].segments[].entropy", ASSAY_REAL | ASSAY_NULL, ASSAY_TECHNICAL,
	    "bits for each byte, 0 to 8" },
	{ "archs[].segments[].md5", MAYBE_STR, ASSAY_TECHNICAL, "MD5 of its bytes" },
	{ "archs[].segments[].sections[].name", ASSAY_STR, ASSAY_TECHNICAL, "name of a section" },
	{ "archs[].segments[].sections[].address", ASSAY_INT, ASSAY_TECHNICAL, "where in memory" },
	{ "archs[].segments[].sections[].size", ASSAY_INT, ASSAY_TECHNICAL, "bytes" },
	{ "archs[].segments[].sections[].offset", ASSAY_INT, ASSAY_TECHNICAL,
	    "where in the architecture" },
	{ "archs[].signature", ASSAY_OBJECT | ASSAY_NULL, ASSAY_TECHNICAL, "its code signature" },
	{ "archs[].signature.identifier", MAYBE_STR, ASSAY_TECHNICAL, "what it calls itself" },
	{ "archs[].signature.team", MAYBE_STR, ASSAY_TECHNICAL, "whose it is, at Apple" },
	{ "archs[].signature.certified", ASSAY_BOOL, ASSAY_TECHNICAL,
	    "somebody signed, good or bad; otherwise digests only" },
	{ "archs[].signature.flags[]", ASSAY_STR, ASSAY_TECHNICAL, "adhoc, runtime, ..." },
	{ "archs[].symhash", MAYBE_STR, ASSAY_TECHNICAL, "MD5 of the symbols it wants, sorted" },
	{ "archs[].symbol_count", ASSAY_INT, ASSAY_TECHNICAL, "symbols it wants" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "symhash", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "archs[].symhash",
	    "MD5 of the symbols that a Mach-O program wants" },
	{ "macho_library", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "archs[].libraries[].name",
	    "library that a Mach-O program loads" },
	{ "macho_id", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "archs[].signature.identifier",
	    "what a Mach-O program's signature calls it" },
	{ "macho_team", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "archs[].signature.team",
	    "whose a signed Mach-O program is" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

static const struct assay_word machines[] = {
	{ 6, "m68k" },
	{ 7, "x86" },
	{ 0x01000007, "x86-64" },
	{ 12, "arm" },
	{ 0x0100000c, "arm64" },
	{ 0x0200000c, "arm64-32" },
	{ 14, "sparc" },
	{ 18, "powerpc" },
	{ 0x01000012, "powerpc64" },
	{ 0, NULL },
};

static const struct assay_word kinds[] = {
	{ 1, "object" },
	{ 2, "execute" },
	{ 3, "fvmlib" },
	{ 4, "core" },
	{ 5, "preload" },
	{ 6, "dylib" },
	{ 7, "dylinker" },
	{ 8, "bundle" },
	{ 9, "dylib-stub" },
	{ 10, "dsym" },
	{ 11, "kext" },
	{ 12, "fileset" },
	{ 0, NULL },
};

static const struct assay_word header_flags[] = {
	{ 0x1, "noundefs" },
	{ 0x4, "dyldlink" },
	{ 0x80, "twolevel" },
	{ 0x100, "force-flat" },
	{ 0x2000, "subsections" },
	{ 0x20000, "allow-stack-execution" },
	{ 0x200000, "pie" },
	{ 0x1000000, "no-heap-execution" },
	{ 0x2000000, "app-extension-safe" },
	{ 0, NULL },
};

static const struct assay_word protections[] = {
	{ 1, "read" },
	{ 2, "write" },
	{ 4, "execute" },
	{ 0, NULL },
};

static const struct assay_word signature_flags[] = {
	{ 0x1, "valid" },
	{ 0x2, "adhoc" },
	{ 0x100, "hard" },
	{ 0x200, "kill" },
	{ 0x800, "restrict" },
	{ 0x2000, "library-validation" },
	{ 0x10000, "runtime" },
	{ 0x20000, "linker-signed" },
	{ 0, NULL },
};

static const struct assay_word platforms[] = {
	{ 1, "macos" },
	{ 2, "ios" },
	{ 3, "tvos" },
	{ 4, "watchos" },
	{ 5, "bridgeos" },
	{ 6, "maccatalyst" },
	{ 7, "ios-simulator" },
	{ 8, "tvos-simulator" },
	{ 9, "watchos-simulator" },
	{ 10, "driverkit" },
	{ 11, "visionos" },
	{ 0, NULL },
};

/* Load commands with a library; and those of old that name a system. */
static const struct assay_word library_commands[] = {
	{ LC_LOAD_DYLIB, "load" },
	{ LC_LOAD_WEAK_DYLIB, "weak" },
	{ LC_REEXPORT_DYLIB, "reexport" },
	{ LC_LAZY_LOAD_DYLIB, "lazy" },
	{ LC_LOAD_UPWARD_DYLIB, "upward" },
	{ 0, NULL },
};

static const struct assay_word system_commands[] = {
	{ LC_VERSION_MIN_MACOSX, "macos" },
	{ LC_VERSION_MIN_IPHONEOS, "ios" },
	{ LC_VERSION_MIN_TVOS, "tvos" },
	{ LC_VERSION_MIN_WATCHOS, "watchos" },
	{ 0, NULL },
};

/* ---- the load commands ----------------------------------------------------------------------- */

/* u32 - of a load command */
static uint32_t u32(const struct work *w, const struct assay_command *c, size_t at)
{
	return assay_image_u32(w->image, c->bytes, at);
}

/* word_json - a number of the image's width */
static json_t *word_json(const struct work *w, struct assay_slice s, size_t at)
{
	return json_integer((json_int_t)(assay_image_word(w->image, s, at) & INT64_MAX));
}

/* name_json - of 16 bytes */
static json_t *name_json(struct assay_slice s, size_t at)
{
	const struct assay_slice name = assay_slice_head(assay_slice_from(s, at), 16);

	return assay_report_text(assay_slice_head(name, assay_slice_find(name, 0)));
}

/* text_json - the string of a load command whose offset stands at 8 */
static json_t *text_json(const struct work *w, const struct assay_command *c)
{
	return assay_report_text(assay_image_text(c->bytes, u32(w, c, 8)));
}

/* version_json - "10.15.7" of 16, 8 and 8 bits */
static json_t *version_json(uint32_t version)
{
	return json_sprintf("%u.%u.%u", version >> 16, version >> 8 & 255, version & 255);
}

/* is_one_of - is it a command of a table? */
static bool is_one_of(const struct assay_word *words, uint32_t id)
{
	while (words->word != NULL && words->value != id)
		words++;
	return words->word != NULL;
}

/* put_library - one it loads */
static void put_library(struct work *w, const struct assay_command *c)
{
	json_t *row;

	if (!assay_report_room(w->r, w->libraries, w->r->max + 1))
		return;
	json_array_append_new(w->libraries, row = json_object());
	assay_report_set(row, "name", text_json(w, c));
	assay_report_set(row, "how", assay_report_word(library_commands, c->id));
	assay_report_set(row, "version", version_json(u32(w, c, 16)));
}

/* put_sections - of a segment: names and places */
static void put_sections(struct work *w, const struct assay_command *c, json_t *segment)
{
	const bool wide = w->image->wide;
	const size_t head = wide ? 72 : 56, step = wide ? 80 : 68;
	const uint32_t n = u32(w, c, wide ? 64 : 48);
	json_t *rows = assay_report_list(segment, "sections"), *row;

	for (size_t i = 0; i < n && c->bytes.n >= head && (c->bytes.n - head) / step > i; i++) {
		const struct assay_slice s = assay_slice_from(c->bytes, head + i * step);

		if (w->sections++ >= w->r->max) {
			w->r->most = w->sections > w->r->most ? w->sections : w->r->most;
			return;
		}
		json_array_append_new(rows, row = json_object());
		assay_report_set(row, "name", name_json(s, 0));
		assay_report_set(row, "address", word_json(w, s, 32));
		assay_report_set(row, "size", word_json(w, s, wide ? 40 : 36));
		assay_report_set(
		    row, "offset", json_integer(assay_image_u32(w->image, s, wide ? 48 : 40)));
	}
}

/* put_segment - with what it measures */
static void put_segment(struct work *w, const struct assay_command *c)
{
	const size_t step = w->image->wide ? 8 : 4;
	const uint64_t offset = assay_image_word(w->image, c->bytes, 24 + 2 * step);
	const uint64_t size = assay_image_word(w->image, c->bytes, 24 + 3 * step);
	const struct assay_slice part = assay_image_part(w->image->bytes, offset, size);
	json_t *row;

	if (!assay_report_room(w->r, w->segments, w->r->max + 1))
		return;
	json_array_append_new(w->segments, row = json_object());
	assay_report_set(row, "name", name_json(c->bytes, 8));
	assay_report_set(
	    row, "protection", assay_report_flags(protections, u32(w, c, 28 + 4 * step)));
	assay_report_set(row, "address", word_json(w, c->bytes, 24));
	assay_report_set(row, "size", word_json(w, c->bytes, 24 + step));
	assay_report_set(row, "offset", word_json(w, c->bytes, 24 + 2 * step));
	assay_report_set(row, "file_size", word_json(w, c->bytes, 24 + 3 * step));
	if (part.p != NULL && part.n == size)
		assay_report_measure(
		    w->r, row, (int64_t)(w->image->offset + offset), (int64_t)size);
	else
		assay_report_measure(w->r, row, 0, 0);
	put_sections(w, c, row);
}

/* put_uuid - 16 bytes, as they are written */
static void put_uuid(struct work *w, const struct assay_command *c)
{
	static const char digit[] = "0123456789abcdef";
	char text[37], *to = text;

	if (c->bytes.n < 24)
		return;
	for (unsigned i = 0; i < 16; i++) {
		const unsigned char byte = (unsigned char)c->bytes.p[8 + i];

		if (i == 4 || i == 6 || i == 8 || i == 10)
			*to++ = '-';
		*to++ = digit[byte >> 4];
		*to++ = digit[byte & 15];
	}
	*to = 0;
	assay_report_set(w->out, "uuid", assay_json_str(text));
}

/* put_signature - whose it says it is */
static void put_signature(struct work *w, const struct assay_command *c)
{
	struct assay_image_signature signature;
	json_t *row;

	if (!assay_image_signature(
		assay_image_part(w->image->bytes, u32(w, c, 8), u32(w, c, 12)), &signature))
		return;
	assay_report_set(w->out, "signature", row = json_object());
	assay_report_set(row, "identifier", assay_report_text(signature.identifier));
	assay_report_set(row, "team", assay_report_text(signature.team));
	assay_report_set(row, "certified", json_boolean(signature.certified));
	assay_report_set(row, "flags", assay_report_flags(signature_flags, signature.flags));
}

/* put_system - what it runs on: the platform's word, its versions behind `at` */
static void put_system(struct work *w, const struct assay_command *c, json_t *platform, size_t at)
{
	assay_report_set(w->out, "platform", platform);
	assay_report_set(w->out, "min_os", version_json(u32(w, c, at)));
	assay_report_set(w->out, "sdk", version_json(u32(w, c, at + 4)));
}

/* ---- symbols --------------------------------------------------------------------------------- */

/* by_bytes - for qsort */
static int by_bytes(const void *a, const void *b)
{
	const struct assay_slice *x = a, *y = b;
	const int order = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return order != 0 ? order : x->n < y->n ? -1 : x->n > y->n;
}

/* wanted_symbols - names of those that are external and nowhere in it */
static size_t wanted_symbols(
    const struct work *w, const struct assay_command *c, struct assay_slice *name)
{
	const struct assay_slice strings =
	    assay_image_part(w->image->bytes, u32(w, c, 16), u32(w, c, 20));
	const size_t step = w->image->wide ? 16 : 12;
	const uint64_t count = u32(w, c, 12);
	const struct assay_slice table =
	    assay_image_part(w->image->bytes, u32(w, c, 8), count * step);
	size_t n = 0, sum = 0;

	for (size_t i = 0; i < table.n / step && n < SYMBOLS_MAX; i++) {
		const struct assay_slice s = assay_slice_from(table, i * step);
		const unsigned char type = (unsigned char)s.p[4];

		if ((type & N_STAB) != 0 || (type & N_TYPE) != 0 || (type & N_EXT) == 0)
			continue;
		name[n] = assay_image_text(strings, assay_image_u32(w->image, s, 0));
		sum += name[n].n + 1;
		if (name[n].p == NULL || sum > SYMBOL_BYTES_MAX)
			break;
		n++;
	}
	return n;
}

/* put_symbols - symhash: MD5 of the names, sorted, with commas between them */
static void put_symbols(struct work *w, const struct assay_command *c)
{
	struct assay_slice *name = assay_xcalloc(SYMBOLS_MAX, sizeof(*name));
	const size_t n = wanted_symbols(w, c, name);
	struct assay_buf all;
	char md5[33];

	assay_buf_init(&all, SYMBOL_BYTES_MAX);
	if (n > 1)
		qsort(name, n, sizeof(*name), by_bytes);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			assay_buf_add_char(&all, ',');
		assay_buf_add_slice(&all, name[i]);
	}
	assay_report_set(w->out, "symbol_count", json_integer((json_int_t)n));
	if (n > 0 && assay_report_md5(assay_buf_slice(&all), md5))
		assay_report_set(w->out, "symhash", assay_json_str(md5));
	assay_buf_release(&all);
	free(name);
}

/* ---- the worker ------------------------------------------------------------------------------ */

/* put_named - commands that are one text */
static void put_named(struct work *w, const struct assay_command *c)
{
	if (c->id == LC_ID_DYLIB)
		assay_report_set(w->out, "id", text_json(w, c));
	else if (c->id == LC_LOAD_DYLINKER)
		assay_report_set(w->out, "interpreter", text_json(w, c));
	else if (c->id == LC_RPATH && assay_report_room(w->r, w->rpaths, w->r->max + 1))
		json_array_append_new(w->rpaths, text_json(w, c));
}

/* put_command - one load command */
static void put_command(struct work *w, const struct assay_command *c)
{
	if (c->id == (w->image->wide ? LC_SEGMENT_64 : LC_SEGMENT))
		put_segment(w, c);
	else if (is_one_of(library_commands, c->id))
		put_library(w, c);
	else if (is_one_of(system_commands, c->id))
		put_system(w, c, assay_report_word(system_commands, c->id), 8);
	else if (c->id == LC_BUILD_VERSION)
		put_system(w, c, assay_report_word(platforms, u32(w, c, 8)), 12);
	else if (c->id == LC_UUID)
		put_uuid(w, c);
	else if (c->id == LC_MAIN)
		assay_report_set(w->out, "entry_point",
		    json_integer((json_int_t)(assay_image_u64(w->image, c->bytes, 8) & INT64_MAX)));
	else if (c->id == LC_CODE_SIGNATURE)
		put_signature(w, c);
	else if (c->id == LC_ENCRYPTION_INFO || c->id == LC_ENCRYPTION_INFO_64)
		assay_report_set(w->out, "encrypted", json_boolean(u32(w, c, 16) != 0));
	else
		put_named(w, c);
}

/* put_head - what kind of program it is; null for what no load command may say */
static void put_head(struct work *w)
{
	static const char *const unknown[] = { "entry_point", "uuid", "platform", "min_os", "sdk",
		"id", "interpreter", "signature", "symhash", NULL };
	const struct assay_image *i = w->image;

	assay_report_set(w->out, "machine", assay_report_word(machines, i->cpu));
	assay_report_set(w->out, "bits", json_integer(i->wide ? 64 : 32));
	assay_report_set(w->out, "endian", json_string_nocheck(i->big ? "big" : "little"));
	assay_report_set(w->out, "kind", assay_report_word(kinds, i->type));
	assay_report_set(w->out, "flags", assay_report_flags(header_flags, i->flags));
	assay_report_set(w->out, "offset", json_integer((json_int_t)i->offset));
	assay_report_set(w->out, "size", json_integer((json_int_t)i->bytes.n));
	assay_report_set(w->out, "commands", json_integer(i->commands));
	for (const char *const *key = unknown; *key != NULL; key++)
		assay_report_set(w->out, *key, json_null());
	assay_report_set(w->out, "encrypted", json_false());
	assay_report_set(w->out, "symbol_count", json_integer(0));
	w->libraries = assay_report_list(w->out, "libraries");
	w->rpaths = assay_report_list(w->out, "rpaths");
	w->segments = assay_report_list(w->out, "segments");
}

/* put_image - one architecture; *left: load commands that may still be looked at */
static void put_image(
    struct assay_report *r, const struct assay_image *image, json_t *rows, uint32_t *left)
{
	struct work w = { .r = r, .image = image, .out = json_object() };
	bool symbols = false;
	struct assay_command c;
	size_t at = 0;
	uint32_t n = 0;

	json_array_append_new(rows, w.out);
	put_head(&w);
	for (; n<image->commands && * left> 0 && assay_image_command(image, &at, &c);
	     n++, (*left)--) {
		if (c.id != LC_SYMTAB)
			put_command(&w, &c);
		else if (!symbols) /* a loader takes one; each costs a sort */
			put_symbols(&w, &c);
		symbols |= c.id == LC_SYMTAB;
	}
	assay_report_set(w.out, "complete", json_boolean(n == image->commands));
}

/* macho_warm - the digests */
static enum assay_status macho_warm(void *state, struct assay_err *err)
{
	(void)state;
	(void)err;
	assay_report_warm();
	return ASSAY_OK;
}

/* macho_scan - a payload; null when it is no Mach-O file */
static enum assay_status macho_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	struct assay_image image[ASSAY_IMAGES_MAX];
	uint32_t left = COMMANDS_MAX; /* of all images: they may all be the same bytes */
	struct assay_report r;
	bool universal;
	json_t *rows;
	size_t n;

	(void)err;
	n = assay_image_read(assay_payload_bytes(payload), image, &universal);
	if (n == 0 || !assay_report_init(&r, state, payload, result))
		return ASSAY_OK;
	r.out = assay_result_json(result);
	assay_report_set(r.out, "universal", json_boolean(universal));
	rows = assay_report_list(r.out, "archs");
	for (size_t i = 0; i < n; i++)
		put_image(&r, &image[i], rows, &left);
	assay_report_finish(&r);
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = macho_scan, .pure = true };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "macho",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "what stands in a program for macOS or iOS",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = assay_report_open,
	.warm = macho_warm,
	.close = free,
	.worker = &worker,
};
