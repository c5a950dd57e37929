/*
 * clamav/database.h - a directory of signatures: what is in it, and an engine made of it
 *
 * Files are loaded one by one, those that later ones depend on first, so that a broken one costs
 * nothing but itself; of NAME.cvd and NAME.cld the newer counts. Files are the administrator's:
 * trusted, but perhaps damaged or half written. Nothing is kept open.
 */
#ifndef ASSAY_CLAMAV_DATABASE_H
#define ASSAY_CLAMAV_DATABASE_H

#include <clamav.h>

#include <assay/types.h>

#define ASSAY_CLAMAV_STAMP 65 /* hex of a SHA-256, with NUL */
#define ASSAY_CLAMAV_FILES 4096u

struct assay_clamav_database {
	struct cl_engine *engine; /* not compiled yet; NULL: there are no signatures */
	unsigned signatures;
	/* "daily 27104, main 62, 2 others (0123456789ab)": the digest is of the others' bytes. */
	char id[200];
	int64_t built_ms; /* the newest of ClamAV's own files, wall time; 0: none of them */
	char broken[300]; /* "x.hdb: Malformed database", the first that does not load; or "" */
	unsigned nbroken; /* how many do not */
	char stamp[ASSAY_CLAMAV_STAMP];
};

/* Loads what is in `dir`, with options CL_DB_*, into a new engine. A directory that is not there or
 * has no signatures is no error: engine stays NULL. */
ASSAY_MUST_CHECK enum assay_status assay_clamav_database_load(
    const char *dir, unsigned options, struct assay_clamav_database *db, struct assay_err *err);
void assay_clamav_database_release(struct assay_clamav_database *db);
/* Names, sizes, times and numbers of the files as one word; "": there are none. */
void assay_clamav_database_stamp(const char *dir, char stamp[ASSAY_CLAMAV_STAMP]);

#endif
