/*
 * core/query.c - see query.h
 *
 * A token is taken off the front of `rest` at a time; the grammar is read by recursion that counts
 * its own depth. What a value means is core/term.c.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/json.h"
#include "core/query.h"
#include "core/term.h"
#include "text/utf8.h"

enum kind { END, OPEN, CLOSE, AND, OR, NOT, TERM };

struct token {
	enum kind kind;
	struct assay_slice word; /* TERM: before the colon; p NULL: text */
	struct assay_buf value;
};

struct parser {
	const struct assay_query_context *context;
	struct assay_slice rest;
	struct token token; /* the one to be read next */
	unsigned depth, terms;
	struct assay_err *err;
};

/* ---- tokens ---------------------------------------------------------------------------------- */

/* take_quoted - "..." with \" and \\ inside, behind the first quote */
static enum assay_status take_quoted(struct parser *p)
{
	size_t i = 0;

	for (; i < p->rest.n && p->rest.p[i] != '"'; i++) {
		if (p->rest.p[i] == '\\' && i + 1 < p->rest.n &&
		    (p->rest.p[i + 1] == '"' || p->rest.p[i + 1] == '\\'))
			i++;
		(void)assay_buf_add_char(&p->token.value, p->rest.p[i]);
	}
	if (i >= p->rest.n)
		return assay_err_set(
		    p->err, ASSAY_E_USAGE, "query: a quotation mark \" is not closed");
	p->rest = assay_slice_from(p->rest, i + 1);
	return ASSAY_OK;
}

/* bare_length - up to white space, or a parenthesis that was not opened inside */
static size_t bare_length(struct assay_slice s)
{
	size_t i = 0, open = 0;

	for (; i < s.n && !assay_ascii_is_space(s.p[i]); i++) {
		if (s.p[i] == '(')
			open++;
		else if (s.p[i] == ')' && open-- == 0)
			break;
	}
	return i;
}

/* word_length - letters, digits and _ before a colon; 0: none */
static size_t word_length(struct assay_slice s)
{
	size_t i = 0;

	while (i < s.n && (assay_ascii_is_alnum(s.p[i]) || s.p[i] == '_'))
		i++;
	return i > 0 && i < s.n && s.p[i] == ':' ? i : 0;
}

/* take_term - [WORD:]VALUE */
static enum assay_status take_term(struct parser *p)
{
	const size_t word = word_length(p->rest);
	enum assay_status status = ASSAY_OK;

	p->token.kind = TERM;
	if (word > 0) {
		p->token.word = assay_slice_head(p->rest, word);
		p->rest = assay_slice_from(p->rest, word + 1);
	}
	if (p->rest.n > 0 && p->rest.p[0] == '"') {
		p->rest = assay_slice_from(p->rest, 1);
		status = take_quoted(p);
	} else {
		const size_t n = bare_length(p->rest);

		(void)assay_buf_add(&p->token.value, p->rest.p, n);
		p->rest = assay_slice_from(p->rest, n);
	}
	if (status == ASSAY_OK && p->token.value.full)
		return assay_err_set(p->err, ASSAY_E_USAGE,
		    "query: a value may have %u bytes at most", ASSAY_QUERY_VALUE);
	if (status == ASSAY_OK && p->token.value.n == 0 && p->token.word.p != NULL)
		return assay_err_set(p->err, ASSAY_E_USAGE,
		    "query: nothing stands behind \"%.*s:\"", (int)p->token.word.n,
		    p->token.word.p);
	return status;
}

/* take_operator - and, or, not, parentheses; END at the end; TERM: none of these */
static enum kind take_operator(struct parser *p)
{
	static const struct {
		const char *name;
		enum kind kind;
	} names[] = { { "and", AND }, { "or", OR }, { "not", NOT } };
	size_t n;

	if (p->rest.n == 0)
		return END;
	if (p->rest.p[0] == '(' || p->rest.p[0] == ')') {
		const bool open = p->rest.p[0] == '(';

		p->rest = assay_slice_from(p->rest, 1);
		return open ? OPEN : CLOSE;
	}
	n = bare_length(p->rest);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const size_t length = strlen(names[i].name);

		/* not(a or b) needs no space. */
		if (assay_slice_caseis(assay_slice_head(p->rest, n), names[i].name) ||
		    (n > length && p->rest.p[length] == '(' &&
			assay_slice_casestarts(p->rest, names[i].name))) {
			p->rest = assay_slice_from(p->rest, length);
			return names[i].kind;
		}
	}
	return TERM;
}

/* next - the next token */
static enum assay_status next(struct parser *p)
{
	while (p->rest.n > 0 && assay_ascii_is_space(p->rest.p[0]))
		p->rest = assay_slice_from(p->rest, 1);
	assay_buf_clear(&p->token.value);
	p->token.word = ASSAY_SLICE_NONE;
	p->token.kind = take_operator(p);
	return p->token.kind == TERM ? take_term(p) : ASSAY_OK;
}

/* ---- grammar --------------------------------------------------------------------------------- */

static enum assay_status read_or(struct parser *p, json_t **node);

/* read_term - a leaf */
static enum assay_status read_term(struct parser *p, json_t **node)
{
	struct assay_term term = { .word = p->token.word,
		.value = assay_slice(
		    p->token.value.p != NULL ? p->token.value.p : "", p->token.value.n) };
	enum assay_status status;

	if (++p->terms > ASSAY_QUERY_TERMS)
		return assay_err_set(p->err, ASSAY_E_USAGE,
		    "query: more than %u terms; give many values with --stdin", ASSAY_QUERY_TERMS);
	status = assay_term_node(&term, p->context, node, p->err);
	return status == ASSAY_OK ? next(p) : status;
}

/* read_group - what stands in parentheses */
static enum assay_status read_group(struct parser *p, json_t **node)
{
	enum assay_status status = next(p);

	if (status == ASSAY_OK)
		status = read_or(p, node);
	if (status == ASSAY_OK && p->token.kind != CLOSE)
		return assay_err_set(p->err, ASSAY_E_USAGE, "query: a parenthesis ( is not closed");
	return status == ASSAY_OK ? next(p) : status;
}

/* read_not - not, a group or a term; *node may be there on failure too */
static enum assay_status read_not(struct parser *p, json_t **node)
{
	json_t *inner = NULL;
	enum assay_status status;
	static const char *const missing[] = { [END] = "at the end",
		[CLOSE] = "before )",
		[AND] = "before \"and\"",
		[OR] = "before \"or\"" };

	if (p->token.kind == TERM)
		return read_term(p, node);
	if (p->token.kind != NOT && p->token.kind != OPEN)
		return assay_err_set(p->err, ASSAY_E_USAGE, "query: something is missing %s",
		    missing[p->token.kind]);
	if (++p->depth > ASSAY_QUERY_DEPTH)
		return assay_err_set(
		    p->err, ASSAY_E_USAGE, "query: nested deeper than %u", ASSAY_QUERY_DEPTH);
	if (p->token.kind == OPEN) {
		status = read_group(p, node);
	} else {
		status = next(p);
		if (status == ASSAY_OK)
			status = read_not(p, &inner);
		if (status == ASSAY_OK) {
			*node = json_object();
			assay_json_set(*node, "not", inner);
		} else {
			json_decref(inner);
		}
	}
	p->depth--;
	return status;
}

/* grow - one more operand of `name`; the first stays as it is */
static void grow(json_t **node, const char *name, json_t *operand)
{
	json_t *list = *node != NULL ? json_object_get(*node, name) : NULL;

	if (*node == NULL) {
		*node = operand;
		return;
	}
	if (list == NULL) {
		json_t *outer = json_object();

		list = json_array();
		assay_json_append(list, *node);
		assay_json_set(outer, name, list);
		*node = outer;
	}
	assay_json_append(list, operand);
}

/* read_and - operands one behind the other */
static enum assay_status read_and(struct parser *p, json_t **node)
{
	enum assay_status status;

	for (;;) {
		json_t *operand = NULL;

		status = read_not(p, &operand);
		if (status != ASSAY_OK) {
			json_decref(operand);
			break;
		}
		grow(node, "and", operand);
		if (p->token.kind == AND)
			status = next(p);
		else if (p->token.kind == END || p->token.kind == CLOSE || p->token.kind == OR)
			return ASSAY_OK;
		if (status != ASSAY_OK)
			break;
	}
	json_decref(*node);
	*node = NULL;
	return status;
}

/* read_or - the whole, or what is in parentheses */
static enum assay_status read_or(struct parser *p, json_t **node)
{
	enum assay_status status;

	for (;;) {
		json_t *operand = NULL;

		status = read_and(p, &operand);
		if (status != ASSAY_OK)
			break;
		grow(node, "or", operand);
		if (p->token.kind != OR)
			return ASSAY_OK;
		status = next(p);
		if (status != ASSAY_OK)
			break;
	}
	json_decref(*node);
	*node = NULL;
	return status;
}

/* parse - all of it */
static enum assay_status parse(struct parser *p, json_t **match)
{
	enum assay_status status = next(p);

	if (status != ASSAY_OK || p->token.kind == END)
		return status;
	status = read_or(p, match);
	if (status == ASSAY_OK && p->token.kind != END) {
		json_decref(*match);
		*match = NULL;
		return assay_err_set(
		    p->err, ASSAY_E_USAGE, "query: a parenthesis ) was never opened");
	}
	return status;
}

/* assay_query_parse - see query.h */
enum assay_status assay_query_parse(struct assay_slice text,
    const struct assay_query_context *context, json_t **match, struct assay_err *err)
{
	struct parser p = { .context = context, .rest = text, .err = err };
	enum assay_status status;

	*match = NULL;
	if (text.n > ASSAY_QUERY_BYTES)
		return assay_err_set(err, ASSAY_E_USAGE,
		    "query: longer than %zu bytes; give many values with --stdin",
		    ASSAY_QUERY_BYTES);
	if (!assay_utf8_is_valid(text) || assay_slice_find(text, '\0') != text.n)
		return assay_err_set(err, ASSAY_E_USAGE, "query: it is not UTF-8 text");
	assay_buf_init(&p.token.value, ASSAY_QUERY_VALUE);
	status = parse(&p, match);
	assay_buf_release(&p.token.value);
	return status;
}

/* assay_query_lines - see query.h */
enum assay_status assay_query_lines(const char *word, struct assay_slice lines,
    const struct assay_query_context *context, json_t **match, struct assay_err *err)
{
	struct assay_slice line;
	json_t *values;

	if (assay_query_word(word, context, err) != ASSAY_OK)
		return ASSAY_E_USAGE;
	values = json_array();
	while (assay_slice_split(&lines, '\n', &line)) {
		line = assay_slice_trim(line);
		if (line.n > 0)
			assay_json_append(values, assay_term_text(line));
	}
	*match = json_object();
	assay_json_set(*match, "word", assay_json_own(word));
	assay_json_set(*match, "is", assay_json_own("one_of"));
	assay_json_set(*match, "values", values);
	return ASSAY_OK;
}

/* assay_query_word - see query.h */
enum assay_status assay_query_word(
    const char *word, const struct assay_query_context *context, struct assay_err *err)
{
	return assay_term_known(assay_slice_str(word), context, err);
}
