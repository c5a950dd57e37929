/*
 * lex - the words of a YARA rule file; see lex.h
 *
 * Reads the text twice, once to count. A slash that begins no comment begins a regular
 * expression (YARA divides with a backslash), a brace a hex string only behind "=".
 */
#include "base/arena.h"
#include "base/slice.h"

#include "lex.h"

struct lexer {
	struct assay_slice rest;
	struct assay_lex_token last;
	bool bad;
};

/* is_word - may stand in an identifier */
static bool is_word(char c)
{
	return assay_ascii_is_alnum((unsigned char)c) || c == '_';
}

/* comment_length - of the comment at the start of s; 0: none there */
static size_t comment_length(struct assay_slice s)
{
	if (assay_slice_starts(s, "//"))
		return assay_slice_find(s, '\n');
	if (assay_slice_starts(s, "/*"))
		return 2 + assay_slice_search(assay_slice_from(s, 2), ASSAY_SLICE_LIT("*/")) + 2;
	return 0;
}

/* skip_space - behind white space and comments */
static void skip_space(struct lexer *lex)
{
	for (;;) {
		size_t n = comment_length(lex->rest);

		while (n == 0 && lex->rest.n > 0 &&
		    assay_ascii_is_space((unsigned char)lex->rest.p[0]))
			lex->rest = assay_slice_from(lex->rest, 1);
		if (n == 0)
			n = comment_length(lex->rest);
		if (n == 0)
			return;
		lex->rest = assay_slice_from(lex->rest, n);
	}
}

/* quoted_length - of what starts and ends with the sign, a backslash escaping; 0: no end */
static size_t quoted_length(struct assay_slice s, char sign)
{
	for (size_t i = 1; i < s.n && s.p[i] != '\n'; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == sign)
			return i + 1;
	}
	return 0;
}

/* hex_length - of a hex string with its braces; 0: no end */
static size_t hex_length(struct assay_slice s)
{
	for (size_t i = 1; i < s.n; i++) {
		const size_t skip = comment_length(assay_slice_from(s, i));

		if (skip > 0)
			i += skip - 1;
		else if (s.p[i] == '}')
			return i + 1;
	}
	return 0;
}

/* word_length - of the word characters from position `from` on */
static size_t word_length(struct assay_slice s, size_t from)
{
	while (from < s.n && is_word(s.p[from]))
		from++;
	return from;
}

/* number_length - digits, letters of a prefix or unit, and one fraction; not the ".." of a range */
static size_t number_length(struct assay_slice s)
{
	size_t n = word_length(s, 0);

	if (n + 1 < s.n && s.p[n] == '.' && assay_ascii_is_digit((unsigned char)s.p[n + 1]))
		n = word_length(s, n + 1);
	return n;
}

/* punct_length - one sign or two */
static size_t punct_length(struct assay_slice s)
{
	static const char *const pairs[] = { "==", "!=", "<=", ">=", "<<", ">>", ".." };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (assay_slice_starts(s, pairs[i]))
			return 2;
	return 1;
}

/* classify - kind of the token at the start of rest and its length; 0: not understood */
static size_t classify(const struct lexer *lex, enum assay_lex_kind *kind)
{
	const struct assay_slice s = lex->rest;
	const char c = s.p[0];

	if (c == '"')
		return *kind = ASSAY_LEX_STRING, quoted_length(s, '"');
	if (c == '/') {
		const size_t n = quoted_length(s, '/');

		return *kind = ASSAY_LEX_REGEX, n > 0 ? word_length(s, n) : 0;
	}
	if (c == '{' && assay_lex_is(&lex->last, "="))
		return *kind = ASSAY_LEX_HEX, hex_length(s);
	if (c == '$' || c == '#' || c == '@' || (c == '!' && !assay_slice_starts(s, "!=")))
		return *kind = ASSAY_LEX_VAR, word_length(s, 1);
	if (assay_ascii_is_digit((unsigned char)c))
		return *kind = ASSAY_LEX_NUMBER, number_length(s);
	if (is_word(c))
		return *kind = ASSAY_LEX_IDENT, word_length(s, 0);
	*kind = ASSAY_LEX_PUNCT;
	return c > ' ' && c < 0x7f ? punct_length(s) : 0;
}

/* next - the next token; false at the end or when not understood */
static bool next(struct lexer *lex, struct assay_lex_token *token)
{
	size_t n;

	skip_space(lex);
	if (lex->rest.n == 0)
		return false;
	n = classify(lex, &token->kind);
	lex->bad = n == 0;
	token->text = assay_slice_head(lex->rest, n);
	lex->rest = assay_slice_from(lex->rest, n);
	lex->last = *token;
	return n > 0;
}

/* assay_lex_scan - see lex.h */
bool assay_lex_scan(
    struct assay_arena *arena, struct assay_slice text, struct assay_lex_token **token, size_t *n)
{
	struct lexer lex = { .rest = text };
	struct assay_lex_token t;
	size_t count = 0;

	while (next(&lex, &t))
		count++;
	if (lex.bad)
		return false;
	*token = assay_arena_calloc(arena, count + 1, sizeof(**token));
	*n = 0;
	lex = (struct lexer){ .rest = text };
	while (next(&lex, &t))
		(*token)[(*n)++] = t;
	return true;
}

/* assay_lex_is - see lex.h */
bool assay_lex_is(const struct assay_lex_token *token, const char *text)
{
	return token->kind != ASSAY_LEX_STRING && assay_slice_is(token->text, text);
}

/* digits - value of the digits of one base at the start of *s, which is moved behind them */
static bool digits(struct assay_slice *s, unsigned base, uint64_t *value)
{
	size_t i = 0;

	*value = 0;
	for (; i < s->n; i++) {
		const int digit = assay_ascii_hex((unsigned char)s->p[i]);

		if (digit < 0 || (unsigned)digit >= base)
			break;
		if (*value > (uint64_t)INT64_MAX / 16)
			return false;
		*value = *value * base + (unsigned)digit;
	}
	*s = assay_slice_from(*s, i);
	return i > 0;
}

/* assay_lex_number - see lex.h */
bool assay_lex_number(const struct assay_lex_token *token, uint64_t *value)
{
	struct assay_slice s = token->text;
	const bool hex = assay_slice_starts(s, "0x");

	if (token->kind != ASSAY_LEX_NUMBER)
		return false;
	if (hex)
		s = assay_slice_from(s, 2);
	if (!digits(&s, hex ? 16 : 10, value) || *value > (uint64_t)INT64_MAX / (1024 * 1024))
		return false;
	if (assay_slice_is(s, "KB"))
		*value *= 1024;
	else if (assay_slice_is(s, "MB"))
		*value *= 1024 * 1024;
	else if (s.n > 0)
		return false;
	return true;
}
