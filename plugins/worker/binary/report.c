/*
 * report - what pe, elf and macho have in common; see report.h
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/slice.h"
#include "entropy/shannon.h"

#include "report.h"

#define TEXT_MAX 1024

/* assay_report_open - see report.h */
enum assay_status assay_report_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct assay_report_options *b = assay_xcalloc(1, sizeof(*b));

	(void)err;
	b->max = (size_t)assay_opt_int(opts, "max");
	b->max_size = (size_t)assay_opt_int(opts, "max_size");
	*state = b;
	return ASSAY_OK;
}

/* assay_report_init - see report.h */
bool assay_report_init(struct assay_report *r, const struct assay_report_options *b,
    const struct assay_payload *payload, struct assay_result *result)
{
	*r = (struct assay_report){
		.result = result,
		.bytes = assay_payload_bytes(payload),
		.max = b->max,
	};
	r->work = 2 * (uint64_t)r->bytes.n;
	if (r->bytes.n <= b->max_size)
		return true;
	assay_result_limit(result, "program_size", r->bytes.n, b->max_size, true);
	return false;
}

/* assay_report_finish - see report.h */
void assay_report_finish(struct assay_report *r)
{
	if (r->most > r->max)
		assay_result_limit(r->result, "program_max", r->most, r->max, false);
}

/* assay_report_set - see report.h */
void assay_report_set(json_t *to, const char *key, json_t *value)
{
	json_object_set_new_nocheck(to, key, value);
}

/* assay_report_text - see report.h */
json_t *assay_report_text(struct assay_slice s)
{
	s = assay_slice_head(s, TEXT_MAX);
	return s.p != NULL ? assay_json_text(s.p, s.n) : json_null();
}

/* assay_report_word - see report.h */
json_t *assay_report_word(const struct assay_word *words, int64_t value)
{
	for (; words->word != NULL; words++)
		if (words->value == value)
			return json_string_nocheck(words->word);
	return json_sprintf("0x%llx", (unsigned long long)value);
}

/* assay_report_flags - see report.h */
json_t *assay_report_flags(const struct assay_word *words, int64_t value)
{
	json_t *list = json_array();

	for (; words->word != NULL; words++)
		if ((value & words->value) != 0)
			json_array_append_new(list, json_string_nocheck(words->word));
	return list;
}

/* assay_report_room - see report.h */
bool assay_report_room(struct assay_report *r, const json_t *list, size_t all)
{
	if (json_array_size(list) < r->max)
		return true;
	if (all > r->most)
		r->most = all;
	return false;
}

/* assay_report_list - see report.h */
json_t *assay_report_list(json_t *to, const char *key)
{
	json_t *list = json_array();

	assay_report_set(to, key, list);
	return list;
}

/* assay_report_md5 - see report.h */
bool assay_report_md5(struct assay_slice s, char hex[33])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	hex[0] = 0;
	if (EVP_Digest(s.p, s.n, digest, &n, EVP_md5(), NULL) != 1 || n != 16)
		return false;
	for (unsigned i = 0; i < n; i++)
		(void)snprintf(hex + (size_t)2 * i, 3, "%02x", digest[i]);
	return true;
}

/* assay_report_measure - see report.h */
void assay_report_measure(struct assay_report *r, json_t *to, int64_t offset, int64_t size)
{
	const bool there = offset >= 0 && size > 0 && (uint64_t)size <= r->work &&
	    (uint64_t)offset <= r->bytes.n && (uint64_t)size <= r->bytes.n - (uint64_t)offset;
	json_t *entropy = json_null(), *md5 = json_null();
	char hex[33];

	if (there) {
		const struct assay_slice part = assay_slice(r->bytes.p + offset, (size_t)size);

		r->work -= (uint64_t)size;
		entropy = json_real(assay_shannon(part));
		if (assay_report_md5(part, hex))
			md5 = json_string_nocheck(hex);
	}
	assay_report_set(to, "entropy", entropy);
	assay_report_set(to, "md5", md5);
}

/* assay_report_warm - see report.h */
void assay_report_warm(void)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;
	char hex[33];

	/* libyara's pe module takes these for imphash and certificates. */
	(void)assay_report_md5(ASSAY_SLICE_LIT("x"), hex);
	(void)EVP_Digest("x", 1, digest, &n, EVP_sha1(), NULL);
	(void)EVP_Digest("x", 1, digest, &n, EVP_sha256(), NULL);
}
