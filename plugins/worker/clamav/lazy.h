/*
 * clamav/lazy.h - character sets that libclamav would load at their first use
 *
 * It converts texts of documents and pages by iconv(3), whose modules are files: behind the seal
 * there are none, and what it could not convert it would not compare.
 */
#ifndef ASSAY_CLAMAV_LAZY_H
#define ASSAY_CLAMAV_LAZY_H

#include <stddef.h>

struct assay_clamav_lazy;

/* Loads them into this process and those forked from it, until they are freed. How many the system
 * does not have is in *missing. */
struct assay_clamav_lazy *assay_clamav_lazy_new(size_t *missing);
void assay_clamav_lazy_free(struct assay_clamav_lazy **lazy);

#endif
