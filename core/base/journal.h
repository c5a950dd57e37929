/*
 * base/journal.h - which things were dealt with already, on the disk
 *
 * A file of one line, "assay-journal 1 NAME", and behind it 16-byte keys, only ever appended to.
 * NAME says what it is about (a Maildir's path), so that a file in the wrong place is refused. The
 * whole is written as assay_io_replace_file does; what is appended is not synced: after a power cut
 * the last keys may be missing, so that whoever reads it deals with those things again. A torn last
 * key is passed over, and cut off before more is appended. Never read by another user: mode 0600.
 *
 * One process at a time. Errors name the file; E_FULL when the disk is.
 */
#ifndef ASSAY_BASE_JOURNAL_H
#define ASSAY_BASE_JOURNAL_H

#include <assay/types.h>

struct assay_key;
struct assay_keyset;

/* The name it is about must be one line of at most this many bytes. */
#define ASSAY_JOURNAL_NAME 4096

/* Adds its keys to `known`. *records, which may be NULL, is how many it has, those that are there
 * twice too. E_NOENT: there is no such file; E_SYNTAX: it is damaged or about something else;
 * E_UNSUP: a newer version wrote it; E_LIMIT: more keys than `known` may have. */
ASSAY_MUST_CHECK enum assay_status assay_journal_load(const char *path, const char *name,
    struct assay_keyset *known, size_t *records, struct assay_err *err);
/* Writes it anew, with these keys and no others; its directory is made (0700) when missing. */
ASSAY_MUST_CHECK enum assay_status assay_journal_write(
    const char *path, const char *name, const struct assay_keyset *known, struct assay_err *err);
/* All of them, or none. The file must be there: E_NOENT. */
ASSAY_MUST_CHECK enum assay_status assay_journal_append(const char *path, const char *name,
    const struct assay_key *keys, size_t n, struct assay_err *err);

#endif
