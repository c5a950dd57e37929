/*
 * core/helper_dir.h - directories in which programs work
 *
 * A program may leave anything in its directory: names of any bytes, links to anywhere, devices,
 * fifos, a million files, directories deeper than any path, none of them readable. Everything here
 * goes by descriptors of directories and follows no link. Only plain files are ever opened, never
 * for writing. What cannot be removed stays and is tried again with the directory above it.
 */
#ifndef ASSAY_HELPER_DIR_H
#define ASSAY_HELPER_DIR_H

#include <assay/types.h>

struct assay_buf;

/* A new directory of mode 0700 below `at`, open; -1 and errno. */
int assay_helper_dir_make(int at, const char *name);
/* Removes all that is in it. Linear, whatever the depth. */
void assay_helper_dir_empty(int dir);
/* The directory itself, too. */
void assay_helper_dir_remove(int at, const char *name);

struct assay_helper_usage {
	uint64_t entries, bytes; /* bytes as they stand on the disk */
};
/* Counts; false when there are more than `most` allows, or too deep to be counted. */
bool assay_helper_dir_usage(int dir, const struct assay_helper_usage *most);

/* Where files are copied to. */
struct assay_helper_taken {
	int to;                  /* appended to */
	struct assay_buf *table; /* a row for each file */
	uint32_t files_max;
	uint64_t bytes_max;
	uint32_t nfiles, left_out;
	uint64_t bytes;
};
/* The plain files in `dir` and below (16 levels), by name within each directory. E_FULL, E_IO:
 * `to` cannot be written to. What is over a limit or no plain file counts as left out. */
ASSAY_MUST_CHECK enum assay_status assay_helper_dir_take(
    int dir, struct assay_helper_taken *taken, struct assay_err *err);
/* Appends `size` bytes of a file to another; E_DEAD: there were fewer. */
ASSAY_MUST_CHECK enum assay_status assay_helper_dir_copy(
    int from, int to, uint64_t size, struct assay_err *err);

#endif
