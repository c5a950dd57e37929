/*
 * smtp/scan.h - everything the smtp worker knows while it reads one message
 *
 * Made by worker.c on its stack, filled by the files of this room in the order they stand in
 * worker.c. Everything it points to lives in the payload's arena, but `out`, which the host owns.
 */
#ifndef ASSAY_SMTP_SCAN_H
#define ASSAY_SMTP_SCAN_H

#include <assay/plugin.h>

#include "defect.h"
#include "urls.h"
#include "walk.h"

struct assay_scan;

/* The options, as worker.c read them. */
struct assay_scan_conf {
	const char *bodies; /* "encoded" | "all" | "none" */
	const char *authserv_id;
	const char *const *our_domains;
	const char *const *our_networks;
	bool second_reader;
	uint64_t second_reader_max;
};

/* One trait; constant code. */
struct assay_scan_trait {
	const char *code;
	struct assay_slice value;
};

#define ASSAY_SCAN_TRAITS 200

/* A body shown to the reader: UTF-8. */
struct assay_scan_body {
	struct assay_part *part; /* NULL: there is none */
	struct assay_slice text;
};

struct assay_scan {
	const struct assay_scan_conf *conf;
	const struct assay_payload *payload;
	struct assay_result *result;
	struct assay_arena *arena;
	struct assay_slice bytes;
	struct assay_defects defects;
	struct assay_walk walk;
	struct assay_part *root;
	struct assay_scan_body plain, html;
	struct assay_slice visible; /* what the HTML body shows, bounded */
	struct assay_urls urls;
	struct assay_scan_trait trait[ASSAY_SCAN_TRAITS];
	size_t ntrait, trait_total;
	size_t nnote; /* texts beside the bodies that were handed on */
	bool encrypted;
	json_t *out, *attachments;
};

/* Notes a trait once per code and value; value is copied. */
void assay_scan_trait(struct assay_scan *scan, const char *code, struct assay_slice value);
/* The same with a NUL-terminated value (may be NULL). */
void assay_scan_trait_str(struct assay_scan *scan, const char *code, const char *value);
/* Sets a member of the result; takes value. */
void assay_scan_set(struct assay_scan *scan, const char *name, json_t *value);
/* Text as a new JSON string; an absent slice gives null. */
json_t *assay_scan_text(struct assay_slice text);
/* The same for a slice that is "" when there is nothing: null then. */
json_t *assay_scan_text_or_null(struct assay_slice text);

#endif
