/*
 * detect - the type of one payload; see detect.h
 *
 * libmagic is given a mebibyte at most, its own limits are set low, and it is asked only when our
 * own look did not settle the matter: a plain text body costs it half a millisecond. Long runs of
 * white space are broken before it sees them: it is quadratic in their length. It opens its
 * database in _new() and nothing later. When it fails the answer is application/octet-stream.
 */
#include <stdlib.h>
#include <string.h>

#include <magic.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include "detect.h"
#include "kind.h"
#include "sniff.h"

#define FLAGS                                                                                      \
	(MAGIC_ERROR | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_APPTYPE | MAGIC_NO_CHECK_TOKENS |  \
	    MAGIC_NO_CHECK_CSV | MAGIC_NO_CHECK_JSON)
#define DESCRIPTION_MAX 256
#define BLANK_MAX ((size_t)64) /* white space in a row that libmagic is shown */

struct assay_detect {
	magic_t magic;
	char *shown; /* what libmagic sees in place of bytes with too much white space */
	char mimetype[128];
	char description[DESCRIPTION_MAX + 1];
};

/* limit - one bound of libmagic; versions that lack it say so and go on without */
static void limit(magic_t magic, int param, size_t value)
{
	(void)magic_setparam(magic, param, &value);
}

/* assay_detect_new - see detect.h */
enum assay_status assay_detect_new(
    const char *database, struct assay_detect **detect, struct assay_err *err)
{
	struct assay_detect *d = assay_xcalloc(1, sizeof(*d));

	*detect = d;
	d->magic = magic_open(MAGIC_MIME_TYPE | FLAGS);
	if (d->magic == NULL || magic_load(d->magic, database) != 0) {
		const char *why = d->magic != NULL ? magic_error(d->magic) : NULL;

		assay_err_set(err, ASSAY_E_CONF,
		    "libmagic's database %s cannot be loaded: %s; install the package "
		    "libmagic-mgc or name the file in [mimetype] database",
		    database != NULL ? database : "(its default)",
		    why != NULL ? why : "out of memory");
		assay_detect_free(detect);
		return ASSAY_E_CONF;
	}
	limit(d->magic, MAGIC_PARAM_BYTES_MAX, ASSAY_SNIFF_BYTES);
	limit(d->magic, MAGIC_PARAM_INDIR_MAX, 15);
	limit(d->magic, MAGIC_PARAM_NAME_MAX, 30);
	limit(d->magic, MAGIC_PARAM_ELF_PHNUM_MAX, 128);
	limit(d->magic, MAGIC_PARAM_ELF_SHNUM_MAX, 1024);
	limit(d->magic, MAGIC_PARAM_ELF_NOTES_MAX, 64);
	limit(d->magic, MAGIC_PARAM_REGEX_MAX, 1024);
	/* Whatever the library loads at its first use, it loads now. */
	(void)magic_buffer(d->magic, "MZ", 2);
	return ASSAY_OK;
}

/* assay_detect_free - see detect.h */
void assay_detect_free(struct assay_detect **detect)
{
	if (*detect == NULL)
		return;
	if ((*detect)->magic != NULL)
		magic_close((*detect)->magic);
	free((*detect)->shown);
	free(*detect);
	*detect = NULL;
}

/* is_type - lower case, as RFC 6838 section 4.2 allows it: what libmagic says is not always one */
static bool is_type(const char *s)
{
	const char *slash = strchr(s, '/');

	if (slash == NULL || slash == s || slash[1] == 0)
		return false;
	for (; *s != 0; s++)
		if (!assay_ascii_is_alnum((unsigned char)*s) && strchr("/.+-_!#$&^", *s) == NULL)
			return false;
	return true;
}

/* named - an answer from the table of kinds, or the bare type */
static struct assay_detect_type named(const char *mimetype)
{
	const struct assay_kind *kind = assay_kind_find(mimetype);

	if (kind == NULL)
		return (struct assay_detect_type){ mimetype, NULL, NULL };
	return (struct assay_detect_type){ kind->mimetype, kind->extension, kind->description };
}

/* unsure - what bytes are that libmagic makes nothing of, or takes for text in spite of NULs */
static const char *unsure(struct assay_slice head)
{
	if (assay_sniff_is_text(head))
		return "text/plain";
	return assay_slice_starts(head, "MZ") ? "application/x-dosexec"
					      : "application/octet-stream";
}

/* blank_from - the end of the white space that begins at `at` */
static size_t blank_from(struct assay_slice s, size_t at)
{
	while (at < s.n && assay_ascii_is_space((unsigned char)s.p[at]))
		at++;
	return at;
}

/* long_blank - is there white space of twice BLANK_MAX in a row? */
static bool long_blank(struct assay_slice s)
{
	for (size_t at = BLANK_MAX; at < s.n; at += BLANK_MAX)
		if (assay_ascii_is_space((unsigned char)s.p[at]) &&
		    blank_from(s, at) - at >= BLANK_MAX)
			return true;
	return false;
}

/* break_blanks - the same bytes, with a dot after each BLANK_MAX of white space in a row
 *
 * At each place of a search libmagic passes over all white space that follows. */
static struct assay_slice break_blanks(struct assay_detect *d, struct assay_slice head)
{
	size_t run = 0;

	if (!long_blank(head))
		return head;
	if (d->shown == NULL)
		d->shown = assay_xcalloc(1, ASSAY_SNIFF_BYTES);
	memcpy(d->shown, head.p, head.n);
	for (size_t at = 0; at < head.n; at++) {
		run = assay_ascii_is_space((unsigned char)head.p[at]) ? run + 1 : 0;
		if (run > BLANK_MAX) {
			d->shown[at] = '.';
			run = 0;
		}
	}
	return assay_slice(d->shown, head.n);
}

/* describe - libmagic's words, NULL: none; true when they say that it knows nothing of the kind */
static bool describe(struct assay_detect *d, struct assay_slice head, const char **words)
{
	static const char *const vague[] = { "ASCII text", "Unicode text, UTF-8", "ISO-8859 text",
		"Non-ISO extended-ASCII text" };
	const char *said;
	size_t n;

	(void)magic_setflags(d->magic, FLAGS);
	said = magic_buffer(d->magic, head.p, head.n);
	*words = NULL;
	if (said == NULL || said[0] == 0)
		return false;
	n = strnlen(said, DESCRIPTION_MAX);
	memcpy(d->description, said, n);
	d->description[n] = 0;
	*words = d->description;
	for (size_t i = 0; i < sizeof(vague) / sizeof(vague[0]); i++)
		if (strncmp(said, vague[i], strlen(vague[i])) == 0)
			return true;
	return strcmp(said, "data") == 0;
}

/* mime - libmagic's type; it is asked a second time, which is as dear as the first */
static const char *mime(struct assay_detect *d, struct assay_slice head)
{
	const char *said;

	(void)magic_setflags(d->magic, MAGIC_MIME_TYPE | FLAGS);
	said = magic_buffer(d->magic, head.p, head.n);
	if (said == NULL || !is_type(said) || strcmp(said, "application/octet-stream") == 0 ||
	    strcmp(said, "text/plain") == 0)
		return unsure(head);
	return said;
}

/* ask - libmagic's type and words */
static struct assay_detect_type ask(struct assay_detect *d, struct assay_slice head)
{
	struct assay_detect_type type;
	const char *said, *words;
	size_t n = 0;

	head = break_blanks(d, head);
	said = describe(d, head, &words) ? unsure(head) : mime(d, head);
	for (; said[n] != 0 && n + 1 < sizeof(d->mimetype); n++)
		d->mimetype[n] = (char)assay_ascii_lower((unsigned char)said[n]);
	d->mimetype[n] = 0;
	type = named(d->mimetype);
	if (words != NULL)
		type.description = words;
	return type;
}

/* body_text - a text that was declared as one needs no libmagic; NULL: no such text */
static const char *body_text(struct assay_slice bytes, const struct assay_detect_hint *hint)
{
	const bool html = hint->declared != NULL && strcmp(hint->declared, "text/html") == 0;
	const bool plain = hint->declared != NULL && strcmp(hint->declared, "text/plain") == 0;

	if (!html && !(plain && hint->extension == NULL) && !hint->root)
		return NULL;
	if (!assay_sniff_is_text(bytes))
		return NULL;
	if (html)
		return assay_sniff_has_tag(bytes) ? "text/html" : "text/plain";
	/* What was handed in may be any program's source: libmagic knows many. */
	return plain ? "text/plain" : NULL;
}

/* is_message - bytes declared to be a message that begin like one */
static bool is_message(struct assay_slice bytes, const struct assay_detect_hint *hint)
{
	return hint->declared != NULL &&
	    (strcmp(hint->declared, "message/rfc822") == 0 ||
		strcmp(hint->declared, "message/global") == 0) &&
	    assay_sniff_field(bytes) && assay_sniff_is_text(bytes);
}

/* assay_detect_type - see detect.h */
struct assay_detect_type assay_detect_type(
    struct assay_detect *detect, struct assay_slice bytes, const struct assay_detect_hint *hint)
{
	const char *type = assay_sniff_type(bytes);
	enum assay_sniff_mail mail;

	if (type != NULL)
		return named(type);
	mail = assay_sniff_mail(bytes);
	if (mail == ASSAY_MAIL_CERTAIN || (mail == ASSAY_MAIL_WEAK && hint->root) ||
	    is_message(bytes, hint))
		return named("message/rfc822");
	type = body_text(bytes, hint);
	if (type != NULL)
		return named(type);
	return ask(detect, assay_slice_head(bytes, ASSAY_SNIFF_BYTES));
}
