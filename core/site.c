/*
 * core/site.c - see site.h. Touches the state and run directories. As root it works in directories
 * that belong to the user of doors and drains: nothing there is followed through a symbolic link,
 * and only what was made here changes its owner.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "core/listen.h"
#include "core/site.h"

/* cannot - errno in words, as "cannot be made" */
static enum assay_status cannot(struct assay_err *err, const char *what, const char *path)
{
	int e = errno;

	return assay_err_set(err, ASSAY_E_FULL, "cannot %s %.300s: %s", what, path, strerror(e));
}

/* below - DIR/NAME; E_CONF when there is no room */
static enum assay_status below(
    char *path, size_t size, const char *dir, const char *name, struct assay_err *err)
{
	int n = snprintf(path, size, "%s/%s", dir, name);

	if (n > 0 && (size_t)n < size)
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_CONF,
	    "%.300s/%s: the path is %d bytes long; use a shorter --home", dir, name, n);
}

/* ---- directories ----------------------------------------------------------------------------- */

/* may_write - by owner, group and the rest; lists of rights are not looked at */
static bool may_write(const struct stat *st, const struct assay_role_user *user)
{
	if (user->uid == 0)
		return true;
	if (st->st_uid == user->uid)
		return (st->st_mode & 0300) == 0300;
	if (st->st_gid == user->gid && (st->st_mode & 0030) == 0030)
		return true;
	return (st->st_mode & 0003) == 0003;
}

/* hand_over - what was made just now */
static enum assay_status hand_over(
    const char *path, const struct assay_role_user *user, struct assay_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	enum assay_status st = ASSAY_OK;

	if (fd < 0 || fchown(fd, user->uid, user->gid) != 0 || fchmod(fd, 0750) != 0)
		st = cannot(err, "give away", path);
	assay_io_close(&fd);
	return st;
}

/* make_dir - there it is, and the user may write to it */
static enum assay_status make_dir(
    const char *path, const struct assay_role_user *user, struct assay_err *err)
{
	struct stat st;

	if (mkdir(path, 0750) == 0)
		return user->change ? hand_over(path, user, err) : ASSAY_OK;
	if (errno != EEXIST || stat(path, &st) != 0)
		return cannot(err, "make the directory", path);
	if (!S_ISDIR(st.st_mode))
		return assay_err_set(
		    err, ASSAY_E_FULL, "%.300s is no directory: move it away", path);
	if (user->change ? may_write(&st, user) : access(path, W_OK | X_OK) == 0)
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_FULL,
	    "%.300s: user \"%.40s\" ([core] user) cannot write there: chown it, or name another "
	    "user",
	    path, user->name);
}

/* ---- the lock -------------------------------------------------------------------------------- */

/* read_pid - what the holder wrote; 0 */
static pid_t read_pid(int fd)
{
	char text[32];
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}

/* holder_of - of the lock on fd; 0: nobody */
static pid_t holder_of(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	pid_t said;

	if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
		return 0;
	/* One of another pid namespace has no number here. */
	said = read_pid(fd);
	return lock.l_pid > 0 ? lock.l_pid : said > 0 ? said : 1;
}

/* refused - who has it */
static enum assay_status refused(int fd, const char *dir, struct assay_err *err)
{
	pid_t pid = holder_of(fd);

	return assay_err_set(err, ASSAY_E_DEAD,
	    "a service runs in %.300s already (pid %ld): \"assay status\" says how it is", dir,
	    (long)pid);
}

/* take_lock - until we die */
static enum assay_status take_lock(const char *dir, int *lock, struct assay_err *err)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX], text[32];
	enum assay_status st = below(path, sizeof path, dir, ASSAY_RUN_LOCK, err);
	int n;

	if (st != ASSAY_OK)
		return st;
	*lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (*lock < 0)
		return cannot(err, "make", path);
	/* Whoever may enter the directory may ask who holds it. */
	if (fchmod(*lock, 0644) != 0)
		return cannot(err, "chmod", path);
	if (fcntl(*lock, F_SETLK, &whole) != 0) {
		st = errno == EAGAIN || errno == EACCES ? refused(*lock, dir, err)
							: cannot(err, "lock", path);
		assay_io_close(lock);
		return st;
	}
	n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	if (ftruncate(*lock, 0) != 0 || pwrite(*lock, text, (size_t)n, 0) != n)
		return cannot(err, "write", path);
	return ASSAY_OK;
}

/* assay_site_holder - asks, takes nothing */
pid_t assay_site_holder(const char *run_dir, struct assay_err *err)
{
	char path[PATH_MAX];
	pid_t pid;
	int fd;

	if (below(path, sizeof path, run_dir, ASSAY_RUN_LOCK, err) != ASSAY_OK)
		return -1;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0) {
		(void)assay_io_fail(err, "cannot open", path);
		return -1;
	}
	pid = holder_of(fd);
	assay_io_close(&fd);
	return pid;
}

/* ---- sockets --------------------------------------------------------------------------------- */

/* listen_at - a stale one is in the way: we have the lock, nobody listens there */
static enum assay_status listen_at(
    const struct assay_site *site, const char *name, int *sock, struct assay_err *err)
{
	char path[PATH_MAX];
	enum assay_status st = below(path, sizeof path, site->run, name, err);

	if (st != ASSAY_OK)
		return st;
	if (unlink(path) != 0 && errno != ENOENT)
		return cannot(err, "remove", path);
	st = assay_listen_unix(path, 0660, sock, err);
	if (st == ASSAY_OK && site->user.change &&
	    lchown(path, site->user.uid, site->user.gid) != 0)
		st = cannot(err, "give away", path);
	return st;
}

/* write_pid - for init scripts */
static enum assay_status write_pid(const struct assay_site *site, struct assay_err *err)
{
	char path[PATH_MAX], text[32];
	enum assay_status st = below(path, sizeof path, site->run, ASSAY_RUN_PID, err);
	int fd, n;

	if (st != ASSAY_OK)
		return st;
	(void)unlink(path);
	n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, (size_t)n) != n)
		st = cannot(err, "write", path);
	assay_io_close(&fd);
	return st;
}

/* make_board - readable for the group of the user */
static enum assay_status make_board(struct assay_site *site, struct assay_err *err)
{
	enum assay_status st = assay_board_create(site->run, &site->board, err);

	if (st == ASSAY_OK && site->user.change &&
	    fchown(site->board.fd, site->user.uid, site->user.gid) != 0)
		st = cannot(err, "give away", ASSAY_RUN_BOARD);
	if (st != ASSAY_OK)
		err->code = ASSAY_E_FULL;
	return st == ASSAY_OK ? ASSAY_OK : ASSAY_E_FULL;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* assay_site_open - in the order in which a second service is found out first */
enum assay_status assay_site_open(
    struct assay_site *site, const struct assay_config *config, struct assay_err *err)
{
	enum assay_status st;

	*site = (struct assay_site){
		.run_lock = -1, .var_lock = -1, .inline_sock = -1, .bulk_sock = -1
	};
	site->board.fd = -1;
	site->run = assay_xstrdup(assay_config_path(config, ASSAY_DIR_RUN));
	site->var = assay_xstrdup(assay_config_path(config, ASSAY_DIR_VAR));
	st = assay_role_user(assay_config_core(config), &site->user, err);
	if (st == ASSAY_OK)
		st = make_dir(site->var, &site->user, err);
	if (st == ASSAY_OK)
		st = make_dir(site->run, &site->user, err);
	if (st == ASSAY_OK)
		st = take_lock(site->run, &site->run_lock, err);
	if (st == ASSAY_OK && strcmp(site->run, site->var) != 0)
		st = take_lock(site->var, &site->var_lock, err);
	if (st == ASSAY_OK)
		st = listen_at(site, ASSAY_RUN_INLINE, &site->inline_sock, err);
	if (st == ASSAY_OK)
		st = listen_at(site, ASSAY_RUN_BULK, &site->bulk_sock, err);
	if (st == ASSAY_OK)
		st = make_board(site, err);
	if (st == ASSAY_OK)
		st = write_pid(site, err);
	if (st != ASSAY_OK)
		assay_site_close(site, site->run_lock >= 0);
	return st;
}

/* remove_file - below the run directory, if it is there */
static void remove_file(const struct assay_site *site, const char *name)
{
	char path[PATH_MAX];
	struct assay_err err;

	if (below(path, sizeof path, site->run, name, &err) == ASSAY_OK)
		(void)unlink(path);
}

/* assay_site_close - the lock last */
void assay_site_close(struct assay_site *site, bool tidy)
{
	if (tidy) {
		remove_file(site, ASSAY_RUN_INLINE);
		remove_file(site, ASSAY_RUN_BULK);
		remove_file(site, ASSAY_RUN_BOARD);
		remove_file(site, ASSAY_RUN_PID);
		remove_file(site, ASSAY_RUN_METRICS);
	}
	assay_io_close(&site->inline_sock);
	assay_io_close(&site->bulk_sock);
	assay_board_close(&site->board);
	assay_io_close(&site->var_lock);
	assay_io_close(&site->run_lock);
	free(site->run);
	free(site->var);
	site->run = site->var = NULL;
}
