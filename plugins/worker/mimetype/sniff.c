/*
 * sniff - what we recognise ourselves, before libmagic is asked; see sniff.h
 *
 * Signatures first, then words at the start of a text. Reads the given bytes only; malformed
 * input is simply "not known". The zip members are in sniff_zip.c, the mail header in
 * sniff_mail.c.
 */
#include "base/slice.h"

#include "sniff.h"

#define TEXT_HEAD ((size_t)64 * 1024)
#define PDF_HEAD ((size_t)1024) /* readers accept junk of that size before %PDF- */

struct signature {
	struct assay_slice magic;
	const char *mimetype;
};

static const struct signature signatures[] = {
	{ ASSAY_SLICE_LIT("%PDF-"), "application/pdf" },
	{ ASSAY_SLICE_LIT("\x89PNG\r\n\x1a\n"), "image/png" },
	{ ASSAY_SLICE_LIT("\xff\xd8\xff"), "image/jpeg" },
	{ ASSAY_SLICE_LIT("GIF87a"), "image/gif" },
	{ ASSAY_SLICE_LIT("GIF89a"), "image/gif" },
	{ ASSAY_SLICE_LIT("{\\rt"), "text/rtf" },
	{ ASSAY_SLICE_LIT("\x78\x9f\x3e\x22"), "application/vnd.ms-tnef" },
	{ ASSAY_SLICE_LIT("\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"),
	    "application/onenote" },
	{ ASSAY_SLICE_LIT("\x1f\x8b\x08"), "application/gzip" },
	{ ASSAY_SLICE_LIT("\xfd"
			  "7zXZ\0"),
	    "application/x-xz" },
	{ ASSAY_SLICE_LIT("\x28\xb5\x2f\xfd"), "application/zstd" },
	{ ASSAY_SLICE_LIT("7z\xbc\xaf\x27\x1c"), "application/x-7z-compressed" },
	{ ASSAY_SLICE_LIT("Rar!\x1a\x07"), "application/vnd.rar" },
	{ ASSAY_SLICE_LIT("MSCF\0\0\0\0"), "application/vnd.ms-cab-compressed" },
	{ ASSAY_SLICE_LIT("ITSF\x03\0\0\0"), "application/vnd.ms-htmlhelp" },
	{ ASSAY_SLICE_LIT("L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F"),
	    "application/x-ms-shortcut" },
};

/* Texts that say what they are; compared without regard to ASCII case. */
static const struct signature words[] = {
	{ ASSAY_SLICE_LIT("BEGIN:VCALENDAR"), "text/calendar" },
	{ ASSAY_SLICE_LIT("BEGIN:VCARD"), "text/vcard" },
	{ ASSAY_SLICE_LIT("-----BEGIN PGP MESSAGE"), "application/pgp-encrypted" },
	{ ASSAY_SLICE_LIT("-----BEGIN PGP SIGNATURE"), "application/pgp-signature" },
	{ ASSAY_SLICE_LIT("-----BEGIN PGP SIGNED"), "application/pgp" },
	{ ASSAY_SLICE_LIT("-----BEGIN PGP PUBLIC"), "application/pgp-keys" },
	{ ASSAY_SLICE_LIT("-----BEGIN PGP PRIVATE"), "application/pgp-keys" },
	{ ASSAY_SLICE_LIT("-----BEGIN PKCS7"), "application/x-pem-file" },
	{ ASSAY_SLICE_LIT("-----BEGIN CERTIFICATE"), "application/x-pem-file" },
	{ ASSAY_SLICE_LIT("{\\rtf"), "text/rtf" },
};

/* Elements with which an HTML document or fragment begins. */
static const char *const elements[] = { "html", "head", "body", "script", "style", "meta", "title",
	"base", "table", "tbody", "tr", "td", "div", "span", "p", "br", "hr", "a", "b", "i", "u",
	"img", "font", "center", "form", "iframe", "frameset", "h1", "h2", "h3", "h4", "ul", "ol",
	"li", "link", "strong", "em", "pre", "blockquote", "section", "main", "header", "input",
	"object", "embed", "map", "button" };

/* is_element - the name of a tag that only HTML has */
static bool is_element(struct assay_slice name)
{
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (assay_slice_caseis(name, elements[i]))
			return true;
	return false;
}

/* tag_name - the name behind "<" or "</" at the start of s; empty when there is none */
static struct assay_slice tag_name(struct assay_slice s)
{
	size_t n = 0;

	if (s.n < 2 || s.p[0] != '<')
		return assay_slice("", 0);
	s = assay_slice_from(s, s.p[1] == '/' ? 2 : 1);
	while (n < s.n && n < 16 && assay_ascii_is_alnum((unsigned char)s.p[n]))
		n++;
	return assay_slice_head(s, n);
}

/* skip_blank - behind a UTF-8 byte order mark and white space */
static struct assay_slice skip_blank(struct assay_slice s)
{
	size_t n = 0;

	if (assay_slice_starts(s, "\xef\xbb\xbf"))
		n = 3;
	while (n < s.n && assay_ascii_is_space((unsigned char)s.p[n]))
		n++;
	return assay_slice_from(s, n);
}

/* skip_markup - behind what may stand before the first element: comments, <?xml ?>, <!DOCTYPE> */
static struct assay_slice skip_markup(struct assay_slice s)
{
	for (unsigned i = 0; i < 16; i++) {
		const char *close = ">";

		s = skip_blank(s);
		if (assay_slice_starts(s, "<!--"))
			close = "-->";
		else if (!assay_slice_starts(s, "<?") && !assay_slice_starts(s, "<!"))
			break;
		s = assay_slice_from(s, assay_slice_search(s, assay_slice_str(close)));
		s = assay_slice_from(s, strlen(close));
	}
	return s;
}

/* markup - HTML, SVG or other XML; NULL when it is none */
static const char *markup(struct assay_slice head)
{
	struct assay_slice name, first;

	if (!assay_slice_starts(head, "<"))
		return NULL;
	if (assay_slice_casestarts(head, "<!doctype html"))
		return "text/html";
	first = skip_markup(head);
	name = tag_name(first);
	if (is_element(name))
		return "text/html";
	if (assay_slice_caseis(name, "svg"))
		return "image/svg+xml";
	if (assay_slice_casestarts(head, "<?xml"))
		return "text/xml";
	return NULL;
}

/* by_word - a text that says at its start what it is */
static const char *by_word(struct assay_slice head)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (assay_slice_caseeq(assay_slice_head(head, words[i].magic.n), words[i].magic))
			return words[i].mimetype;
	return markup(head);
}

/* assay_sniff_type - see sniff.h */
const char *assay_sniff_type(struct assay_slice bytes)
{
	const struct assay_slice head = assay_slice_head(bytes, ASSAY_SNIFF_BYTES);
	const char *type;

	if (bytes.n == 0)
		return "application/x-empty";
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++)
		if (assay_slice_eq(
			assay_slice_head(head, signatures[i].magic.n), signatures[i].magic))
			return signatures[i].mimetype;
	if (assay_slice_starts(head, "PK\3\4") || assay_slice_starts(head, "PK\5\6"))
		return assay_sniff_zip(bytes);
	type = by_word(skip_blank(head));
	if (type != NULL)
		return type;
	if (assay_slice_search(assay_slice_head(head, PDF_HEAD), ASSAY_SLICE_LIT("%PDF-")) <
	    assay_slice_head(head, PDF_HEAD).n)
		return "application/pdf";
	return NULL;
}

/* assay_sniff_is_text - see sniff.h */
bool assay_sniff_is_text(struct assay_slice bytes)
{
	const struct assay_slice head = assay_slice_head(bytes, TEXT_HEAD);
	size_t odd = 0;

	for (size_t i = 0; i < head.n; i++) {
		const unsigned char c = (unsigned char)head.p[i];

		if (c == 0)
			return false;
		/* ESC is text in ISO-2022 charsets, BS and FF in old mails. */
		odd += c < 0x20 && !assay_ascii_is_space(c) && c != 0x1b && c != '\b';
	}
	return odd * 200 <= head.n;
}

/* assay_sniff_has_tag - see sniff.h */
bool assay_sniff_has_tag(struct assay_slice bytes)
{
	struct assay_slice s = assay_slice_head(bytes, TEXT_HEAD);

	for (;;) {
		s = assay_slice_from(s, assay_slice_find(s, '<'));
		if (s.n == 0)
			return false;
		if (is_element(tag_name(s)))
			return true;
		s = assay_slice_from(s, 1);
	}
}
