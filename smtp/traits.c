/*
 * traits - what one mail says that does not fit together; see traits.h
 *
 * Reads the walk and the header; every search is bounded by what the result keeps (64 KiB of body,
 * 1 MiB of visible text). Cannot fail.
 */
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "mail/date.h"
#include "text/domain.h"
#include "text/printable.h"
#include "text/secret.h"
#include "text/utf8.h"

#include "head.h"
#include "scan.h"
#include "summary.h"
#include "traits.h"

#define TRAITS_FUTURE_MS (24 * 3600 * INT64_C(1000))

static const char *const executable[] = { "exe", "scr", "pif", "com", "bat", "cmd", "js", "jse",
	"vbs", "vbe", "wsf", "wsh", "hta", "lnk", "ps1", "jar", "msi", "cpl", "dll", "reg", "iso",
	"img", "vhd", "vhdx", "chm", "appx", "msix", "xll", "one", "url", "library-ms",
	"settingcontent-ms" };
static const char *const document[] = { "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt",
	"jpg", "jpeg", "png", "gif", "html", "htm", "csv", "rtf", "mp3", "mp4", "zip" };

/* is_one_of - is the word in a list? */
static bool is_one_of(struct assay_slice word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (assay_slice_caseis(word, list[i]))
			return true;
	return false;
}

#define IS_ONE_OF(word, list) is_one_of(word, list, sizeof(list) / sizeof(list[0]))

/* extension - what stands behind the last dot, shortened to what came before in *rest */
static struct assay_slice extension(struct assay_slice name, struct assay_slice *rest)
{
	for (size_t i = name.n; i-- > 0;)
		if (name.p[i] == '.') {
			*rest = assay_slice_head(name, i);
			return assay_slice_trim(assay_slice_from(name, i + 1));
		}
	*rest = name;
	return assay_slice("", 0);
}

/* has_hidden - an invisible character in a name? */
static bool has_hidden(struct assay_slice s)
{
	while (s.n > 0) {
		uint32_t cp;
		size_t n = assay_utf8_decode(s, &cp);

		if (cp != ASSAY_UTF8_BAD && assay_printable_is_hidden(cp))
			return true;
		s = assay_slice_from(s, n);
	}
	return false;
}

/* one_name - what a file name gives away */
static void one_name(struct assay_scan *scan, struct assay_slice name)
{
	struct assay_slice rest, ext = extension(assay_slice_trim(name), &rest), inner, more;

	if (assay_printable_has_bidi(name))
		assay_scan_trait(scan, "bidi-in-filename", name);
	else if (has_hidden(name))
		assay_scan_trait(scan, "hidden-characters-in-filename", name);
	if (assay_slice_search(name, ASSAY_SLICE_LIT("          ")) < name.n)
		assay_scan_trait(scan, "long-spaces-in-filename", name);
	if (!IS_ONE_OF(ext, executable))
		return;
	assay_scan_trait(scan, "executable-extension", ext);
	inner = extension(assay_slice_trim(rest), &more);
	if (IS_ONE_OF(inner, document))
		assay_scan_trait(scan, "double-extension", name);
}

/* type_mismatch - declared as picture, sound or text, named as a program; or the other way */
static void type_mismatch(struct assay_scan *scan, const struct assay_part *part)
{
	static const struct {
		const char *ext, *type;
	} pairs[] = { { "pdf", "application/pdf" }, { "png", "image/png" }, { "gif", "image/gif" },
		{ "zip", "application/zip" } };
	struct assay_slice type = part->entity.content_type, name = part->entity.name[0], rest;
	struct assay_slice ext = extension(name, &rest);
	bool media = assay_slice_starts(type, "image/") || assay_slice_starts(type, "audio/") ||
	    assay_slice_starts(type, "video/") || assay_slice_starts(type, "text/");
	bool differs = media && IS_ONE_OF(ext, executable) && !assay_slice_caseis(ext, "js") &&
	    !assay_slice_caseis(ext, "url");

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		differs |= assay_slice_is(type, pairs[i].type) && ext.n > 0 &&
		    !assay_slice_caseis(ext, pairs[i].ext);
	if (differs)
		assay_scan_trait_str(scan, "type-mismatch",
		    assay_arena_printf(scan->arena, "%.*s: %.*s",
			(int)assay_slice_head(name, 150).n, name.p,
			(int)assay_slice_head(type, 80).n, type.p));
}

/* parts - names, types, signatures and encryption of every part */
static void parts(struct assay_scan *scan)
{
	for (size_t i = 0; i < scan->walk.n; i++) {
		const struct assay_part *part = scan->walk.part[i];
		const struct assay_entity *e = &part->entity;

		for (size_t k = 0; k < e->nname; k++)
			one_name(scan, e->name[k]);
		if (e->nname > 0)
			type_mismatch(scan, part);
		if (assay_slice_is(e->content_type, "multipart/encrypted") ||
		    assay_slice_is(e->content_type, "application/pgp-encrypted")) {
			scan->encrypted = true;
			assay_scan_trait_str(scan, "encrypted-pgp", NULL);
		} else if (assay_slice_is(e->content_type, "application/pgp-signature")) {
			assay_scan_trait_str(scan, "signed-pgp", NULL);
		} else if (assay_slice_ends(e->content_type, "pkcs7-signature")) {
			assay_scan_trait_str(scan, "signed-smime", "detached");
		}
	}
}

/* registrable - of an address's domain; "" when there is none */
static struct assay_slice registrable(const struct assay_addr *a)
{
	return a->domain.n > 0 ? assay_domain_registrable(a->domain) : assay_slice("", 0);
}

/* differ - an address field whose domains are none of From's */
static void differ(struct assay_scan *scan, const struct assay_addr_list *from,
    const struct assay_addr *other, const char *code)
{
	struct assay_slice domain = registrable(other);

	if (domain.n == 0 || from->n == 0)
		return;
	for (size_t i = 0; i < from->n; i++)
		if (assay_slice_caseeq(registrable(&from->addr[i]), domain))
			return;
	assay_scan_trait(scan, code, domain);
}

/* name_address - a display name that holds an address of another domain */
static void name_address(struct assay_scan *scan, const struct assay_addr *a)
{
	size_t at = assay_slice_find(a->name, '@'), start = at, end = at;
	struct assay_slice found, domain;

	if (assay_printable_has_bidi(a->name))
		assay_scan_trait(scan, "bidi-in-name", a->name);
	if (at >= a->name.n)
		return;
	while (start > 0 && !assay_ascii_is_space((unsigned char)a->name.p[start - 1]) &&
	    strchr("<>()[]\"',;:", a->name.p[start - 1]) == NULL)
		start--;
	while (end < a->name.n && !assay_ascii_is_space((unsigned char)a->name.p[end]) &&
	    strchr("<>()[]\"',;:", a->name.p[end]) == NULL)
		end++;
	found = assay_slice(a->name.p + start, end - start);
	domain = assay_slice_from(found, at - start + 1);
	if (start < at && assay_slice_find(domain, '.') < domain.n &&
	    !assay_slice_caseeq(found, a->addr))
		assay_scan_trait(scan, "name-contains-address", found);
}

/* envelope - the sender the door was told, against From; a message inside another came in none */
static void envelope(struct assay_scan *scan, const struct assay_addr_list *from)
{
	const json_t *env = assay_payload_depth(scan->payload) > 0
	    ? NULL
	    : json_object_get(assay_payload_request(scan->payload), "envelope");
	const json_t *sender = json_object_get(env, "sender");
	const char *text =
	    json_string_value(json_is_string(sender) ? sender : json_object_get(sender, "addr"));
	const json_t *client = json_object_get(env, "client");
	const char *ip = json_string_value(json_object_get(client, "addr"));
	struct assay_addr a;
	bool inside;

	if (text != NULL && text[0] != '\0') {
		assay_addr_one(scan->arena, assay_slice_str(text), &a);
		differ(scan, from, &a, "from-envelope-domain-differs");
	} else if (text == NULL) {
		struct assay_addr_list path;

		assay_head_addresses(scan, "return-path", &path);
		if (path.n > 0)
			differ(scan, from, &path.addr[0], "from-envelope-domain-differs");
	}
	if (ip == NULL)
		return;
	inside =
	    json_string_value(json_object_get(json_object_get(client, "auth"), "user")) != NULL;
	for (size_t i = 0; scan->conf->our_networks[i] != NULL; i++)
		inside |= assay_summary_in_net(assay_slice_str(ip), scan->conf->our_networks[i]);
	for (size_t i = 0; i < from->n && !inside; i++)
		if (assay_summary_in_domains(from->addr[i].domain, scan->conf->our_domains))
			assay_scan_trait(scan, "own-domain-from-outside", from->addr[i].domain);
}

/* people - the address fields against each other */
static void people(struct assay_scan *scan)
{
	struct assay_addr_list from, other;

	assay_head_addresses(scan, "from", &from);
	if (from.n == 0)
		assay_scan_trait_str(scan, "from-missing", NULL);
	if (from.total > 1 || assay_header_find(&scan->root->header, "from", 1) != NULL)
		assay_scan_trait_str(scan, "from-multiple", NULL);
	for (size_t i = 0; i < from.n && i < 10; i++)
		name_address(scan, &from.addr[i]);
	assay_head_addresses(scan, "reply-to", &other);
	for (size_t i = 0; i < other.n && i < 10; i++)
		differ(scan, &from, &other.addr[i], "reply-to-domain-differs");
	assay_head_addresses(scan, "sender", &other);
	if (other.n > 0)
		differ(scan, &from, &other.addr[0], "sender-domain-differs");
	envelope(scan, &from);
}

/* single_fields - what ought to be there, and dates that cannot be */
static void single_fields(struct assay_scan *scan)
{
	const struct assay_header *h = &scan->root->header;
	const struct assay_header_field *date = assay_header_find(h, "date", 0);
	struct assay_slice subject = assay_head_value(scan, "subject");
	int64_t ms;

	if (assay_header_find(h, "message-id", 0) == NULL)
		assay_scan_trait_str(scan, "message-id-missing", NULL);
	if (assay_header_find(h, "to", 0) == NULL && assay_header_find(h, "cc", 0) == NULL)
		assay_scan_trait_str(scan, "to-missing", NULL);
	if (date == NULL)
		assay_scan_trait_str(scan, "date-missing", NULL);
	else if (assay_date_parse(date->value, &ms) == ASSAY_OK &&
	    ms > assay_payload_scan_time(scan->payload) + TRAITS_FUTURE_MS)
		assay_scan_trait_str(scan, "date-future", NULL);
	if (assay_slice_casestarts(subject, "re:") &&
	    assay_header_find(h, "in-reply-to", 0) == NULL &&
	    assay_header_find(h, "references", 0) == NULL)
		assay_scan_trait_str(scan, "fake-reply", NULL);
	if (scan->root->body.n == 0)
		assay_scan_trait_str(scan, "empty-message", NULL);
}

/* password - one reading of what is called a password */
static bool password(void *user, struct assay_slice word, bool named, bool again)
{
	if (named && !again && word.n >= 3)
		assay_scan_trait(user, "password-in-mail", word);
	return true;
}

/* pgp_in_text - ASCII armour in the body */
static void pgp_in_text(struct assay_scan *scan, struct assay_slice text)
{
	if (assay_slice_search(text, ASSAY_SLICE_LIT("-----BEGIN PGP MESSAGE-----")) < text.n) {
		scan->encrypted = true;
		assay_scan_trait_str(scan, "encrypted-pgp", "inline");
	}
	if (assay_slice_search(text, ASSAY_SLICE_LIT("-----BEGIN PGP SIGNED MESSAGE-----")) <
	    text.n)
		assay_scan_trait_str(scan, "signed-pgp", "inline");
}

/* assay_traits_find - all of them; those of links and leaves were noted on the way */
void assay_traits_find(struct assay_scan *scan)
{
	people(scan);
	single_fields(scan);
	parts(scan);
	assay_secret_scan(scan->plain.text, password, scan);
	assay_secret_scan(scan->visible, password, scan);
	pgp_in_text(scan, scan->plain.text);
}

/* assay_traits_report - traits[] and encrypted */
void assay_traits_report(struct assay_scan *scan)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < scan->ntrait; i++) {
		json_t *row = json_object();

		json_object_set_new_nocheck(row, "code", json_string_nocheck(scan->trait[i].code));
		json_object_set_new_nocheck(
		    row, "value", assay_scan_text_or_null(scan->trait[i].value));
		json_array_append_new(rows, row);
	}
	if (scan->trait_total > scan->ntrait)
		assay_result_limit(
		    scan->result, "traits_kept", scan->trait_total, ASSAY_SCAN_TRAITS, false);
	assay_scan_set(scan, "traits", rows);
	assay_scan_set(scan, "encrypted", json_boolean(scan->encrypted));
}
