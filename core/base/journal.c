/*
 * base/journal.c - see journal.h. Touches the file it is named and the directory around it; trusts
 * nothing in it but what the first line says. Fails with the file's name and the system's reason.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/journal.h"
#include "base/keyset.h"
#include "base/slice.h"

#define MAGIC "assay-journal "
#define VERSION "1 "
#define FILE_MODE 0600
#define DIR_MODE 0700
#define KEYS_AT_ONCE 4096

/* head_length - bytes of the first line */
static size_t head_length(const char *name)
{
	return strlen(MAGIC VERSION) + strlen(name) + 1;
}

/* add_head - the first line */
static void add_head(struct assay_buf *buf, const char *name)
{
	ASSAY_ASSERT(strlen(name) <= ASSAY_JOURNAL_NAME && strchr(name, '\n') == NULL);
	(void)assay_buf_printf(buf, MAGIC VERSION "%s\n", name);
}

/* check_head - is it ours, and about this name? */
static enum assay_status check_head(
    int fd, const char *path, const char *name, struct assay_err *err)
{
	char got[ASSAY_JOURNAL_NAME + sizeof MAGIC VERSION + 1];
	const size_t n = head_length(name), version = strlen(MAGIC);
	enum assay_status st = ASSAY_OK;
	struct assay_buf want;
	ssize_t r;

	assay_buf_init(&want, sizeof got);
	add_head(&want, name);
	r = pread(fd, got, n, 0);
	if (r < 0)
		st = assay_io_fail(err, "cannot read", path);
	else if ((size_t)r > version && memcmp(got, MAGIC, version) == 0 && got[version] >= '2' &&
	    got[version] <= '9')
		st = assay_err_set(err, ASSAY_E_UNSUP,
		    "%s: written by a newer version; it was left as it is", path);
	else if ((size_t)r != n || memcmp(got, want.p, n) != 0)
		st = assay_err_set(err, ASSAY_E_SYNTAX, "%s: is not the journal of %s", path, name);
	assay_buf_release(&want);
	return st;
}

/* load_keys - all whole ones behind the first line */
static enum assay_status load_keys(
    int fd, off_t at, struct assay_keyset *known, size_t *records, struct assay_err *err)
{
	struct assay_key keys[KEYS_AT_ONCE];
	ssize_t n;

	for (;; at += n) {
		n = pread(fd, keys, sizeof keys, at);
		if (n < 0)
			return assay_io_fail(err, "cannot read", "");
		/* Less than asked for is the end: it is a file. */
		n -= n % ASSAY_KEY_BYTES;
		if (n == 0)
			return ASSAY_OK;
		for (size_t i = 0; i < (size_t)n / ASSAY_KEY_BYTES; i++)
			if (!assay_keyset_add(known, keys[i]) && !assay_keyset_has(known, keys[i]))
				return assay_err_set(
				    err, ASSAY_E_LIMIT, "has more than %zu keys", known->max);
		*records += (size_t)n / ASSAY_KEY_BYTES;
	}
}

/* assay_journal_load - see journal.h */
enum assay_status assay_journal_load(const char *path, const char *name, struct assay_keyset *known,
    size_t *records, struct assay_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	enum assay_status st;
	size_t n = 0;

	if (fd < 0)
		return assay_io_fail(err, "cannot open", path);
	st = check_head(fd, path, name, err);
	if (st == ASSAY_OK) {
		st = load_keys(fd, (off_t)head_length(name), known, &n, err);
		if (st != ASSAY_OK)
			assay_err_prefix(err, "%s", path);
	}
	assay_io_close(&fd);
	if (records != NULL)
		*records = n;
	return st;
}

/* assay_journal_write - see journal.h */
enum assay_status assay_journal_write(
    const char *path, const char *name, const struct assay_keyset *known, struct assay_err *err)
{
	struct assay_buf buf;
	struct assay_key key;
	enum assay_status st;
	size_t at = 0;

	assay_buf_init(&buf, head_length(name) + known->n * sizeof key);
	add_head(&buf, name);
	while (assay_keyset_next(known, &at, &key))
		(void)assay_buf_add(&buf, key.b, sizeof key.b);
	st = assay_io_replace_file(path, FILE_MODE, buf.p, buf.n, err);
	if (st == ASSAY_E_NOENT) {
		st = assay_io_make_parents(path, DIR_MODE, err);
		if (st == ASSAY_OK)
			st = assay_io_replace_file(path, FILE_MODE, buf.p, buf.n, err);
	}
	assay_buf_release(&buf);
	return st;
}

/* whole - where the last whole key ends; what is behind it is cut off */
static enum assay_status whole(
    int fd, const char *path, const char *name, off_t *end, struct assay_err *err)
{
	const off_t head = (off_t)head_length(name), size = assay_io_size(fd);

	if (size < 0)
		return assay_io_fail(err, "cannot read", path);
	if (size < head)
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "%s: is not the journal of %s", path, name);
	*end = size - (size - head) % ASSAY_KEY_BYTES;
	if (*end != size && ftruncate(fd, *end) != 0)
		return assay_io_fail(err, "cannot cut off the torn end of", path);
	return ASSAY_OK;
}

/* assay_journal_append - see journal.h */
enum assay_status assay_journal_append(const char *path, const char *name,
    const struct assay_key *keys, size_t n, struct assay_err *err)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	enum assay_status st;
	off_t end = 0;

	if (fd < 0)
		return assay_io_fail(err, "cannot open", path);
	st = whole(fd, path, name, &end, err);
	if (st == ASSAY_OK) {
		st = assay_io_write_full(fd, keys, n * sizeof *keys, err);
		if (st != ASSAY_OK) {
			(void)!ftruncate(fd, end);
			assay_err_prefix(err, "%s", path);
		}
	}
	assay_io_close(&fd);
	return st;
}
