/*
 * filedir/filestore.h - the directories of Suricata's file store
 *
 * ROOT/ab/SHA256 is a stored file, ROOT/ab/SHA256.SECONDS.ID.json each of its records; "ab" are the
 * first two digits. Other names are not looked at. Names are kept as what they mean, not as text:
 * 48 bytes each.
 */
#ifndef ASSAY_FILEDIR_FILESTORE_H
#define ASSAY_FILEDIR_FILESTORE_H

#include <assay/types.h>

#include "fileinfo.h"

#define ASSAY_FILESTORE_DIRS 256
#define ASSAY_FILESTORE_NAME 112  /* with its NUL */
#define ASSAY_FILESTORE_RECORDS 8 /* that are read of one file, the newest first */

struct assay_filestore_name {
	unsigned char sha256[32];
	uint64_t seconds;
	uint32_t id;
	bool record; /* false: the file itself */
};

/* The names of one directory, each file followed by its records, the newest first. */
struct assay_filestore {
	struct assay_filestore_name *name;
	size_t n, room;
	bool cut; /* there are more than `most` */
};

/* False: another name. `dir`: the number of the directory, 0 to 255. */
bool assay_filestore_parse(const char *text, unsigned dir, struct assay_filestore_name *name);
void assay_filestore_format(
    const struct assay_filestore_name *name, char text[ASSAY_FILESTORE_NAME]);
bool assay_filestore_same(
    const struct assay_filestore_name *a, const struct assay_filestore_name *b);
/* All names in the directory, `most` at most; keeps its memory from one to the next. */
ASSAY_MUST_CHECK enum assay_status assay_filestore_load(
    struct assay_filestore *store, int fd, unsigned dir, size_t most, struct assay_err *err);
void assay_filestore_release(struct assay_filestore *store);
/* Reads the records of the file at `at`. */
void assay_filestore_read(
    const struct assay_filestore *store, size_t at, int dir, struct assay_fileinfo *info);

#endif
