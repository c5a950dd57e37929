/*
 * cache - compiled rules on disk; see cache.h
 *
 * The file: a line that says what it is, the key, the SHA-256 of all that follows; then which
 * variables as one byte, the bitmap, and for each set its length (8 bytes, this machine's order)
 * and what libyara saved. Touches DIR/yara/ only.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/slice.h"

#include "cache.h"

#define CACHE_MAGIC "assay yara cache 2\n"
#define CACHE_MAX ((size_t)512 * 1024 * 1024)
#define USES_MD5 1u
#define USES_NAMES 2u
#define CACHE_HEAD (sizeof(CACHE_MAGIC) - 1 + 64 + 32)
#define CACHE_DAYS 30

/* cache_path - DIR/yara/KEY.rules */
static char *cache_path(struct assay_arena *arena, const char *dir, const char *key)
{
	return assay_arena_printf(arena, "%s/yara/%s.rules", dir, key);
}

/* ours - belongs to us or root, and nobody else may write it */
static bool ours(const struct stat *st)
{
	return (st->st_uid == geteuid() || st->st_uid == 0) && (st->st_mode & 022) == 0;
}

/* dir_is_safe - a directory of ours */
static bool dir_is_safe(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && ours(&st);
}

/* sha256 - of some bytes */
static void sha256(struct assay_slice s, unsigned char md[32])
{
	EVP_Digest(s.p, s.n, md, NULL, EVP_sha256(), NULL);
}

/* ---- loading -------------------------------------------------------------------------------- */

/* read_stream - libyara reads from the slice */
static size_t read_stream(void *ptr, size_t size, size_t count, void *user)
{
	struct assay_slice *s = user;

	if (size == 0 || count > s->n / size)
		return 0;
	memcpy(ptr, s->p, size * count);
	*s = assay_slice_from(*s, size * count);
	return count;
}

/* take - n bytes off the front; false: there are not as many */
static bool take(struct assay_slice *s, void *p, size_t n)
{
	if (s->n < n)
		return false;
	memcpy(p, s->p, n);
	*s = assay_slice_from(*s, n);
	return true;
}

/* load_body - the sets, from bytes whose digest was right */
static bool load_body(struct assay_slice s, struct assay_ruleset *set)
{
	uint8_t uses;

	if (!take(&s, &uses, 1) || !take(&s, &set->bitmap, sizeof(set->bitmap)))
		return false;
	set->uses_md5 = (uses & USES_MD5) != 0;
	set->uses_names = (uses & USES_NAMES) != 0;
	for (int k = 0; k < ASSAY_GATE_SETS; k++) {
		uint64_t n;
		struct assay_slice part;
		YR_STREAM stream = { .user_data = &part, .read = read_stream };

		if (!take(&s, &n, sizeof(n)) || n > s.n)
			return false;
		part = assay_slice_head(s, (size_t)n);
		s = assay_slice_from(s, (size_t)n);
		if (n > 0 && yr_rules_load_stream(&stream, &set->rules[k]) != ERROR_SUCCESS)
			return false;
	}
	return s.n == 0;
}

/* head_is_right - magic, key and digest */
static bool head_is_right(struct assay_slice s, const char *key)
{
	unsigned char md[32];

	if (s.n < CACHE_HEAD || !assay_slice_starts(s, CACHE_MAGIC))
		return false;
	s = assay_slice_from(s, sizeof(CACHE_MAGIC) - 1);
	if (memcmp(s.p, key, 64) != 0)
		return false;
	s = assay_slice_from(s, 64);
	sha256(assay_slice_from(s, 32), md);
	return memcmp(s.p, md, 32) == 0;
}

/* drop_rules - what was loaded before it went wrong */
static void drop_rules(struct assay_ruleset *set)
{
	for (int k = 0; k < ASSAY_GATE_SETS; k++)
		if (set->rules[k] != NULL)
			yr_rules_destroy(set->rules[k]);
	memset(set, 0, sizeof(*set));
}

/* load_fd - all checks but those of the directory */
static bool load_fd(int fd, const char *key, struct assay_ruleset *set)
{
	struct assay_io_map map;
	struct stat st;
	bool good = false;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || !ours(&st) ||
	    assay_io_map(fd, CACHE_MAX, &map, NULL) != ASSAY_OK)
		return false;
	if (head_is_right(assay_slice(map.p, map.n), key))
		good = load_body(assay_slice(map.p + CACHE_HEAD, map.n - CACHE_HEAD), set);
	assay_io_unmap(&map);
	if (!good)
		drop_rules(set);
	else
		(void)futimens(fd, NULL);
	return good;
}

/* assay_cache_load - see cache.h */
bool assay_cache_load(const char *dir, const char *key, struct assay_ruleset *set)
{
	struct assay_arena *arena = assay_arena_new();
	const char *path = cache_path(arena, dir, key);
	int fd = -1;
	bool good = false;

	if (dir_is_safe(dir) && dir_is_safe(assay_arena_printf(arena, "%s/yara", dir)))
		fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		good = load_fd(fd, key, set);
	assay_io_close(&fd);
	assay_arena_free(&arena);
	return good;
}

/* ---- saving --------------------------------------------------------------------------------- */

/* write_stream - libyara writes into the buffer */
static size_t write_stream(const void *ptr, size_t size, size_t count, void *user)
{
	return assay_buf_add(user, ptr, size * count) ? count : 0;
}

/* save_body - the sets; false: too large, or libyara failed */
static bool save_body(struct assay_buf *buf, const struct assay_ruleset *set)
{
	const uint8_t uses = (set->uses_md5 ? USES_MD5 : 0) | (set->uses_names ? USES_NAMES : 0);

	assay_buf_add(buf, &uses, 1);
	assay_buf_add(buf, &set->bitmap, sizeof(set->bitmap));
	for (int k = 0; k < ASSAY_GATE_SETS; k++) {
		const size_t at = buf->n;
		YR_STREAM stream = { .user_data = buf, .write = write_stream };
		uint64_t n = 0;

		assay_buf_add(buf, &n, sizeof(n));
		if (set->rules[k] != NULL &&
		    yr_rules_save_stream(set->rules[k], &stream) != ERROR_SUCCESS)
			return false;
		if (buf->full)
			return false;
		n = buf->n - at - sizeof(n);
		memcpy(buf->p + at, &n, sizeof(n));
	}
	return true;
}

/* prune - removes what was not used for long */
static void prune(const char *path)
{
	DIR *dir = opendir(path);
	const time_t before = time(NULL) - CACHE_DAYS * 86400;
	struct dirent *e;
	struct stat st;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (assay_slice_ends(assay_slice_str(e->d_name), ".rules") &&
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_mtime < before)
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	if (dir != NULL)
		closedir(dir);
}

/* make_dirs - DIR and DIR/yara; false: not there, or not ours */
static bool make_dirs(const char *dir, const char *below)
{
	(void)mkdir(dir, 0700);
	if (!dir_is_safe(dir))
		return false;
	(void)mkdir(below, 0700);
	return dir_is_safe(below);
}

/* assay_cache_save - see cache.h */
bool assay_cache_save(const char *dir, const char *key, const struct assay_ruleset *set)
{
	struct assay_arena *arena = assay_arena_new();
	const char *below = assay_arena_printf(arena, "%s/yara", dir);
	unsigned char md[32] = { 0 };
	struct assay_buf buf;
	bool kept = false;

	assay_buf_init(&buf, CACHE_MAX);
	assay_buf_add_str(&buf, CACHE_MAGIC);
	assay_buf_add(&buf, key, 64);
	assay_buf_add(&buf, md, sizeof(md));
	if (make_dirs(dir, below) && save_body(&buf, set)) {
		sha256(assay_slice(buf.p + CACHE_HEAD, buf.n - CACHE_HEAD), md);
		memcpy(buf.p + CACHE_HEAD - sizeof(md), md, sizeof(md));
		kept = assay_io_replace_file(
			   cache_path(arena, dir, key), 0600, buf.p, buf.n, NULL) == ASSAY_OK;
		if (kept)
			prune(below);
	}
	assay_buf_release(&buf);
	assay_arena_free(&arena);
	return kept;
}
