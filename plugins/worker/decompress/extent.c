/*
 * decompress/extent.c - see extent.h
 *
 * Sources: PKWARE APPNOTE 4.3.16 (end of central directory), 7zFormat.txt (signature header),
 * [MS-CAB] 2.1 (CFHEADER), ECMA-119 8.4 (volume descriptor), RAR 5.0 technical note (headers).
 */
#include "base/slice.h"

#include "extent.h"

#define SEVENZ ASSAY_SLICE_LIT("7z\xbc\xaf\x27\x1c")
#define RAR ASSAY_SLICE_LIT("Rar!\x1a\x07")
#define RAR5 ASSAY_SLICE_LIT("Rar!\x1a\x07\x01")
#define CAB ASSAY_SLICE_LIT("MSCF\0\0\0\0")
#define RAR5_BLOCKS 100000u

/* ---- numbers --------------------------------------------------------------------------------- */

/* number - `n` bytes at a place, little-endian; 0 past the end */
static uint64_t number(struct assay_slice s, size_t at, size_t n)
{
	uint64_t value = 0;

	if (at > s.n || n > s.n - at)
		return 0;
	for (size_t i = n; i > 0; i--)
		value = value << 8 | (unsigned char)s.p[at + i - 1];
	return value;
}

/* vint - seven bits a byte, as RAR 5 writes them; false: none */
static bool vint(struct assay_slice *s, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < 10 && i < s->n; i++) {
		const unsigned char c = (unsigned char)s->p[i];

		*value |= (uint64_t)(c & 0x7f) << (7 * i);
		if ((c & 0x80) == 0) {
			*s = assay_slice_from(*s, i + 1);
			return true;
		}
	}
	return false;
}

/* ---- zip ------------------------------------------------------------------------------------- */

/* directory_end - the last end record whose comment fits; s.n: none */
static size_t directory_end(struct assay_slice s)
{
	for (size_t at = s.n >= 22 ? s.n - 22 + 1 : 0; at > 0; at--) {
		const size_t i = at - 1;

		if (s.p[i] == 'P' && s.p[i + 1] == 'K' && s.p[i + 2] == 5 && s.p[i + 3] == 6 &&
		    number(s, i + 20, 2) <= s.n - i - 22)
			return i;
	}
	return s.n;
}

/* first_member - the least offset that the directory names; UINT64_MAX: none */
static uint64_t first_member(struct assay_slice directory)
{
	uint64_t least = UINT64_MAX;

	while (directory.n >= 46 && assay_slice_starts(directory, "PK\1\2")) {
		const uint64_t at = number(directory, 42, 4);
		const uint64_t size = 46 + number(directory, 28, 2) + number(directory, 30, 2) +
		    number(directory, 32, 2);

		least = at < least ? at : least;
		directory = assay_slice_from(directory, (size_t)size);
	}
	return least;
}

/* zip_extent - by the end record and what it says of the directory */
static struct assay_extent zip_extent(struct assay_slice s)
{
	struct assay_extent e = { 0, s.n };
	const size_t end = directory_end(s);
	const uint64_t size = number(s, end + 12, 4), offset = number(s, end + 16, 4);
	uint64_t first, shift;

	if (end == s.n)
		return e;
	e.end = end + 22 + (size_t)number(s, end + 20, 2);
	if (size > end || offset > end - size || size == UINT32_MAX || offset == UINT32_MAX)
		return e;
	/* Offsets count from the archive's begin, or from the file's. */
	shift = end - size - offset;
	first =
	    first_member(assay_slice_head(assay_slice_from(s, end - (size_t)size), (size_t)size));
	if (first == UINT64_MAX || first > end || shift > end - first)
		return e;
	e.begin = (size_t)(shift + first);
	/* The mark of an archive that was to be split, and was not. */
	if (e.begin == 4 && (assay_slice_starts(s, "PK00") || assay_slice_starts(s, "PK\7\10")))
		e.begin = 0;
	return e;
}

/* assay_extent_zip - see extent.h */
size_t assay_extent_zip(struct assay_slice s)
{
	const size_t first = assay_slice_search(s, ASSAY_SLICE_LIT("PK\3\4"));

	return first < s.n && directory_end(s) < s.n ? first : 0;
}

/* ---- others ---------------------------------------------------------------------------------- */

/* sevenz_extent - the signature header says where the last header is */
static struct assay_extent sevenz_extent(struct assay_slice s)
{
	const size_t begin = assay_slice_search(s, SEVENZ);
	const uint64_t offset = number(s, begin + 12, 8), size = number(s, begin + 20, 8);
	struct assay_extent e = { begin < s.n ? begin : 0, s.n };

	if (begin < s.n && s.n - begin >= 32 && offset <= s.n - begin - 32 &&
	    size <= s.n - begin - 32 - offset)
		e.end = begin + 32 + (size_t)(offset + size);
	return e;
}

/* cab_extent - the header says how long it is */
static struct assay_extent cab_extent(struct assay_slice s)
{
	const size_t begin = assay_slice_search(s, CAB);
	const uint64_t size = number(s, begin + 8, 4);
	struct assay_extent e = { begin < s.n ? begin : 0, s.n };

	if (begin < s.n && size >= 36 && size <= s.n - begin)
		e.end = begin + (size_t)size;
	return e;
}

/* iso_extent - blocks times their size */
static struct assay_extent iso_extent(struct assay_slice s)
{
	const uint64_t size = number(s, 0x8000 + 80, 4) * number(s, 0x8000 + 128, 2);
	struct assay_extent e = { 0, s.n };

	if (size > 0x8800 && size < s.n)
		e.end = (size_t)size;
	return e;
}

/* ---- RAR 5 ----------------------------------------------------------------------------------- */

/* One block of RAR 5: its header behind the size, and the data behind that. */
struct block {
	uint64_t type, extra, data;
	struct assay_slice header;
};

/* next_block - takes one off the front */
static bool next_block(struct assay_slice *s, struct block *b)
{
	uint64_t size, flags;
	struct assay_slice h;

	*s = assay_slice_from(*s, 4);
	if (!vint(s, &size) || size == 0 || size > s->n)
		return false;
	b->header = h = assay_slice_head(*s, (size_t)size);
	*s = assay_slice_from(*s, (size_t)size);
	b->extra = b->data = 0;
	if (!vint(&h, &b->type) || !vint(&h, &flags) ||
	    ((flags & 1) != 0 && !vint(&h, &b->extra)) || ((flags & 2) != 0 && !vint(&h, &b->data)))
		return false;
	*s = assay_slice_from(*s, b->data < s->n ? (size_t)b->data : s->n);
	return true;
}

/* rar5_end - behind the block that says so; s.n: there is none */
static size_t rar5_end(struct assay_slice s)
{
	struct assay_slice rest = assay_slice_from(s, assay_slice_search(s, RAR5));
	struct block b;

	rest = assay_slice_from(rest, 8);
	for (unsigned i = 0; i < RAR5_BLOCKS && next_block(&rest, &b); i++)
		if (b.type == 5 || b.type == 4)
			return b.type == 5 ? s.n - rest.n : s.n;
	return s.n;
}

/* past_padding - behind the NULs */
static size_t past_padding(struct assay_slice s, size_t at)
{
	while (at < s.n && s.p[at] == 0)
		at++;
	return at;
}

/* assay_extent_find - see extent.h */
struct assay_extent assay_extent_find(
    struct assay_slice s, enum assay_unpack_format format, size_t consumed)
{
	struct assay_extent e = { 0, consumed < s.n ? consumed : s.n };

	switch (format) {
	case ASSAY_UNPACK_ZIP:
		e = zip_extent(s);
		break;
	case ASSAY_UNPACK_7Z:
		e = sevenz_extent(s);
		break;
	case ASSAY_UNPACK_CAB:
		e = cab_extent(s);
		break;
	case ASSAY_UNPACK_ISO:
		e = iso_extent(s);
		break;
	case ASSAY_UNPACK_RAR:
	case ASSAY_UNPACK_RAR5:
		e.begin = assay_slice_search(s, RAR);
		e.begin = e.begin < s.n ? e.begin : 0;
		if (format == ASSAY_UNPACK_RAR5)
			e.end = rar5_end(s);
		break;
	case ASSAY_UNPACK_XAR:
	case ASSAY_UNPACK_NONE:
		e.end = s.n;
		break;
	case ASSAY_UNPACK_TAR:
	case ASSAY_UNPACK_CPIO:
	case ASSAY_UNPACK_AR:
	case ASSAY_UNPACK_LHA:
	case ASSAY_UNPACK_RAW:
		break;
	}
	e.end = past_padding(s, e.end);
	return e;
}

/* ---- what is encrypted ----------------------------------------------------------------------- */

/* file_encrypted - is there an encryption record in the extra area of a file header? */
static bool file_encrypted(struct assay_slice extra)
{
	uint64_t size, type;

	while (vint(&extra, &size)) {
		struct assay_slice record =
		    assay_slice_head(extra, size < SIZE_MAX ? (size_t)size : 0);

		if (size == 0 || size > extra.n || !vint(&record, &type))
			return false;
		if (type == 1)
			return true;
		extra = assay_slice_from(extra, (size_t)size);
	}
	return false;
}

/* assay_extent_rar5_encrypted - see extent.h */
bool assay_extent_rar5_encrypted(struct assay_slice s)
{
	struct block b;

	s = assay_slice_from(s, assay_slice_search(s, RAR5));
	s = assay_slice_from(s, 8);
	for (unsigned i = 0; i < RAR5_BLOCKS && next_block(&s, &b); i++) {
		if (b.type == 4)
			return true;
		if (b.type == 2 && b.extra <= b.header.n &&
		    file_encrypted(assay_slice_from(b.header, b.header.n - (size_t)b.extra)))
			return true;
		if (b.type == 5)
			break;
	}
	return false;
}

/* sevenz_head_encrypted - is the list of members packed with AES (the codec 06 F1 07 01)? */
static bool sevenz_head_encrypted(struct assay_slice s)
{
	const struct assay_slice codec = ASSAY_SLICE_LIT("\x06\xf1\x07\x01");
	const uint64_t offset = number(s, 12, 8), size = number(s, 20, 8);
	struct assay_slice head;

	if (s.n < 32 || offset > s.n - 32 || size > s.n - 32 - offset)
		return false;
	head = assay_slice_head(assay_slice_from(s, 32 + (size_t)offset), (size_t)size);
	return number(head, 0, 1) == 0x17 && assay_slice_search(head, codec) < head.n;
}

/* assay_extent_head_encrypted - see extent.h */
bool assay_extent_head_encrypted(struct assay_slice s)
{
	const size_t sevenz = assay_slice_search(s, SEVENZ), rar = assay_slice_search(s, RAR);

	if (sevenz < s.n && sevenz_head_encrypted(assay_slice_from(s, sevenz)))
		return true;
	s = assay_slice_from(s, rar);
	/* The flag MHD_PASSWORD of the archive header behind the marker block. */
	return s.n > 12 && s.p[6] == 0 && number(s, 9, 1) == 0x73 && (number(s, 10, 2) & 0x80) != 0;
}

/* is_msi - an OLE file whose root has the class of an installation package */
static bool is_msi(struct assay_slice s)
{
	const struct assay_slice class =
	    ASSAY_SLICE_LIT("\x84\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46");

	return assay_slice_starts(s, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") &&
	    assay_slice_search(s, class) < s.n;
}

/* assay_extent_claims - see extent.h */
const char *assay_extent_claims(struct assay_slice s)
{
	static const struct {
		struct assay_slice magic;
		const char *name;
	} known[] = {
		{ ASSAY_SLICE_LIT("Rar!\x1a\x07\1"), "rar5" },
		{ ASSAY_SLICE_LIT("Rar!\x1a\x07"), "rar" },
		{ ASSAY_SLICE_LIT("7z\xbc\xaf\x27\x1c"), "7z" },
		{ ASSAY_SLICE_LIT("PK\3\4"), "zip" },
		{ ASSAY_SLICE_LIT("MSCF\0\0\0\0"), "cab" },
		{ ASSAY_SLICE_LIT("xar!"), "xar" },
		{ ASSAY_SLICE_LIT("\x1f\x8b\x08"), "gzip" },
		{ ASSAY_SLICE_LIT("\x1f\x9d"), "compress (.Z)" },
		{ ASSAY_SLICE_LIT("BZh"), "bzip2" },
		{ ASSAY_SLICE_LIT("\xfd"
				  "7zXZ\0"),
		    "xz" },
		{ ASSAY_SLICE_LIT("\x28\xb5\x2f\xfd"), "zstd" },
		{ ASSAY_SLICE_LIT("\4\"M\x18"), "lz4" },
		{ ASSAY_SLICE_LIT("LZIP"), "lzip" },
		{ ASSAY_SLICE_LIT("\x89LZO\0"), "lzop" },
		{ ASSAY_SLICE_LIT("ITSF\3\0\0\0"), "chm" },
		{ ASSAY_SLICE_LIT("MSWIM\0\0\0"), "wim" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (assay_slice_eq(assay_slice_head(s, known[i].magic.n), known[i].magic))
			return known[i].name;
	if (assay_slice_starts(s, "\x60\xea") && number(s, 2, 2) > 0 && number(s, 2, 2) <= 2600)
		return "arj";
	if (assay_slice_eq(assay_slice_head(assay_slice_from(s, 7), 7), ASSAY_SLICE_LIT("**ACE**")))
		return "ace";
	return is_msi(s) ? "msi" : NULL;
}

/* assay_extent_is_other - see extent.h */
bool assay_extent_is_other(const char *name)
{
	static const char *const others[] = { "msi", "arj", "chm", "wim", NULL };

	return assay_slice_in(assay_slice_str(name), others);
}
