/* rooms: text base */
/*
 * fuzz target of secret: words lie in the text, have the promised size, and an end is made when no
 * more is wanted.
 */
#include "base/err.h"
#include "base/slice.h"
#include "text/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct assay_slice text;
	unsigned left;
};

/* found - one word */
static bool found(void *user, struct assay_slice word, bool named, bool again)
{
	struct seen *s = user;

	(void)named;
	(void)again;
	ASSAY_ASSERT(s->left > 0);
	ASSAY_ASSERT(word.n >= 2 && word.n <= ASSAY_SECRET_MAX);
	ASSAY_ASSERT(word.p >= s->text.p && word.p + word.n <= s->text.p + s->text.n);
	return --s->left > 0;
}

/* LLVMFuzzerTestOneInput - all of them, and only the first three */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen s = { .text = assay_slice((const char *)data, size), .left = 1000000 };
	struct assay_slice rest = s.text, word;

	assay_secret_scan(s.text, found, &s);
	s.left = 3;
	assay_secret_scan(s.text, found, &s);
	while (assay_secret_token(&rest, &word))
		ASSAY_ASSERT(word.n >= 2 && word.n <= ASSAY_SECRET_MAX);
	return 0;
}
