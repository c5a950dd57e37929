/*
 * sqlite/key.h - digests and ids as bytes, and the functions for them in SQL
 *
 * A text of 32 and more hexadecimal digits, an even number, lower case, is kept as bytes; a UUID in
 * lower case as 16 bytes; everything else as text. In SQL:
 *
 *	assay_glob(PATTERN, TEXT)	1 where it fits: * and ?, ASCII case ignored; TEXT may be
 *the bytes of a digest assay_ends(PATTERN, KEY)	the same of bytes that are backwards
 *	assay_key(TEXT)			as values are kept
 *	assay_id(TEXT)			as ids are kept
 *	assay_id_text(ID)		back
 */
#ifndef ASSAY_SQLITE_KEY_H
#define ASSAY_SQLITE_KEY_H

#include <sqlite3.h>

#include <assay/types.h>

#define ASSAY_KEY_UUID 16u
#define ASSAY_KEY_UUID_TEXT 36u
#define ASSAY_KEY_DIGEST_LEAST 32u
#define ASSAY_KEY_MOST 2048u

/* Bytes of a digest, at most ASSAY_KEY_MOST / 2; 0: it is none. */
size_t assay_key_digest(struct assay_slice text, unsigned char *bytes);
bool assay_key_uuid(struct assay_slice text, unsigned char bytes[ASSAY_KEY_UUID]);
void assay_key_uuid_text(
    const unsigned char bytes[ASSAY_KEY_UUID], char text[ASSAY_KEY_UUID_TEXT + 1]);
/* Lower-case digits of bytes, ASSAY_KEY_MOST / 2 at most, and NUL; how many. */
size_t assay_key_hex(struct assay_slice bytes, char text[ASSAY_KEY_MOST + 1]);
/* The lowest and the highest UUID that begins with the text; false: none does. */
bool assay_key_uuid_range(struct assay_slice begin, unsigned char low[ASSAY_KEY_UUID],
    unsigned char high[ASSAY_KEY_UUID]);

/* An id as it is kept; the text is borrowed until the statement is reset, absent is NULL. */
void assay_key_bind_id(sqlite3_stmt *stmt, int at, struct assay_slice text);
/* SQLITE_OK, or why not. */
int assay_key_register(sqlite3 *db);

#endif
