/*
 * mail/received.c - see received.h
 *
 * The text is a row of words and comments; the words from, by, with, id, for begin a clause. What
 * the comments of the `from` clause mean differs from server to server: see client_comment().
 * Touches memory only; cannot fail: what is not understood stays empty.
 */
#include <arpa/inet.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

#include "text/utf8.h"

#include "mail/date.h"
#include "mail/header.h"
#include "mail/lex.h"
#include "mail/received.h"

#define TEXT_MAX 1000
/* A comment that says who the client is; longer ones are about something else. */
#define COMMENT_MAX 2000

enum clause { NONE, FROM, BY, VIA, WITH, ID, FOR, CLAUSES };

struct reader {
	struct assay_arena *arena;
	struct assay_received *r;
	struct assay_lex lex;
	enum clause clause;
	size_t words; /* of this clause so far */
	bool seen[CLAUSES];
	struct assay_slice rdns;
	struct assay_slice literal; /* `from [1.2.3.4]`: the client, unless a comment names one */
	struct assay_buf with;
};

/* kept - a copy, cut at a bound */
static struct assay_slice kept(struct reader *rd, struct assay_slice s)
{
	if (s.n > TEXT_MAX) {
		s.n = TEXT_MAX;
		/* not inside a UTF-8 character */
		while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
			s.n--;
	}
	return assay_slice(assay_arena_memdup0(rd->arena, s.n > 0 ? s.p : "", s.n), s.n);
}

/* set - the first of its kind counts */
static void set(struct reader *rd, struct assay_slice *to, struct assay_slice s)
{
	if (to->n == 0 && s.n > 0)
		*to = kept(rd, s);
}

/* assay_received_ip - an address in any of its dresses */
bool assay_received_ip(struct assay_slice word, char *text, size_t size)
{
	char plain[INET6_ADDRSTRLEN + 1];
	unsigned char addr[16];
	int family;

	while (word.n > 0 && (word.p[0] == '[' || word.p[0] == '('))
		word = assay_slice_from(word, 1);
	if (assay_slice_casestarts(word, "IPv6:"))
		word = assay_slice_from(word, 5);
	if (assay_slice_casestarts(word, "::ffff:") && assay_slice_find(word, '.') < word.n)
		word = assay_slice_from(word, 7);
	/* A zone (%eth0), a closing bracket or Exim's [1.2.3.4]:port ends it. */
	for (size_t i = 0; i < word.n; i++)
		if (strchr("])%", word.p[i]) != NULL)
			word.n = i;
	if (word.n == 0 || word.n >= sizeof(plain))
		return false;
	memcpy(plain, word.p, word.n);
	plain[word.n] = '\0';
	family = memchr(plain, ':', word.n) != NULL ? AF_INET6 : AF_INET;
	return inet_pton(family, plain, addr) == 1 &&
	    inet_ntop(family, addr, text, (socklen_t)size) != NULL;
}

/* set_ip - keep it if it is an address */
static bool set_ip(struct reader *rd, struct assay_slice word)
{
	char text[INET6_ADDRSTRLEN];

	if (!assay_received_ip(word, text, sizeof(text)))
		return false;
	set(rd, &rd->r->from_ip, assay_slice_str(text));
	return true;
}

/* is_name - could it be a host name? */
static bool is_name(struct assay_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!assay_ascii_is_alnum((unsigned char)s.p[i]) && (signed char)s.p[i] >= 0 &&
		    strchr("-._", s.p[i]) == NULL)
			return false;
	return s.n > 0;
}

/* tidy - a host name without its last dot; "unknown" is none */
static struct assay_slice tidy(struct assay_slice s)
{
	while (s.n > 0 && strchr(".,;", s.p[s.n - 1]) != NULL)
		s.n--;
	return assay_slice_caseis(s, "unknown") ? ASSAY_SLICE_NONE : s;
}

/* next_word - of a comment's content; false at its end */
static bool next_word(struct assay_slice *rest, struct assay_slice *word)
{
	size_t n = 0;

	*rest = assay_slice_from(*rest, assay_lex_space(*rest, 0));
	while (n < rest->n && !assay_ascii_is_space((unsigned char)rest->p[n]) &&
	    rest->p[n] != '(' && rest->p[n] != ')' && rest->p[n] != ',')
		n++;
	*word = assay_slice_head(*rest, n);
	*rest = assay_slice_from(*rest, n);
	while (rest->n > 0 && strchr("(),", rest->p[0]) != NULL && rest->p[0] != '\0')
		*rest = assay_slice_from(*rest, 1);
	return n > 0 || rest->n > 0;
}

/* said_helo - "helo=x", "HELO x", "EHLO x"; the value, or NONE */
static struct assay_slice said_helo(struct assay_slice word, struct assay_slice *rest)
{
	static const char *const lead[] = { "helo=", "ehlo=" };
	struct assay_slice value = ASSAY_SLICE_NONE;

	for (size_t i = 0; i < 2; i++)
		if (assay_slice_casestarts(word, lead[i]))
			return assay_slice_from(word, 5);
	if (assay_slice_caseis(word, "helo") || assay_slice_caseis(word, "ehlo"))
		(void)next_word(rest, &value);
	return value;
}

/* after_mark - what stands behind the last `@` or `[`, or nothing */
static struct assay_slice after_mark(struct assay_slice word)
{
	size_t n = word.n;

	while (n > 0 && word.p[n - 1] != '@' && word.p[n - 1] != '[')
		n--;
	return n > 0 ? assay_slice_from(word, n) : ASSAY_SLICE_NONE;
}

/* client_comment - what a comment of the `from` clause says
 *
 * Postfix, Sendmail, Gmail: (name [ip]), (ident@name [ip] (may be forged)); Exchange: (ip);
 * Exim: ([ip] helo=x), (helo=x); qmail: (HELO x) (ip). */
static void client_comment(struct reader *rd, struct assay_slice content)
{
	struct assay_slice rest = assay_slice_head(content, assay_utf8_cut(content, COMMENT_MAX)),
			   word;
	struct assay_slice name = ASSAY_SLICE_NONE, helo;
	bool first = true;

	while (next_word(&rest, &word)) {
		helo = said_helo(word, &rest);
		if (helo.p != NULL) {
			/* What stood before is then the reverse name, if it is a name. */
			if (is_name(rd->r->helo))
				set(rd, &rd->rdns, tidy(rd->r->helo));
			rd->r->helo = ASSAY_SLICE_LIT("");
			set(rd, &rd->r->helo, tidy(helo));
		} else if (set_ip(rd, word)) {
			set(rd, &rd->rdns, tidy(name));
		} else if (first) {
			size_t at = assay_slice_find(word, '@');

			name = at < word.n ? assay_slice_from(word, at + 1) : word;
			if (!is_name(name)) {
				/* ident@[ip], user@domain@[ip], name[ip] */
				(void)set_ip(rd, after_mark(word));
				name = ASSAY_SLICE_NONE;
			}
		}
		first = false;
	}
}

/* clause_of - does the word begin a clause? */
static enum clause clause_of(struct assay_slice word)
{
	static const char *const name[] = { "", "from", "by", "via", "with", "id", "for" };

	for (int i = FROM; i < CLAUSES; i++)
		if (assay_slice_caseis(word, name[i]))
			return (enum clause)i;
	return NONE;
}

/* unangled - without <> and a trailing comma or semicolon */
static struct assay_slice unangled(struct assay_slice s)
{
	while (s.n > 0 && (s.p[0] == '<' || s.p[0] == '"'))
		s = assay_slice_from(s, 1);
	while (s.n > 0 && strchr(">,;\"", s.p[s.n - 1]) != NULL)
		s.n--;
	return s;
}

/* take_literal - an address outside of comments: [1.2.3.4] behind the name or in its place, or bare
 * in its place; an address in a comment counts more */
static bool take_literal(struct reader *rd, struct assay_slice word)
{
	char text[INET6_ADDRSTRLEN];

	if (rd->literal.n > 0 || (rd->words > 0 && word.p[0] != '[') ||
	    !assay_received_ip(word, text, sizeof(text)))
		return false;
	rd->literal = word;
	rd->words++;
	return true;
}

/* take_word - a word that stands in the current clause */
static void take_word(struct reader *rd, struct assay_slice word)
{
	struct assay_received *r = rd->r;

	if (rd->clause == WITH) {
		if (rd->with.n > 0)
			(void)assay_buf_add_char(&rd->with, ' ');
		(void)assay_buf_add_slice(&rd->with, unangled(word));
	}
	if (rd->clause == FROM && take_literal(rd, word))
		return;
	if (rd->words++ > 0)
		return;
	if (rd->clause == FROM) {
		set(rd, &r->helo, tidy(unangled(word)));
	} else if (rd->clause == BY) {
		set(rd, &r->by, tidy(unangled(word)));
	} else if (rd->clause == ID) {
		set(rd, &r->id, unangled(word));
	} else if (rd->clause == FOR) {
		set(rd, &r->for_, unangled(word));
	}
}

/* take_text - the words of one stretch without comments */
static void take_text(struct reader *rd, struct assay_slice s)
{
	for (size_t pos = assay_lex_space(s, 0); pos < s.n; pos = assay_lex_space(s, pos)) {
		struct assay_slice word;
		enum clause clause;
		size_t start = pos;

		while (pos < s.n && !assay_ascii_is_space((unsigned char)s.p[pos]))
			pos++;
		word = assay_slice(s.p + start, pos - start);
		clause = clause_of(word);
		/* The first word of a clause is its value, even if it is called "for". */
		if (clause != NONE && !rd->seen[clause] &&
		    (rd->clause == NONE || rd->words > 0 || clause == BY)) {
			rd->seen[clause] = true;
			rd->clause = clause;
			rd->words = 0;
		} else {
			take_word(rd, word);
		}
	}
}

/* read_clauses - all before the date */
static void read_clauses(struct reader *rd)
{
	struct assay_slice s = rd->lex.s;
	size_t start = 0, end;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '(' || (end = assay_lex_comment(&rd->lex, i)) == 0)
			continue;
		take_text(rd, assay_slice(s.p + start, i - start));
		if (rd->clause == FROM)
			client_comment(rd, assay_slice(s.p + i + 1, end - i - 2));
		else if (rd->clause == WITH && rd->with.n > 0)
			rd->clause = NONE;
		start = end;
		i = end - 1;
	}
	take_text(rd, assay_slice_from(s, start));
}

/* looks_dated - "Mon, " or "2023-09-09 " */
static bool looks_dated(struct assay_slice s)
{
	static const char day[] = "MonTueWedThuFriSatSun";

	if (s.n < 11)
		return false;
	if (s.p[4] == '-' && s.p[7] == '-' && s.p[10] == ' ')
		return assay_ascii_is_digit(s.p[0]) && assay_ascii_is_digit(s.p[9]);
	for (size_t d = 0; s.p[3] == ',' && d < 7; d++)
		if (memcmp(s.p, day + d * 3, 3) == 0)
			return true;
	return false;
}

/* date_at - where the date begins: behind the last `;`, else at the last word like one; s.n if
 * nowhere */
static size_t date_at(struct assay_slice s)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == ';')
			return i;
	for (size_t i = s.n; i > 1; i--)
		if (assay_ascii_is_space((unsigned char)s.p[i - 2]) &&
		    looks_dated(assay_slice_from(s, i - 1)))
			return i - 1;
	return s.n;
}

/* read_date - cut the date off the end and read it */
static void read_date(struct reader *rd)
{
	struct assay_slice s = rd->lex.s, text;
	size_t at = date_at(s);

	text = assay_slice_trim(assay_slice_from(s, at));
	if (text.n == 0)
		return;
	rd->r->date = kept(rd, text);
	rd->r->has_date = assay_date_parse(text, &rd->r->date_ms) == ASSAY_OK;
	if (s.p[at - 1] == ';')
		at--;
	rd->lex.s = assay_slice_head(s, at);
}

/* assay_received_parse - one Received field */
void assay_received_parse(
    struct assay_arena *arena, struct assay_slice raw, struct assay_received *received)
{
	struct assay_slice none = ASSAY_SLICE_LIT("");
	struct reader rd = { .arena = arena, .r = received, .rdns = none };

	*received = (struct assay_received){ .from = none,
		.from_ip = none,
		.helo = none,
		.by = none,
		.with = none,
		.id = none,
		.for_ = none,
		.date = none };
	rd.lex = assay_lex(assay_header_unfold(arena, raw));
	/* room for the character on the bound, so that kept() cuts before it */
	assay_buf_init(&rd.with, TEXT_MAX + 4);
	read_date(&rd);
	read_clauses(&rd);
	if (rd.with.n > 0)
		received->with = kept(&rd, assay_buf_slice(&rd.with));
	assay_buf_release(&rd.with);
	if (rd.literal.n > 0 && !set_ip(&rd, received->from_ip.n > 0 ? none : rd.literal))
		set(&rd, &received->helo, unangled(rd.literal));
	received->from = rd.rdns.n > 0 ? rd.rdns : received->helo;
}
