/*
 * text/url_scan.c - see url.h: finding URLs. The text is skipped to the next byte that can be part
 * of an anchor (':', '.', '@', brackets); from there we look back at most a scheme, or to where the
 * last hit ended, and read forward once. What was read is never read again: linear.
 */
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "text/domain.h"
#include "text/url.h"
#include "text/utf8.h"

#define SCHEME_MAX 8
#define ANCHOR_COLON 1u
#define ANCHOR_DOT 2u
#define ANCHOR_AT 4u
#define ANCHOR_FANG 8u

static const unsigned char anchors[256] = {
	[':'] = ANCHOR_COLON,
	['.'] = ANCHOR_DOT,
	['@'] = ANCHOR_AT,
	['['] = ANCHOR_FANG,
	['('] = ANCHOR_FANG,
	['{'] = ANCHOR_FANG,
};

struct scheme {
	const char *text;  /* as found */
	const char *means; /* as written in url */
	bool slashes;      /* two must follow */
	bool fanged;       /* only with ASSAY_URL_DEFANGED */
};

/* Longer ones before those they end in. */
static const struct scheme schemes[] = {
	{ "https", "https", true, false },
	{ "http", "http", true, false },
	{ "mailto", "mailto", false, false },
	{ "sftp", "sftp", true, false },
	{ "ftps", "ftps", true, false },
	{ "ftp", "ftp", true, false },
	{ "file", "file", true, false },
	{ "wss", "wss", true, false },
	{ "ws", "ws", true, false },
	{ "smb", "smb", true, false },
	{ "ldaps", "ldaps", true, false },
	{ "ldap", "ldap", true, false },
	{ "ssh", "ssh", true, false },
	{ "telnet", "telnet", true, false },
	{ "rtsp", "rtsp", true, false },
	{ "ipfs", "ipfs", true, false },
	{ "tcp", "tcp", true, false },
	{ "udp", "udp", true, false },
	{ "magnet", "magnet", false, false },
	{ "hxxps", "https", true, true },
	{ "hxxp", "http", true, true },
	{ "h**ps", "https", true, true },
	{ "h**p", "http", true, true },
	{ "htxps", "https", true, true },
	{ "htxp", "http", true, true },
	{ "hxtps", "https", true, true },
	{ "hxtp", "http", true, true },
	{ "h__ps", "https", true, true },
	{ "h__p", "http", true, true },
	{ "meows", "https", true, true },
	{ "meow", "http", true, true },
	{ "fxps", "ftps", true, true },
	{ "fxp", "ftp", true, true },
};

#define KNOWN 32u
#define KNOWN_MAX 63u

/* The last answer for one slot. */
struct known {
	unsigned char n; /* 0: none yet */
	bool answer;
	char host[KNOWN_MAX];
};

struct scan {
	struct assay_slice text;
	unsigned flags;
	const struct assay_url_sink *sink;
	size_t floor; /* nothing before it belongs to a later hit */
	size_t seen;  /* up to here bare names were read, in vain or not */
	size_t hits;
	bool stopped;
	struct assay_buf url;
	char host[ASSAY_URL_HOST_MAX];
	struct known known[KNOWN]; /* hosts that were asked for: names come again and again */
};

/* One candidate while it is read. */
struct reading {
	size_t start, at;         /* raw is text[start, at) */
	int round, square, curly; /* brackets open */
	bool fanged;
	bool host;   /* still in the authority */
	bool dotted; /* a dot that is one was in it */
	bool bare;   /* no scheme: an '@' ends it */
	bool quoted; /* a single quote stands before it, and ends it */
};

/* at - byte i of the text, or 0 */
static int at(const struct scan *s, size_t i)
{
	return i < s->text.n ? (unsigned char)s->text.p[i] : 0;
}

/* tail - the text from i on */
static struct assay_slice tail(const struct scan *s, size_t i)
{
	return assay_slice_from(s->text, i);
}

/* is_host - an ASCII byte of a host name */
static bool is_host(int c)
{
	return assay_ascii_is_alnum(c) || c == '-' || c == '_';
}

/* fanged - length of one of the `forms` (NULL-ended) at the front of t, or 0 */
static size_t fanged(struct assay_slice t, const char *const *forms)
{
	for (; *forms != NULL; forms++)
		if (assay_slice_casestarts(t, *forms))
			return strlen(*forms);
	return 0;
}

/* fanged_dot - length of a dot that was made harmless at the front of t, or 0 */
static size_t fanged_dot(struct assay_slice t)
{
	static const char *const forms[] = { "[.]", "(.)", "{.}", "<.>", "[dot]", "(dot)", "{dot}",
		"<dot>", "[d0t]", "[.", NULL };
	static const char *const partial[] = { ".]", ".)", ".}", "\\.", " dot ", "_dot_", " [.] ",
		" [dot] ", " (dot) ", " (.) ", NULL };
	const int c = t.n > 0 ? (unsigned char)t.p[0] : 0;
	size_t n = 0;

	if (c == '[' || c == '(' || c == '{' || c == '<')
		n = fanged(t, forms);
	else if (c == '.' || c == '\\' || c == ' ' || c == '_')
		n = fanged(t, partial);
	/* A label has to follow, else it is a bracket, a dot, the word "dot". */
	if (n == 0 || n >= t.n)
		return 0;
	return is_host((unsigned char)t.p[n]) || (unsigned char)t.p[n] >= 0x80 ? n : 0;
}

/* fanged_at - length of a harmless @ at the front of t, or 0 */
static size_t fanged_at(struct assay_slice t)
{
	static const char *const forms[] = { "[@]", "(@)", "{@}", "[at]", "(at)", "{at}", NULL };

	return fanged(t, forms);
}

/* wide_end - does the non-ASCII character at the front of t end a URL? Its length in *n */
static bool wide_end(struct assay_slice t, size_t *n)
{
	uint32_t cp;

	*n = assay_utf8_decode(t, &cp);
	/* Full stops that also are dots of a host name: only before more of one. */
	if (cp == 0x3002 || cp == 0xff0e || cp == 0xff61)
		return t.n <= *n || !assay_ascii_is_alnum((unsigned char)t.p[*n]);
	return cp == ASSAY_UTF8_BAD || cp <= 0xa0 || cp == 0xab || cp == 0xad || cp == 0xbb ||
	    (cp >= 0x2000 && cp <= 0x206f) || (cp >= 0x3000 && cp <= 0x301f) ||
	    (cp >= 0xff01 && cp <= 0xff0f) || cp == 0xff1a || cp == 0xff1b || cp == 0xff1f ||
	    cp == 0xff3b || cp == 0xff3d || cp == 0xff5b || cp == 0xff5d || cp == 0xff62 ||
	    cp == 0xff63 || cp == 0xfeff || cp == 0xfffd;
}

/* bracket - keep count; false when c closes what was not opened */
static bool bracket(struct reading *r, int c)
{
	switch (c) {
	case '(':
		r->round++;
		break;
	case '[':
		r->square++;
		break;
	case '{':
		r->curly++;
		break;
	case ')':
		return r->round-- > 0;
	case ']':
		return r->square-- > 0;
	case '}':
		return r->curly-- > 0;
	}
	return true;
}

/* is_end - does the ASCII byte at r->at end the URL? */
static bool is_end(const struct scan *s, struct reading *r)
{
	const int c = at(s, r->at);

	if (c <= 0x20 || c == 0x7f || strchr("\"<>`|^", c) != NULL || (c == '\'' && r->quoted))
		return true;
	/* "a.example,http://b.example" are two. */
	if ((c == ',' || c == ';') && assay_slice_casestarts(tail(s, r->at + 1), "http"))
		return true;
	if (r->host && (strchr("()[]{},;'", c) != NULL || (c == '@' && r->bare)))
		return true;
	return !bracket(r, c);
}

/* step - take what stands at r->at; false at the end of the URL */
static bool step(struct scan *s, struct reading *r)
{
	const struct assay_slice t = tail(s, r->at);
	size_t n = 1;

	if (t.n == 0 || s->url.full)
		return false;
	if ((s->flags & ASSAY_URL_DEFANGED) != 0 && (r->host || r->fanged) &&
	    strchr("[({<.\\ _", t.p[0]) != NULL && t.p[0] != '\0') {
		/* Spelled with blanks only where no real dot was: else it is the word. */
		n = t.p[0] == ' ' && (!r->host || r->dotted) ? 0 : fanged_dot(t);
		if (n > 0) {
			r->fanged = true;
			r->at += n;
			return assay_buf_add_char(&s->url, '.');
		}
		n = 1;
	}
	if ((unsigned char)t.p[0] >= 0x80) {
		if (wide_end(t, &n))
			return false;
	} else if (is_end(s, r)) {
		return false;
	}
	if (t.p[0] == '.')
		r->dotted = true;
	else if (strchr("/?#\\", t.p[0]) != NULL)
		r->host = false;
	r->at += n;
	return assay_buf_add(&s->url, t.p, n);
}

/* literal_v6 - `[2001:db8::1]` at r->at, taken whole */
static void literal_v6(struct scan *s, struct reading *r)
{
	const struct assay_slice t = assay_slice_head(tail(s, r->at), 60);
	const size_t close = assay_slice_find(t, ']');
	char host[ASSAY_URL_HOST_MAX];

	if (t.n == 0 || t.p[0] != '[' || close == t.n ||
	    assay_url_host(assay_slice_head(t, close + 1), host) == 0)
		return;
	(void)assay_buf_add(&s->url, t.p, close + 1);
	r->at += close + 1;
}

/* trim - take back punctuation that belongs to the sentence */
static void trim(struct scan *s, struct reading *r, size_t least)
{
	while (s->url.n > least && r->at > r->start) {
		const char c = s->url.p[s->url.n - 1];

		if (c == '\0' || strchr(".,;:!?'*_~([{\\", c) == NULL || at(s, r->at - 1) != c)
			break;
		s->url.n--;
		r->at--;
	}
	s->url.p[s->url.n] = '\0';
}

/* skip_run - behind what was cut at the maximum: go to the end of the run */
static void skip_run(struct scan *s, size_t i)
{
	while (i < s->text.n && at(s, i) > 0x20 && strchr("\"<>", at(s, i)) == NULL)
		i++;
	s->floor = i;
}

/* report - hand a hit on */
static void report(struct scan *s, const struct reading *r, enum assay_url_kind kind, bool implied)
{
	const struct assay_url_hit hit = {
		.kind = kind,
		.offset = r->start,
		.raw = assay_slice(s->text.p + r->start, r->at - r->start),
		.url = assay_buf_slice(&s->url),
		.host = assay_slice_str(s->host),
		.defanged = r->fanged,
		.implied = implied,
	};

	s->hits++;
	if (!s->sink->hit(s->sink->user, &hit))
		s->stopped = true;
}

/* read_on - from r->at to the end of the URL, whose first `least` bytes are in url already */
static void read_on(struct scan *s, struct reading *r, size_t least)
{
	literal_v6(s, r);
	while (step(s, r))
		;
	s->floor = r->at;
	if (s->url.full)
		skip_run(s, r->at);
	trim(s, r, least);
}

/* scheme_before - the scheme that ends at i, or NULL */
static const struct scheme *scheme_before(const struct scan *s, size_t i)
{
	/* Most colons end no scheme at all. */
	if (i == s->floor || strchr("psoehwbtcmPSOEHWBTCM", at(s, i - 1)) == NULL)
		return NULL;
	for (size_t k = 0; k < sizeof schemes / sizeof schemes[0]; k++) {
		const struct scheme *c = &schemes[k];
		const size_t n = strlen(c->text);

		if (i - s->floor < n || (c->fanged && (s->flags & ASSAY_URL_DEFANGED) == 0))
			continue;
		if (assay_slice_caseis(assay_slice(s->text.p + i - n, n), c->text))
			return c;
	}
	return NULL;
}

/* is_slash - forward or backward */
static bool is_slash(int c)
{
	return c == '/' || c == '\\';
}

/* mail_host - the domain behind the last @ of a mailto URL */
static void mail_host(struct scan *s)
{
	const struct assay_slice url = assay_buf_slice(&s->url);
	size_t at_sign = assay_slice_find(url, '@'), end = at_sign;

	s->host[0] = '\0';
	if (at_sign == url.n)
		return;
	while (end < url.n && strchr("?,;&>", url.p[end]) == NULL)
		end++;
	(void)assay_url_host(assay_slice(url.p + at_sign + 1, end - at_sign - 1), s->host);
}

/* with_scheme - a scheme ends at `colon`; the URL goes on at `behind` */
static bool with_scheme(struct scan *s, size_t colon, size_t behind, bool slashes_seen)
{
	const struct scheme *c = scheme_before(s, colon);
	struct reading r = { .at = behind, .host = true };
	size_t least;

	if (c == NULL ||
	    (!slashes_seen && c->slashes &&
		!(is_slash(at(s, behind)) && is_slash(at(s, behind + 1)))))
		return false;
	r.start = colon - strlen(c->text);
	r.fanged = c->fanged || behind != colon + 1;
	r.quoted = r.start > 0 && at(s, r.start - 1) == '\'';
	r.host = c->slashes;
	assay_buf_clear(&s->url);
	(void)assay_buf_add_str(&s->url, c->means);
	(void)assay_buf_add_str(&s->url, c->slashes ? "://" : ":");
	least = s->url.n;
	if (c->slashes && !slashes_seen)
		r.at += 2;
	read_on(s, &r, least);
	if (s->url.n == least)
		return false;
	if (c->slashes)
		(void)assay_url_host_of(assay_buf_slice(&s->url), s->host);
	else
		mail_host(s);
	/* file:///x, magnet: and mailto: have none; the others must. */
	if (s->host[0] == '\0' && strcmp(c->means, "file") != 0 && strcmp(c->means, "magnet") != 0)
		return false;
	report(s, &r, ASSAY_URL_URL, false);
	return true;
}

/* name_start - where the host name that holds position i begins */
static size_t name_start(const struct scan *s, size_t i)
{
	const size_t dot = i;

	while (i > s->floor && dot - i < ASSAY_URL_HOST_MAX &&
	    (is_host(at(s, i - 1)) || at(s, i - 1) == '.'))
		i--;
	while (i <= dot && (at(s, i) == '.' || at(s, i) == '-'))
		i++;
	return i;
}

/* is_known - is it a name below a suffix that exists? */
static bool is_known(struct scan *s, struct assay_slice host)
{
	struct known *k = &s->known[assay_slice_hash(host) % KNOWN];

	if (host.n == 0 || host.n > KNOWN_MAX)
		return assay_domain_is_known(host);
	if (k->n == host.n && memcmp(k->host, host.p, host.n) == 0)
		return k->answer;
	k->n = (unsigned char)host.n;
	k->answer = assay_domain_is_known(host);
	memcpy(k->host, host.p, host.n);
	return k->answer;
}

/* plausible - is the host in s->host one that prose means as such? */
static bool plausible(struct scan *s, bool www, bool is_fanged)
{
	const struct assay_slice host = assay_slice_str(s->host);

	if (host.n == 0)
		return false;
	if (assay_url_host_is_ip(host))
		return is_fanged;
	return is_known(s, host) ||
	    (www && assay_slice_find(assay_slice_from(host, 4), '.') < host.n - 4);
}

/* report_bare - what was read without a scheme, if it is one; false when not */
static bool report_bare(struct scan *s, struct reading *r, bool www)
{
	const bool asked = (s->flags & ASSAY_URL_DOMAINS) != 0;
	struct assay_url_parts parts;

	(void)assay_url_split(assay_buf_slice(&s->url), &parts);
	if (parts.host.p == NULL || (parts.path.n == 0 && at(s, r->at) == '@'))
		return false;
	(void)assay_url_host(parts.host, s->host);
	if (!(www || asked || r->fanged) || !plausible(s, www, r->fanged))
		return false;
	if (www || parts.path.n > 0 || parts.port.p != NULL ||
	    assay_url_host_is_ip(assay_slice_str(s->host))) {
		report(s, r, ASSAY_URL_URL, true);
		return true;
	}
	assay_buf_clear(&s->url);
	(void)assay_buf_add_str(&s->url, s->host);
	report(s, r, ASSAY_URL_DOMAIN, true);
	return true;
}

/* ends_sentence - a dot behind which no label comes, as most dots of a text are */
static bool ends_sentence(const struct scan *s, size_t i)
{
	const int next = at(s, i + 1);

	return at(s, i) == '.' &&
	    (assay_ascii_is_space(next) || next == '<' || next == '"' || next == 0);
}

/* bare - a URL or domain without a scheme around the dot at i */
static void bare(struct scan *s, size_t i)
{
	const size_t floor = s->floor, start = ends_sentence(s, i) ? i + 1 : name_start(s, i);
	struct reading r = { .start = start, .at = start, .host = true, .bare = true };
	const int before = start > 0 ? at(s, start - 1) : ' ';
	bool www;

	if (i < s->seen || start > i || before == '@' || before >= 0x80 || is_host(before))
		return;
	www = assay_slice_casestarts(tail(s, start), "www") && !is_slash(before);
	r.quoted = before == '\'';
	assay_buf_clear(&s->url);
	(void)assay_buf_add_str(&s->url, "http://");
	read_on(s, &r, s->url.n);
	s->seen = s->floor;
	/* In vain: what was read over may still hold a scheme or an address. */
	if (!report_bare(s, &r, www))
		s->floor = floor;
}

/* is_local - an ASCII byte of the local part of an address, dots included */
static bool is_local(int c)
{
	return assay_ascii_is_alnum(c) || (c != '\0' && strchr(".!#$%&'*+/=?^_`{|}~-", c) != NULL);
}

/* email - an address around the '@' at i, which is n bytes long */
static void email(struct scan *s, size_t i, size_t n)
{
	struct reading r = { .start = i, .at = i + n, .fanged = n > 1 };
	size_t from, dot;

	while (r.start > s->floor && i - r.start < 64 && is_local(at(s, r.start - 1)))
		r.start--;
	while (r.start < i && strchr(".'`{|=*", at(s, r.start)) != NULL)
		r.start++;
	assay_buf_clear(&s->url);
	(void)assay_buf_add(&s->url, s->text.p + r.start, i - r.start);
	(void)assay_buf_add_char(&s->url, '@');
	from = s->url.n;
	while (s->url.n - from < ASSAY_URL_HOST_MAX) {
		dot = (s->flags & ASSAY_URL_DEFANGED) != 0 ? fanged_dot(tail(s, r.at)) : 0;
		if (dot == 0 && !is_host(at(s, r.at)) && at(s, r.at) != '.')
			break;
		(void)assay_buf_add_char(&s->url, dot > 0 ? '.' : (char)at(s, r.at));
		r.fanged |= dot > 0;
		r.at += dot > 0 ? dot : 1;
	}
	trim(s, &r, from);
	(void)assay_url_host(assay_slice_from(assay_buf_slice(&s->url), from), s->host);
	if (from < 2 || s->host[0] == '\0' || !is_known(s, assay_slice_str(s->host)))
		return;
	s->floor = r.at;
	report(s, &r, ASSAY_URL_EMAIL, false);
}

/* bracketed - an opening bracket at i, perhaps of something made harmless */
static void bracketed(struct scan *s, size_t i)
{
	const struct assay_slice t = tail(s, i);
	size_t n;

	if (t.n < 2 || t.p[1] == '\0' || strchr(".:@dDaA", t.p[1]) == NULL)
		return;
	if (assay_slice_starts(t, "[://]") || assay_slice_starts(t, "(://)"))
		(void)with_scheme(s, i, i + 5, true);
	else if (assay_slice_starts(t, "[:]") || assay_slice_starts(t, "(:)"))
		(void)with_scheme(s, i, i + 3, false);
	else if (fanged_dot(t) > 0)
		bare(s, i);
	else if ((s->flags & ASSAY_URL_EMAILS) != 0 && (n = fanged_at(t)) > 0)
		email(s, i, n);
}

/* anchor - what stands around an anchor byte at i */
static void anchor(struct scan *s, size_t i)
{
	const struct assay_slice three =
	    assay_slice(s->text.p + (i < 3 ? 0 : i - 3), i < 3 ? 0 : 3);

	switch (at(s, i)) {
	case ':':
		if ((s->flags & ASSAY_URL_DEFANGED) != 0 &&
		    assay_slice_starts(tail(s, i + 1), "[//]"))
			(void)with_scheme(s, i, i + 5, true);
		else
			(void)with_scheme(s, i, i + 1, false);
		break;
	case '.':
		/* Of several dots in a row the last one stands in a name, if any does. */
		if (at(s, i + 1) == '.')
			break;
		if ((s->flags & ASSAY_URL_DOMAINS) != 0 || assay_slice_caseis(three, "www"))
			bare(s, i);
		break;
	case '@':
		email(s, i, 1);
		break;
	default:
		bracketed(s, i);
	}
}

/* assay_url_scan - all of a text */
size_t assay_url_scan(struct assay_slice text, unsigned flags, const struct assay_url_sink *sink)
{
	struct scan s;
	unsigned mask = ANCHOR_COLON | ANCHOR_DOT;
	size_t i = 0;

	/* Not all of it: most texts are short, links above all. */
	memset(&s, 0, offsetof(struct scan, host));
	for (size_t k = 0; k < KNOWN; k++)
		s.known[k].n = 0;
	s.text = text;
	s.flags = flags;
	s.sink = sink;
	if ((flags & ASSAY_URL_EMAILS) != 0)
		mask |= ANCHOR_AT;
	if ((flags & ASSAY_URL_DEFANGED) != 0)
		mask |= ANCHOR_FANG;
	assay_buf_init(&s.url, ASSAY_URL_MAX);
	while (i < text.n && !s.stopped) {
		if ((anchors[(unsigned char)text.p[i]] & mask) != 0) {
			anchor(&s, i);
			i = s.floor > i ? s.floor : i + 1;
		} else {
			i++;
		}
	}
	assay_buf_release(&s.url);
	return s.hits;
}
