/*
 * maildir/find.c - see find.h. Reads directories, changes nothing. Linear in what is listed; the
 * depth is that of the pattern.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "find.h"

#define COMPONENTS_MAX 32
#define STEP_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

/* One walk. */
struct walk {
	struct assay_found found;
	char path[ASSAY_FIND_PATH];
	size_t n;
	bool (*each)(void *arg, const struct assay_found *found);
	void *arg;
	bool ended;
	enum assay_status status;
	struct assay_err *err;
};

/* next_component - takes it off the front; doubled and trailing slashes do not count */
static bool next_component(struct assay_slice *rest, struct assay_slice *name)
{
	while (rest->n > 0 && rest->p[0] == '/')
		*rest = assay_slice_from(*rest, 1);
	return rest->n > 0 && assay_slice_split(rest, '/', name);
}

/* is_last - nothing but slashes behind it */
static bool is_last(struct assay_slice rest)
{
	struct assay_slice name;

	return !next_component(&rest, &name);
}

/* stars - how many */
static size_t stars(struct assay_slice name)
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++)
		n += name.p[i] == '*';
	return n;
}

/* check_component - one that can be walked through */
static const char *check_component(struct assay_slice name)
{
	if (assay_slice_is(name, ".") || assay_slice_is(name, ".."))
		return "no . or .. in it";
	if (stars(name) > 1)
		return "one * between two slashes at most";
	if (name.n > 255)
		return "a name of more than 255 bytes";
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ')
			return "a control character";
	return NULL;
}

/* assay_find_check - see find.h */
enum assay_status assay_find_check(const char *pattern, struct assay_err *err)
{
	struct assay_slice rest = assay_slice_str(pattern), name;
	const char *why = NULL;
	size_t n = 0;

	if (pattern[0] != '/')
		why = "begin it with /";
	else if (is_last(rest) || rest.n >= ASSAY_FIND_PATH)
		why = "the whole path of a directory";
	else if (stars(rest) > ASSAY_FIND_STARS)
		why = "four * at most";
	while (why == NULL && next_component(&rest, &name))
		why = ++n > COMPONENTS_MAX ? "32 directories at most" : check_component(name);
	return why == NULL ? ASSAY_OK : assay_err_set(err, ASSAY_E_CONF, "%s: %s", pattern, why);
}

/* trusted - a link that root or we have made */
static bool trusted(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) &&
	    (st.st_uid == 0 || st.st_uid == geteuid());
}

/* assay_find_step - see find.h. With O_DIRECTORY a link that is not followed gives ENOTDIR. */
int assay_find_step(int dir, const char *name, bool links)
{
	struct stat st;
	int fd = openat(dir, name, STEP_FLAGS | O_NOFOLLOW);

	if (fd >= 0 || (errno != ENOTDIR && errno != ELOOP))
		return fd;
	if (links && trusted(dir, name))
		return openat(dir, name, STEP_FLAGS);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		errno = S_ISLNK(st.st_mode) ? ELOOP : ENOTDIR;
	return -1;
}

/* assay_find_open - see find.h */
int assay_find_open(const char *path, size_t fixed)
{
	struct assay_slice rest = assay_slice_str(path), part;
	int dir = open("/", STEP_FLAGS), below;
	char name[256];

	while (dir >= 0 && next_component(&rest, &part)) {
		if (part.n >= sizeof name) {
			assay_io_close(&dir);
			errno = ENAMETOOLONG;
			break;
		}
		memcpy(name, part.p, part.n);
		name[part.n] = '\0';
		below = assay_find_step(dir, name, part.p + part.n <= path + fixed);
		assay_io_close(&dir);
		dir = below;
	}
	return dir;
}

/* complain - the first place that could not be looked at */
static void complain(struct walk *walk, const char *name)
{
	const char *why = errno == ELOOP ? "is a symbolic link, which is not followed here; name "
					   "the directory itself"
					 : strerror(errno);

	if (walk->status == ASSAY_OK)
		walk->status =
		    assay_err_set(walk->err, ASSAY_E_IO, "%s/%s: %s", walk->path, name, why);
}

static void visit(struct walk *walk, int dir, struct assay_slice rest);

/* descend - into one directory by its name, when it is there */
static void descend(struct walk *walk, int dir, const char *name, struct assay_slice rest)
{
	const size_t n = walk->n, more = strlen(name) + 1;
	const bool links = walk->found.nstar == 0 && !is_last(rest);
	int below;

	below = n + more < sizeof walk->path ? assay_find_step(dir, name, links) : -1;
	if (n + more >= sizeof walk->path)
		errno = ENAMETOOLONG;
	if (below < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			complain(walk, name);
		return;
	}
	walk->path[n] = '/';
	memcpy(walk->path + n + 1, name, more);
	walk->n += more;
	if (links)
		walk->found.fixed = walk->n;
	visit(walk, below, rest);
	walk->n = n;
	walk->path[n] = '\0';
	assay_io_close(&below);
}

/* fits - does the name match, and what does the star stand for? */
static bool fits(struct assay_slice pattern, struct assay_slice name, struct assay_slice *star)
{
	const size_t at = assay_slice_find(pattern, '*');
	const struct assay_slice tail = assay_slice_from(pattern, at + 1);

	if (name.n < at + tail.n || memcmp(name.p, pattern.p, at) != 0 ||
	    memcmp(name.p + name.n - tail.n, tail.p, tail.n) != 0)
		return false;
	*star = assay_slice(name.p + at, name.n - at - tail.n);
	return (at > 0 || name.p[0] != '.') && !assay_slice_is(name, ".") &&
	    !assay_slice_is(name, "..");
}

/* list - all directories in this one that fit a component with a star */
static void list(struct walk *walk, int dir, struct assay_slice pattern, struct assay_slice rest)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *names = fd >= 0 ? fdopendir(fd) : NULL;
	const size_t n = walk->n;
	const struct dirent *entry;
	struct assay_slice star;

	if (names == NULL) {
		complain(walk, "");
		assay_io_close(&fd);
		return;
	}
	while (!walk->ended && (entry = readdir(names)) != NULL) {
		const struct assay_slice name = assay_slice_str(entry->d_name);

		if (entry->d_type == DT_REG || !fits(pattern, name, &star) ||
		    check_component(name) != NULL)
			continue;
		/* It will stand in the path, which lives longer than the entry. */
		walk->found.star[walk->found.nstar++] =
		    assay_slice(walk->path + n + 1 + (star.p - name.p), star.n);
		descend(walk, dir, entry->d_name, rest);
		walk->found.nstar--;
	}
	(void)closedir(names);
}

/* visit - what is left of the pattern, from here on */
static void visit(struct walk *walk, int dir, struct assay_slice rest)
{
	struct assay_slice part;
	char name[256];

	if (walk->ended)
		return;
	if (!next_component(&rest, &part)) {
		walk->found.fd = dir;
		walk->found.path = walk->path;
		walk->ended = !walk->each(walk->arg, &walk->found);
		return;
	}
	if (stars(part) > 0) {
		list(walk, dir, part, rest);
		return;
	}
	memcpy(name, part.p, part.n);
	name[part.n] = '\0';
	descend(walk, dir, name, rest);
}

/* assay_find_each - see find.h */
enum assay_status assay_find_each(const char *pattern,
    bool (*each)(void *arg, const struct assay_found *found), void *arg, struct assay_err *err)
{
	struct walk walk = { .each = each, .arg = arg, .status = ASSAY_OK, .err = err };
	int root = open("/", STEP_FLAGS);

	if (root < 0)
		return assay_io_fail(err, "cannot open", "/");
	visit(&walk, root, assay_slice_str(pattern));
	assay_io_close(&root);
	return walk.status;
}
