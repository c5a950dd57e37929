/*
 * core/giveup.c - see giveup.h. Memory only.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/giveup.h"
#include "core/json.h"

#define ENVELOPE_MAX ((size_t)1 << 20)

/* A mail. */
struct put_off {
	char key[ASSAY_DIGEST_TEXT];
	int64_t first_ms, last_ms;
	uint64_t tries;
};

struct assay_giveup {
	struct put_off mail[ASSAY_GIVEUP_MAILS];
	size_t n;
	uint64_t tries;
	int64_t after_ms;
};

/* assay_giveup_new - none yet */
struct assay_giveup *assay_giveup_new(uint64_t tries, int64_t after_ms)
{
	struct assay_giveup *giveup = assay_xcalloc(1, sizeof *giveup);

	giveup->tries = tries;
	giveup->after_ms = after_ms;
	return giveup;
}

/* assay_giveup_free - accepts NULL, leaves NULL */
void assay_giveup_free(struct assay_giveup **giveup)
{
	free(*giveup);
	*giveup = NULL;
}

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

/* find - its number, or n */
static size_t find(const struct assay_giveup *giveup, const char *key)
{
	size_t i = 0;

	while (i < giveup->n && strcmp(giveup->mail[i].key, key) != 0)
		i++;
	return i;
}

/* assay_giveup_due - see giveup.h */
bool assay_giveup_due(const struct assay_giveup *giveup, const char *key, int64_t now_ms)
{
	const size_t i = find(giveup, key);
	const struct put_off *mail = &giveup->mail[i];

	return i < giveup->n &&
	    (mail->tries >= giveup->tries || now_ms - mail->first_ms >= giveup->after_ms);
}

/* vacant - a free entry, or that of the mail not seen for longest */
static struct put_off *vacant(struct assay_giveup *giveup)
{
	struct put_off *oldest = &giveup->mail[0];

	if (giveup->n < ASSAY_GIVEUP_MAILS)
		return &giveup->mail[giveup->n++];
	for (size_t i = 1; i < giveup->n; i++)
		if (giveup->mail[i].last_ms < oldest->last_ms)
			oldest = &giveup->mail[i];
	return oldest;
}

/* assay_giveup_note - see giveup.h */
void assay_giveup_note(struct assay_giveup *giveup, const char *key, int64_t now_ms)
{
	const size_t i = find(giveup, key);
	struct put_off *mail;

	if (i < giveup->n) {
		mail = &giveup->mail[i];
	} else {
		mail = vacant(giveup);
		*mail = (struct put_off){ .first_ms = now_ms };
		memcpy(mail->key, key, sizeof mail->key);
	}
	mail->last_ms = now_ms;
	mail->tries++;
}
