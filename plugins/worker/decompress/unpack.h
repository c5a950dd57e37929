/*
 * decompress/unpack.h - the members of an archive, one after the other, through libarchive
 *
 * Formats and filters are switched on one by one: none that runs a program, and not mtree, which
 * names files of ours. Nothing is written to a disk and nothing opened: what a member says of
 * paths, links and devices is only told. A reader is fed in small pieces, so that its deadline is
 * looked at while a library unpacks. One reader at a time: it changes the locale of the thread
 * (names in other charsets are not converted to a 7-bit one) until it is closed.
 */
#ifndef ASSAY_DECOMPRESS_UNPACK_H
#define ASSAY_DECOMPRESS_UNPACK_H

#include <assay/types.h>

struct assay_unpack;

enum assay_unpack_format {
	ASSAY_UNPACK_NONE, /* no archive */
	ASSAY_UNPACK_ZIP,
	ASSAY_UNPACK_7Z,
	ASSAY_UNPACK_RAR,
	ASSAY_UNPACK_RAR5,
	ASSAY_UNPACK_TAR,
	ASSAY_UNPACK_CPIO,
	ASSAY_UNPACK_AR,
	ASSAY_UNPACK_CAB,
	ASSAY_UNPACK_ISO,
	ASSAY_UNPACK_LHA,
	ASSAY_UNPACK_XAR,
	ASSAY_UNPACK_RAW /* one compressed file */
};

enum assay_unpack_kind {
	ASSAY_UNPACK_FILE,
	ASSAY_UNPACK_DIR,
	ASSAY_UNPACK_SYMLINK,
	ASSAY_UNPACK_HARDLINK,
	ASSAY_UNPACK_DEVICE,
	ASSAY_UNPACK_OTHER
};

/* Borrowed until the next one. Strings are any bytes; NULL: none. */
struct assay_unpack_member {
	const char *name, *link;
	enum assay_unpack_kind kind;
	int64_t size; /* declared; -1: it is not */
	int64_t mtime_ms;
	bool has_mtime, encrypted;
};

#define ASSAY_UNPACK_STREAM 1u   /* a zip without its directory: as it stands in the file */
#define ASSAY_UNPACK_RAW_ONLY 2u /* take off the compression only */

struct assay_unpack_options {
	const char *password; /* or NULL */
	int64_t until_ms;     /* monotonic */
	unsigned flags;
};

/* Before the sandbox: whatever is loaded at its first use. */
void assay_unpack_warm(void);
void assay_unpack_cool(void);

/* The bytes are borrowed until it is closed. */
struct assay_unpack *assay_unpack_open(
    struct assay_slice bytes, const struct assay_unpack_options *options);
/* Accepts NULL, leaves NULL. */
void assay_unpack_close(struct assay_unpack **unpack);

/* ASSAY_END: no more. E_SYNTAX: what follows cannot be read. E_TIMEOUT. */
ASSAY_MUST_CHECK enum assay_status assay_unpack_next(
    struct assay_unpack *unpack, struct assay_unpack_member *member, struct assay_err *err);

/* An earlier deadline. */
void assay_unpack_hurry(struct assay_unpack *unpack, int64_t until_ms);

/* What a member holds: malloc'd, the caller's, also after a failure; p may be NULL. */
struct assay_unpack_bytes {
	char *p;
	size_t n;
};

/* At most `max` bytes of the member. E_LIMIT: there is more. E_SYNTAX: damaged, encrypted, or made
 * in a way that libarchive does not know. E_FULL: no memory. E_TIMEOUT. */
ASSAY_MUST_CHECK enum assay_status assay_unpack_content(struct assay_unpack *unpack, uint64_t max,
    struct assay_unpack_bytes *out, struct assay_err *err);

/* After the first _next. NONE: it is no archive of a kind we read. */
enum assay_unpack_format assay_unpack_format(const struct assay_unpack *unpack);
/* "zip", "7z", ...; of RAW the outermost filter's name. */
const char *assay_unpack_format_name(const struct assay_unpack *unpack);
/* "gzip", "xz" ...: the i-th from outside; NULL: no more. */
const char *assay_unpack_filter(const struct assay_unpack *unpack, int i);
/* Bytes of the input read so far; exact at the end of formats that are read from front to end. */
uint64_t assay_unpack_consumed(const struct assay_unpack *unpack);
/* The same of what the filters gave. */
uint64_t assay_unpack_produced(const struct assay_unpack *unpack);
/* Said to hold something encrypted, its list of members perhaps. */
bool assay_unpack_has_encrypted(struct assay_unpack *unpack);

#endif
