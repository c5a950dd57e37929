/*
 * gate - which rules can match a payload at all; see gate.h
 *
 * Finds the rules of a file in its tokens, decides the set of each, and blanks what is not of a
 * set in a copy of the text. Whatever is unexpected ends in "not understood".
 */
#include <string.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/slice.h"

#include "gate.h"
#include "term.h"

#define KEY_MZ 0x4d5a

/* One rule: its tokens, and in which sets it stands. */
struct rule {
	struct assay_term all, strings, condition;
	struct assay_slice name;
	bool in[ASSAY_GATE_SETS];
	bool linked;  /* names a rule, or is named by one */
	bool without; /* in the main set with its pe terms replaced */
};

struct import {
	struct assay_term all;
	char module[64];
};

struct file {
	struct assay_arena *arena;
	struct assay_slice text;
	struct assay_lex_token *token, *end;
	struct rule *rule;
	struct import *import;
	size_t nrule, nimport;
	struct assay_map names; /* rule name -> rule */
	bool whole;             /* global rules or rule sets: nothing may be moved */
};

/* ---- finding the rules ---------------------------------------------------------------------- */

/* find_section - the token behind `word :` in [from, to), or NULL */
static const struct assay_lex_token *find_section(
    const struct assay_lex_token *from, const struct assay_lex_token *to, const char *word)
{
	for (; to - from > 1; from++)
		if (from->kind == ASSAY_LEX_IDENT && assay_lex_is(from, word) &&
		    assay_lex_is(from + 1, ":"))
			return from + 2;
	return NULL;
}

/* read_body - strings and condition between the braces; false when there is no condition */
static bool read_body(
    struct rule *r, const struct assay_lex_token *from, const struct assay_lex_token *to)
{
	const struct assay_lex_token *strings = find_section(from, to, "strings");
	const struct assay_lex_token *condition = find_section(from, to, "condition");

	if (condition == NULL)
		return false;
	r->condition = (struct assay_term){ condition, to };
	if (strings != NULL && strings < condition)
		r->strings = (struct assay_term){ strings, condition - 2 };
	return true;
}

/* read_rule - one rule from its first modifier on; the token behind it, or NULL */
static const struct assay_lex_token *read_rule(struct file *f, const struct assay_lex_token *t)
{
	struct rule *r = &f->rule[f->nrule];
	const struct assay_lex_token *open, *close;

	r->all.from = t;
	for (; t < f->end && !assay_lex_is(t, "rule"); t++)
		f->whole |= assay_lex_is(t, "global");
	if (f->end - t < 4 || t[1].kind != ASSAY_LEX_IDENT)
		return NULL;
	r->name = t[1].text;
	for (open = t + 2; open < f->end && !assay_lex_is(open, "{"); open++)
		if (open->kind != ASSAY_LEX_IDENT && !assay_lex_is(open, ":"))
			return NULL;
	for (close = open; close < f->end && !assay_lex_is(close, "}"); close++)
		;
	if (close == f->end || !read_body(r, open + 1, close))
		return NULL;
	r->all.to = close + 1;
	f->nrule++;
	/* A name given twice is an error that the compiler shall see. */
	f->whole |= !assay_map_add(&f->names, r->name, r);
	return close + 1;
}

/* read_import - `import "module"`; the token behind it, or NULL */
static const struct assay_lex_token *read_import(struct file *f, const struct assay_lex_token *t)
{
	struct import *import = &f->import[f->nimport];
	const struct assay_slice name = f->end - t > 1 ? t[1].text : ASSAY_SLICE_NONE;

	if (f->end - t < 2 || t[1].kind != ASSAY_LEX_STRING || name.n - 2 >= sizeof(import->module))
		return NULL;
	memcpy(import->module, name.p + 1, name.n - 2);
	import->module[name.n - 2] = 0;
	import->all = (struct assay_term){ t, t + 2 };
	f->nimport++;
	return t + 2;
}

/* count - how often the word stands in the file: no more rules or imports than that */
static size_t count(const struct file *f, const char *word)
{
	size_t n = 0;

	for (const struct assay_lex_token *t = f->token; t < f->end; t++)
		n += assay_lex_is(t, word);
	return n;
}

/* read_file - all rules and imports; false when not understood */
static bool read_file(struct file *f)
{
	const struct assay_lex_token *t;
	size_t n;

	if (!assay_lex_scan(f->arena, f->text, &f->token, &n))
		return false;
	f->end = f->token + n;
	f->rule = assay_arena_calloc(f->arena, count(f, "rule") + 1, sizeof(*f->rule));
	f->import = assay_arena_calloc(f->arena, count(f, "import") + 1, sizeof(*f->import));
	for (t = f->token; t != NULL && t < f->end;) {
		if (assay_lex_is(t, "import"))
			t = read_import(f, t);
		else if (assay_lex_is(t, "rule") || assay_lex_is(t, "private") ||
		    assay_lex_is(t, "global"))
			t = read_rule(f, t);
		else
			return false;
	}
	return t != NULL;
}

/* ---- choosing the sets ---------------------------------------------------------------------- */

/* link_rules - marks rules that name each other; sets of rules by name leave the file whole */
static void link_rules(struct file *f)
{
	for (size_t i = 0; i < f->nrule; i++) {
		struct rule *r = &f->rule[i];
		const struct assay_lex_token *t = r->condition.from;

		for (; t < r->condition.to; t++) {
			struct rule *named = NULL;

			if (t->kind == ASSAY_LEX_IDENT)
				named = assay_map_get(&f->names, t->text);
			if (named != NULL)
				named->linked = r->linked = true;
			/* `any of (prefix*)`: by name, and the name need not be whole. */
			if (t->kind == ASSAY_LEX_IDENT && t + 1 < r->condition.to &&
			    assay_slice_eq(t[1].text, ASSAY_SLICE_LIT("*")) &&
			    (assay_lex_is(t - 1, "(") || assay_lex_is(t - 1, ",")))
				f->whole = true;
		}
	}
}

/* ignore_term - for asking only whether pe is used in a way that can be replaced */
static void ignore_term(void *arg, struct assay_term atom)
{
	(void)arg;
	(void)atom;
}

/* choose_sets - where one rule stands */
static void choose_sets(struct rule *r, struct assay_gate_bitmap *bitmap)
{
	struct assay_term_keys k = { .n = 0 };

	if (!r->linked)
		k = assay_term_keys(r->condition, r->strings);
	if (k.n == 0) {
		r->in[ASSAY_GATE_MAIN] = true;
		if (!r->linked && assay_term_uses(r->condition, "pe") &&
		    assay_term_pe(r->condition, ignore_term, NULL))
			r->without = r->in[ASSAY_GATE_MZ] = true;
	} else if (k.n == 1 && k.key[0] == KEY_MZ) {
		r->in[ASSAY_GATE_MZ] = true;
	} else {
		r->in[ASSAY_GATE_MAGIC] = true;
		for (unsigned i = 0; i < k.n; i++)
			bitmap->bit[k.key[i] / 8] |= (uint8_t)(1u << k.key[i] % 8);
	}
}

/* ---- writing the texts ---------------------------------------------------------------------- */

/* blank - spaces over the tokens, line ends kept */
static void blank(const struct file *f, char *copy, struct assay_term t)
{
	const char *end = t.to[-1].text.p + t.to[-1].text.n;

	for (const char *p = t.from->text.p; p < end; p++)
		if (*p != '\n')
			copy[p - f->text.p] = ' ';
}

struct replacement {
	const struct file *file;
	char *copy;
};

/* replace_term - `false` over a term, at its start */
static void replace_term(void *arg, struct assay_term atom)
{
	const struct replacement *r = arg;

	blank(r->file, r->copy, atom);
	/* The shortest, pe.imphash(), is longer than the word. */
	memcpy(r->copy + (atom.from->text.p - r->file->text.p), "false", 5);
}

/* needs_module - a rule of the set uses it */
static bool needs_module(const struct file *f, enum assay_gate_set set, const char *module)
{
	for (size_t i = 0; i < f->nrule; i++)
		if (f->rule[i].in[set] && assay_term_uses(f->rule[i].condition, module) &&
		    !(set == ASSAY_GATE_MAIN && f->rule[i].without && strcmp(module, "pe") == 0))
			return true;
	return false;
}

/* write_set - the copy of the text for one set */
static void write_set(struct file *f, enum assay_gate_set set, struct assay_gate *out)
{
	char *copy = assay_arena_memdup0(f->arena, f->text.p, f->text.n);
	struct replacement replacement = { f, copy };

	for (size_t i = 0; i < f->nrule; i++) {
		const struct rule *r = &f->rule[i];

		if (!r->in[set])
			blank(f, copy, r->all);
		else if (r->without && set == ASSAY_GATE_MAIN)
			(void)assay_term_pe(r->condition, replace_term, &replacement);
		out->nrule[set] += r->in[set];
	}
	for (size_t i = 0; i < f->nimport; i++)
		if (!needs_module(f, set, f->import[i].module))
			blank(f, copy, f->import[i].all);
	out->text[set] = out->nrule[set] > 0 ? copy : NULL;
}

/* uses - one of these external variables, not hash.md5() */
static bool uses(const struct file *f, const char *const *variables)
{
	for (const struct assay_lex_token *t = f->token; t < f->end; t++) {
		if (t->kind != ASSAY_LEX_IDENT || (t > f->token && assay_lex_is(t - 1, ".")))
			continue;
		for (const char *const *v = variables; *v != NULL; v++)
			if (assay_lex_is(t, *v))
				return true;
	}
	return false;
}

/* assay_gate_split - see gate.h */
void assay_gate_split(struct assay_arena *arena, struct assay_slice text, bool gate,
    struct assay_gate_bitmap *bitmap, struct assay_gate *out)
{
	static const char *const md5[] = { "md5", NULL };
	static const char *const names[] = { "filename", "filepath", "extension", "unpack_parent",
		"unpack_source", NULL };
	struct file f = { .arena = arena, .text = text };

	memset(out, 0, sizeof(*out));
	assay_map_init(&f.names, arena);
	out->understood = read_file(&f);
	out->uses_md5 = !out->understood || uses(&f, md5);
	out->uses_names = !out->understood || uses(&f, names);
	if (out->understood)
		link_rules(&f);
	if (!out->understood || f.whole || !gate || f.nrule == 0) {
		out->text[ASSAY_GATE_MAIN] = assay_arena_memdup0(arena, text.p, text.n);
		out->nrule[ASSAY_GATE_MAIN] = (unsigned)f.nrule;
		return;
	}
	for (size_t i = 0; i < f.nrule; i++)
		choose_sets(&f.rule[i], bitmap);
	for (int set = 0; set < ASSAY_GATE_SETS; set++)
		write_set(&f, (enum assay_gate_set)set, out);
}

/* assay_gate_open - see gate.h */
bool assay_gate_open(
    const struct assay_gate_bitmap *bitmap, enum assay_gate_set set, struct assay_slice payload)
{
	unsigned key;

	if (set == ASSAY_GATE_MAIN)
		return true;
	if (payload.n < 2)
		return false;
	key = (unsigned)(unsigned char)payload.p[0] << 8 | (unsigned char)payload.p[1];
	if (set == ASSAY_GATE_MZ)
		return key == KEY_MZ;
	return (bitmap->bit[key / 8] & 1u << key % 8) != 0;
}
