/*
 * filedir/tree.h - the files below a directory, one at a time
 *
 * In the order of the directories, which is none. Below the root no symbolic link is followed, and
 * nothing but regular files is met; directories deeper than `most` are not entered. What appears or
 * goes while it is walked may be met or not. Keeps one descriptor per level open, no list of names:
 * a walk may rest for any time between two steps.
 */
#ifndef ASSAY_FILEDIR_TREE_H
#define ASSAY_FILEDIR_TREE_H

#include <dirent.h>

#include <assay/types.h>

#define ASSAY_TREE_DEPTH 32
#define ASSAY_TREE_PATH 4096

struct assay_tree_level {
	DIR *dir;
	size_t path_n; /* where names in it begin in tree->path */
	bool removed;  /* something was taken out of it */
};

struct assay_tree {
	/* To be set before it is opened. */
	unsigned most; /* directories that are open at once, the root one of them; 1 to
			* ASSAY_TREE_DEPTH */
	bool prune;    /* a directory that assay_tree_remove has emptied goes, too; not the root */
	/* May a directory be entered? NULL: all. */
	bool (*enter)(void *arg, int dir, const char *name);
	void *arg;
	/* The file that was met last. */
	char path[ASSAY_TREE_PATH]; /* below the root */
	const char *name;           /* the end of it */
	/* The first directory that could not be read, in words; ASSAY_OK: all could. */
	struct assay_err problem;
	struct assay_tree_level level[ASSAY_TREE_DEPTH];
	unsigned depth;
};

/* Links that lead to the root are followed. E_NOENT, E_IO; then nothing is open. */
ASSAY_MUST_CHECK enum assay_status assay_tree_open(
    struct assay_tree *tree, const char *root, struct assay_err *err);
/* False at the end, where it is closed. */
bool assay_tree_next(struct assay_tree *tree);
/* The directory that holds the file; not to be closed. */
int assay_tree_dir(const struct assay_tree *tree);
/* Removes the file that was met last. E_NOENT: somebody else did. */
ASSAY_MUST_CHECK enum assay_status assay_tree_remove(
    struct assay_tree *tree, struct assay_err *err);
/* At any time, also when it is closed. */
void assay_tree_close(struct assay_tree *tree);

#endif
