/*
 * decompress/unpack.c - see unpack.h. The only place that knows libarchive.
 *
 * Touches the bytes it is given and memory. libarchive's sentences become the text of errors: they
 * may quote a stranger and are made printable. A failure leaves the reader usable for closing only,
 * but for that of one member's content.
 */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/charset.h"

#include "unpack.h"

#define PIECE ((size_t)32 * 1024) /* a bzip2 of that size may hold hundreds of megabytes */
#define FIRST ((size_t)64 * 1024)
#define WARNINGS_MAX 100u

struct assay_unpack {
	struct archive *archive;
	struct archive_entry *entry;
	struct assay_slice bytes;
	size_t at;
	int64_t until_ms;
	bool opened, late;
	locale_t before;
};

static locale_t utf8;

/* ---- the bytes ------------------------------------------------------------------------------- */

/* is_late - the deadline; once it is over nothing more is given */
static bool is_late(struct assay_unpack *u)
{
	u->late = u->late || assay_clock_mono_ms() > u->until_ms;
	return u->late;
}

/* feed - the next piece */
static la_ssize_t feed(struct archive *a, void *arg, const void **p)
{
	struct assay_unpack *u = arg;
	const struct assay_slice piece = assay_slice_head(assay_slice_from(u->bytes, u->at), PIECE);

	if (piece.n > 0 && is_late(u)) {
		archive_set_error(a, ETIMEDOUT, "the time is over");
		return ARCHIVE_FATAL;
	}
	*p = piece.p;
	u->at += piece.n;
	return (la_ssize_t)piece.n;
}

/* skip - forward, not past the end */
static la_int64_t skip(struct archive *a, void *arg, la_int64_t n)
{
	struct assay_unpack *u = arg;
	const size_t left = u->bytes.n - u->at;

	(void)a;
	if (n <= 0)
		return 0;
	if ((uint64_t)n > left)
		n = (la_int64_t)left;
	u->at += (size_t)n;
	return n;
}

/* seek - to a place inside, or to the end */
static la_int64_t seek(struct archive *a, void *arg, la_int64_t offset, int whence)
{
	struct assay_unpack *u = arg;
	const int64_t size = (int64_t)u->bytes.n;
	const int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t)u->at : size;

	(void)a;
	if (offset > size - from || offset < -from)
		return ARCHIVE_FATAL;
	u->at = (size_t)(from + offset);
	return (la_int64_t)u->at;
}

/* ---- open and close -------------------------------------------------------------------------- */

/* use_filters - only what the library itself can: with ARCHIVE_WARN it would start a program */
static void use_filters(struct archive *a)
{
	static int (*const filters[])(struct archive *) = { archive_read_support_filter_gzip,
		archive_read_support_filter_bzip2, archive_read_support_filter_xz,
		archive_read_support_filter_lzma, archive_read_support_filter_lzip,
		archive_read_support_filter_zstd, archive_read_support_filter_lz4,
		archive_read_support_filter_compress, archive_read_support_filter_rpm };
	static unsigned known, good;

	for (unsigned i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		const unsigned bit = 1u << i;

		if ((known & bit) == 0) {
			struct archive *probe = archive_read_new();

			known |= bit;
			if (probe != NULL && filters[i](probe) == ARCHIVE_OK)
				good |= bit;
			(void)archive_read_free(probe);
		}
		if ((good & bit) != 0)
			(void)filters[i](a);
	}
}

/* use_formats - those of the request */
static void use_formats(struct archive *a, unsigned flags)
{
	(void)archive_read_support_format_raw(a);
	if ((flags & ASSAY_UNPACK_RAW_ONLY) != 0)
		return;
	(void)archive_read_support_format_zip_streamable(a);
	if ((flags & ASSAY_UNPACK_STREAM) != 0)
		return;
	(void)archive_read_support_format_zip_seekable(a);
	(void)archive_read_support_format_7zip(a);
	(void)archive_read_support_format_rar(a);
	(void)archive_read_support_format_rar5(a);
	(void)archive_read_support_format_tar(a);
	(void)archive_read_support_format_cpio(a);
	(void)archive_read_support_format_ar(a);
	(void)archive_read_support_format_cab(a);
	(void)archive_read_support_format_iso9660(a);
	(void)archive_read_support_format_lha(a);
	(void)archive_read_support_format_xar(a);
}

/* assay_unpack_open - see unpack.h */
struct assay_unpack *assay_unpack_open(
    struct assay_slice bytes, const struct assay_unpack_options *options)
{
	struct assay_unpack *u = assay_xcalloc(1, sizeof(*u));

	u->bytes = bytes;
	u->until_ms = options->until_ms;
	u->before = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
	u->archive = archive_read_new();
	if (u->archive == NULL)
		return u;
	use_filters(u->archive);
	use_formats(u->archive, options->flags);
	if (options->password != NULL)
		(void)archive_read_add_passphrase(u->archive, options->password);
	(void)archive_read_set_callback_data(u->archive, u);
	(void)archive_read_set_read_callback(u->archive, feed);
	(void)archive_read_set_skip_callback(u->archive, skip);
	(void)archive_read_set_seek_callback(u->archive, seek);
	return u;
}

/* assay_unpack_close - see unpack.h */
void assay_unpack_close(struct assay_unpack **unpack)
{
	struct assay_unpack *u = *unpack;

	if (u == NULL)
		return;
	if (u->archive != NULL)
		(void)archive_read_free(u->archive);
	if (u->before != (locale_t)0)
		(void)uselocale(u->before);
	free(u);
	*unpack = NULL;
}

/* assay_unpack_warm - see unpack.h; the shortest xar there is makes libxml2 start */
void assay_unpack_warm(void)
{
	static const char xar[] = "xar!\0\x1c\0\1\0\0\0\0\0\0\0\x0e\0\0\0\0\0\0\0\6\0\0\0\0"
				  "\x78\x9c\xb3\xa9H,\xd2\xb7\3\0\7<\1\xf5";
	struct assay_unpack_member member;
	struct assay_unpack *u;
	struct assay_err err;

	(void)assay_charset_warm();
	if (utf8 == (locale_t)0)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	u = assay_unpack_open(assay_slice(xar, sizeof(xar) - 1),
	    &(struct assay_unpack_options){ .until_ms = INT64_MAX });
	while (assay_unpack_next(u, &member, &err) == ASSAY_OK)
		continue;
	assay_unpack_close(&u);
}

/* assay_unpack_cool - for leak checkers */
void assay_unpack_cool(void)
{
	if (utf8 != (locale_t)0)
		freelocale(utf8);
	utf8 = (locale_t)0;
	assay_charset_cool();
}

/* ---- members --------------------------------------------------------------------------------- */

/* failed - libarchive's sentence, or that the time was over */
static enum assay_status failed(const struct assay_unpack *u, struct assay_err *err)
{
	const char *text = archive_error_string(u->archive);

	if (u->late)
		return assay_err_set(err, ASSAY_E_TIMEOUT, "the time for unpacking is over");
	/* It has no number for that, only words. */
	return assay_err_set(err,
	    text != NULL && strstr(text, "nsupported") != NULL ? ASSAY_E_UNSUP : ASSAY_E_SYNTAX,
	    "%.200s", text != NULL ? text : "cannot be read further");
}

/* kind_of - of a member */
static enum assay_unpack_kind kind_of(struct archive_entry *entry)
{
	if (archive_entry_hardlink(entry) != NULL || archive_entry_hardlink_utf8(entry) != NULL)
		return ASSAY_UNPACK_HARDLINK;
	switch (archive_entry_filetype(entry)) {
	case AE_IFDIR:
		return ASSAY_UNPACK_DIR;
	case AE_IFLNK:
		return ASSAY_UNPACK_SYMLINK;
	case AE_IFCHR:
	case AE_IFBLK:
		return ASSAY_UNPACK_DEVICE;
	case AE_IFREG:
	case 0:
		return ASSAY_UNPACK_FILE;
	default:
		return ASSAY_UNPACK_OTHER;
	}
}

/* link_of - where it leads */
static const char *link_of(struct archive_entry *entry, enum assay_unpack_kind kind)
{
	const char *s = NULL;

	if (kind == ASSAY_UNPACK_HARDLINK) {
		s = archive_entry_hardlink(entry);
		return s != NULL ? s : archive_entry_hardlink_utf8(entry);
	}
	if (kind == ASSAY_UNPACK_SYMLINK) {
		s = archive_entry_symlink(entry);
		return s != NULL ? s : archive_entry_symlink_utf8(entry);
	}
	return NULL;
}

/* time_of - milliseconds; what does not fit a date is none */
static bool time_of(struct archive_entry *entry, int64_t *ms)
{
	const int64_t s = (int64_t)archive_entry_mtime(entry);

	if (!archive_entry_mtime_is_set(entry) || s > INT64_C(253402300799) ||
	    s < -INT64_C(62167219200))
		return false;
	*ms = s * 1000;
	return true;
}

/* describe - what libarchive knows of it */
static void describe(struct archive_entry *entry, struct assay_unpack_member *m)
{
	const char *name = archive_entry_pathname(entry);

	*m = (struct assay_unpack_member){ .size = -1 };
	m->name = name != NULL ? name : archive_entry_pathname_utf8(entry);
	m->kind = kind_of(entry);
	m->link = link_of(entry, m->kind);
	if (archive_entry_size_is_set(entry))
		m->size = archive_entry_size(entry);
	m->has_mtime = time_of(entry, &m->mtime_ms);
	m->encrypted = archive_entry_is_encrypted(entry) != 0;
}

/* assay_unpack_next - see unpack.h */
enum assay_status assay_unpack_next(
    struct assay_unpack *u, struct assay_unpack_member *member, struct assay_err *err)
{
	int rc;

	if (u->archive == NULL)
		return assay_err_set(err, ASSAY_E_FULL, "no memory for unpacking");
	if (!u->opened && archive_read_open1(u->archive) != ARCHIVE_OK)
		return failed(u, err);
	u->opened = true;
	rc = is_late(u) ? ARCHIVE_FATAL : archive_read_next_header(u->archive, &u->entry);
	if (rc == ARCHIVE_EOF)
		return ASSAY_END;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return failed(u, err);
	describe(u->entry, member);
	return ASSAY_OK;
}

/* assay_unpack_hurry - see unpack.h */
void assay_unpack_hurry(struct assay_unpack *u, int64_t until_ms)
{
	u->until_ms = until_ms < u->until_ms ? until_ms : u->until_ms;
}

/* ---- content --------------------------------------------------------------------------------- */

/* A member that grows. */
struct growing {
	struct assay_unpack_bytes *out;
	size_t room;
	uint64_t max;
};

/* reserve - room for `n` bytes in all; false: there is no memory */
static bool reserve(struct growing *g, size_t n)
{
	size_t room = g->room > 0 ? g->room : FIRST;
	char *p;

	if (n <= g->room)
		return true;
	while (room < n)
		room *= 2;
	if (room > g->max)
		room = (size_t)g->max;
	p = realloc(g->out->p, room);
	if (p == NULL)
		return false;
	g->out->p = p;
	g->room = room;
	return true;
}

/* put - bytes at a place: what lies between is a hole. E_LIMIT: not all of them fit. */
static enum assay_status put(struct growing *g, uint64_t offset, const void *p, size_t n)
{
	struct assay_unpack_bytes *out = g->out;
	enum assay_status status = ASSAY_OK;
	size_t end;

	if (offset > g->max || n > g->max - offset) {
		status = ASSAY_E_LIMIT;
		n = offset < g->max ? (size_t)(g->max - offset) : 0;
		offset = offset < g->max ? offset : g->max;
	}
	end = (size_t)offset + n;
	if (end == 0)
		return status;
	if (!reserve(g, end))
		return ASSAY_E_FULL;
	if (offset > out->n)
		memset(out->p + out->n, 0, (size_t)offset - out->n);
	if (n > 0)
		memcpy(out->p + offset, p, n);
	if (end > out->n)
		out->n = end;
	return status;
}

/* pull - all blocks. Holes are counted as the bytes they stand for. */
static enum assay_status pull(struct assay_unpack *u, struct growing *g, struct assay_err *err)
{
	const int64_t size = archive_entry_size(u->entry);
	enum assay_status status = ASSAY_OK;
	unsigned warnings = 0;

	while (status == ASSAY_OK && !is_late(u)) {
		const void *p = NULL;
		size_t n = 0;
		la_int64_t offset = 0;
		const int rc = archive_read_data_block(u->archive, &p, &n, &offset);

		if (rc == ARCHIVE_EOF) {
			if (offset > (la_int64_t)g->out->n && offset <= size)
				status = put(g, (uint64_t)offset, NULL, 0);
			if (status == ASSAY_OK && warnings > 0)
				return failed(u, err);
			break;
		}
		warnings += rc != ARCHIVE_OK;
		if ((rc != ARCHIVE_OK && rc != ARCHIVE_WARN) || warnings > WARNINGS_MAX ||
		    offset < 0)
			return failed(u, err);
		if (n > 0)
			status = put(g, (uint64_t)offset, p, n);
	}
	if (u->late)
		return failed(u, err);
	if (status == ASSAY_E_FULL)
		return assay_err_set(err, status, "no memory for more than %zu bytes", g->out->n);
	if (status != ASSAY_OK)
		return assay_err_set(
		    err, status, "larger than %llu bytes", (unsigned long long)g->max);
	return ASSAY_OK;
}

/* assay_unpack_content - see unpack.h */
enum assay_status assay_unpack_content(
    struct assay_unpack *u, uint64_t max, struct assay_unpack_bytes *out, struct assay_err *err)
{
	struct growing g = { .out = out, .max = max < SIZE_MAX / 4 ? max : SIZE_MAX / 4 };
	enum assay_status status;
	char *p;

	*out = (struct assay_unpack_bytes){ NULL, 0 };
	status = pull(u, &g, err);
	if (out->p != NULL && out->n < g.room) {
		p = realloc(out->p, out->n > 0 ? out->n : 1);
		out->p = p != NULL ? p : out->p;
	}
	return status;
}

/* ---- what it is ------------------------------------------------------------------------------ */

static const struct {
	int code;
	enum assay_unpack_format format;
	const char *name;
} formats[] = {
	{ ARCHIVE_FORMAT_ZIP, ASSAY_UNPACK_ZIP, "zip" },
	{ ARCHIVE_FORMAT_7ZIP, ASSAY_UNPACK_7Z, "7z" },
	{ ARCHIVE_FORMAT_RAR, ASSAY_UNPACK_RAR, "rar" },
	{ ARCHIVE_FORMAT_RAR_V5, ASSAY_UNPACK_RAR5, "rar5" },
	{ ARCHIVE_FORMAT_TAR, ASSAY_UNPACK_TAR, "tar" },
	{ ARCHIVE_FORMAT_CPIO, ASSAY_UNPACK_CPIO, "cpio" },
	{ ARCHIVE_FORMAT_AR, ASSAY_UNPACK_AR, "ar" },
	{ ARCHIVE_FORMAT_CAB, ASSAY_UNPACK_CAB, "cab" },
	{ ARCHIVE_FORMAT_ISO9660, ASSAY_UNPACK_ISO, "iso" },
	{ ARCHIVE_FORMAT_LHA, ASSAY_UNPACK_LHA, "lha" },
	{ ARCHIVE_FORMAT_XAR, ASSAY_UNPACK_XAR, "xar" },
	{ ARCHIVE_FORMAT_RAW, ASSAY_UNPACK_RAW, NULL },
};

/* find - the row of its format; the number of rows when there is none */
static size_t find(const struct assay_unpack *u)
{
	const int code = u->archive != NULL ? archive_format(u->archive) : 0;
	size_t i = 0;

	/* Variants have numbers of their own below those of the families. */
	while (i < sizeof(formats) / sizeof(formats[0]) &&
	    formats[i].code != (code & ARCHIVE_FORMAT_BASE_MASK))
		i++;
	return i;
}

/* assay_unpack_format - see unpack.h */
enum assay_unpack_format assay_unpack_format(const struct assay_unpack *u)
{
	const size_t i = find(u);

	if (i == sizeof(formats) / sizeof(formats[0]))
		return ASSAY_UNPACK_NONE;
	/* Everything is "raw" when nothing had to be taken off. */
	if (formats[i].format == ASSAY_UNPACK_RAW && assay_unpack_filter(u, 0) == NULL)
		return ASSAY_UNPACK_NONE;
	return formats[i].format;
}

/* assay_unpack_format_name - see unpack.h */
const char *assay_unpack_format_name(const struct assay_unpack *u)
{
	const size_t i = find(u);

	if (assay_unpack_format(u) == ASSAY_UNPACK_NONE)
		return NULL;
	return formats[i].name != NULL ? formats[i].name : assay_unpack_filter(u, 0);
}

/* assay_unpack_filter - see unpack.h; libarchive's list begins with the innermost and ends
 * with the input itself */
const char *assay_unpack_filter(const struct assay_unpack *u, int i)
{
	const int n = u->archive != NULL ? archive_filter_count(u->archive) : 0;
	const int at = n - 2 - i;

	return i >= 0 && at >= 0 ? archive_filter_name(u->archive, at) : NULL;
}

/* consumed - bytes that a filter has given away */
static uint64_t consumed(const struct assay_unpack *u, int filter)
{
	const int64_t n = u->archive != NULL ? archive_filter_bytes(u->archive, filter) : 0;

	return n > 0 ? (uint64_t)n : 0;
}

/* assay_unpack_consumed - see unpack.h */
uint64_t assay_unpack_consumed(const struct assay_unpack *u)
{
	const uint64_t n = consumed(u, -1);

	return n < u->bytes.n ? n : u->bytes.n;
}

/* assay_unpack_produced - see unpack.h */
uint64_t assay_unpack_produced(const struct assay_unpack *u)
{
	return consumed(u, 0);
}

/* assay_unpack_has_encrypted - see unpack.h */
bool assay_unpack_has_encrypted(struct assay_unpack *u)
{
	return u->archive != NULL && archive_read_has_encrypted_entries(u->archive) > 0;
}
