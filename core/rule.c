/*
 * core/rule.c - see rule.h. Reads what the configuration holds; every refusal says file, line,
 * rule, key, and what is wrong.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/config.h"
#include "core/fill.h"
#include "core/ini.h"
#include "core/opts.h"
#include "core/rule.h"

#define HEADERS_MAX 20u
#define VALUES_MAX 100000u /* of all rules */
#define HEADER_NAME 60u

/* The reader's place. */
struct reader {
	struct assay_arena *arena;
	const struct assay_vocabulary *vocabulary;
	struct assay_map slots; /* word -> its slot + 1 as a number in the arena */
	const char **word;
	size_t nword, values;
	const struct assay_config_rule *section;
	const struct assay_ini_value *line;
	struct assay_rule *rule;
	struct assay_rule_test *test;
	struct assay_rule_header *header;
	bool has_action;
	struct assay_err *err;
};

/* refuse - with the place in front; the reason is err's */
static enum assay_status refuse(struct reader *r)
{
	const struct assay_err why = *r->err;

	return assay_err_set(r->err, ASSAY_E_CONF, "%s:%u: [rule %s] %s: %.400s", r->section->file,
	    r->line->line, r->section->name, r->line->key, why.text);
}

/* ---- replies and headers --------------------------------------------------------------------- */

/* is_code - a status code: digits, two dots between them */
static bool is_code(struct assay_slice s)
{
	unsigned dots = 0;

	for (size_t i = 0; i < s.n; i++) {
		dots += s.p[i] == '.';
		if (!assay_ascii_is_digit(s.p[i]) && s.p[i] != '.')
			return false;
	}
	return dots == 2 && s.n >= 5 && assay_ascii_is_digit(s.p[s.n - 1]);
}

/* assay_rule_reply - see rule.h */
enum assay_status assay_rule_reply(struct assay_arena *arena, enum assay_wire_action action,
    const char *text, const char **reply, struct assay_err *err)
{
	const char class = action == ASSAY_ACTION_REJECT ? '5' : '4';
	struct assay_slice rest = assay_slice_str(text), code, more;
	const char *codes = class == '5' ? "550" : "451";

	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] < 0x20 || rest.p[i] > 0x7e)
			return assay_err_set(err, ASSAY_E_CONF, "write plain ASCII");
	code = assay_slice_head(rest, assay_slice_find(rest, ' '));
	if (code.n == 3 && assay_ascii_is_digit(code.p[0]) && assay_ascii_is_digit(code.p[1]) &&
	    assay_ascii_is_digit(code.p[2])) {
		if (code.p[0] != class)
			return assay_err_set(err, ASSAY_E_CONF,
			    "the code of \"%s\" is %cxx, or left out",
			    assay_wire_action_name(action), class);
		codes = assay_arena_memdup0(arena, code.p, code.n);
		rest = assay_slice_trim(assay_slice_from(rest, code.n));
	}
	more = assay_slice_head(rest, assay_slice_find(rest, ' '));
	if (is_code(more)) {
		if (more.p[0] != class)
			return assay_err_set(err, ASSAY_E_CONF,
			    "the status code begins with %c, as the code does", class);
		rest = assay_slice_trim(assay_slice_from(rest, more.n));
	} else {
		more = class == '5' ? ASSAY_SLICE_LIT("5.7.1") : ASSAY_SLICE_LIT("4.7.1");
	}
	if (rest.n == 0)
		return assay_err_set(err, ASSAY_E_CONF, "there is no text");
	*reply = assay_arena_printf(
	    arena, "%s %.*s %.*s", codes, (int)more.n, more.p, (int)rest.n, rest.p);
	return ASSAY_OK;
}

/* assay_rule_header_name - printable ASCII without a colon (RFC 5322 section 2.2) */
bool assay_rule_header_name(struct assay_slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= 0x20 || name.p[i] >= 0x7f || name.p[i] == ':')
			return false;
	return name.n > 0 && name.n <= HEADER_NAME;
}

/* read_header - "Name: text" */
static enum assay_status read_header(struct reader *r)
{
	const struct assay_slice value = assay_slice_str(r->line->value);
	const size_t colon = assay_slice_find(value, ':');
	const struct assay_slice name = assay_slice_trim(assay_slice_head(value, colon));
	const struct assay_slice text = assay_slice_trim(assay_slice_from(value, colon + 1));
	struct assay_rule_header *header = &r->header[r->rule->nheader];

	if (colon == value.n || !assay_rule_header_name(name) || text.n == 0)
		return assay_err_set(r->err, ASSAY_E_CONF, "write \"Name: text\"");
	if (r->rule->nheader == HEADERS_MAX)
		return assay_err_set(
		    r->err, ASSAY_E_CONF, "more than %u headers in one rule", HEADERS_MAX);
	header->name = assay_arena_memdup0(r->arena, name.p, name.n);
	header->text = assay_arena_memdup0(r->arena, text.p, text.n);
	r->rule->nheader++;
	return assay_fill_check(header->text, r->vocabulary, r->err);
}

/* ---- conditions ------------------------------------------------------------------------------ */

/* slot_of - of a word: one for all rules */
static size_t slot_of(struct reader *r, const char *word)
{
	size_t *slot = assay_map_get(&r->slots, assay_slice_str(word));

	if (slot == NULL) {
		slot = assay_arena_alloc(r->arena, sizeof *slot);
		*slot = r->nword;
		r->word[r->nword++] = word;
		(void)assay_map_add(&r->slots, assay_slice_str(word), slot);
	}
	return *slot;
}

/* unknown_word - with the nearest */
static enum assay_status unknown_word(struct reader *r, const char *word)
{
	const char *near = assay_vocabulary_nearest(r->vocabulary, assay_slice_str(word));

	return assay_err_set(r->err, ASSAY_E_CONF,
	    "no plugin that is loaded knows the word \"%s\"; %s%s%s\"assay plugins --facts\" lists "
	    "all",
	    word, near != NULL ? "did you mean \"" : "", near != NULL ? near : "",
	    near != NULL ? "\"? " : "");
}

/* read_values - the alternatives of a line */
static enum assay_status read_values(struct reader *r, struct assay_rule_test *test)
{
	struct assay_slice rest = assay_slice_str(r->line->value), value;
	struct assay_compare *any;
	size_t most = 1;

	for (size_t i = 0; i < rest.n; i++)
		most += rest.p[i] == ',';
	any = assay_arena_calloc(r->arena, most, sizeof *any);
	test->any = any;
	while (assay_slice_split(&rest, ',', &value)) {
		struct assay_err why;

		value = assay_slice_trim(value);
		if (value.n == 0)
			continue;
		if (assay_compare_read(
			r->arena, test->word->compare, value, &any[test->n++], &why) != ASSAY_OK)
			return assay_err_set(r->err, ASSAY_E_CONF, "%.*s: %s",
			    (int)(value.n < 80 ? value.n : 80), value.p, why.text);
	}
	if (test->n == 0)
		return assay_err_set(r->err, ASSAY_E_CONF, "there is no value");
	r->values += test->n;
	if (r->values > VALUES_MAX)
		return assay_err_set(
		    r->err, ASSAY_E_CONF, "more than %u values in all rules", VALUES_MAX);
	return ASSAY_OK;
}

/* read_test - "when.WORD" or "not.WORD" */
static enum assay_status read_test(struct reader *r, const char *word, bool negated)
{
	struct assay_rule_test *test = &r->test[r->rule->ntest];
	const struct assay_word *known = assay_vocabulary_find(r->vocabulary, word);

	if (known == NULL)
		return unknown_word(r, word);
	*test = (struct assay_rule_test){
		.word = known, .negated = negated, .written = r->line->value
	};
	test->slot = slot_of(r, known->word);
	r->rule->ntest++;
	r->rule->negates |= negated;
	r->rule->payloads |= !negated && known->level == ASSAY_FACT_PAYLOAD;
	return read_values(r, test);
}

/* ---- a rule ---------------------------------------------------------------------------------- */

/* read_action - the word */
static enum assay_status read_action(struct reader *r)
{
	static const char *const words[] = { "accept", "tag", "quarantine", "tempfail", "reject",
		"discard", NULL };
	const char *near = assay_opts_nearest_of(words, assay_slice_str(r->line->value));

	r->has_action = true;
	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], r->line->value) == 0 &&
		    assay_wire_action_find(words[i], &r->rule->action))
			return ASSAY_OK;
	return assay_err_set(r->err, ASSAY_E_CONF,
	    "\"%.60s\" is no action; %s%s%sthere are accept, tag, quarantine, tempfail, reject and "
	    "discard",
	    r->line->value, near != NULL ? "did you mean \"" : "", near != NULL ? near : "",
	    near != NULL ? "\"? " : "");
}

/* read_enforce - yes or no */
static enum assay_status read_enforce(struct reader *r)
{
	r->rule->enforced = strcmp(r->line->value, "yes") == 0;
	if (!r->rule->enforced && strcmp(r->line->value, "no") != 0)
		return assay_err_set(r->err, ASSAY_E_CONF, "write yes or no");
	return ASSAY_OK;
}

/* unknown_key - with the nearest */
static enum assay_status unknown_key(struct reader *r)
{
	static const char *const keys[] = { "action", "reply", "header", "enforce", "when.WORD",
		"not.WORD", NULL };
	const char *near = assay_opts_nearest_of(keys, assay_slice_str(r->line->key));

	if (assay_vocabulary_find(r->vocabulary, r->line->key) != NULL)
		return assay_err_set(r->err, ASSAY_E_CONF,
		    "not known here; did you mean \"when.%s\"?", r->line->key);
	return assay_err_set(r->err, ASSAY_E_CONF,
	    "not known here; %s%s%sa rule has when.WORD, not.WORD, action, reply, header and "
	    "enforce",
	    near != NULL ? "did you mean \"" : "", near != NULL ? near : "",
	    near != NULL ? "\"? " : "");
}

/* read_line - by its key; the reply waits for the action */
static enum assay_status read_line(struct reader *r)
{
	const char *key = r->line->key;

	if (strncmp(key, "when.", 5) == 0)
		return read_test(r, key + 5, false);
	if (strncmp(key, "not.", 4) == 0)
		return read_test(r, key + 4, true);
	if (strcmp(key, "action") == 0)
		return read_action(r);
	if (strcmp(key, "header") == 0 || strncmp(key, "header.", 7) == 0)
		return read_header(r);
	if (strcmp(key, "enforce") == 0)
		return read_enforce(r);
	return strcmp(key, "reply") == 0 ? ASSAY_OK : unknown_key(r);
}

/* read_reply - when the action is known */
static enum assay_status read_reply(struct reader *r)
{
	enum assay_status st;

	if (strcmp(r->line->key, "reply") != 0)
		return ASSAY_OK;
	if (r->rule->action != ASSAY_ACTION_REJECT && r->rule->action != ASSAY_ACTION_TEMPFAIL)
		return assay_err_set(r->err, ASSAY_E_CONF,
		    "only reject and tempfail have a reply; remove it, or change the action");
	st = assay_rule_reply(r->arena, r->rule->action, r->line->value, &r->rule->reply, r->err);
	return st == ASSAY_OK ? assay_fill_check(r->rule->reply, r->vocabulary, r->err) : st;
}

/* read_rule - one section */
static enum assay_status read_rule(struct reader *r)
{
	const struct assay_ini_value *const *line;
	size_t n = 0;

	while (r->section->value[n] != NULL)
		n++;
	r->test = assay_arena_calloc(r->arena, n + 1, sizeof *r->test);
	r->header = assay_arena_calloc(r->arena, n + 1, sizeof *r->header);
	r->rule->name = r->section->name;
	r->rule->test = r->test;
	r->rule->header = r->header;
	r->has_action = false;
	for (line = r->section->value; *line != NULL; line++) {
		r->line = *line;
		if (read_line(r) != ASSAY_OK)
			return refuse(r);
	}
	for (line = r->section->value; *line != NULL; line++) {
		r->line = *line;
		if (read_reply(r) != ASSAY_OK)
			return refuse(r);
	}
	if (!r->has_action)
		return assay_err_set(r->err, ASSAY_E_CONF,
		    "%s:%u: [rule %s]: there is no action; add \"action = tag\" or another",
		    r->section->file, r->section->line, r->section->name);
	return ASSAY_OK;
}

/* assay_rules_read - see rule.h */
enum assay_status assay_rules_read(struct assay_arena *arena, struct assay_config *config,
    const struct assay_vocabulary *vocabulary, struct assay_rules *rules, struct assay_err *err)
{
	struct reader r = { .arena = arena, .vocabulary = vocabulary, .err = err };
	const bool enforce = assay_opt_int(assay_config_policy(config), "enforce") != 0;
	struct assay_rule *rule;
	enum assay_status st = ASSAY_OK;
	size_t n = 0;

	while (n <= ASSAY_RULES_MAX && assay_config_rule(config, n) != NULL)
		n++;
	if (n > ASSAY_RULES_MAX)
		return assay_err_set(err, ASSAY_E_CONF, "%s: more than %u rules",
		    assay_config_file(config), ASSAY_RULES_MAX);
	rule = assay_arena_calloc(arena, n + 1, sizeof *rule);
	r.word = assay_arena_calloc(arena, vocabulary->words.n + 1, sizeof *r.word);
	assay_map_init(&r.slots, arena);
	for (size_t i = 0; i < n && st == ASSAY_OK; i++) {
		r.section = assay_config_rule(config, i);
		r.rule = &rule[i];
		r.rule->enforced = enforce;
		st = read_rule(&r);
	}
	*rules = (struct assay_rules){ rule, n, r.word, r.nword };
	return st;
}
