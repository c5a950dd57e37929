/*
 * sniff_zip - what kind of zip is it?
 *
 * Reads the names of local file headers and of the central directory (APPNOTE 4.3.7, 4.3.12) by
 * looking for their signatures in the first mebibyte and the last 64 KiB, so that a damaged or
 * prefixed directory does not matter. Looks at 512 names at most; nothing is unpacked.
 */
#include "base/slice.h"

#include "sniff.h"

#define ZIP_TAIL ((size_t)64 * 1024)
#define ZIP_NAMES 512

enum zip_hint {
	ZIP_WORD = 1,
	ZIP_EXCEL = 2,
	ZIP_POINT = 4,
	ZIP_VISIO = 8,
	ZIP_MACRO = 16,
	ZIP_BINARY = 32,
	ZIP_TYPES = 64,
	ZIP_JAR = 128,
	ZIP_APK = 256,
	ZIP_XPS = 512
};

static const struct {
	const char *prefix;
	unsigned hint;
} hints[] = {
	{ "word/vbaProject.bin", ZIP_WORD | ZIP_MACRO },
	{ "xl/vbaProject.bin", ZIP_EXCEL | ZIP_MACRO },
	{ "xl/macrosheets/", ZIP_EXCEL | ZIP_MACRO },
	{ "ppt/vbaProject.bin", ZIP_POINT | ZIP_MACRO },
	{ "xl/workbook.bin", ZIP_EXCEL | ZIP_BINARY },
	{ "word/", ZIP_WORD },
	{ "xl/", ZIP_EXCEL },
	{ "ppt/", ZIP_POINT },
	{ "visio/", ZIP_VISIO },
	{ "[Content_Types].xml", ZIP_TYPES },
	{ "FixedDocSeq.fdseq", ZIP_XPS },
	{ "META-INF/MANIFEST.MF", ZIP_JAR },
	{ "AndroidManifest.xml", ZIP_APK },
};

/* number - little-endian 16 bits */
static size_t number(const char *p)
{
	return (size_t)(unsigned char)p[0] | (size_t)(unsigned char)p[1] << 8;
}

/* name_hint - what a member's name says */
static unsigned name_hint(struct assay_slice name)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (assay_slice_casestarts(name, hints[i].prefix))
			return hints[i].hint;
	return 0;
}

/* look - the hints of all names in one piece of the file */
static unsigned look(struct assay_slice s)
{
	unsigned found = 0;

	for (unsigned i = 0; i < ZIP_NAMES; i++) {
		size_t head, n;

		s = assay_slice_from(s, assay_slice_search(s, ASSAY_SLICE_LIT("PK")));
		if (s.n < 46)
			break;
		head = s.p[2] == 3 && s.p[3] == 4 ? 30 : s.p[2] == 1 && s.p[3] == 2 ? 46 : 0;
		if (head == 0) {
			s = assay_slice_from(s, 2);
			continue;
		}
		n = number(s.p + (head == 30 ? 26 : 28));
		found |= name_hint(assay_slice_head(assay_slice_from(s, head), n));
		s = assay_slice_from(s, head);
	}
	return found;
}

/* stored_type - OpenDocument and EPUB: a first member "mimetype" that is stored (ODF 1.2 part 3) */
static const char *stored_type(struct assay_slice s)
{
	static const char *const types[] = { "application/vnd.oasis.opendocument.text",
		"application/vnd.oasis.opendocument.spreadsheet",
		"application/vnd.oasis.opendocument.presentation",
		"application/vnd.oasis.opendocument.graphics", "application/epub+zip" };

	if (s.n < 38 || number(s.p + 8) != 0 || number(s.p + 26) != 8 ||
	    !assay_slice_starts(assay_slice_from(s, 30), "mimetype"))
		return NULL;
	s = assay_slice_from(s, 38 + number(s.p + 28));
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (assay_slice_starts(s, types[i]))
			return types[i];
	return NULL;
}

/* office - an OOXML type */
static const char *office(unsigned found)
{
	if (found & ZIP_WORD)
		return found & ZIP_MACRO ? "application/vnd.ms-word.document.macroenabled.12"
					 : "application/vnd.openxmlformats-officedocument"
					   ".wordprocessingml.document";
	if (found & ZIP_EXCEL)
		return found & ZIP_BINARY ? "application/vnd.ms-excel.sheet.binary.macroenabled.12"
		    : found & ZIP_MACRO
		    ? "application/vnd.ms-excel.sheet.macroenabled.12"
		    : "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
	if (found & ZIP_POINT)
		return found & ZIP_MACRO
		    ? "application/vnd.ms-powerpoint.presentation.macroenabled.12"
		    : "application/vnd.openxmlformats-officedocument"
		      ".presentationml.presentation";
	return found & ZIP_VISIO ? "application/vnd.ms-visio.drawing" : NULL;
}

/* assay_sniff_zip - see sniff.h */
const char *assay_sniff_zip(struct assay_slice bytes)
{
	const struct assay_slice head = assay_slice_head(bytes, ASSAY_SNIFF_BYTES);
	const char *type = stored_type(head);
	unsigned found;

	if (type != NULL)
		return type;
	found = look(head);
	if (bytes.n > head.n)
		found |= look(assay_slice_from(
		    bytes, bytes.n - head.n < ZIP_TAIL ? head.n : bytes.n - ZIP_TAIL));
	type = office(found);
	/* A folder of that name alone proves nothing: an OOXML package lists its types. */
	if (type != NULL && found & ZIP_TYPES)
		return type;
	if (found & ZIP_XPS)
		return "application/vnd.ms-xpsdocument";
	if (found & ZIP_APK)
		return "application/vnd.android.package-archive";
	return found & ZIP_JAR ? "application/java-archive" : "application/zip";
}
