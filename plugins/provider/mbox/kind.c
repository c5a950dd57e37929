/*
 * mbox/kind.c - see kind.h. Touches its argument only.
 */
#include "base/slice.h"
#include "mail/header.h"
#include "mail/mbox.h"

#include "kind.h"

#define LINES_MAX 60 /* of a header: one of them has a name that is known */

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

/* first_text - without a byte order mark and empty lines */
static struct assay_slice first_text(struct assay_slice head)
{
	if (assay_slice_starts(head, "\xef\xbb\xbf"))
		head = assay_slice_from(head, 3);
	while (head.n > 0 && (head.p[0] == '\n' || head.p[0] == '\r'))
		head = assay_slice_from(head, 1);
	return head;
}

/* field_of - the name of the header field on a line, or NONE */
static struct assay_slice field_of(struct assay_slice line)
{
	size_t n = 0;

	while (n < line.n && (unsigned char)line.p[n] > ' ' && line.p[n] != ':' &&
	    (unsigned char)line.p[n] < 127)
		n++;
	if (n == 0 || n == line.n || line.p[n] != ':')
		return ASSAY_SLICE_NONE;
	return assay_slice_head(line, n);
}

/* is_message - fields from the first line on, one of them known to be mail's */
static bool is_message(struct assay_slice head)
{
	struct assay_slice rest = first_text(head), line;
	bool first = true;

	for (int n = 0; n < LINES_MAX && assay_slice_split(&rest, '\n', &line); n++) {
		struct assay_slice name = field_of(line);

		/* A file of one message out of an mbox. */
		if (first && assay_slice_starts(line, "From "))
			continue;
		if (line.n == 0 || line.p[0] == '\r')
			return false;
		if (assay_header_known(name))
			return true;
		if (name.p == NULL && (first || (line.p[0] != ' ' && line.p[0] != '\t')))
			return false;
		first = false;
	}
	return false;
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
