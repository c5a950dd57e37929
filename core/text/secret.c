/*
 * core/text/secret.c - see secret.h
 *
 * One pass looks for words for "password"; at each, the line it stands in is read a little further.
 * Letters beyond ASCII have no case here: words have a row for each way they are written.
 */
#include <string.h>

#include "base/slice.h"
#include "text/secret.h"
#include "text/utf8.h"

#define PLACES_MAX 200u
#define PAIRS 1024u
#define AHEAD 80u   /* bytes behind the word in which a colon belongs to it */
#define LINES_MAX 2 /* line ends between the colon and the value */

/* A word for password, in small letters. Strong ones mean nothing else, may be part of a longer
 * word
 * ("Archivpasswort", "passwords"), and name what follows their colon. */
static const struct word {
	const char *text;
	bool strong;
} words[] = {
	{ "password", true }, { "passwort", true }, { "passcode", true }, { "passphrase", true },
	{ "pass code", true }, { "pass-code", true }, { "pwd", false }, { "pw", false },
	{ "pass", false }, { "pin", false }, { "code", false }, { "kennwort", true },
	{ "losungswort", true }, { "mot de passe", true }, { "mdp", false },
	{ "contrase\303\261a", true }, { "contrasena", true }, { "clave", false },
	{ "senha", true }, { "palavra-passe", true }, { "parola d'ordine", true },
	{ "parola", false }, { "wachtwoord", true }, { "has\305\202o", true }, { "haslo", false },
	{ "heslo", false }, { "l\303\266senord", true }, { "adgangskode", true },
	{ "passord", true }, { "salasana", true }, { "jelsz\303\263", true },
	{ "parol\304\203", true }, { "\305\237ifre", true }, { "\305\236ifre", true },
	{ "sifre", false }, { "kata sandi", true }, { "m\341\272\255t kh\341\272\251u", true },
	{ "M\341\272\255t kh\341\272\251u", true },
	{ "\320\277\320\260\321\200\320\276\320\273\321\214", true }, /* Russian, Ukrainian */
	{ "\320\237\320\260\321\200\320\276\320\273\321\214", true },
	{ "\320\237\320\220\320\240\320\236\320\233\320\254", true },
	{ "\320\277\320\260\321\200\320\276\320\273\320\260", true }, /* Bulgarian */
	{ "\320\237\320\260\321\200\320\276\320\273\320\260", true },
	{ "\316\272\317\211\316\264\316\271\316\272\317\214\317\202", true }, /* Greek */
	{ "\316\232\317\211\316\264\316\271\316\272\317\214\317\202", true },
	{ "\345\257\206\347\240\201", true }, /* Chinese, both scripts */
	{ "\345\257\206\347\242\274", true },
	{ "\343\203\221\343\202\271\343\203\257\343\203\274\343\203\211", true }, /* Japanese */
	{ "\353\271\204\353\260\200\353\262\210\355\230\270", true },             /* Korean */
	{ "\354\225\224\355\230\270", true },
	{ "\331\203\331\204\331\205\330\251 \330\247\331\204\330\263\330\261", true }, /* Arabic */
	{ "\331\203\331\204\331\205\330\251 \330\247\331\204\331\205\330\261\331\210\330\261",
	    true },
	{ "\327\241\327\231\327\241\327\236\327\224", true }, /* Hebrew */
};

#define NWORDS (sizeof(words) / sizeof(words[0]))

/* Words between the one for password and the value. */
static const char *const links[] = { " is", " ist", " lautet", " est", " es", " \303\251",
	" \303\250", " jest", " \303\244r", " er", " on", " este", " to" };

/* What is quoted ends with the second. */
static const struct {
	const char *open, *close;
} quotes[] = { { "\"", "\"" }, { "'", "'" }, { "`", "`" }, { "*", "*" }, { "(", ")" }, { "[", "]" },
	{ "<", ">" }, { "{", "}" }, { "\342\200\234", "\342\200\235" },
	{ "\342\200\236", "\342\200\234" }, { "\342\200\230", "\342\200\231" },
	{ "\302\253", "\302\273" }, { "\302\273", "\302\253" },
	{ "\343\200\214", "\343\200\215" } };

/* Who wants them. */
struct secret {
	assay_secret_fn *fn;
	void *user;
	bool enough;
};

/* ---- characters ------------------------------------------------------------------------------ */

/* space - bytes of white space at the front, other than line ends; 0: none */
static size_t space(struct assay_slice s)
{
	if (s.n == 0)
		return 0;
	if (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\v' || s.p[0] == '\f')
		return 1;
	/* Nearly all bytes are neither, and this is asked of each. */
	if (s.p[0] == '\302')
		return assay_slice_starts(s, "\302\240") ? 2 : 0;
	return s.p[0] == '\343' && assay_slice_starts(s, "\343\200\200") ? 3 : 0;
}

/* is_eol - at the end of a line? */
static bool is_eol(struct assay_slice s)
{
	return s.n == 0 || s.p[0] == '\n' || s.p[0] == '\r';
}

/* skip_space - white space off the front */
static struct assay_slice skip_space(struct assay_slice s)
{
	for (size_t n = space(s); n > 0; n = space(s))
		s = assay_slice_from(s, n);
	return s;
}

/* separator - bytes of a colon or its like at the front; 0: none */
static size_t separator(struct assay_slice s)
{
	if (s.n > 0 && (s.p[0] == ':' || s.p[0] == '='))
		return 1;
	if (assay_slice_starts(s, "->"))
		return 2;
	return assay_slice_starts(s, "\357\274\232") || assay_slice_starts(s, "\342\206\222") ? 3
											      : 0;
}

/* line_of - up to the end of the line, and no more than n bytes */
static struct assay_slice line_of(struct assay_slice s, size_t n)
{
	size_t at = 0;

	s = assay_slice_head(s, n);
	while (at < s.n && s.p[at] != '\n' && s.p[at] != '\r')
		at++;
	return assay_slice_head(s, at);
}

/* ---- the value ------------------------------------------------------------------------------- */

/* give - one reading, when it has a size that passwords have */
static void give(struct secret *g, struct assay_slice word, bool named, bool again)
{
	if (!g->enough && word.n >= 2 && word.n <= ASSAY_SECRET_MAX)
		g->enough = !g->fn(g->user, word, named, again);
}

/* quoted - what stands between quotes at the front; n 0: no quotes */
static struct assay_slice quoted(struct assay_slice line)
{
	for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
		const struct assay_slice close = assay_slice_str(quotes[i].close);
		struct assay_slice inside;
		size_t n;

		if (!assay_slice_starts(line, quotes[i].open))
			continue;
		inside = assay_slice_from(line, strlen(quotes[i].open));
		n = assay_slice_search(inside, close);
		if (n < inside.n)
			return assay_slice_head(inside, n);
	}
	return ASSAY_SLICE_NONE;
}

/* is_mark - punctuation that may stand around a word */
static bool is_mark(char c)
{
	return c != 0 && strchr(".,;:!?\"'`*_()[]{}<>|", c) != NULL;
}

/* bare - without the punctuation around it */
static struct assay_slice bare(struct assay_slice s)
{
	while (s.n > 0 && is_mark(s.p[0]))
		s = assay_slice_from(s, 1);
	while (s.n > 0 && is_mark(s.p[s.n - 1]))
		s.n--;
	return s;
}

/* value - what stands there, in all readings */
static void value(struct secret *g, struct assay_slice s, bool named)
{
	struct assay_slice line, token, inside, rest;
	size_t n = 0;

	s = skip_space(s);
	for (int ends = 0; ends < LINES_MAX && s.n > 0 && is_eol(s); ends++) {
		s = assay_slice_from(s, assay_slice_starts(s, "\r\n") ? 2 : 1);
		s = skip_space(s);
	}
	line = line_of(s, ASSAY_SECRET_MAX + 8);
	while (n < line.n && space(assay_slice_from(line, n)) == 0)
		n++;
	token = assay_slice_head(line, n);
	inside = quoted(line);
	rest = assay_slice_trim(line_of(s, ASSAY_SECRET_MAX + 1));
	if (inside.n > 0)
		give(g, inside, named, false);
	give(g, token, named, inside.n > 0);
	if (bare(token).n != token.n)
		give(g, bare(token), named, true);
	if (rest.n > token.n)
		give(g, rest, named, true);
}

/* is_link - a word such as " is " at the front? Its bytes, or 0 */
static size_t is_link(struct assay_slice s)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (assay_slice_starts(s, links[i])) {
			const struct assay_slice next = assay_slice_from(s, strlen(links[i]));

			if (space(next) > 0 || separator(next) > 0)
				return strlen(links[i]);
		}
	return 0;
}

/* ahead - a colon or a linking word further on in the line */
static void ahead(struct secret *g, struct assay_slice rest)
{
	const struct assay_slice line = line_of(rest, AHEAD);

	for (size_t i = 0; i < line.n; i++) {
		const struct assay_slice here = assay_slice_from(line, i);
		size_t n = separator(here);

		if (n == 0)
			n = is_link(here);
		if (n == 0)
			continue;
		value(g, assay_slice_from(rest, i + n), false);
		if (separator(here) > 0)
			return;
	}
}

/* follow - from the end of a word for password */
static void follow(struct secret *g, struct assay_slice rest, bool strong)
{
	const struct assay_slice next = skip_space(rest);
	size_t n = separator(next);

	if (n > 0) {
		value(g, assay_slice_from(next, n), strong);
		return;
	}
	/* The space before it belongs to a linking word. */
	if (next.p > rest.p)
		n = is_link(assay_slice_from(rest, (size_t)(next.p - rest.p) - 1));
	if (n > 0) {
		const struct assay_slice linked = skip_space(assay_slice_from(next, n - 1));
		const size_t colon = separator(linked);

		value(g, assay_slice_from(linked, colon), strong && colon > 0);
		return;
	}
	ahead(g, rest);
	if (!is_eol(next))
		value(g, next, false);
}

/* ---- the words ------------------------------------------------------------------------------- */

/* is_at - does the text go on with this word, in any case? */
static bool is_at(struct assay_slice s, const char *word)
{
	size_t i = 0;

	while (i < s.n && word[i] != 0 &&
	    assay_ascii_lower((unsigned char)s.p[i]) == (unsigned char)word[i])
		i++;
	return word[i] == 0;
}

/* match - the word for password at a place, or NULL; *end is behind it */
static const struct word *match(struct assay_slice text, size_t at, size_t *end)
{
	const bool begins = at == 0 || !assay_ascii_is_alnum((unsigned char)text.p[at - 1]);

	for (size_t i = 0; i < NWORDS; i++) {
		const struct word *w = &words[i];

		if ((!w->strong && !begins) || !is_at(assay_slice_from(text, at), w->text))
			continue;
		*end = at + strlen(w->text);
		for (int more = 0; w->strong && more < 3 && *end < text.n &&
		     assay_ascii_is_alpha((unsigned char)text.p[*end]);
		     more++)
			++*end;
		if (*end == text.n || w->strong ||
		    !assay_ascii_is_alnum((unsigned char)text.p[*end]))
			return w;
	}
	return NULL;
}

/* pair_of - a number for the first two bytes, in any case; few words of a language share one with a
 * word for password */
static size_t pair_of(const char *p)
{
	return ((unsigned)assay_ascii_lower((unsigned char)p[0]) * 31u +
		   (unsigned)assay_ascii_lower((unsigned char)p[1])) %
	    PAIRS;
}

/* assay_secret_scan - see secret.h */
void assay_secret_scan(struct assay_slice text, assay_secret_fn *fn, void *user)
{
	struct secret g = { .fn = fn, .user = user };
	bool pair[PAIRS] = { false };
	unsigned places = 0;

	for (size_t i = 0; i < NWORDS; i++)
		pair[pair_of(words[i].text)] = true;
	for (size_t at = 0; at + 1 < text.n && !g.enough && places < PLACES_MAX; at++) {
		const struct word *word = NULL;
		size_t end;

		if (pair[pair_of(text.p + at)])
			word = match(text, at, &end);
		if (word == NULL)
			continue;
		places++;
		follow(&g, assay_slice_from(text, end), word->strong);
		at = end - 1;
	}
}

/* assay_secret_token - see secret.h */
bool assay_secret_token(struct assay_slice *rest, struct assay_slice *word)
{
	while (rest->n > 0) {
		size_t skip = space(*rest), n = 0;

		if (skip == 0 && is_eol(*rest))
			skip = 1;
		if (skip > 0) {
			*rest = assay_slice_from(*rest, skip);
			continue;
		}
		while (n < rest->n && !is_eol(assay_slice_from(*rest, n)) &&
		    space(assay_slice_from(*rest, n)) == 0)
			n++;
		*word = bare(assay_slice_head(*rest, n));
		*rest = assay_slice_from(*rest, n);
		if (word->n >= 2 && word->n <= ASSAY_SECRET_MAX)
			return true;
	}
	return false;
}
