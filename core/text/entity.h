/*
 * text/entity.h - HTML character references (HTML Living Standard 13.2.5.72-80)
 *
 * Numeric references with or without semicolon, windows-1252 for 128-159, U+FFFD for zero,
 * surrogates and beyond Unicode. Named ones: those of HTML 4 and those of HTML 5 that stand for
 * ASCII, spaces and invisible characters. Linear.
 */
#ifndef ASSAY_TEXT_ENTITY_H
#define ASSAY_TEXT_ENTITY_H

#include <assay/types.h>

struct assay_buf;

/* s starts with '&'. Bytes of the reference (0: it is none, '&' is literal); its UTF-8 goes to
 * out[0, *n), at most 8 bytes. In an attribute `&copy=1` and `&copyx` are literal. */
size_t assay_entity_match(struct assay_slice s, bool attribute, char out[8], size_t *n);
/* Appends s with all references decoded; false when out is full. */
bool assay_entity_decode(struct assay_slice s, bool attribute, struct assay_buf *out);

#endif
