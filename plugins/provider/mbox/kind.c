/*
 * mbox/kind.c - see kind.h. Touches its argument only.
 */
#include "base/arena.h"
#include "base/slice.h"
#include "mail/header.h"
#include "mail/mbox.h"

#include "kind.h"

#define FIELDS_MAX 60 /* of a header that are looked at */

static const struct {
	size_t at;
	struct assay_slice bytes;
	enum assay_kind kind;
	const char *what;
} magic[] = {
	{ 0, { "\x1f\x8b\x08", 3 }, ASSAY_KIND_PACKED, "gzip" },
	{ 0, { "BZh", 3 }, ASSAY_KIND_PACKED, "bzip2" },
	{ 0,
	    { "\xfd"
	      "7zXZ\0",
		6 },
	    ASSAY_KIND_PACKED, "xz" },
	{ 0, { "\x28\xb5\x2f\xfd", 4 }, ASSAY_KIND_PACKED, "zstd" },
	{ 0, { "PK\3\4", 4 }, ASSAY_KIND_CLOSED, "a zip archive: unpack it first" },
	{ 0, { "7z\xbc\xaf\x27\x1c", 6 }, ASSAY_KIND_CLOSED, "a 7z archive: unpack it first" },
	{ 257, { "ustar", 5 }, ASSAY_KIND_CLOSED, "a tar archive: unpack it first" },
	{ 0, { "!BDN", 4 }, ASSAY_KIND_CLOSED,
	    "an Outlook file (.pst): name it on the command line to have it unpacked" },
	{ 0, { "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8 }, ASSAY_KIND_CLOSED,
	    "an Outlook message or another OLE file: convert it first" },
};

/* is_message - a header with a field that is known to be mail's, two where something else stands
 * before it */
static bool is_message(struct assay_slice head)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_header header;
	size_t known = 0, least;

	if (assay_slice_starts(head, "\xef\xbb\xbf"))
		head = assay_slice_from(head, 3);
	assay_header_read(arena, head, ASSAY_HEADER_EOL_AUTO, NULL, &header);
	for (size_t i = 0; i < header.n && i < FIELDS_MAX; i++)
		known += assay_header_known(header.field[i].name);
	least = header.start == 0 || header.mbox_line.p != NULL ? 1 : 2;
	assay_arena_free(&arena);
	return known >= least;
}

/* assay_kind_of - see kind.h */
enum assay_kind assay_kind_of(struct assay_slice head, const char **what)
{
	static const char *dropped;

	what = what != NULL ? what : &dropped;
	*what = "empty";
	if (head.n == 0)
		return ASSAY_KIND_EMPTY;
	for (size_t i = 0; i < sizeof magic / sizeof magic[0]; i++) {
		struct assay_slice there =
		    assay_slice_head(assay_slice_from(head, magic[i].at), magic[i].bytes.n);

		*what = magic[i].what;
		if (assay_slice_eq(there, magic[i].bytes))
			return magic[i].kind;
	}
	*what = "neither mail nor a mailbox";
	if (assay_mbox_looks(head))
		return ASSAY_KIND_MBOX;
	return is_message(head) ? ASSAY_KIND_MESSAGE : ASSAY_KIND_OTHER;
}
