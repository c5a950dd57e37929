/*
 * key - keys of XOR; see key.h
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include "key.h"
#include "known.h"

/* Differences that have to agree, so that chance finds nothing. */
#define AGREE_START 3u
#define AGREE_ANYWHERE 6u
/* How far before its first words a program begins. */
#define STUB_MAX 512u

/* ---- as text --------------------------------------------------------------------------------- */

/* add_byte - false: too many */
static bool add_byte(struct assay_key *key, unsigned byte)
{
	if (key->n == ASSAY_KEY_MAX || byte > 255)
		return false;
	key->byte[key->n++] = (unsigned char)byte;
	return true;
}

/* read_hex - pairs of digits, or one digit */
static bool read_hex(struct assay_slice s, struct assay_key *key)
{
	if (s.n == 0 || (s.n > 1 && s.n % 2 != 0))
		return false;
	for (size_t i = 0; i < s.n; i += 2) {
		const int a = s.n > 1 ? assay_ascii_hex(s.p[i]) : 0;
		const int b = assay_ascii_hex(s.p[s.n > 1 ? i + 1 : i]);

		if (a < 0 || b < 0 || !add_byte(key, (unsigned)(a * 16 + b)))
			return false;
	}
	return true;
}

/* is_between - what may stand between the numbers of a list */
static bool is_between(char c)
{
	return c == ' ' || c == ',' || c == '(' || c == ')' || c == '[' || c == ']';
}

/* read_word - one number, or several bytes in hex */
static bool read_word(struct assay_slice word, struct assay_key *key)
{
	uint64_t number;

	if (assay_slice_casestarts(word, "0x"))
		return read_hex(assay_slice_from(word, 2), key);
	return assay_slice_u64(word, &number) && number <= 255 && add_byte(key, (unsigned)number);
}

/* is_zero - a key that changes nothing */
static bool is_zero(const struct assay_key *key)
{
	unsigned any = 0;

	for (size_t i = 0; i < key->n; i++)
		any |= key->byte[i];
	return any == 0;
}

/* assay_key_read - see key.h */
bool assay_key_read(struct assay_slice text, struct assay_key *key)
{
	key->n = 0;
	for (size_t i = 0, n; i < text.n; i += n) {
		for (n = 0; i + n < text.n && !is_between(text.p[i + n]);)
			n++;
		if (n > 0 && !read_word(assay_slice(text.p + i, n), key))
			return false;
		n += n == 0;
	}
	return !is_zero(key);
}

/* assay_key_text - see key.h */
void assay_key_text(const struct assay_key *key, char text[2 * ASSAY_KEY_MAX + 1])
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < key->n; i++) {
		text[2 * i] = digit[key->byte[i] >> 4];
		text[2 * i + 1] = digit[key->byte[i] & 15];
	}
	text[2 * key->n] = 0;
}

/* assay_key_same - see key.h */
bool assay_key_same(const struct assay_key *a, const struct assay_key *b)
{
	return a->n == b->n && memcmp(a->byte, b->byte, a->n) == 0;
}

/* assay_key_apply - see key.h */
char *assay_key_apply(const struct assay_key *key, struct assay_slice bytes, size_t start)
{
	const size_t n = bytes.n - start;
	char *out = assay_xmalloc(n > 0 ? n : 1);
	size_t k = start % key->n;

	for (size_t i = 0; i < n; i++) {
		out[i] = (char)((unsigned char)bytes.p[start + i] ^ key->byte[k]);
		k = k + 1 < key->n ? k + 1 : 0;
	}
	return out;
}

/* ---- finding --------------------------------------------------------------------------------- */

struct search {
	struct assay_slice bytes, apart; /* the payload; its differences */
	size_t n;                        /* length of the keys looked for */
	assay_key_found *found;
	void *user;
};

/* difference - of bytes n apart; s.n > n */
static struct assay_slice difference(struct assay_slice s, size_t n, char *out)
{
	for (size_t i = 0; i + n < s.n; i++)
		out[i] = (char)(s.p[i] ^ s.p[i + n]);
	return assay_slice(out, s.n - n);
}

/* repeats - is it a shorter key several times? */
static bool repeats(const struct assay_key *key)
{
	for (size_t n = 1; n <= key->n / 2; n++)
		if (key->n % n == 0 && memcmp(key->byte, key->byte + n, key->n - n) == 0)
			return true;
	return false;
}

/* beginning - of the program whose first words stand at `at`; 0 when that cannot be seen */
static size_t beginning(const struct search *s, const struct assay_key *key, size_t at)
{
	for (size_t back = 2; back <= at && back <= STUB_MAX; back++) {
		const unsigned char *p = (const unsigned char *)s->bytes.p + (at - back);

		if ((p[0] ^ key->byte[(at - back) % key->n]) == 'M' &&
		    (p[1] ^ key->byte[(at - back + 1) % key->n]) == 'Z')
			return at - back;
	}
	return 0;
}

/* hit - something known at `at`: the key it gives; false: enough */
static bool hit(const struct search *s, const struct assay_known *known, size_t at)
{
	struct assay_key key = { .n = s->n };

	for (size_t i = 0; i < s->n; i++)
		key.byte[(at + i) % s->n] = (unsigned char)(s->bytes.p[at + i] ^ known->bytes.p[i]);
	if (is_zero(&key) || repeats(&key))
		return true;
	if (known->anywhere && strcmp(known->name, "program") == 0)
		at = beginning(s, &key, at);
	else
		at = 0;
	return s->found(s->user, &key, known->name, at);
}

/* search_one - one known thing, with keys of one length; false: enough */
static bool search_one(const struct search *s, const struct assay_known *known)
{
	char pattern[64];
	struct assay_slice apart;
	size_t at = 0;

	ASSAY_ASSERT(known->bytes.n <= sizeof(pattern));
	if (known->bytes.n < s->n + (known->anywhere ? AGREE_ANYWHERE : AGREE_START))
		return true;
	apart = difference(known->bytes, s->n, pattern);
	if (!known->anywhere)
		return !assay_slice_eq(assay_slice_head(s->apart, apart.n), apart) ||
		    hit(s, known, 0);
	for (;; at++) {
		at += assay_slice_search(assay_slice_from(s->apart, at), apart);
		if (at >= s->apart.n)
			return true;
		if (!hit(s, known, at))
			return false;
	}
}

/* search_all - every known thing, with keys of one length; false: enough */
static bool search_all(const struct search *s)
{
	for (const struct assay_known *k = assay_known; k->name != NULL; k++)
		if (!search_one(s, k))
			return false;
	return true;
}

/* assay_key_find - see key.h */
void assay_key_find(struct assay_slice bytes, size_t longest, assay_key_found *found, void *user)
{
	struct search s = { .bytes = bytes, .n = 1, .found = found, .user = user };
	char *space = assay_xmalloc(bytes.n + 1);
	bool more = true;

	for (; more && s.n <= longest && s.n <= ASSAY_KEY_MAX && s.n < bytes.n; s.n++) {
		s.apart = difference(bytes, s.n, space);
		more = search_all(&s);
	}
	free(space);
}
