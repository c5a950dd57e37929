/*
 * core/spool.c - see spool.h. Touches VAR/spool and VAR/queue only. What cannot be written leaves
 * the group as it was: the records of a group are kept in memory until they are handed out, and
 * its payload file is trimmed to what was acknowledged.
 *
 * After a failed fdatasync(2) the system may have dropped the pages it could not write and say
 * nothing the next time. So a record file is then written anew from memory, and a payload file from
 * what can still be read of it, if that has the digests it should have.
 *
 * Costs of one group on ext4: two commits of the journal (the data; the links), three with
 * payloads: 1 to 2 ms on a quiet SSD, ten times that while others write a lot. A directory new/
 * between tmp/ and the queues would cost one more, since its entry may only go when the links in
 * the queues are safe.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/container.h"
#include "core/json.h"
#include "core/records.h"
#include "core/spool.h"

#define DIR_MODE 0700
#define FILE_MODE 0600
/* More records than this are not taken without a commit. */
#define RECORDS_MAX ((size_t)96 << 20)
#define KEEP_MEMORY ((size_t)1 << 20)

/* One file of the group, in spool/tmp. */
struct group_file {
	char name[ASSAY_RECORDS_NAME];
	int fd; /* -1: there is none */
	bool synced, suspect;
};

/* A queue. */
struct target {
	char *path;
	int dir;
	bool payloads; /* of an archiver */
	bool linked;   /* has the file of this group */
};

struct assay_spool {
	char *var;
	int tmp, rescan; /* rescan: -1 until it is needed */
	struct target *target;
	size_t targets;
	bool records_wanted, payloads_wanted;
	unsigned names;
	/* The group. */
	struct assay_buf buf;
	struct group_file records, payloads;
	uint64_t payload_bytes;
	size_t n;
	int64_t first_ms;
	bool handed; /* some queue has it: nothing may be added */
};

/* ---- open and close -------------------------------------------------------------------------- */

/* below - VAR/REST on the heap */
static char *below(const struct assay_spool *spool, const char *rest)
{
	char *path;

	if (asprintf(&path, "%s/%s", spool->var, rest) < 0)
		ASSAY_BUG("out of memory");
	return path;
}

/* open_below - the directory VAR/REST */
static enum assay_status open_below(
    const struct assay_spool *spool, const char *rest, int *fd, struct assay_err *err)
{
	char *path = below(spool, rest);
	enum assay_status st = assay_io_open_dir(path, DIR_MODE, fd, err);

	free(path);
	return st;
}

/* open_target - its directory; links must be possible */
static enum assay_status open_target(
    const struct assay_spool *spool, struct target *target, struct assay_err *err)
{
	struct stat here, there;
	enum assay_status st;

	assay_io_close(&target->dir);
	st = assay_io_open_dir(target->path, DIR_MODE, &target->dir, err);
	if (st != ASSAY_OK)
		return st;
	if (fstat(spool->tmp, &here) != 0 || fstat(target->dir, &there) != 0)
		return assay_io_fail(err, "cannot look at", target->path);
	if (here.st_dev != there.st_dev)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s is not on the file system of %s/spool; both must be on one", target->path,
		    spool->var);
	return ASSAY_OK;
}

/* add_targets - the queues of one list of plugins */
static enum assay_status add_targets(
    struct assay_spool *spool, const char *const *names, bool payloads, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	for (; names != NULL && *names != NULL && st == ASSAY_OK; names++) {
		struct target *target;
		char rest[120];

		if (!assay_slice_is_plain(assay_slice_str(*names), "_-") || strlen(*names) > 64)
			return assay_err_set(
			    err, ASSAY_E_CONF, "\"%s\" is no name of a plugin", *names);
		(void)snprintf(
		    rest, sizeof rest, "queue/%s-%s", payloads ? "archiver" : "connector", *names);
		spool->target =
		    assay_xrealloc(spool->target, (spool->targets + 1) * sizeof *spool->target);
		target = &spool->target[spool->targets++];
		*target =
		    (struct target){ .path = below(spool, rest), .dir = -1, .payloads = payloads };
		*(payloads ? &spool->payloads_wanted : &spool->records_wanted) = true;
		st = open_target(spool, target, err);
	}
	return st;
}

/* assay_spool_open - see spool.h */
enum assay_status assay_spool_open(
    const struct assay_spool_options *options, struct assay_spool **spool, struct assay_err *err)
{
	struct assay_spool *s = assay_xcalloc(1, sizeof *s);
	enum assay_status st;

	s->var = assay_xstrdup(options->var);
	s->rescan = s->records.fd = s->payloads.fd = -1;
	assay_buf_init(&s->buf, RECORDS_MAX);
	st = open_below(s, "spool/tmp", &s->tmp, err);
	if (st == ASSAY_OK)
		st = add_targets(s, options->archivers, true, err);
	if (st == ASSAY_OK)
		st = add_targets(s, options->connectors, false, err);
	if (st != ASSAY_OK)
		assay_spool_close(&s);
	*spool = s;
	return st;
}

/* drop_file - no such file in spool/tmp any more */
static void drop_file(const struct assay_spool *spool, struct group_file *file)
{
	if (file->fd >= 0)
		(void)unlinkat(spool->tmp, file->name, 0);
	assay_io_close(&file->fd);
	*file = (struct group_file){ .fd = -1 };
}

/* assay_spool_close - see spool.h */
void assay_spool_close(struct assay_spool **spool)
{
	struct assay_spool *s = *spool;

	if (s == NULL)
		return;
	drop_file(s, &s->records);
	drop_file(s, &s->payloads);
	for (size_t i = 0; i < s->targets; i++) {
		assay_io_close(&s->target[i].dir);
		free(s->target[i].path);
	}
	free(s->target);
	assay_buf_release(&s->buf);
	assay_io_close(&s->tmp);
	assay_io_close(&s->rescan);
	free(s->var);
	free(s);
	*spool = NULL;
}

/* ---- the group ------------------------------------------------------------------------------- */

/* new_file - an empty one in spool/tmp */
static enum assay_status new_file(
    struct assay_spool *spool, struct group_file *file, const char *suffix, struct assay_err *err)
{
	struct stat st;

	*file = (struct group_file){ .fd = -1 };
	do {
		assay_records_name(file->name, &spool->names, suffix);
		file->fd = openat(spool->tmp, file->name,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	} while (file->fd < 0 && errno == EEXIST);
	/* A command of root's writes for processes that are not. */
	if (file->fd >= 0 && geteuid() == 0 &&
	    (fstat(spool->tmp, &st) != 0 || fchown(file->fd, st.st_uid, st.st_gid) != 0))
		drop_file(spool, file);
	return file->fd >= 0 ? ASSAY_OK : assay_io_fail(err, "cannot make a file in", "spool/tmp");
}

/* is_open - may something be added? */
static enum assay_status is_open(const struct assay_spool *spool, struct assay_err *err)
{
	if (!spool->handed)
		return ASSAY_OK;
	return assay_err_set(
	    err, ASSAY_E_FULL, "the mails before it could not be written yet; it has to wait");
}

/* begin - the time of a group runs from its first member */
static void begin(struct assay_spool *spool)
{
	if (spool->n == 0 && spool->payload_bytes == 0)
		spool->first_ms = assay_clock_mono_ms();
}

/* assay_spool_payload - see spool.h */
enum assay_status assay_spool_payload(
    struct assay_spool *spool, const char *sha256, struct assay_slice bytes, struct assay_err *err)
{
	struct group_file *file = &spool->payloads;
	enum assay_status st = is_open(spool, err);

	if (st != ASSAY_OK || !spool->payloads_wanted)
		return st;
	begin(spool);
	if (file->fd < 0)
		st = new_file(spool, file, ASSAY_RECORDS_PAYLOADS, err);
	if (st != ASSAY_OK)
		return st;
	file->synced = false;
	if (lseek(file->fd, (off_t)spool->payload_bytes, SEEK_SET) < 0)
		return assay_io_fail(err, "cannot write", "spool/tmp");
	st = assay_container_put(file->fd, sha256, bytes, false, err);
	if (st == ASSAY_OK) {
		spool->payload_bytes += ASSAY_CONTAINER_HEAD + bytes.n;
		return ASSAY_OK;
	}
	assay_err_prefix(err, "spool/tmp");
	/* Gives the space back; commit trims again, and insists. */
	if (ftruncate(file->fd, (off_t)spool->payload_bytes) != 0)
		file->synced = false;
	return st;
}

/* assay_spool_record - see spool.h */
enum assay_status assay_spool_record(
    struct assay_spool *spool, const struct assay_record *record, struct assay_err *err)
{
	enum assay_status st = is_open(spool, err);

	if (st != ASSAY_OK)
		return st;
	begin(spool);
	if (spool->records_wanted)
		st = assay_records_put(&spool->buf, record, err);
	if (st != ASSAY_OK)
		return st;
	drop_file(spool, &spool->records); /* of a commit that failed */
	spool->n++;
	return ASSAY_OK;
}

/* assay_spool_mark - see spool.h */
void assay_spool_mark(const struct assay_spool *spool, struct assay_spool_mark *mark)
{
	*mark = (struct assay_spool_mark){ spool->buf.n, spool->payload_bytes, spool->n };
}

/* assay_spool_back - see spool.h */
void assay_spool_back(struct assay_spool *spool, const struct assay_spool_mark *mark)
{
	if (spool->handed)
		return; /* nothing was added since */
	ASSAY_ASSERT(mark->records <= spool->buf.n && mark->payloads <= spool->payload_bytes);
	if (mark->payloads < spool->payload_bytes)
		spool->payloads.synced = false;
	if (mark->n < spool->n)
		drop_file(spool, &spool->records);
	spool->buf.n = (size_t)mark->records;
	spool->payload_bytes = mark->payloads;
	spool->n = (size_t)mark->n;
	if (spool->payload_bytes == 0)
		drop_file(spool, &spool->payloads);
}

/* assay_spool_drop - see spool.h */
bool assay_spool_drop(struct assay_spool *spool)
{
	if (!spool->handed)
		assay_spool_back(spool, &(struct assay_spool_mark){ 0 });
	return !spool->handed;
}

/* assay_spool_first_ms - see spool.h */
int64_t assay_spool_first_ms(const struct assay_spool *spool)
{
	return spool->first_ms;
}

/* assay_spool_due_ms - see spool.h */
int64_t assay_spool_due_ms(const struct assay_spool *spool)
{
	if (spool->n == 0 && spool->payload_bytes == 0)
		return INT64_MAX;
	if (spool->handed || spool->n >= ASSAY_SPOOL_GROUP_RECORDS ||
	    spool->buf.n + spool->payload_bytes >= ASSAY_SPOOL_GROUP_BYTES)
		return 0;
	return spool->first_ms + ASSAY_SPOOL_GROUP_MS;
}

/* ---- commit ---------------------------------------------------------------------------------- */

/* sync_file - its bytes are on the disk */
static enum assay_status sync_file(struct group_file *file, struct assay_err *err)
{
	if (fdatasync(file->fd) != 0) {
		file->suspect = true;
		return assay_io_fail(err, "cannot sync", "spool/tmp");
	}
	file->synced = true;
	return ASSAY_OK;
}

/* copy_payloads - into another file, if all of them are what they were */
static enum assay_status copy_payloads(
    const struct assay_spool *spool, int to, struct assay_err *err)
{
	struct assay_container all;
	struct assay_io_map map;
	uint64_t whole = 0;
	enum assay_status st = assay_io_map(spool->payloads.fd, SIZE_MAX, &map, err);

	if (st != ASSAY_OK)
		return st;
	assay_container_all(
	    &all, assay_slice_head(assay_slice(map.p, map.n), (size_t)spool->payload_bytes));
	for (size_t i = 0; i < all.n; i++)
		whole += ASSAY_CONTAINER_HEAD + all.kept[i].bytes.n;
	if (whole != spool->payload_bytes)
		st = assay_err_set(err, ASSAY_E_IO,
		    "the disk has lost payloads of mails that are not acknowledged yet; see to it, "
		    "then restart the service, which takes these mails in again");
	else
		st = assay_io_write_full(to, map.p, (size_t)spool->payload_bytes, err);
	assay_container_close(&all);
	assay_io_unmap(&map);
	return st;
}

/* rewrite_payloads - after a sync that failed */
static enum assay_status rewrite_payloads(struct assay_spool *spool, struct assay_err *err)
{
	struct group_file fresh;
	enum assay_status st = new_file(spool, &fresh, ASSAY_RECORDS_PAYLOADS, err);

	if (st == ASSAY_OK)
		st = copy_payloads(spool, fresh.fd, err);
	if (st != ASSAY_OK) {
		drop_file(spool, &fresh);
		return st;
	}
	drop_file(spool, &spool->payloads);
	spool->payloads = fresh;
	return ASSAY_OK;
}

/* settle_payloads - the payload file is whole, on the disk, and nothing behind its end */
static enum assay_status settle_payloads(struct assay_spool *spool, struct assay_err *err)
{
	struct group_file *file = &spool->payloads;
	enum assay_status st = ASSAY_OK;

	if (file->fd < 0 || file->synced)
		return ASSAY_OK;
	if (file->suspect)
		st = rewrite_payloads(spool, err);
	if (st == ASSAY_OK && ftruncate(file->fd, (off_t)spool->payload_bytes) != 0)
		st = assay_io_fail(err, "cannot trim", "spool/tmp");
	return st == ASSAY_OK ? sync_file(file, err) : st;
}

/* settle_records - likewise, from memory */
static enum assay_status settle_records(struct assay_spool *spool, struct assay_err *err)
{
	struct group_file *file = &spool->records;
	enum assay_status st;

	if (spool->buf.n == 0 || file->fd >= 0)
		return ASSAY_OK;
	st = new_file(spool, file, ASSAY_RECORDS_SUFFIX, err);
	if (st == ASSAY_OK) {
		st = assay_io_write_full(file->fd, spool->buf.p, spool->buf.n, err);
		if (st != ASSAY_OK)
			assay_err_prefix(err, "spool/tmp");
		else
			st = sync_file(file, err);
	}
	if (st != ASSAY_OK)
		drop_file(spool, file);
	return st;
}

/* link_into - one more name of the file; a directory that somebody took away is made again */
static enum assay_status link_into(const struct assay_spool *spool, struct target *target,
    const struct group_file *file, struct assay_err *err)
{
	enum assay_status st = ASSAY_OK;

	for (unsigned again = 0; again < 2 && st == ASSAY_OK; again++) {
		if (again > 0 || target->dir < 0)
			st = open_target(spool, target, err);
		if (st != ASSAY_OK ||
		    linkat(spool->tmp, file->name, target->dir, file->name, 0) == 0 ||
		    errno == EEXIST)
			return st;
		if (errno != ENOENT)
			break;
	}
	return assay_io_fail(err, "cannot link into", target->path);
}

/* hand_out - into the queues, payloads first; then it is safe */
static enum assay_status hand_out(struct assay_spool *spool, struct assay_err *err)
{
	for (size_t i = 0; i < spool->targets; i++) {
		struct target *target = &spool->target[i];
		const struct group_file *file =
		    target->payloads ? &spool->payloads : &spool->records;
		enum assay_status st = ASSAY_OK;

		if (file->fd < 0 || target->linked)
			continue;
		st = link_into(spool, target, file, err);
		if (st != ASSAY_OK)
			return st;
		target->linked = spool->handed = true;
	}
	for (size_t i = 0; i < spool->targets; i++)
		if (spool->target[i].linked && fsync(spool->target[i].dir) != 0)
			return assay_io_fail(err, "cannot sync", spool->target[i].path);
	return ASSAY_OK;
}

/* assay_spool_commit - see spool.h */
enum assay_status assay_spool_commit(struct assay_spool *spool, struct assay_err *err)
{
	enum assay_status st = settle_payloads(spool, err);

	if (st == ASSAY_OK)
		st = settle_records(spool, err);
	if (st == ASSAY_OK)
		st = hand_out(spool, err);
	if (st != ASSAY_OK)
		return st;
	drop_file(spool, &spool->records);
	drop_file(spool, &spool->payloads);
	for (size_t i = 0; i < spool->targets; i++)
		spool->target[i].linked = false;
	if (spool->buf.cap > KEEP_MEMORY)
		assay_buf_release(&spool->buf);
	assay_buf_clear(&spool->buf);
	spool->payload_bytes = 0;
	spool->n = 0;
	spool->handed = false;
	return ASSAY_OK;
}

/* ---- rescan ---------------------------------------------------------------------------------- */

/* put_rescan - request and message, on the disk */
static enum assay_status put_rescan(struct group_file *file, const struct assay_record *record,
    struct assay_slice message, struct assay_err *err)
{
	struct assay_buf head;
	enum assay_status st;

	assay_buf_init(&head, RECORDS_MAX);
	st = assay_records_put(&head, record, err);
	if (st == ASSAY_OK)
		st = assay_io_write_full(file->fd, head.p, head.n, err);
	assay_buf_release(&head);
	if (st == ASSAY_OK)
		st = assay_io_write_full(file->fd, message.p, message.n, err);
	return st == ASSAY_OK ? sync_file(file, err) : st;
}

/* assay_spool_rescan - see spool.h */
enum assay_status assay_spool_rescan(struct assay_spool *spool, const json_t *request,
    struct assay_slice message, struct assay_err *err)
{
	const char *id = assay_json_get_str(request, "supersedes");
	struct assay_record record = { "request", id != NULL ? id : "-", ASSAY_SLICE_NONE };
	struct group_file file = { .fd = -1 };
	enum assay_status st = ASSAY_OK;
	struct assay_buf json;

	if (spool->rescan < 0)
		st = open_below(spool, "spool/rescan", &spool->rescan, err);
	if (st != ASSAY_OK)
		return st;
	assay_buf_init(&json, (size_t)ASSAY_RECORDS_JSON);
	if (!assay_json_write(request, ASSAY_JSON_COMPACT, &json))
		st = assay_err_set(err, ASSAY_E_LIMIT, "a request is too large");
	record.json = assay_buf_slice(&json);
	if (st == ASSAY_OK)
		st = new_file(spool, &file, ASSAY_RECORDS_RESCAN, err);
	if (st == ASSAY_OK)
		st = put_rescan(&file, &record, message, err);
	if (st == ASSAY_OK && renameat(spool->tmp, file.name, spool->rescan, file.name) != 0)
		st = assay_io_fail(err, "cannot rename into", "spool/rescan");
	else if (st == ASSAY_OK && fsync(spool->rescan) != 0)
		st = assay_io_fail(err, "cannot sync", "spool/rescan");
	drop_file(spool, &file);
	assay_buf_release(&json);
	return st;
}

/* ---- what the dead have left ------------------------------------------------------------------
 */

/* is_left - by a process that is gone, long enough ago */
static bool is_left(const struct assay_spool *spool, const char *name, int64_t before_ms)
{
	struct stat st;
	pid_t pid;

	if (!assay_records_name_read(name, NULL, &pid) || pid <= 0)
		return false;
	if (kill(pid, 0) == 0 || errno != ESRCH)
		return false;
	return fstatat(spool->tmp, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (int64_t)st.st_mtim.tv_sec * 1000 < before_ms;
}

/* assay_spool_sweep - see spool.h */
enum assay_status assay_spool_sweep(
    struct assay_spool *spool, int64_t older_ms, size_t *n, struct assay_err *err)
{
	const int64_t before_ms = assay_clock_wall_ms() - older_ms;
	int fd = openat(spool->tmp, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	*n = 0;
	if (dir == NULL) {
		assay_io_close(&fd);
		return assay_io_fail(err, "cannot read", "spool/tmp");
	}
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && is_left(spool, entry->d_name, before_ms) &&
		    unlinkat(spool->tmp, entry->d_name, 0) == 0)
			(*n)++;
	(void)closedir(dir);
	return ASSAY_OK;
}
