/*
 * filedir/archive.c - see archive.h
 *
 * Files are written whole by shelf.c, so one that is there and says the right size is taken to be
 * right; one of another size was damaged by somebody else and is written anew. Reading back copies
 * into a memory file while the digest is computed: nobody gets bytes that were not checked.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <zstd.h>

#include "archive.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "shelf.h"

#define HEX 64
#define PREFIX "filedir:"
#define LEVEL 3
#define CHUNK ((size_t)1 << 17)
#define FORMS 2 /* as it is, compressed */

static const char *const suffixes[FORMS] = { "", ".zst" };

/* Where one digest lies. */
struct spot {
	char sub[6], name[HEX + 8];
	struct assay_shelf shelf;
};

/* A copy under way. */
struct copy {
	int from, to;
	EVP_MD_CTX *md;
	uint64_t n, max;
};

/* digest_of - 64 hexadecimal digits, lower case; false when it is anything else */
static bool digest_of(const char *ref, char sha256[HEX + 1])
{
	struct assay_slice s = assay_slice_str(ref);

	if (assay_slice_starts(s, PREFIX))
		s = assay_slice_from(s, sizeof(PREFIX) - 1);
	if (s.n != HEX)
		return false;
	for (size_t i = 0; i < HEX; i++) {
		if (assay_ascii_hex((unsigned char)s.p[i]) < 0)
			return false;
		sha256[i] = (char)assay_ascii_lower((unsigned char)s.p[i]);
	}
	sha256[HEX] = '\0';
	return true;
}

/* no_reference - what digest_of would not take */
static enum assay_status no_reference(const char *ref, struct assay_err *err)
{
	return assay_err_set(
	    err, ASSAY_E_USAGE, "\"%s\" is neither a sha256 nor " PREFIX "SHA256", ref);
}

/* is_missing - it is in neither form */
static enum assay_status is_missing(
    const struct assay_archive *archive, const char *sha256, struct assay_err *err)
{
	return assay_err_set(
	    err, ASSAY_E_NOENT, "%s is not in the archive %s", sha256, archive->root);
}

/* spot_init - ab/cd/SHA256 and what follows the digest */
static void spot_init(
    struct spot *spot, const struct assay_archive *archive, const char *sha256, const char *suffix)
{
	(void)snprintf(spot->sub, sizeof spot->sub, "%.2s/%.2s", sha256, sha256 + 2);
	(void)snprintf(spot->name, sizeof spot->name, "%.64s%.4s", sha256, suffix);
	spot->shelf = (struct assay_shelf){ archive->root, spot->sub, spot->name };
}

/* assay_archive_ref - see archive.h */
void assay_archive_ref(const char *sha256, char *ref, size_t size)
{
	(void)snprintf(ref, size, PREFIX "%s", sha256);
}

/* ---- putting -------------------------------------------------------------------------------- */

/* says_size - does the file say it holds n bytes? */
static bool says_size(int fd, bool compressed, size_t n)
{
	char head[18];
	struct stat st;
	ssize_t got;

	if (!compressed)
		return fstat(fd, &st) == 0 && (uintmax_t)st.st_size == n;
	got = pread(fd, head, sizeof head, 0);
	return got > 0 && ZSTD_getFrameContentSize(head, (size_t)got) == n;
}

/* renewed - is it there, in either form and whole? Its time is that of the last put then, as long
 * as the file is ours; a damaged one is taken away. */
static bool renewed(const struct assay_archive *archive, const char *sha256, size_t n)
{
	struct spot spot;
	bool there = false;
	int lock;

	spot_init(&spot, archive, sha256, "");
	lock = assay_shelf_lock(&spot.shelf);
	for (int i = 0; i < FORMS && !there; i++) {
		int fd;

		spot_init(&spot, archive, sha256, suffixes[i]);
		if (assay_shelf_open(&spot.shelf, &fd, NULL) != ASSAY_OK)
			continue;
		there = says_size(fd, i == 1, n);
		if (there)
			(void)futimens(fd, NULL);
		else
			(void)assay_shelf_remove(&spot.shelf, NULL);
		assay_io_close(&fd);
	}
	assay_io_close(&lock);
	return there;
}

/* put_compressed - ASSAY_E_LIMIT when it does not get smaller */
static enum assay_status put_compressed(const struct assay_archive *archive, const char *sha256,
    struct assay_slice bytes, struct assay_err *err)
{
	const size_t bound = ZSTD_compressBound(bytes.n);
	char *out = assay_xmalloc(bound);
	const size_t n = ZSTD_compress(out, bound, bytes.p, bytes.n, LEVEL);
	enum assay_status status = ASSAY_E_LIMIT;
	struct spot spot;

	if (ZSTD_isError(n) == 0 && n < bytes.n) {
		spot_init(&spot, archive, sha256, ".zst");
		status = assay_shelf_put(&spot.shelf, assay_slice(out, n), err);
	}
	free(out);
	return status;
}

/* assay_archive_put - see archive.h */
enum assay_status assay_archive_put(const struct assay_archive *archive, const char *sha256,
    struct assay_slice bytes, struct assay_err *err)
{
	enum assay_status status = ASSAY_E_LIMIT;
	char digest[HEX + 1];
	struct spot spot;

	if (!digest_of(sha256, digest))
		return assay_err_set(err, ASSAY_E_USAGE, "\"%s\" is no sha256", sha256);
	if (renewed(archive, digest, bytes.n))
		return ASSAY_OK;
	if (archive->compress)
		status = put_compressed(archive, digest, bytes, err);
	if (status != ASSAY_E_LIMIT)
		return status;
	spot_init(&spot, archive, digest, "");
	return assay_shelf_put(&spot.shelf, bytes, err);
}

/* ---- getting -------------------------------------------------------------------------------- */

/* copy_out - some more bytes of the payload */
static enum assay_status copy_out(struct copy *copy, const char *p, size_t n, struct assay_err *err)
{
	copy->n += n;
	if (copy->n > copy->max)
		return assay_err_set(err, ASSAY_E_LIMIT,
		    "it is larger than %llu bytes; see the option max_size of filedir",
		    (unsigned long long)copy->max);
	ASSAY_ASSERT(EVP_DigestUpdate(copy->md, p, n) == 1);
	return assay_io_write_full(copy->to, p, n, err);
}

/* copy_some - what was read, unpacked when there is an unpacker. *left: zstd's hint, 0 at the end
 * of a frame */
static enum assay_status copy_some(struct copy *copy, ZSTD_DStream *unpack, struct assay_slice in,
    size_t *left, struct assay_err *err)
{
	ZSTD_inBuffer from = { in.p, in.n, 0 };
	enum assay_status status = ASSAY_OK;
	ZSTD_outBuffer to;
	char *room;

	if (unpack == NULL)
		return copy_out(copy, in.p, in.n, err);
	room = assay_xmalloc(CHUNK);
	do {
		to = (ZSTD_outBuffer){ room, CHUNK, 0 };
		*left = ZSTD_decompressStream(unpack, &to, &from);
		if (ZSTD_isError(*left) != 0)
			status = assay_err_set(
			    err, ASSAY_E_SYNTAX, "damaged: %s", ZSTD_getErrorName(*left));
		else
			status = copy_out(copy, room, to.pos, err);
	} while (status == ASSAY_OK && (from.pos < from.size || to.pos == CHUNK));
	free(room);
	return status;
}

/* copy_all - to the end of the file */
static enum assay_status copy_all(struct copy *copy, bool compressed, struct assay_err *err)
{
	ZSTD_DStream *unpack = compressed ? ZSTD_createDStream() : NULL;
	char *in = assay_xmalloc(CHUNK);
	enum assay_status status = ASSAY_OK;
	size_t left = compressed ? 1 : 0;
	ssize_t n = 1;

	while (status == ASSAY_OK && n > 0) {
		n = read(copy->from, in, CHUNK);
		if (n < 0)
			status = assay_io_fail(err, "cannot read", "the archive");
		else if (n > 0)
			status = copy_some(copy, unpack, assay_slice(in, (size_t)n), &left, err);
	}
	if (status == ASSAY_OK && left != 0)
		status = assay_err_set(err, ASSAY_E_SYNTAX, "damaged: it ends too early");
	free(in);
	ZSTD_freeDStream(unpack);
	return status;
}

/* is_digest - is that what was copied? */
static bool is_digest(EVP_MD_CTX *md, const char *sha256)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char text[2 * EVP_MAX_MD_SIZE + 1] = "";

	ASSAY_ASSERT(EVP_DigestFinal_ex(md, raw, &n) == 1);
	for (unsigned i = 0; i < n; i++)
		(void)snprintf(text + 2 * (size_t)i, 3, "%02x", raw[i]);
	return strcmp(text, sha256) == 0;
}

/* fetch - one file of the archive into copy->to, checked */
static enum assay_status fetch(
    struct copy *copy, const char *sha256, bool compressed, struct assay_err *err)
{
	enum assay_status status;

	copy->md = EVP_MD_CTX_new();
	ASSAY_ASSERT(copy->md != NULL && EVP_DigestInit_ex(copy->md, EVP_sha256(), NULL) == 1);
	status = copy_all(copy, compressed, err);
	if (status == ASSAY_OK && !is_digest(copy->md, sha256))
		status =
		    assay_err_set(err, ASSAY_E_SYNTAX, "damaged: its bytes have another sha256");
	EVP_MD_CTX_free(copy->md);
	if (status != ASSAY_OK)
		assay_err_prefix(err, "%s in the archive", sha256);
	return status;
}

/* open_either - as it is, or compressed */
static enum assay_status open_either(const struct assay_archive *archive, const char *sha256,
    int *fd, bool *compressed, struct assay_err *err)
{
	struct spot spot;
	enum assay_status status;

	spot_init(&spot, archive, sha256, "");
	status = assay_shelf_open(&spot.shelf, fd, err);
	*compressed = status == ASSAY_E_NOENT;
	if (*compressed) {
		spot_init(&spot, archive, sha256, ".zst");
		status = assay_shelf_open(&spot.shelf, fd, err);
	}
	return status == ASSAY_E_NOENT ? is_missing(archive, sha256, err) : status;
}

/* assay_archive_get - see archive.h */
enum assay_status assay_archive_get(
    const struct assay_archive *archive, const char *ref, int *fd, struct assay_err *err)
{
	struct copy copy = { -1, -1, NULL, 0, archive->max_size };
	enum assay_status status;
	char sha256[HEX + 1];
	bool compressed;

	*fd = -1;
	if (!digest_of(ref, sha256))
		return no_reference(ref, err);
	status = open_either(archive, sha256, &copy.from, &compressed, err);
	if (status != ASSAY_OK)
		return status;
	status = assay_io_memfd("payload", &copy.to, err);
	if (status == ASSAY_OK)
		status = fetch(&copy, sha256, compressed, err);
	if (status == ASSAY_OK)
		status = assay_io_reopen_ro(copy.to, fd, err);
	assay_io_close(&copy.from);
	assay_io_close(&copy.to);
	return status;
}

/* ---- removing ------------------------------------------------------------------------------- */

/* assay_archive_erase - see archive.h */
enum assay_status assay_archive_erase(
    const struct assay_archive *archive, const char *ref, struct assay_err *err)
{
	char sha256[HEX + 1];
	bool found = false;

	if (!digest_of(ref, sha256))
		return no_reference(ref, err);
	for (int i = 0; i < FORMS; i++) {
		enum assay_status status;
		struct spot spot;

		spot_init(&spot, archive, sha256, suffixes[i]);
		status = assay_shelf_remove(&spot.shelf, err);
		if (status != ASSAY_OK && status != ASSAY_E_NOENT)
			return status;
		found = found || status == ASSAY_OK;
	}
	return found ? ASSAY_OK : is_missing(archive, sha256, err);
}

/* assay_archive_kind - ab/cd/SHA256, or what a crash has left of writing it (shelf.c) */
enum assay_sweep_kind assay_archive_kind(const char *path, const char *name)
{
	const bool hidden = name[0] == '.';
	char sha256[HEX + 1], sub[8];
	struct assay_slice rest;

	name += hidden;
	rest = assay_slice_str(name);
	if (rest.n < HEX)
		return ASSAY_SWEEP_FOREIGN;
	memcpy(sha256, name, HEX);
	sha256[HEX] = '\0';
	(void)snprintf(sub, sizeof sub, "%.2s/%.2s/", sha256, sha256 + 2);
	if (!digest_of(sha256, sha256) || memcmp(sha256, name, HEX) != 0 ||
	    strncmp(path, sub, strlen(sub)) != 0)
		return ASSAY_SWEEP_FOREIGN;
	rest = assay_slice_from(rest, HEX);
	if (hidden)
		return assay_slice_ends(rest, ".tmp") ? ASSAY_SWEEP_LEFTOVER : ASSAY_SWEEP_FOREIGN;
	for (int i = 0; i < FORMS; i++)
		if (assay_slice_is(rest, suffixes[i]))
			return ASSAY_SWEEP_OURS;
	return ASSAY_SWEEP_FOREIGN;
}
