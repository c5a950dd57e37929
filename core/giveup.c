/*
 * core/giveup.c - see giveup.h. Touches one file of ours; everything in it is checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/giveup.h"
#include "core/json.h"

#define ENVELOPE_MAX ((size_t)1 << 20)
#define TRIES_MOST 1000000u
#define KEY_ROOM 72u /* SHA-256 in hex, its NUL, and no gap behind it */
#define MAGIC "assay-giveup 1\n"

/* A mail, in memory as in the file; all zero: free. */
struct put_off {
	char key[KEY_ROOM]; /* filled with zeros */
	int64_t first_ms, last_ms;
	uint64_t tries;
	uint64_t check; /* of what is above: a write that was cut is found out */
};

struct assay_giveup {
	struct put_off mail[ASSAY_GIVEUP_MAILS];
	uint64_t tries;
	int64_t after_ms;
	int fd;    /* -1: memory only */
	bool told; /* that the file is of no use */
};

/* ---- the file -------------------------------------------------------------------------------- */

/* check_of - over a mail but its check */
static uint64_t check_of(const struct put_off *mail)
{
	return assay_slice_hash(assay_slice((const char *)mail, offsetof(struct put_off, check)));
}

/* is_mail - was it written by us, whole? */
static bool is_mail(const struct put_off *mail)
{
	return mail->check == check_of(mail) && mail->tries > 0 && mail->tries < TRIES_MOST &&
	    memchr(mail->key, '\0', sizeof mail->key) != NULL && mail->last_ms >= mail->first_ms;
}

/* without - the file is of no use now; told once */
static void without(struct assay_giveup *giveup, const char *path)
{
	const char *why = strerror(errno);

	if (!giveup->told)
		assay_log(ASSAY_LOG_WARNING,
		    "%s: %s; how often a mail was put off is remembered in memory only", path, why);
	giveup->told = true;
}

/* begin_file - empty, with room on the disk for all that it will have */
static bool begin_file(int fd)
{
	const off_t size = (off_t)(sizeof MAGIC + sizeof(struct put_off) * ASSAY_GIVEUP_MAILS);

	if (ftruncate(fd, 0) != 0 || ftruncate(fd, size) != 0 ||
	    pwrite(fd, MAGIC, sizeof MAGIC, 0) != (ssize_t)sizeof MAGIC)
		return false;
	errno = posix_fallocate(fd, 0, size);
	return errno == 0;
}

/* load - what a door before us knew; an empty file, or one that is none of ours, begins anew */
static void load(struct assay_giveup *giveup, const char *path)
{
	char magic[sizeof MAGIC];
	const size_t size = sizeof giveup->mail;
	ssize_t n = pread(giveup->fd, magic, sizeof magic, 0);

	if (n == (ssize_t)sizeof magic && memcmp(magic, MAGIC, sizeof magic) == 0) {
		n = pread(giveup->fd, giveup->mail, size, sizeof magic);
		for (size_t i = 0; i < ASSAY_GIVEUP_MAILS; i++)
			if (n < (ssize_t)((i + 1) * sizeof giveup->mail[i]) ||
			    !is_mail(&giveup->mail[i]))
				giveup->mail[i] = (struct put_off){ .tries = 0 };
		return;
	}
	if (!begin_file(giveup->fd))
		without(giveup, path);
}

/* save - one mail, at its place */
static void save(struct assay_giveup *giveup, const struct put_off *mail)
{
	const size_t at = sizeof MAGIC + (size_t)((const char *)mail - (const char *)giveup->mail);

	if (giveup->fd >= 0 &&
	    pwrite(giveup->fd, mail, sizeof *mail, (off_t)at) != (ssize_t)sizeof *mail)
		without(giveup, ASSAY_GIVEUP_FILE);
}

/* assay_giveup_open - see giveup.h */
struct assay_giveup *assay_giveup_open(const char *path, uint64_t tries, int64_t after_ms)
{
	struct assay_giveup *giveup = assay_xcalloc(1, sizeof *giveup);

	giveup->tries = tries;
	giveup->after_ms = after_ms;
	giveup->fd = -1;
	if (path == NULL)
		return giveup;
	giveup->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (giveup->fd < 0)
		without(giveup, path);
	else
		load(giveup, path);
	return giveup;
}

/* assay_giveup_close - accepts NULL, leaves NULL */
void assay_giveup_close(struct assay_giveup **giveup)
{
	if (*giveup != NULL)
		assay_io_close(&(*giveup)->fd);
	free(*giveup);
	*giveup = NULL;
}

/* ---- mails ----------------------------------------------------------------------------------- */

/* add_addr - an address of the envelope */
static void add_addr(struct assay_buf *text, const json_t *who)
{
	const char *addr = assay_json_get_str(who, "addr");

	(void)assay_buf_printf(text, "%s%c", addr != NULL ? addr : "", '\0');
}

/* body_of - behind the first empty line; all when there is none */
static struct assay_slice body_of(struct assay_slice message)
{
	const size_t at = assay_slice_search(message, ASSAY_SLICE_LIT("\r\n\r\n"));
	const size_t bare = assay_slice_search(message, ASSAY_SLICE_LIT("\n\n"));

	if (message.n == 0 || (at == message.n && bare == message.n))
		return message;
	return at < bare ? assay_slice_from(message, at + 4) : assay_slice_from(message, bare + 2);
}

/* assay_giveup_key - see giveup.h */
void assay_giveup_key(
    const json_t *request, struct assay_slice message, char key[ASSAY_DIGEST_TEXT])
{
	const json_t *envelope = json_object_get(request, "envelope");
	const json_t *recipients = json_object_get(envelope, "recipients");
	struct assay_buf text;

	assay_digest_hex(ASSAY_SHA256, body_of(message), key);
	assay_buf_init(&text, ENVELOPE_MAX);
	(void)assay_buf_printf(&text, "%s%c", key, '\0');
	add_addr(&text, json_object_get(envelope, "sender"));
	for (size_t i = 0; i < json_array_size(recipients); i++)
		add_addr(&text, json_array_get(recipients, i));
	assay_digest_hex(ASSAY_SHA256, assay_buf_slice(&text), key);
	assay_buf_release(&text);
}

/* find - its entry, or NULL */
static const struct put_off *find(const struct assay_giveup *giveup, const char *key)
{
	for (size_t i = 0; i < ASSAY_GIVEUP_MAILS; i++)
		if (giveup->mail[i].tries > 0 && strcmp(giveup->mail[i].key, key) == 0)
			return &giveup->mail[i];
	return NULL;
}

/* assay_giveup_due - see giveup.h */
bool assay_giveup_due(const struct assay_giveup *giveup, const char *key, int64_t now_ms)
{
	const struct put_off *mail = find(giveup, key);

	return mail != NULL &&
	    (mail->tries >= giveup->tries || now_ms - mail->first_ms >= giveup->after_ms);
}

/* vacant - a free entry, or that of the mail not seen for longest */
static struct put_off *vacant(struct assay_giveup *giveup)
{
	struct put_off *oldest = &giveup->mail[0];

	for (size_t i = 0; i < ASSAY_GIVEUP_MAILS; i++) {
		if (giveup->mail[i].tries == 0)
			return &giveup->mail[i];
		if (giveup->mail[i].last_ms < oldest->last_ms)
			oldest = &giveup->mail[i];
	}
	return oldest;
}

/* assay_giveup_note - see giveup.h */
void assay_giveup_note(struct assay_giveup *giveup, const char *key, int64_t now_ms)
{
	struct put_off *mail = (struct put_off *)(uintptr_t)find(giveup, key);

	if (mail == NULL) {
		mail = vacant(giveup);
		*mail = (struct put_off){ .first_ms = now_ms };
		memcpy(mail->key, key, strnlen(key, KEY_ROOM - 1));
	}
	mail->last_ms = now_ms > mail->first_ms ? now_ms : mail->first_ms;
	mail->tries++;
	mail->check = check_of(mail);
	save(giveup, mail);
}
