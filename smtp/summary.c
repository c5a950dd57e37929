/*
 * summary - recipients, time, direction, content digest; see summary.h
 *
 * Reads the request (the door's words) and the header (the mail's words); the door's words win.
 * Touches OpenSSL's SHA-256 and nothing else outside the room.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/slice.h"
#include "mail/date.h"
#include "mail/mbox.h"
#include "mail/received.h"

#include "head.h"
#include "scan.h"
#include "summary.h"

#define SUMMARY_RCPTS 10000 /* recipients that are kept */

/* The digest of one process: fetched by warm, because fetching opens files. */
static EVP_MD *sha256;

/* assay_summary_warm - fetches SHA-256 */
void assay_summary_warm(void)
{
	if (sha256 == NULL)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

/* assay_summary_cool - gives it back */
void assay_summary_cool(void)
{
	EVP_MD_free(sha256);
	sha256 = NULL;
}

/* assay_summary_in_net - address and prefix */
bool assay_summary_in_net(struct assay_slice ip, const char *net)
{
	char text[64], base[64];
	unsigned char a[16], b[16];
	const char *slash = strchr(net, '/');
	size_t n = slash != NULL ? (size_t)(slash - net) : strlen(net);
	int family = memchr(ip.p != NULL ? ip.p : "", ':', ip.n) != NULL ? AF_INET6 : AF_INET;
	unsigned long bits = family == AF_INET6 ? 128 : 32;

	if (ip.n == 0 || ip.n >= sizeof(text) || n >= sizeof(base))
		return false;
	memcpy(text, ip.p, ip.n);
	text[ip.n] = '\0';
	memcpy(base, net, n);
	base[n] = '\0';
	if (inet_pton(family, text, a) != 1 || inet_pton(family, base, b) != 1)
		return false;
	if (slash != NULL) {
		unsigned long prefix = strtoul(slash + 1, NULL, 10);

		bits = prefix < bits ? prefix : bits;
	}
	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8)) == 0;
}

/* assay_summary_in_domains - equal to one of them or below it */
bool assay_summary_in_domains(struct assay_slice domain, const char *const *domains)
{
	for (; domains != NULL && *domains != NULL; domains++) {
		size_t n = strlen(*domains);

		if (assay_slice_caseis(domain, *domains))
			return true;
		if (domain.n > n + 1 && assay_slice_caseends(domain, *domains) &&
		    domain.p[domain.n - n - 1] == '.')
			return true;
	}
	return false;
}

/* in_nets - is the address in one of the listed networks? */
static bool in_nets(struct assay_slice ip, const char *const *nets)
{
	for (; nets != NULL && *nets != NULL; nets++)
		if (assay_summary_in_net(ip, *nets))
			return true;
	return false;
}

/* string_at - a string of an object, or "" */
static struct assay_slice string_at(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_string(value)
	    ? assay_slice(json_string_value(value), json_string_length(value))
	    : assay_slice("", 0);
}

/* recipient - one row, unless the address is there already */
static void recipient(struct assay_scan *scan, json_t *rows, struct assay_map *met,
    const struct assay_addr *a, const char *source)
{
	json_t *row;

	if (a->addr.n == 0 || json_array_size(rows) >= SUMMARY_RCPTS ||
	    !assay_map_add(met, a->addr, scan))
		return;
	row = json_object();
	json_object_set_new_nocheck(row, "addr", assay_scan_text(a->addr));
	json_object_set_new_nocheck(row, "domain", assay_scan_text_or_null(a->domain));
	json_object_set_new_nocheck(row, "source", json_string_nocheck(source));
	json_object_set_new_nocheck(row, "raw", assay_scan_text(a->raw));
	json_array_append_new(rows, row);
}

/* envelope_recipients - who the door was told; strings or {addr} objects */
static void envelope_recipients(
    struct assay_scan *scan, json_t *rows, struct assay_map *met, const json_t *envelope)
{
	const json_t *list = json_object_get(envelope, "recipients"), *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		struct assay_slice text = json_is_string(entry)
		    ? assay_slice(json_string_value(entry), json_string_length(entry))
		    : string_at(entry, "addr");
		struct assay_addr a;

		assay_addr_one(scan->arena, text, &a);
		recipient(scan, rows, met, &a, "envelope");
	}
}

/* header_recipients - of one field */
static void header_recipients(struct assay_scan *scan, json_t *rows, struct assay_map *met,
    const char *field, const char *source)
{
	struct assay_addr_list list;

	assay_head_addresses(scan, field, &list);
	for (size_t i = 0; i < list.n; i++)
		recipient(scan, rows, met, &list.addr[i], source);
}

/* recipients - the envelope's, else what delivery wrote into the mail, else To and Cc */
static json_t *recipients(struct assay_scan *scan, const json_t *envelope)
{
	json_t *rows = json_array();
	struct assay_map met;

	assay_map_init(&met, scan->arena);
	envelope_recipients(scan, rows, &met, envelope);
	if (json_array_size(rows) == 0) {
		header_recipients(scan, rows, &met, "delivered-to", "delivered-to");
		header_recipients(scan, rows, &met, "x-original-to", "x-original-to");
	}
	if (json_array_size(rows) == 0) {
		header_recipients(scan, rows, &met, "to", "to");
		header_recipients(scan, rows, &met, "cc", "to");
	}
	return rows;
}

/* time_object - {utc, source} */
static json_t *time_object(int64_t ms, const char *source)
{
	json_t *o = json_object();

	json_object_set_new_nocheck(o, "utc", assay_json_time(ms));
	json_object_set_new_nocheck(o, "source", json_string_nocheck(source));
	return o;
}

/* told_time - what the door knows; false when it does not */
static bool told_time(const json_t *request, int64_t *ms, const char **source)
{
	const json_t *told = json_object_get(request, "message_time");
	const json_t *utc = json_object_get(told, "utc");
	const char *word = json_string_value(json_object_get(told, "source"));

	if (json_is_integer(utc))
		*ms = (int64_t)json_integer_value(utc);
	else if (!json_is_string(utc) ||
	    assay_date_parse(assay_slice_str(json_string_value(utc)), ms) != ASSAY_OK)
		return false;
	*source = word != NULL ? word : "scan";
	return true;
}

/* message_time - the door's own time, then the newest hop, mbox, Date, and what the door guessed */
static json_t *message_time(struct assay_scan *scan, const json_t *request)
{
	const struct assay_header *h = &scan->root->header;
	const struct assay_header_field *f;
	const char *source = NULL;
	int64_t told = 0, ms;
	bool have = told_time(request, &told, &source);
	struct assay_slice sender;
	struct assay_received hop;

	if (have && strcmp(source, "milter") == 0)
		return time_object(told, source);
	f = assay_header_find(h, "received", 0);
	if (f != NULL) {
		assay_received_parse(scan->arena, f->value, &hop);
		if (hop.has_date)
			return time_object(hop.date_ms, "received");
	}
	if (h->mbox_line.p != NULL && assay_mbox_from(h->mbox_line, &sender, &ms))
		return time_object(ms, "mbox");
	if (have && strcmp(source, "mbox") == 0)
		return time_object(told, source);
	f = assay_header_find(h, "date", 0);
	if (f != NULL && assay_date_parse(f->value, &ms) == ASSAY_OK)
		return time_object(ms, "date");
	if (have)
		return time_object(told, source);
	return time_object(assay_payload_scan_time(scan->payload), "scan");
}

/* direction - from the client's network, its login, and the recipients' domains */
static const char *direction(
    const struct assay_scan *scan, const json_t *envelope, const json_t *rcpts)
{
	const struct assay_scan_conf *conf = scan->conf;
	const json_t *client = json_object_get(envelope, "client"), *row;
	bool inside = string_at(json_object_get(client, "auth"), "user").n > 0 ||
	    in_nets(string_at(client, "addr"), conf->our_networks);
	size_t ours = 0, i;

	if (conf->our_domains[0] == NULL || json_array_size(rcpts) == 0)
		return inside ? "out" : "unknown";
	json_array_foreach(rcpts, i, row) ours +=
	    assay_summary_in_domains(string_at(row, "domain"), conf->our_domains);
	if (inside)
		return ours == json_array_size(rcpts) ? "internal" : "out";
	return ours > 0 ? "in" : "unknown";
}

/* line_end - the offset of the next line end, body.n when there is none */
static size_t line_end(struct assay_slice body, bool cr)
{
	const char *lf;
	size_t n = 0;

	if (cr) {
		while (n < body.n && body.p[n] != '\n' && body.p[n] != '\r')
			n++;
		return n;
	}
	lf = memchr(body.p, '\n', body.n);
	return lf != NULL ? (size_t)(lf - body.p) : body.n;
}

/* digest_lines - the body with CRLF line ends into the digest */
static void digest_lines(EVP_MD_CTX *ctx, struct assay_slice body, bool cr)
{
	while (body.n > 0) {
		size_t n = line_end(body, cr), skip = n + 1;

		if (n == body.n) {
			EVP_DigestUpdate(ctx, body.p, n);
			return;
		}
		if (body.p[n] == '\r' && skip < body.n && body.p[skip] == '\n')
			skip++;
		if (n > 0 && body.p[n] == '\n' && body.p[n - 1] == '\r')
			n--;
		EVP_DigestUpdate(ctx, body.p, n);
		EVP_DigestUpdate(ctx, "\r\n", 2);
		body = assay_slice_from(body, skip);
	}
}

/* content_sha256 - of what follows the header block */
static json_t *content_sha256(const struct assay_scan *scan)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char md[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	unsigned n = 0;

	assay_summary_warm();
	if (ctx == NULL || EVP_DigestInit_ex(ctx, sha256, NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		return json_null();
	}
	digest_lines(ctx, scan->root->body, scan->root->header.eol == ASSAY_HEADER_EOL_CR);
	EVP_DigestFinal_ex(ctx, md, &n);
	EVP_MD_CTX_free(ctx);
	for (unsigned i = 0; i < n; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", md[i]);
	return json_string_nocheck(hex);
}

/* assay_summary_report - all four */
void assay_summary_report(struct assay_scan *scan)
{
	const json_t *request = assay_payload_request(scan->payload);
	const json_t *envelope = json_object_get(request, "envelope");
	json_t *rcpts;

	if (assay_payload_depth(scan->payload) > 0)
		return;
	rcpts = recipients(scan, envelope);
	assay_result_report(
	    scan->result, "direction", json_string_nocheck(direction(scan, envelope, rcpts)));
	assay_result_report(scan->result, "message_time", message_time(scan, request));
	assay_result_report(scan->result, "content_sha256", content_sha256(scan));
	assay_result_report(scan->result, "recipients", rcpts);
}
