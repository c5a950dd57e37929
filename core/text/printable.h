/*
 * text/printable.h - foreign text, safe to print in a log line or on a terminal
 *
 * Control characters (C0, DEL, C1), bidi controls (U+061C, U+200E/F, U+202A-E, U+2066-9), zero
 * width and other invisible characters (U+00AD, U+200B-D, U+2060-4, U+FEFF, U+2028/9, tags) and
 * invalid bytes are written as \x1b or \u202e; a backslash as two. The result is valid UTF-8, one
 * line, and can be told apart from any other input's.
 */
#ifndef ASSAY_TEXT_PRINTABLE_H
#define ASSAY_TEXT_PRINTABLE_H

#include <assay/types.h>

struct assay_buf;

/* Is cp one of the invisible or direction-changing characters named above (controls included)? */
bool assay_printable_is_hidden(uint32_t cp);
/* Does s hold a bidi control? */
bool assay_printable_has_bidi(struct assay_slice s);
/* Appends at most max bytes (max >= 3), the last three being "..." when not all fitted: then
 * returns false. */
bool assay_printable_add(struct assay_buf *out, struct assay_slice s, size_t max);
/* The same into an array of cap > 3 bytes, NUL-terminated; returns text for use in printf. */
const char *assay_printable_copy(char *text, size_t cap, struct assay_slice s);

#endif
