/*
 * filedir/tree.c - see tree.h
 *
 * Names lead from one open directory to the next, so that nobody who may rename directories in the
 * tree can lead the walk out of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "tree.h"

/* top - the directory that is being read */
static struct assay_tree_level *top(struct assay_tree *tree)
{
	return &tree->level[tree->depth - 1];
}

/* push - one level down; takes fd */
static bool push(struct assay_tree *tree, int fd, size_t path_n)
{
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	if (dir == NULL) {
		assay_io_close(&fd);
		return false;
	}
	tree->level[tree->depth++] = (struct assay_tree_level){ .dir = dir, .path_n = path_n };
	return true;
}

/* pop - one level up; what was emptied goes */
static void pop(struct assay_tree *tree)
{
	const struct assay_tree_level was = *top(tree);

	(void)closedir(was.dir);
	tree->depth--;
	if (!tree->prune || !was.removed || tree->depth == 0)
		return;
	tree->path[was.path_n - 1] = '\0';
	if (unlinkat(assay_tree_dir(tree), tree->path + top(tree)->path_n, AT_REMOVEDIR) == 0)
		top(tree)->removed = true;
}

/* note_problem - the first one is told, with its errno */
static void note_problem(struct assay_tree *tree)
{
	if (tree->problem.code == ASSAY_OK)
		(void)assay_io_fail(&tree->problem, "cannot read the directory", tree->path);
}

/* assay_tree_open - see tree.h */
enum assay_status assay_tree_open(struct assay_tree *tree, const char *root, struct assay_err *err)
{
	ASSAY_ASSERT(tree->most > 0 && tree->most <= ASSAY_TREE_DEPTH);
	tree->depth = 0;
	tree->path[0] = '\0';
	tree->name = tree->path;
	tree->problem.code = ASSAY_OK;
	if (!push(tree, open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), 0))
		return assay_io_fail(err, "cannot read the directory", root);
	return ASSAY_OK;
}

/* set_name - path and name of an entry; false when the path gets too long */
static bool set_name(struct assay_tree *tree, const char *name)
{
	const size_t at = top(tree)->path_n, n = strlen(name);

	/* One more for the slash behind a directory. */
	if (at + n + 2 > sizeof tree->path)
		return false;
	memcpy(tree->path + at, name, n + 1);
	tree->name = tree->path + at;
	return true;
}

/* kind_of - DT_REG, DT_DIR, or what does not matter */
static int kind_of(const struct assay_tree *tree, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(assay_tree_dir(tree), tree->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return DT_UNKNOWN;
	return S_ISREG(st.st_mode) ? DT_REG : S_ISDIR(st.st_mode) ? DT_DIR : DT_UNKNOWN;
}

/* descend - into the directory that path names, if it may be entered */
static void descend(struct assay_tree *tree)
{
	const size_t n = strlen(tree->path);
	int fd;

	if (tree->depth == tree->most)
		return;
	fd = openat(
	    assay_tree_dir(tree), tree->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
			note_problem(tree);
		return;
	}
	if (tree->enter != NULL && !tree->enter(tree->arg, fd, tree->name)) {
		assay_io_close(&fd);
		return;
	}
	tree->path[n] = '/';
	tree->path[n + 1] = '\0';
	if (!push(tree, fd, n + 1))
		note_problem(tree);
}

/* assay_tree_next - see tree.h */
bool assay_tree_next(struct assay_tree *tree)
{
	while (tree->depth > 0) {
		const struct dirent *entry;
		int kind;

		errno = 0;
		entry = readdir(top(tree)->dir);
		if (entry == NULL) {
			tree->path[top(tree)->path_n] = '\0';
			if (errno != 0)
				note_problem(tree);
			pop(tree);
			continue;
		}
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    !set_name(tree, entry->d_name))
			continue;
		kind = kind_of(tree, entry);
		if (kind == DT_REG)
			return true;
		if (kind == DT_DIR)
			descend(tree);
	}
	return false;
}

/* assay_tree_dir - see tree.h */
int assay_tree_dir(const struct assay_tree *tree)
{
	return dirfd(tree->level[tree->depth - 1].dir);
}

/* assay_tree_remove - see tree.h */
enum assay_status assay_tree_remove(struct assay_tree *tree, struct assay_err *err)
{
	if (unlinkat(assay_tree_dir(tree), tree->name, 0) != 0)
		return assay_io_fail(err, "cannot remove", tree->path);
	top(tree)->removed = true;
	return ASSAY_OK;
}

/* assay_tree_close - see tree.h */
void assay_tree_close(struct assay_tree *tree)
{
	for (; tree->depth > 0; tree->depth--)
		(void)closedir(top(tree)->dir);
}
