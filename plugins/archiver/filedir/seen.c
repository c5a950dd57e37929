/*
 * filedir/seen.c - see seen.h. Touches the journal of its directory only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/journal.h"
#include "base/log.h"
#include "base/slice.h"
#include "seen.h"

#define PATH_TEXT 4096
#define STALE 1024 /* keys of files that are gone, before it is worth to write all anew */

/* digest - the first half of the SHA-256 */
static struct assay_key digest(const char *p, size_t n)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	struct assay_key key;

	ASSAY_ASSERT(EVP_Digest(p, n, raw, NULL, EVP_sha256(), NULL) == 1);
	memcpy(key.b, raw, sizeof key.b);
	return key;
}

/* assay_seen_key - see seen.h */
struct assay_key assay_seen_key(const char *path, const struct stat *st)
{
	char text[PATH_TEXT + 80];
	const int n = snprintf(text, sizeof text, "%lld %lld.%09ld %s", (long long)st->st_size,
	    (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec, path);

	ASSAY_ASSERT(n > 0 && (size_t)n < sizeof text);
	return digest(text, (size_t)n);
}

/* name_of - DIR/HEX, where HEX stands for the directory it is about */
static char *name_of(const char *dir, const char *root)
{
	const struct assay_key key = digest(root, strlen(root));
	const size_t n = strlen(dir) + 2 * ASSAY_KEY_BYTES + 2;
	char *path = assay_xmalloc(n), *at = path + strlen(dir) + 1;

	(void)snprintf(path, n, "%s/", dir);
	for (size_t i = 0; i < ASSAY_KEY_BYTES; i++)
		(void)snprintf(at + 2 * i, 3, "%02x", key.b[i]);
	return path;
}

/* write_anew - all that is done */
static void write_anew(struct assay_seen *seen)
{
	struct assay_err err;

	seen->writable = assay_journal_write(seen->path, seen->root, &seen->done, &err) == ASSAY_OK;
	if (seen->writable)
		seen->nbatch = 0;
	else
		assay_told_warn(seen->told, seen->path, 0, err.text);
}

/* assay_seen_open - see seen.h */
enum assay_status assay_seen_open(struct assay_seen *seen, const char *root, const char *dir,
    struct assay_told *told, struct assay_err *err)
{
	enum assay_status status;

	*seen = (struct assay_seen){ .root = root, .told = told };
	assay_keyset_init(&seen->done, ASSAY_SEEN_MOST);
	assay_keyset_init(&seen->busy, ASSAY_SEEN_MOST);
	assay_keyset_init(&seen->met, ASSAY_SEEN_MOST);
	if (strlen(root) > ASSAY_JOURNAL_NAME || strchr(root, '\n') != NULL)
		return assay_err_set(
		    err, ASSAY_E_CONF, "[filedir] watch: %s is too long, or no line", root);
	seen->path = name_of(dir, root);
	status = assay_journal_load(seen->path, root, &seen->done, NULL, err);
	if (status == ASSAY_E_UNSUP)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s: a newer version has written it; with this one use another journal",
		    seen->path);
	seen->writable = status == ASSAY_OK;
	if (status != ASSAY_OK && status != ASSAY_E_NOENT)
		assay_log(ASSAY_LOG_WARNING,
		    "filedir: %s; it is written anew, files may be scanned twice", err->text);
	if (!seen->writable)
		write_anew(seen);
	return ASSAY_OK;
}

/* assay_seen_close - see seen.h */
void assay_seen_close(struct assay_seen *seen)
{
	if (seen->path != NULL)
		assay_seen_flush(seen);
	assay_keyset_release(&seen->done);
	assay_keyset_release(&seen->busy);
	assay_keyset_release(&seen->met);
	free(seen->path);
	*seen = (struct assay_seen){ 0 };
}

/* assay_seen_walk - a walk begins */
void assay_seen_walk(struct assay_seen *seen)
{
	seen->hits = 0;
}

/* assay_seen_walked - forgetting takes two walks: the second one keeps what it meets */
void assay_seen_walked(struct assay_seen *seen, bool whole)
{
	if (whole && seen->collect) {
		assay_keyset_release(&seen->done);
		seen->done = seen->met;
		assay_keyset_init(&seen->met, ASSAY_SEEN_MOST);
		write_anew(seen);
	}
	assay_keyset_release(&seen->met);
	if (!seen->writable)
		write_anew(seen);
	seen->collect = whole && !seen->collect && seen->done.n > 2 * seen->hits + STALE;
	assay_seen_flush(seen);
}

/* assay_seen_has - see seen.h */
bool assay_seen_has(struct assay_seen *seen, struct assay_key key)
{
	if (assay_keyset_has(&seen->busy, key))
		return true;
	if (!assay_keyset_has(&seen->done, key))
		return false;
	seen->hits++;
	if (seen->collect)
		(void)assay_keyset_add(&seen->met, key);
	return true;
}

/* assay_seen_begin - see seen.h */
bool assay_seen_begin(struct assay_seen *seen, struct assay_key key)
{
	return !assay_keyset_full(&seen->done) && assay_keyset_add(&seen->busy, key);
}

/* assay_seen_end - see seen.h */
void assay_seen_end(struct assay_seen *seen, struct assay_key key, bool done)
{
	(void)assay_keyset_remove(&seen->busy, key);
	if (!done || !assay_keyset_add(&seen->done, key))
		return;
	seen->hits++;
	if (seen->collect)
		(void)assay_keyset_add(&seen->met, key);
	if (seen->nbatch == ASSAY_SEEN_BATCH)
		assay_seen_flush(seen);
	/* What the disk will not take is in memory still. */
	if (seen->nbatch < ASSAY_SEEN_BATCH)
		seen->batch[seen->nbatch++] = key;
}

/* assay_seen_flush - see seen.h */
void assay_seen_flush(struct assay_seen *seen)
{
	struct assay_err err;

	if (seen->nbatch == 0 || !seen->writable)
		return;
	if (assay_journal_append(seen->path, seen->root, seen->batch, seen->nbatch, &err) ==
	    ASSAY_OK) {
		seen->nbatch = 0;
		return;
	}
	/* The disk is full, or somebody has removed it: all of it after the next walk. */
	seen->writable = false;
	assay_told_warn(seen->told, seen->path, 0, err.text);
}
