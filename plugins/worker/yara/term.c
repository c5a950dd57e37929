/*
 * term - what a condition says about the first two bytes; see term.h
 *
 * Everything here errs on the side of "proves nothing". Precedence of YARA's grammar: `or` binds
 * loosest, then `and`, then `not` and `defined`, then everything else.
 */
#include "base/slice.h"

#include "term.h"

#define TERM_DEPTH 16

/* is - the token at position i of the term is this word */
static bool is(struct assay_term t, size_t i, const char *text)
{
	return i < (size_t)(t.to - t.from) && assay_lex_is(t.from + i, text);
}

/* opens - an opening bracket */
static bool opens(const struct assay_lex_token *t)
{
	return assay_lex_is(t, "(") || assay_lex_is(t, "[");
}

/* closes - a closing bracket */
static bool closes(const struct assay_lex_token *t)
{
	return assay_lex_is(t, ")") || assay_lex_is(t, "]");
}

/* strip - without parentheses around the whole */
static struct assay_term strip(struct assay_term t)
{
	while (t.to - t.from >= 2 && assay_lex_is(t.from, "(")) {
		const struct assay_lex_token *p = t.from;
		unsigned depth = 0;

		for (; p < t.to; p++) {
			depth += opens(p);
			depth -= closes(p);
			if (depth == 0)
				break;
		}
		if (p != t.to - 1)
			break;
		t.from++;
		t.to--;
	}
	return t;
}

/* split - the part of *rest up to the op outside of brackets; false when nothing is left */
static bool split(struct assay_term *rest, const char *op, struct assay_term *part)
{
	const struct assay_lex_token *p = rest->from;
	int depth = 0;

	if (rest->from >= rest->to)
		return false;
	for (; p < rest->to; p++) {
		depth += opens(p) - closes(p);
		if (depth == 0 && assay_lex_is(p, op))
			break;
	}
	*part = (struct assay_term){ rest->from, p };
	rest->from = p < rest->to ? p + 1 : p;
	return true;
}

/* has - the word stands in the term, at any depth */
static bool has(struct assay_term t, const char *word)
{
	for (const struct assay_lex_token *p = t.from; p < t.to; p++)
		if (p->kind == ASSAY_LEX_IDENT && assay_lex_is(p, word))
			return true;
	return false;
}

/* has_top - the op stands outside of brackets */
static bool has_top(struct assay_term t, const char *op)
{
	struct assay_term rest = t, part;

	return split(&rest, op, &part) && part.to != t.to;
}

/* key_of - the pair of first bytes that read as this number with that function */
static uint16_t key_of(bool big, bool wide, uint64_t value)
{
	if (big)
		return (uint16_t)(wide ? value >> 16 : value);
	return (uint16_t)((value & 0xff) << 8 | (value >> 8 & 0xff));
}

/* one - a single key */
static struct assay_term_keys one(uint16_t key)
{
	return (struct assay_term_keys){ .key = { key }, .n = 1 };
}

/* integer_keys - uint16(0) == N and its relatives, t beginning with the function */
static struct assay_term_keys integer_keys(
    struct assay_term t, const struct assay_lex_token *number)
{
	static const struct {
		const char *name;
		bool big, wide;
	} functions[] = { { "uint16", false, false }, { "uint16be", true, false },
		{ "uint32", false, true }, { "uint32be", true, true } };
	uint64_t value, zero;

	if (!is(t, 1, "(") || !assay_lex_number(t.from + 2, &zero) || zero != 0 || !is(t, 3, ")") ||
	    !assay_lex_number(number, &value))
		return (struct assay_term_keys){ .n = 0 };
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		/* A number that does not fit is never equal: any key is right then. */
		if (is(t, 0, functions[i].name))
			return one(key_of(functions[i].big, functions[i].wide, value));
	return (struct assay_term_keys){ .n = 0 };
}

/* hex_byte - the next byte of a hex string; -1 when it is not one plain byte */
static int hex_byte(struct assay_slice *s)
{
	int high, low;

	while (s->n > 0 && assay_ascii_is_space((unsigned char)s->p[0]))
		*s = assay_slice_from(*s, 1);
	if (s->n < 3)
		return -1;
	high = assay_ascii_hex((unsigned char)s->p[0]);
	low = assay_ascii_hex((unsigned char)s->p[1]);
	*s = assay_slice_from(*s, 2);
	return high >= 0 && low >= 0 ? high * 16 + low : -1;
}

/* string_key - first two bytes of a string, given the token of its value; false: not known */
static bool string_key(const struct assay_lex_token *value, uint16_t *key)
{
	struct assay_slice s = assay_slice_from(value->text, 1);
	int first, second;

	if (value->kind == ASSAY_LEX_HEX) {
		first = hex_byte(&s);
		second = hex_byte(&s);
	} else if (value->kind == ASSAY_LEX_STRING && s.n > 2 && s.p[0] != '\\' && s.p[1] != '\\') {
		first = (unsigned char)s.p[0];
		second = (unsigned char)s.p[1];
	} else {
		return false;
	}
	*key = (uint16_t)((unsigned)first << 8 | (unsigned)second);
	return first >= 0 && second >= 0;
}

/* at_keys - `$x at 0` */
static struct assay_term_keys at_keys(struct assay_term t, struct assay_term strings)
{
	const struct assay_lex_token *p = strings.from;
	uint64_t zero;
	uint16_t key;

	if (!assay_lex_number(t.from + 2, &zero) || zero != 0 || t.from->text.n < 2)
		return (struct assay_term_keys){ .n = 0 };
	for (; strings.to - p > 3; p++)
		if (p->kind == ASSAY_LEX_VAR && assay_slice_eq(p->text, t.from->text) &&
		    assay_lex_is(p + 1, "="))
			break;
	if (strings.to - p <= 2 || !string_key(p + 2, &key))
		return (struct assay_term_keys){ .n = 0 };
	/* nocase, wide, xor, base64 change the bytes: only these two do not. */
	for (p += 3; p < strings.to && p->kind != ASSAY_LEX_VAR; p++)
		if (!assay_lex_is(p, "ascii") && !assay_lex_is(p, "fullword"))
			return (struct assay_term_keys){ .n = 0 };
	return one(key);
}

/* is_pe_atom - a relation or call that begins with a member of pe that only PE files have */
static bool is_pe_atom(struct assay_term t)
{
	static const char *const members[] = { "number_of_sections", "imphash", "exports",
		"imports", "machine", "timestamp", "sections", "entry_point", "characteristics",
		"is_dll", "is_32bit", "is_64bit", "version_info", "pdb_path", "number_of_resources",
		"overlay", "checksum", "subsystem", "section_index", "rich_signature", "resources",
		"number_of_signatures", "image_base", "dll_characteristics", "linker_version" };
	static const char *const no[] = { "and", "or", "not", "defined", "of", "for", "any", "all",
		"none", "true", "false" };

	if (!is(t, 0, "pe") || !is(t, 1, ".") || t.to - t.from < 3)
		return false;
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (has(t, no[i]))
			return false;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (is(t, 2, members[i]))
			return true;
	return false;
}

/* atom_keys - of a term that is not made of `and` or `or` */
static struct assay_term_keys atom_keys(struct assay_term t, struct assay_term strings)
{
	const size_t n = (size_t)(t.to - t.from);

	if (n == 6 && is(t, 4, "=="))
		return integer_keys(t, t.from + 5);
	if (n == 6 && is(t, 1, "=="))
		return integer_keys((struct assay_term){ t.from + 2, t.to }, t.from);
	if (n == 3 && t.from->kind == ASSAY_LEX_VAR && is(t, 1, "at"))
		return at_keys(t, strings);
	if (is_pe_atom(t))
		return one(0x4d5a);
	return (struct assay_term_keys){ .n = 0 };
}

/* unite - both; n == 0 when they are too many */
static struct assay_term_keys unite(struct assay_term_keys a, struct assay_term_keys b)
{
	for (unsigned i = 0; i < b.n; i++) {
		unsigned j = 0;

		while (j < a.n && a.key[j] != b.key[i])
			j++;
		if (j == ASSAY_TERM_KEYS)
			return (struct assay_term_keys){ .n = 0 };
		a.key[j] = b.key[i];
		a.n += j == a.n;
	}
	return a;
}

static struct assay_term_keys keys(struct assay_term t, struct assay_term strings, unsigned depth);

/* or_keys - what every branch of a disjunction agrees to */
static struct assay_term_keys or_keys(
    struct assay_term t, struct assay_term strings, unsigned depth)
{
	struct assay_term_keys all = { .n = 0 };
	struct assay_term part;

	while (split(&t, "or", &part)) {
		const struct assay_term_keys k = keys(part, strings, depth);

		all = unite(all, k);
		if (k.n == 0 || all.n == 0)
			return (struct assay_term_keys){ .n = 0 };
	}
	return all;
}

/* and_keys - the strictest of the terms of a conjunction */
static struct assay_term_keys and_keys(
    struct assay_term t, struct assay_term strings, unsigned depth)
{
	struct assay_term_keys best = { .n = 0 };
	struct assay_term part;

	while (split(&t, "and", &part)) {
		const struct assay_term_keys k = keys(part, strings, depth);

		if (k.n > 0 && (best.n == 0 || k.n < best.n))
			best = k;
	}
	return best;
}

/* keys - of any term */
static struct assay_term_keys keys(struct assay_term t, struct assay_term strings, unsigned depth)
{
	t = strip(t);
	if (depth == 0 || t.from >= t.to)
		return (struct assay_term_keys){ .n = 0 };
	if (has_top(t, "or"))
		return or_keys(t, strings, depth - 1);
	if (has_top(t, "and"))
		return and_keys(t, strings, depth - 1);
	return atom_keys(t, strings);
}

/* assay_term_keys - see term.h */
struct assay_term_keys assay_term_keys(struct assay_term condition, struct assay_term strings)
{
	return keys(condition, strings, TERM_DEPTH);
}

/* assay_term_uses - see term.h */
bool assay_term_uses(struct assay_term condition, const char *module)
{
	for (const struct assay_lex_token *p = condition.from; p + 1 < condition.to; p++)
		if (p->kind == ASSAY_LEX_IDENT && assay_lex_is(p, module) &&
		    assay_lex_is(p + 1, "."))
			return true;
	return false;
}

/* has_var - a string of the rule is named */
static bool has_var(struct assay_term t)
{
	for (const struct assay_lex_token *p = t.from; p < t.to; p++)
		if (p->kind == ASSAY_LEX_VAR)
			return true;
	return false;
}

/* pe_terms - walks `and` and `or` down to the terms that use pe */
static bool pe_terms(
    struct assay_term t, unsigned depth, void (*found)(void *, struct assay_term), void *arg)
{
	const char *op;
	struct assay_term part;
	bool good = true;

	t = strip(t);
	if (!assay_term_uses(t, "pe"))
		return true;
	op = has_top(t, "or") ? "or" : has_top(t, "and") ? "and" : NULL;
	if (depth == 0 || (op == NULL && (!is_pe_atom(t) || has_var(t))))
		return false;
	if (op == NULL)
		found(arg, t);
	else
		while (good && split(&t, op, &part))
			good = pe_terms(part, depth - 1, found, arg);
	return good;
}

/* assay_term_pe - see term.h */
bool assay_term_pe(
    struct assay_term condition, void (*found)(void *arg, struct assay_term atom), void *arg)
{
	return pe_terms(condition, TERM_DEPTH, found, arg);
}
