/*
 * binary/report.h - what pe, elf and macho have in common: options, lists, words, measures
 *
 * Lists are bounded by `max`; what is longer is cut, and said once, in limits[]. Digests and
 * entropy of parts together read at most as many bytes as the payload has, twice: parts may lie
 * upon each other. Texts are given as the host cleans them, at most 1,024 bytes of each.
 */
#ifndef ASSAY_BINARY_REPORT_H
#define ASSAY_BINARY_REPORT_H

#include <assay/plugin.h>

struct assay_module;

struct assay_report {
	struct assay_result *result;
	struct assay_slice bytes; /* the program */
	json_t *out;              /* the worker's result */
	size_t max, most;         /* entries of a list; the longest that there was */
	uint64_t work;            /* bytes that may still be read */
};

/* The name of a number; or of a bit, for flags. A NULL name ends a table. */
struct assay_word {
	uint32_t value;
	const char *word;
};

/* The options all three have, and their values: the state of each. */
#define ASSAY_REPORT_OPTIONS                                                                       \
	{ "max", ASSAY_OPT_INT, "1000", 1, 100000, NULL, "entries of each list" },                 \
	{                                                                                          \
		"max_size", ASSAY_OPT_SIZE, "64M", 1024, 1 << 30, NULL,                            \
		    "larger payloads are not looked at"                                            \
	}

struct assay_report_options {
	struct assay_module *module; /* module.h; pe and elf only */
	size_t max, max_size;
};

/* `open` of a plugin; malloc'd. */
enum assay_status assay_report_open(
    const struct assay_opts *opts, void **state, struct assay_err *err);
/* False: the payload is larger than max_size, which is noted. */
bool assay_report_init(struct assay_report *r, const struct assay_report_options *b,
    const struct assay_payload *payload, struct assay_result *result);
/* Notes what was cut. */
void assay_report_finish(struct assay_report *r);
void assay_report_set(json_t *to, const char *key, json_t *value); /* takes value */
json_t *assay_report_text(struct assay_slice s);                   /* null when s.p is NULL */
/* The word, or the number as "0x1f". */
json_t *assay_report_word(const struct assay_word *words, int64_t value);
/* The words of the bits that are set. */
json_t *assay_report_flags(const struct assay_word *words, int64_t value);
/* Is there room for one more in this list? Counts it when not. */
bool assay_report_room(struct assay_report *r, const json_t *list, size_t all);
/* An empty list, put there under that key. */
json_t *assay_report_list(json_t *to, const char *key);
/* "entropy" and "md5" of bytes of the program, null when they are not (all) there. */
void assay_report_measure(struct assay_report *r, json_t *to, int64_t offset, int64_t size);
/* As lower-case hex; false: OpenSSL has no MD5 here. */
bool assay_report_md5(struct assay_slice s, char hex[33]);
/* What OpenSSL loads late. */
void assay_report_warm(void);

#endif
