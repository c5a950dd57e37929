/*
 * binary_file.h - small programs, written byte by byte, for the tests of pe, elf and macho
 */
#ifndef ASSAY_BINARY_FILE_H
#define ASSAY_BINARY_FILE_H

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/slice.h"
#include "fake_host.h"

struct binary_file {
	unsigned char p[4096];
	size_t n;
	bool big;
};

/* put - a number of 1 to 8 bytes */
static inline void put(struct binary_file *f, size_t at, unsigned width, uint64_t value)
{
	for (unsigned i = 0; i < width; i++)
		f->p[at + (f->big ? width - 1 - i : i)] = (unsigned char)(value >> (8 * i));
	if (f->n < at + width)
		f->n = at + width;
}

/* put_text - with its NUL */
static inline void put_text(struct binary_file *f, size_t at, const char *s)
{
	memcpy(f->p + at, s, strlen(s) + 1);
	if (f->n < at + strlen(s) + 1)
		f->n = at + strlen(s) + 1;
}

/* scan - the worker's answer about n bytes, which lie where reading on is seen by sanitizers */
static inline void scan(struct fake_host *host, const void *p, size_t n, struct fake_scan *s)
{
	char *copy = assay_xmalloc(n > 0 ? n : 1);
	struct fake_payload told = { .bytes = { copy, n } };

	memcpy(copy, p, n);
	fake_host_scan(host, &told, s);
	assert_int_equal(s->status, ASSAY_OK);
	free(copy);
}

/* member - "archs.0.machine" of the result */
static inline const json_t *member(const struct fake_scan *s, const char *path)
{
	struct assay_slice rest = assay_slice_str(path), word;
	const json_t *json = s->result;

	while (assay_slice_split(&rest, '.', &word)) {
		char key[64];
		uint64_t i;

		assert_true(word.n < sizeof(key));
		memcpy(key, word.p, word.n);
		key[word.n] = 0;
		json = assay_slice_u64(word, &i) ? json_array_get(json, (size_t)i)
						 : json_object_get(json, key);
	}
	assert_non_null(json);
	return json;
}

/* says - a text */
static inline void says(const struct fake_scan *s, const char *path, const char *want)
{
	assert_non_null(json_string_value(member(s, path)));
	assert_string_equal(json_string_value(member(s, path)), want);
}

/* counts - a number, or how many entries a list has */
static inline void counts(const struct fake_scan *s, const char *path, size_t want)
{
	const json_t *json = member(s, path);

	if (json_is_array(json))
		assert_int_equal(json_array_size(json), want);
	else
		assert_int_equal(json_integer_value(json), want);
}

/* damaged - every beginning of it, and each byte of it changed, gives an answer */
static inline void damaged(struct fake_host *host, const struct binary_file *f)
{
	struct binary_file copy = *f;
	struct fake_scan s;

	for (size_t n = 0; n < f->n; n++) {
		scan(host, f->p, n, &s);
		fake_scan_free(&s);
	}
	for (size_t i = 0; i < f->n; i++) {
		copy.p[i] ^= 0xff;
		scan(host, copy.p, f->n, &s);
		fake_scan_free(&s);
		copy.p[i] = f->p[i];
	}
}

/* binary_tests - main of such a test: the plugin is open while they run */
#define binary_tests(tests)                                                                        \
	do {                                                                                       \
		struct assay_err err;                                                              \
		int failed;                                                                        \
                                                                                                   \
		if (fake_host_open(&assay_plugin, NULL, NULL, &host, &err) != ASSAY_OK)            \
			return 1;                                                                  \
		failed = cmocka_run_group_tests(tests, NULL, NULL);                                \
		fake_host_close(&host);                                                            \
		return failed;                                                                     \
	} while (0)

#endif
