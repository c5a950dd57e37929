/*
 * filedir/fileinfo.h - what Suricata says of a file it has stored
 *
 * With `write-fileinfo: yes` each file of a file store (version 2) has records beside it: EVE JSON
 * objects of type fileinfo (https://docs.suricata.io/, "EVE JSON Format" and "File Extraction").
 * Of these a fixed table of members is read, by our names for them: what stands there comes from
 * strangers. Bounded in records, entries and bytes; equal entries stand once.
 */
#ifndef ASSAY_FILEDIR_FILEINFO_H
#define ASSAY_FILEDIR_FILEINFO_H

#include <jansson.h>

#include <assay/types.h>

#define ASSAY_FILEINFO_MAX ((size_t)256 << 10) /* bytes of a record */
#define ASSAY_FILEINFO_VALUE 1024              /* of a value; what is longer is cut */
#define ASSAY_FILEINFO_ENTRIES 128             /* in all */
#define ASSAY_FILEINFO_LIST 16                 /* of one list in a record */

struct assay_fileinfo {
	json_t *extra; /* [{key, value}], in the order of the table, record by record */
	char filename[ASSAY_FILEINFO_VALUE + 1]; /* of the first record; "" where it has none */
	bool found;                              /* a record was read */
};

void assay_fileinfo_init(struct assay_fileinfo *info);
void assay_fileinfo_release(struct assay_fileinfo *info);
/* Hands the list to the caller. */
json_t *assay_fileinfo_steal(struct assay_fileinfo *info);
/* False when the text is no such record, or not yet all of it. */
bool assay_fileinfo_add(struct assay_fileinfo *info, struct assay_slice text);

#endif
