/*
 * filedir/filestore.c - see filestore.h
 *
 * Sorting the names of a directory once puts files and records together; looking for the records of
 * each file would read the directory again for each.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/slice.h"
#include "filestore.h"

#define HEX 64

/* number - decimal, as Suricata writes it: no sign, no zero before it */
static bool number(struct assay_slice text, uint64_t most, uint64_t *value)
{
	return text.n > 0 && (text.n == 1 || text.p[0] != '0') && assay_slice_u64(text, value) &&
	    *value <= most;
}

/* assay_filestore_parse - see filestore.h */
bool assay_filestore_parse(const char *text, unsigned dir, struct assay_filestore_name *name)
{
	struct assay_slice rest = assay_slice_str(text), seconds, id;
	uint64_t n = 0;

	memset(name, 0, sizeof *name);
	if (rest.n < HEX)
		return false;
	for (size_t i = 0; i < HEX; i++) {
		const int digit = assay_ascii_hex((unsigned char)text[i]);

		if (digit < 0 || (text[i] >= 'A' && text[i] <= 'F'))
			return false;
		name->sha256[i / 2] = (unsigned char)(name->sha256[i / 2] << 4 | digit);
	}
	if (name->sha256[0] != dir)
		return false;
	name->record = rest.n > HEX;
	if (!name->record)
		return true;
	rest = assay_slice_from(rest, HEX);
	if (!assay_slice_starts(rest, ".") || !assay_slice_ends(rest, ".json"))
		return false;
	rest = assay_slice(rest.p + 1, rest.n - 1);
	if (!assay_slice_split(&rest, '.', &seconds) || !assay_slice_split(&rest, '.', &id) ||
	    !number(seconds, UINT64_MAX, &name->seconds) || !number(id, UINT32_MAX, &n) ||
	    !assay_slice_is(rest, "json"))
		return false;
	name->id = (uint32_t)n;
	return true;
}

/* assay_filestore_format - see filestore.h */
void assay_filestore_format(
    const struct assay_filestore_name *name, char text[ASSAY_FILESTORE_NAME])
{
	for (size_t i = 0; i < sizeof name->sha256; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", name->sha256[i]);
	if (name->record)
		(void)snprintf(text + HEX, ASSAY_FILESTORE_NAME - HEX,
		    ".%" PRIu64 ".%" PRIu32 ".json", name->seconds, name->id);
}

/* assay_filestore_same - of one digest? */
bool assay_filestore_same(
    const struct assay_filestore_name *a, const struct assay_filestore_name *b)
{
	return memcmp(a->sha256, b->sha256, sizeof a->sha256) == 0;
}

/* by_file - a file, then its records from the newest on */
static int by_file(const void *a, const void *b)
{
	const struct assay_filestore_name *x = a, *y = b;
	const int order = memcmp(x->sha256, y->sha256, sizeof x->sha256);

	if (order != 0 || x->record != y->record)
		return order != 0 ? order : x->record - y->record;
	if (x->seconds != y->seconds)
		return x->seconds > y->seconds ? -1 : 1;
	return (x->id < y->id) - (x->id > y->id);
}

/* add - one more name */
static void add(struct assay_filestore *store, const struct assay_filestore_name *name)
{
	if (store->n == store->room) {
		store->room = store->room > 0 ? store->room * 2 : 256;
		store->name = assay_xrealloc(store->name, store->room * sizeof *store->name);
	}
	store->name[store->n++] = *name;
}

/* assay_filestore_load - see filestore.h */
enum assay_status assay_filestore_load(
    struct assay_filestore *store, int fd, unsigned dir, size_t most, struct assay_err *err)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	DIR *stream = own >= 0 ? fdopendir(own) : NULL;
	struct assay_filestore_name name;
	const struct dirent *entry;
	int e;

	store->n = 0;
	store->cut = false;
	if (stream == NULL) {
		(void)assay_io_fail(err, "cannot read the directory", "");
		assay_io_close(&own);
		return ASSAY_E_IO;
	}
	for (errno = 0; (entry = readdir(stream)) != NULL; errno = 0) {
		if (!assay_filestore_parse(entry->d_name, dir, &name))
			continue;
		store->cut = store->n == most;
		if (store->cut)
			break;
		add(store, &name);
	}
	e = errno;
	(void)closedir(stream);
	if (store->n > 0)
		qsort(store->name, store->n, sizeof *store->name, by_file);
	errno = e;
	return e == 0 ? ASSAY_OK : assay_io_fail(err, "cannot read the directory", "");
}

/* assay_filestore_release - the memory */
void assay_filestore_release(struct assay_filestore *store)
{
	free(store->name);
	*store = (struct assay_filestore){ 0 };
}

/* read_record - one; false when it is not there, or not yet whole */
static bool read_record(
    const struct assay_filestore_name *name, int dir, struct assay_fileinfo *info)
{
	char text[ASSAY_FILESTORE_NAME];
	struct assay_buf buf;
	struct stat st;
	bool is = false;
	int fd;

	assay_filestore_format(name, text);
	fd = openat(dir, text, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	assay_buf_init(&buf, ASSAY_FILEINFO_MAX);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    assay_io_read_all(fd, &buf, NULL) == ASSAY_OK && buf.n > 0)
		is = assay_fileinfo_add(info, assay_buf_slice(&buf));
	assay_io_close(&fd);
	assay_buf_release(&buf);
	return is;
}

/* assay_filestore_read - see filestore.h */
void assay_filestore_read(
    const struct assay_filestore *store, size_t at, int dir, struct assay_fileinfo *info)
{
	const struct assay_filestore_name *file = &store->name[at];

	for (size_t i = at + 1; i < store->n && i <= at + ASSAY_FILESTORE_RECORDS &&
	     store->name[i].record && assay_filestore_same(file, &store->name[i]);
	     i++)
		(void)read_record(&store->name[i], dir, info);
}
