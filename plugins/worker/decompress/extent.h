/*
 * decompress/extent.h - where an archive begins and ends inside its file
 *
 * What stands before it (the program of a self-extracting one, a picture) and behind it is looked
 * for by nobody else. Reads the few numbers that say it, of a stranger: everything is checked
 * against the size of the file. Linear, allocates nothing.
 */
#ifndef ASSAY_DECOMPRESS_EXTENT_H
#define ASSAY_DECOMPRESS_EXTENT_H

#include <assay/types.h>

#include "unpack.h"

/* bytes[begin, end) is the archive; 0 and bytes.n where nothing says otherwise. */
struct assay_extent {
	size_t begin, end;
};

/* `consumed`: of a format that is read from front to end, how far that went; bytes.n when it did
 * not come to its end. Padding with NULs belongs to the archive. */
struct assay_extent assay_extent_find(
    struct assay_slice bytes, enum assay_unpack_format format, size_t consumed);

/* Where the first member of a zip stands that does not begin with one, but has an end record; 0: it
 * is no such file. */
size_t assay_extent_zip(struct assay_slice bytes);

/* Is a RAR 5 archive encrypted, its headers or one of its files? libarchive does not tell. */
bool assay_extent_rar5_encrypted(struct assay_slice bytes);
/* Is it a 7-Zip archive whose list of members is encrypted, or a RAR 3 one of that kind? */
bool assay_extent_head_encrypted(struct assay_slice bytes);
/* What it begins with, when libarchive makes nothing of it: "rar", "7z", ...; or NULL. */
const char *assay_extent_claims(struct assay_slice bytes);
/* Is it one of those kinds that libarchive does not know and 7z does? */
bool assay_extent_is_other(const char *name);

#endif
