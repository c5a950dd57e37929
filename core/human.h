/*
 * core/human.h - numbers as people read them: sizes, times, counts
 *
 * Short, in English, without the locale. Into a buffer of the caller.
 */
#ifndef ASSAY_HUMAN_H
#define ASSAY_HUMAN_H

#include <assay/types.h>

#define ASSAY_HUMAN_TEXT 32

/* "512 B", "1.5 KiB" ... up to GiB. Returns text. */
const char *assay_human_size(char text[ASSAY_HUMAN_TEXT], uint64_t bytes);
/* "0.3 s", "41 s", "12 min", "3 h 20 min", "5 d 2 h". */
const char *assay_human_age(char text[ASSAY_HUMAN_TEXT], int64_t ms);

#endif
