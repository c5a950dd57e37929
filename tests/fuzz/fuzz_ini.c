/* rooms: core text base */
/*
 * fuzz_ini.c - any bytes as assay.conf
 *
 * What is accepted must be what ini.h promises: names of the allowed letters, values trimmed,
 * UTF-8, without control characters, no key twice; and written out again it must read the same.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/ini.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check_value - one value keeps the promises */
static void check_value(const struct assay_ini_value *v)
{
	struct assay_slice s = assay_slice_str(v->value);

	ASSAY_ASSERT(assay_utf8_is_valid(s));
	ASSAY_ASSERT(assay_slice_eq(assay_slice_trim(s), s));
	ASSAY_ASSERT(v->key[0] != '\0' && strpbrk(v->key, " =[]#\n") == NULL);
	for (size_t i = 0; i < s.n; i++)
		ASSAY_ASSERT((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f);
}

/* write_again - the same in the plainest form */
static void write_again(const struct assay_ini *ini, struct assay_buf *out)
{
	for (size_t i = 0; i < ini->n_values; i++) {
		const struct assay_ini_value *v = &ini->value[i];

		if (v->section[0] != '\0')
			(void)assay_buf_printf(out, "[%s]\n", v->section);
		(void)assay_buf_printf(out, "%s = %s\n", v->key, v->value);
	}
}

/* LLVMFuzzerTestOneInput - parse, check, write, parse, compare */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_ini ini, again;
	struct assay_err err = { .text = "" };
	struct assay_buf buf;

	assay_buf_init(&buf, 4 * ASSAY_INI_MAX);
	if (assay_ini_parse(arena, "f", assay_slice((const char *)data, size), &ini, &err) ==
	    ASSAY_OK) {
		for (size_t i = 0; i < ini.n_values; i++)
			check_value(&ini.value[i]);
		write_again(&ini, &buf);
		if (buf.n <= ASSAY_INI_MAX) {
			ASSAY_ASSERT(assay_ini_parse(arena, "f", assay_buf_slice(&buf), &again,
					 &err) == ASSAY_OK);
			ASSAY_ASSERT(again.n_values == ini.n_values);
			for (size_t i = 0; i < ini.n_values; i++)
				ASSAY_ASSERT(
				    strcmp(again.value[i].value, ini.value[i].value) == 0 &&
				    strcmp(again.value[i].section, ini.value[i].section) == 0);
		}
	} else {
		ASSAY_ASSERT(strncmp(err.text, "f:", 2) == 0);
	}
	assay_buf_release(&buf);
	assay_arena_free(&arena);
	return 0;
}
