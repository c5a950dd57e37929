/*
 * known - what decoded bytes can be recognised by; see known.h
 */
#include "known.h"

#include "base/arena.h"
#include "base/slice.h"
#include "text/utf8.h"

#define LOOKED_AT 256

const struct assay_known assay_known[] = {
	{ "program", ASSAY_SLICE_LIT("This program cannot be run in DOS mode"), true },
	{ "program", ASSAY_SLICE_LIT("This program must be run under Win32"), true },
	{ "url", ASSAY_SLICE_LIT("https://www."), true },
	{ "url", ASSAY_SLICE_LIT("http://www."), true },
	{ "ole", ASSAY_SLICE_LIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), false },
	{ "url", ASSAY_SLICE_LIT("https://"), true },
	{ "url", ASSAY_SLICE_LIT("http://"), true },
	{ "png", ASSAY_SLICE_LIT("\x89PNG\r\n\x1a\n"), false },
	{ "rar", ASSAY_SLICE_LIT("Rar!\x1a\x07"), false },
	{ "7z", ASSAY_SLICE_LIT("7z\xbc\xaf\x27\x1c"), false },
	{ "pdf", ASSAY_SLICE_LIT("%PDF-"), false },
	{ "rtf", ASSAY_SLICE_LIT("{\\rtf"), false },
	{ "zip", ASSAY_SLICE_LIT("PK\3\4"), false },
	{ "elf",
	    ASSAY_SLICE_LIT("\x7f"
			    "ELF"),
	    false },
	{ "cab", ASSAY_SLICE_LIT("MSCF"), false },
	{ "gif", ASSAY_SLICE_LIT("GIF8"), false },
	{ "java", ASSAY_SLICE_LIT("\xca\xfe\xba\xbe"), false },
	{ "jpeg", ASSAY_SLICE_LIT("\xff\xd8\xff"), false },
	{ "gzip", ASSAY_SLICE_LIT("\x1f\x8b\x08"), false },
	{ "program", ASSAY_SLICE_LIT("MZ"), false },
	{ NULL, { NULL, 0 }, false },
};

/* is_control - nothing that stands in texts */
static bool is_control(unsigned char c)
{
	return (c < ' ' && !assay_ascii_is_space(c)) || c == 0x7f;
}

/* is_utf8 - all of it, but for a character that is cut off at the end */
static bool is_utf8(struct assay_slice s)
{
	if (assay_utf8_prefix(s) + 4 <= s.n)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (is_control((unsigned char)s.p[i]))
			return false;
	return true;
}

/* is_utf16 - every second byte is zero, the others are ASCII */
static bool is_utf16(struct assay_slice s)
{
	for (size_t i = 0; i + 1 < s.n; i += 2)
		if (s.p[i + 1] != 0 || is_control((unsigned char)s.p[i]))
			return false;
	return s.n > 1;
}

/* assay_known_kind - see known.h */
const char *assay_known_kind(struct assay_slice bytes)
{
	const struct assay_slice head = assay_slice_head(bytes, LOOKED_AT);

	for (const struct assay_known *k = assay_known; k->name != NULL; k++)
		if (!k->anywhere && assay_slice_eq(assay_slice_head(bytes, k->bytes.n), k->bytes))
			return k->name;
	return head.n > 0 && (is_utf8(head) || is_utf16(head)) ? "text" : NULL;
}

/* assay_known_fits - see known.h */
bool assay_known_fits(struct assay_result *result, size_t size)
{
	uint64_t member, total;

	assay_result_budget(result, &member, &total);
	if (size <= member)
		return true;
	assay_result_limit(
	    result, size <= total ? "max_member_bytes" : "max_unpacked_bytes", size, member, true);
	return false;
}

/* assay_known_child - see known.h */
const char *assay_known_child(struct assay_result *result, const struct assay_payload *parent,
    struct assay_slice bytes, size_t place)
{
	const struct assay_payload *child = assay_result_child(result,
	    &(struct assay_child){
		.bytes = bytes,
		.heap = true,
		.place = assay_arena_printf(assay_payload_arena(parent), "@%zu", place),
	    });

	return child != NULL ? assay_payload_id(child) : NULL;
}
