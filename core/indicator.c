/*
 * core/indicator.c - see indicator.h. What it reads is an analyst's, or a stranger's feed.
 */
#include "core/indicator.h"

#include "base/arena.h"
#include "base/slice.h"
#include "text/url.h"

/* ---- lines ----------------------------------------------------------------------------------- */

/* is_comment - or empty */
static bool is_comment(struct assay_slice line)
{
	return line.n == 0 || line.p[0] == '#' || line.p[0] == ';' ||
	    assay_slice_starts(line, "//");
}

/* word - up to white space, without quotes around it */
static struct assay_slice word(struct assay_slice line)
{
	size_t n = 0;

	while (n < line.n && !assay_ascii_is_space((unsigned char)line.p[n]))
		n++;
	line = assay_slice_head(line, n);
	if (line.n >= 2 && line.p[0] == '"' && line.p[line.n - 1] == '"')
		line = assay_slice(line.p + 1, line.n - 2);
	return line;
}

/* plain - "a[.]b" becomes "a.b", "a(at)b" "a@b" */
static struct assay_slice plain(struct assay_arena *arena, struct assay_slice s)
{
	static const struct {
		const char *from;
		char to;
	} table[] = { { "[.]", '.' }, { "(.)", '.' }, { "{.}", '.' }, { "[dot]", '.' },
		{ "(dot)", '.' }, { "[@]", '@' }, { "(@)", '@' }, { "[at]", '@' },
		{ "(at)", '@' } };
	char *p = assay_arena_alloc(arena, s.n + 1);
	size_t n = 0, i = 0;

	while (i < s.n) {
		size_t k = 0;

		while (k < sizeof table / sizeof table[0] &&
		    !assay_slice_casestarts(assay_slice_from(s, i), table[k].from))
			k++;
		if (k < sizeof table / sizeof table[0]) {
			p[n++] = table[k].to;
			i += strlen(table[k].from);
		} else {
			p[n++] = s.p[i++];
		}
	}
	return assay_slice(p, n);
}

/* ---- digests --------------------------------------------------------------------------------- */

/* digest - by its length */
static enum assay_indicator digest(
    struct assay_arena *arena, struct assay_slice line, struct assay_slice *value)
{
	static const struct {
		size_t digits;
		enum assay_indicator is;
	} kinds[] = { { 32, ASSAY_INDICATOR_MD5 }, { 40, ASSAY_INDICATOR_SHA1 },
		{ 64, ASSAY_INDICATOR_SHA256 }, { 128, ASSAY_INDICATOR_SHA512 } };
	size_t n = 0;
	char *p;

	if (line.n > 0 && line.p[0] == '"')
		line = assay_slice_from(line, 1);
	while (n < line.n && assay_ascii_hex((unsigned char)line.p[n]) >= 0)
		n++;
	/* "HASH name", "HASH,name", "HASH;...", but no word that begins like one. */
	if (n < line.n && assay_ascii_is_alnum((unsigned char)line.p[n]))
		return ASSAY_INDICATOR_BAD;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].digits != n)
			continue;
		p = assay_arena_alloc(arena, n + 1);
		for (size_t k = 0; k < n; k++)
			p[k] = (char)assay_ascii_lower((unsigned char)line.p[k]);
		*value = assay_slice(p, n);
		return kinds[i].is;
	}
	return ASSAY_INDICATOR_BAD;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* is_name - in its normal form: of letters, digits, - and _, with a dot between two of them */
static bool is_name(struct assay_slice name)
{
	bool dot = false;

	for (size_t i = 0; i < name.n; i++) {
		const unsigned char c = (unsigned char)name.p[i];

		if (c == '.' && (i == 0 || i + 1 == name.n || name.p[i - 1] == '.'))
			return false;
		dot |= c == '.';
		if (c < 0x80 && !assay_ascii_is_alnum(c) && c != '.' && c != '-' && c != '_')
			return false;
	}
	return dot;
}

/* host - of a name or an address of a machine; empty: it is none */
static struct assay_slice host(struct assay_arena *arena, struct assay_slice name)
{
	char text[ASSAY_URL_HOST_MAX];
	const struct assay_slice normal = { text, name.n > 0 ? assay_url_host(name, text) : 0 };

	return is_name(normal) ? assay_arena_slice(arena, normal) : ASSAY_SLICE_NONE;
}

/* What a scan of a line found first. */
struct found {
	struct assay_arena *arena;
	struct assay_slice url, host;
};

/* take_url - the first, if the line begins with it */
static bool take_url(void *user, const struct assay_url_hit *hit)
{
	struct found *found = user;

	if (hit->offset == 0 && hit->kind == ASSAY_URL_URL) {
		found->url = assay_arena_slice(found->arena, hit->url);
		found->host = assay_arena_slice(found->arena, hit->host);
	}
	return false;
}

/* link_of - a URL or a host */
static enum assay_indicator link_of(
    struct assay_arena *arena, struct assay_slice line, struct assay_slice *value)
{
	struct found found = { .arena = arena };
	const struct assay_url_sink sink = { take_url, &found };
	struct assay_url_parts parts;

	(void)assay_url_scan(line, ASSAY_URL_DEFANGED, &sink);
	if (found.url.n > 0 && assay_url_split(found.url, &parts) && parts.path.n > 1) {
		*value = found.url;
		return ASSAY_INDICATOR_URL;
	}
	*value = host(arena, found.host.n > 0 ? found.host : plain(arena, line));
	return value->n > 0 ? ASSAY_INDICATOR_HOST : ASSAY_INDICATOR_BAD;
}

/* in_brackets - "Name <address>": the address; else all of it */
static struct assay_slice in_brackets(struct assay_slice line)
{
	const size_t begin = assay_slice_find(line, '<');
	const struct assay_slice rest = assay_slice_from(line, begin + 1);

	return begin < line.n ? assay_slice_head(rest, assay_slice_find(rest, '>')) : word(line);
}

/* sender - an address or a domain */
static enum assay_indicator sender(
    struct assay_arena *arena, struct assay_slice line, struct assay_slice *value)
{
	const struct assay_slice text = plain(arena, assay_slice_trim(in_brackets(line)));
	struct assay_slice domain;
	size_t at = text.n;
	char *p;

	while (at > 0 && text.p[at - 1] != '@')
		at--;
	domain = host(arena, assay_slice_from(text, at));
	if (domain.n == 0)
		return ASSAY_INDICATOR_BAD;
	if (at <= 1 || (at == 2 && text.p[0] == '*')) {
		*value = domain;
		return ASSAY_INDICATOR_DOMAIN;
	}
	p = assay_arena_alloc(arena, at + domain.n + 1);
	for (size_t i = 0; i < at; i++)
		p[i] = (char)assay_ascii_lower((unsigned char)text.p[i]);
	memcpy(p + at, domain.p, domain.n);
	*value = assay_slice(p, at + domain.n);
	return ASSAY_INDICATOR_ADDRESS;
}

/* assay_indicator_read - see indicator.h */
enum assay_indicator assay_indicator_read(struct assay_arena *arena, enum assay_indicator_of of,
    struct assay_slice line, struct assay_slice *value)
{
	*value = ASSAY_SLICE_NONE;
	if (assay_slice_starts(line, "\xef\xbb\xbf"))
		line = assay_slice_from(line, 3);
	line = assay_slice_trim(line);
	if (is_comment(line))
		return ASSAY_INDICATOR_EMPTY;
	if (line.n > ASSAY_INDICATOR_LINE)
		return ASSAY_INDICATOR_BAD;
	if (of == ASSAY_INDICATOR_DIGESTS)
		return digest(arena, line, value);
	return of == ASSAY_INDICATOR_LINKS ? link_of(arena, word(line), value)
					   : sender(arena, line, value);
}
