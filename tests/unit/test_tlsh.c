/* rooms: plugin_tlsh fakehost text base */
/*
 * tests of plugins/worker/tlsh: digests as Trend Micro's library gives them, small ones none
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"
#include "fake_host.h"
#include "tlsh/digest.h"

/* made - n bytes of a fixed sequence: letters, or any */
static char *made(size_t n, unsigned letters)
{
	char *text = malloc(n + 1);
	uint32_t seed = 1;

	assert_non_null(text);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		text[i] = (char)(letters == 256 ? seed >> 24 : 'a' + (seed >> 24) % letters);
	}
	return text;
}

/* digest - what the worker says of bytes, "": none */
static void digest(struct assay_slice bytes, const char *const *opts, char text[ASSAY_TLSH_TEXT])
{
	struct fake_payload told = { .bytes = bytes };
	struct fake_host *host;
	struct fake_scan s;
	struct assay_err err;
	const char *said;

	assert_int_equal(fake_host_open(&assay_plugin, opts, NULL, &host, &err), ASSAY_OK);
	fake_host_scan(host, &told, &s);
	assert_int_equal(s.status, ASSAY_OK);
	said = json_string_value(json_object_get(s.result, "tlsh"));
	text[0] = 0;
	if (said != NULL)
		memcpy(text, said, strlen(said) + 1);
	fake_scan_free(&s);
	fake_host_close(&host);
}

/* as_others - values of libtlsh 3.4.4, on both sides of where the base of the length changes */
static void as_others(void **state)
{
	static const struct {
		unsigned n, letters;
		const char *want;
	} known[] = {
		{ 256, 256,
		    "T111D02B5767705128696EB8E0EAC69836D151CD465C9844A605024E9D37D156C11001A4" },
		{ 656, 26,
		    "T1C3F0885B16F47519DC77053DA98400C9AC814816421CCCD1704B3810C5364975340477" },
		{ 657, 26,
		    "T14601885B16F47519DC77053DA98400C9AC814816421CCCD1704B3810C5364975340477" },
		{ 3199, 26,
		    "T1E2613C4D50F82D8DC376102C5FB4698C9FDAD5126B46CCB0699F328089237E775606FB" },
		{ 3200, 26,
		    "T1F2613C4D50F82D8DC376102C5FB4698C9FDAD5126B46CCB0699F328089237E775606FB" },
		{ 20000, 26,
		    "T1F092D07491DD16C8FA22680D9FB8525548BDD9332F63C8F4A5CB114686238FF66B072D" },
		{ 1000000, 256,
		    "T15525335E633584E33940448BDA421CDA3EAB1F5993FFE9C2615161A1FF8FB019C8B9E4" },
	};
	char text[ASSAY_TLSH_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		char *bytes = made(known[i].n, known[i].letters);

		digest(assay_slice(bytes, known[i].n), NULL, text);
		assert_string_equal(text, known[i].want);
		free(bytes);
	}
}

/* differing - places at which two digests differ */
static unsigned differing(const char *a, const char *b)
{
	unsigned n = 0;

	for (size_t i = 0; i < ASSAY_TLSH_TEXT - 1; i++)
		n += a[i] != b[i];
	return n;
}

/* similar - a changed byte moves few places, another text most */
static void similar(void **state)
{
	char one[ASSAY_TLSH_TEXT], two[ASSAY_TLSH_TEXT], other[ASSAY_TLSH_TEXT];
	char *bytes = made(20000, 26);

	(void)state;
	digest(assay_slice(bytes, 10000), NULL, one);
	bytes[5000] ^= 1;
	digest(assay_slice(bytes, 10000), NULL, two);
	digest(assay_slice(bytes + 10000, 10000), NULL, other);
	assert_string_not_equal(one, two);
	assert_true(differing(one, two) < 12);
	assert_true(differing(one, other) > 30);
	free(bytes);
}

/* none - too small, too uniform, or told so */
static void none(void **state)
{
	static const char *const large[] = { "min_size=1K", NULL };
	char text[ASSAY_TLSH_TEXT], *bytes = made(1024, 256);

	(void)state;
	digest(assay_slice(bytes, 49), NULL, text);
	assert_string_equal(text, "");
	digest(assay_slice(bytes, 50), NULL, text);
	assert_int_equal(strlen(text), ASSAY_TLSH_TEXT - 1);
	digest(assay_slice("", 0), NULL, text);
	assert_string_equal(text, "");
	digest(assay_slice(bytes, 1023), large, text);
	assert_string_equal(text, "");
	digest(assay_slice(bytes, 1024), large, text);
	assert_string_not_equal(text, "");
	memset(bytes, 'a', 1024);
	digest(assay_slice(bytes, 1024), NULL, text);
	assert_string_equal(text, "");
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_others),
		cmocka_unit_test(similar),
		cmocka_unit_test(none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
