/*
 * tags - what exiftool says, as rows
 *
 * Reads `exiftool -j -G`: one object in a list, members "Group:Name". Its text was written by a
 * program over a stranger's file, so it is bounded and checked like the file itself. Numbers keep
 * the digits they are written with ("1.10" is a version): they are quoted before they are parsed.
 */
#ifndef ASSAY_EXIF_TAGS_H
#define ASSAY_EXIF_TAGS_H

#include <jansson.h>

#include <assay/types.h>

#define ASSAY_TAGS_VALUE 1000u /* bytes of a value */
#define ASSAY_TAGS_NAMES 20u   /* authors, programs */

struct assay_tags {
	json_t *tags;               /* {name, group, value, value_int}; lists to be added to */
	json_t *authors, *software; /* strings, each once */
	size_t most;                /* rows */
	size_t n;                   /* rows there were */
	size_t cut;                 /* values that were shortened */
};

/* False: it is not what exiftool writes. */
bool assay_tags_read(struct assay_slice text, struct assay_tags *tags);

#endif
