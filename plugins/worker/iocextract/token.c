/*
 * iocextract/token.c - see token.h
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/slice.h"

#include "token.h"

#define V6_MAX 64u

struct scan {
	struct assay_slice text;
	void (*hit)(void *user, enum assay_found_kind kind, struct assay_slice value);
	void *user;
};

/* at - byte i, or 0 */
static int at(const struct scan *s, size_t i)
{
	return i < s->text.n ? (unsigned char)s->text.p[i] : 0;
}

/* before - the byte in front of i, or 0 */
static int before(const struct scan *s, size_t i)
{
	return i > 0 ? at(s, i - 1) : 0;
}

/* is_word - a byte that a token does not end at */
static bool is_word(int c)
{
	return assay_ascii_is_alnum(c) || c == '_' || c >= 0x80;
}

/* defanged - length of one of the NULL-ended forms at i, or 0 */
static size_t defanged(const struct scan *s, size_t i, const char *const *forms)
{
	const struct assay_slice rest = assay_slice_from(s->text, i);

	for (; *forms != NULL; forms++)
		if (assay_slice_casestarts(rest, *forms))
			return strlen(*forms);
	return 0;
}

/* dot - length of a dot at i, as it is or defanged; 0: none */
static size_t dot(const struct scan *s, size_t i)
{
	static const char *const forms[] = { "[.]", "(.)", "{.}", "<.>", "[dot]", "(dot)", "{dot}",
		"<dot>", " dot ", " [.] ", " (.) ", " [dot] ", " (dot) ", "[.", ".]", "\\.",
		"_dot_", NULL };
	const int c = at(s, i);

	if (c != '.' && c != '[' && c != '(' && c != '{' && c != '<' && c != ' ' && c != '\\' &&
	    c != '_')
		return 0;
	return c == '.' && at(s, i + 1) != ']' ? 1 : defanged(s, i, forms);
}

/* colon - the same of a colon */
static size_t colon(const struct scan *s, size_t i)
{
	static const char *const forms[] = { "[:]", "(:)", "{:}", NULL };

	return at(s, i) == ':' ? 1 : defanged(s, i, forms);
}

/* ---- IPv4 ------------------------------------------------------------------------------------ */

/* octet - a number up to 255 at *i, without leading zeros; -1: none */
static int octet(const struct scan *s, size_t *i)
{
	const size_t from = *i;
	int value = 0;

	while (assay_ascii_is_digit(at(s, *i)) && *i - from < 4)
		value = value * 10 + (at(s, (*i)++) - '0');
	if (*i == from || *i - from > 3 || value > 255 || (at(s, from) == '0' && *i - from > 1))
		return -1;
	return value;
}

/* ipv4 - an address at i: where it ends; else where to go on, and *found is false */
static size_t ipv4(const struct scan *s, size_t i, bool *found)
{
	int part[4];
	char text[16];
	size_t n = 0, end = i;

	*found = false;
	if (before(s, i) == '.' || before(s, i) == ']')
		return i;
	for (; n < 4; n++) {
		part[n] = octet(s, &end);
		if (part[n] < 0)
			break;
		if (n < 3) {
			const size_t d = dot(s, end);

			if (d == 0)
				return end;
			end += d;
		}
	}
	if (n == 4 && !is_word(at(s, end)) &&
	    !(dot(s, end) > 0 && assay_ascii_is_digit(at(s, end + dot(s, end))))) {
		*found = true;
		(void)snprintf(
		    text, sizeof(text), "%d.%d.%d.%d", part[0], part[1], part[2], part[3]);
		s->hit(s->user, ASSAY_FOUND_IPV4, assay_slice_str(text));
		return end;
	}
	/* Something else of numbers and dots: none of its ends is an address. */
	while (assay_ascii_is_digit(at(s, end)) ||
	    (dot(s, end) > 0 && assay_ascii_is_digit(at(s, end + dot(s, end)))))
		end += assay_ascii_is_digit(at(s, end)) ? 1 : dot(s, end);
	return end;
}

/* ---- IPv6 ------------------------------------------------------------------------------------ */

/* The characters of what may be an IPv6 address. */
struct v6 {
	char text[V6_MAX];
	size_t n, end;
	unsigned colons, digits, pairs, run;
	bool number;
};

/* gather - as far as it goes; false: too long, or far too short */
static bool gather(const struct scan *s, size_t i, struct v6 *v)
{
	size_t d;

	*v = (struct v6){ .end = i };
	while (v->n + 1 < V6_MAX) {
		const int c = at(s, v->end);

		if (assay_ascii_hex(c) >= 0) {
			v->text[v->n++] = (char)assay_ascii_lower(c);
			v->number = v->number || assay_ascii_is_digit(c);
			v->digits++;
			v->run++;
			v->end++;
			continue;
		}
		v->pairs += v->run == 2;
		v->run = 0;
		if ((d = colon(s, v->end)) > 0) {
			v->text[v->n++] = ':';
			v->colons++;
		} else if (v->colons > 1 && (d = dot(s, v->end)) > 0 &&
		    assay_ascii_is_digit(at(s, v->end + d))) {
			v->text[v->n++] = '.';
		} else {
			break;
		}
		v->end += d;
	}
	if (v->n > 1 && v->text[v->n - 1] == ':' && v->text[v->n - 2] != ':')
		v->n--;
	v->text[v->n] = 0;
	return v->colons >= 2 && v->n + 1 < V6_MAX && !is_word(at(s, v->end));
}

/* is_literal - behind "IPv6:", as mail servers write it */
static bool is_literal(const struct scan *s, size_t i)
{
	return i >= 5 && assay_slice_casestarts(assay_slice_from(s->text, i - 5), "ipv6:");
}

/* ipv6 - an address at i: where it ends, or i */
static size_t ipv6(const struct scan *s, size_t i)
{
	unsigned char bytes[16];
	char text[INET6_ADDRSTRLEN];
	struct v6 v;

	if (before(s, i) == '.' || (before(s, i) == ':' && !is_literal(s, i)) || !gather(s, i, &v))
		return i;
	/* Words of a program (a::b), an EUI-64, a time. */
	if (!v.number || v.digits < 4 || v.pairs == 8 || inet_pton(AF_INET6, v.text, bytes) != 1)
		return i;
	if (inet_ntop(AF_INET6, bytes, text, sizeof(text)) == NULL)
		return i;
	s->hit(s->user, ASSAY_FOUND_IPV6, assay_slice_str(text));
	return v.end;
}

/* ---- MAC addresses and digests --------------------------------------------------------------- */

/* mac - groups of `size` digits with `by` between them, twelve in all: where it ends, or i */
static size_t mac(const struct scan *s, size_t i, size_t size, char by)
{
	char text[18];
	size_t n = 0, end = i;
	bool letter = false, set = false;

	if (before(s, i) == by || before(s, i) == ':')
		return i;
	for (size_t k = 0; k < 12; k++, end++) {
		const int c = assay_ascii_lower(at(s, end));

		if (assay_ascii_hex(c) < 0)
			return i;
		if (k > 0 && k % 2 == 0)
			text[n++] = ':';
		text[n++] = (char)c;
		letter = letter || c > '9';
		set = set || c != '0';
		if (k % size == size - 1 && k < 11 && at(s, ++end) != by)
			return i;
	}
	if (is_word(at(s, end)) || (at(s, end) == by && assay_ascii_is_alnum(at(s, end + 1))))
		return i;
	/* Six numbers with dashes are a date and a time. */
	if (!set || (!letter && by != ':'))
		return i;
	s->hit(s->user, ASSAY_FOUND_MAC, assay_slice(text, n));
	return end;
}

/* digest - a run of hex digits of a known length; what it is by length */
static void digest(const struct scan *s, size_t i, size_t end)
{
	char text[128];
	const size_t n = end - i;
	const int prev = before(s, i), next = at(s, end);
	bool digit = false, lower = false, upper = false;

	if ((n != 32 && n != 40 && n != 64 && n != 128) || prev == '-' || prev == '+' ||
	    next == '-' || next == '+' || is_word(next))
		return;
	for (size_t k = 0; k < n; k++) {
		const int c = at(s, i + k);

		if (assay_ascii_hex(c) < 0)
			return;
		digit = digit || assay_ascii_is_digit(c);
		lower = lower || c >= 'a';
		upper = upper || (c >= 'A' && c <= 'F');
		text[k] = (char)assay_ascii_lower(c);
	}
	/* A number, a word, or base64. */
	if (!digit || lower == upper)
		return;
	s->hit(s->user,
	    n == 32       ? ASSAY_FOUND_MD5
		: n == 40 ? ASSAY_FOUND_SHA1
		: n == 64 ? ASSAY_FOUND_SHA256
			  : ASSAY_FOUND_SHA512,
	    assay_slice(text, n));
}

/* ---- the pass -------------------------------------------------------------------------------- */

/* may_be - what a word at i could be, by the first byte behind its digits: most are words of a
 * language, and nothing of the kind */
static bool may_be(const struct scan *s, size_t i, bool *v6)
{
	size_t n = i;
	int next;

	while (n < i + 5 && assay_ascii_hex(at(s, n)) >= 0)
		n++;
	next = at(s, n);
	*v6 = next == ':' || next == '[' || next == '(' || next == '{';
	return *v6 || (n == i + 2 && next == '-') || (n == i + 4 && next == '.');
}

/* token - what begins at i, where a word begins: where to go on */
static size_t token(const struct scan *s, size_t i)
{
	size_t end = i;
	bool found, v6;

	if (at(s, i) == ':') {
		end = ipv6(s, i);
		return end > i ? end : i + 1;
	}
	if (may_be(s, i, &v6) &&
	    ((end = mac(s, i, 2, ':')) > i || (end = mac(s, i, 2, '-')) > i ||
		(end = mac(s, i, 4, '.')) > i || (v6 && (end = ipv6(s, i)) > i)))
		return end;
	if (assay_ascii_is_digit(at(s, i)) && ((end = ipv4(s, i, &found)) > i) && found)
		return end;
	for (size_t word = i; is_word(at(s, word)) || word == i; word++)
		if (!is_word(at(s, word + 1))) {
			digest(s, i, word + 1);
			return end > word + 1 ? end : word + 1;
		}
	return end;
}

/* assay_token_scan - see token.h */
void assay_token_scan(struct assay_slice text,
    void (*hit)(void *user, enum assay_found_kind kind, struct assay_slice value), void *user)
{
	const struct scan s = { text, hit, user };
	size_t i = 0;

	while (i < text.n) {
		const int c = at(&s, i);

		if (is_word(before(&s, i)) || (assay_ascii_hex(c) < 0 && c != ':')) {
			i++;
			continue;
		}
		i = token(&s, i);
	}
}
