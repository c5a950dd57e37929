/*
 * compile - from rule files to compiled sets; see compile.h
 *
 * libyara's compiler is of no use after an error: so when a file fails, each file is tried alone,
 * the bad ones are left out, and all is compiled again. What the gate made of a file is checked:
 * each set must hold exactly as many rules of each file as were found in it, else everything is
 * compiled as it stands.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/map.h"
#include "base/slice.h"

#include "compile.h"

const char *const assay_compile_strings[] = { "filename", "filepath", "extension", "filetype",
	"owner", "group", "md5", "unpack_parent", "unpack_source", NULL };
const char *const assay_compile_integers[] = { "filemode", "id", NULL };

/* The first error of one file. */
struct complaint {
	char text[400];
};

struct job {
	struct assay_source_list *list;
	bool gate;
	struct assay_arena *scratch; /* emptied for each file */
	YR_COMPILER *compiler[ASSAY_GATE_SETS];
	unsigned (*count)[ASSAY_GATE_SETS]; /* rules of each file in each set */
	bool *counted;
	struct complaint complaint;
};

/* complain - what is wrong with a file, in one line */
static void complain(struct complaint *c, const char *path, int line, const char *what)
{
	struct assay_err err;

	if (line > 0)
		assay_err_set(&err, ASSAY_E_CONF, "%s:%d: %s", path, line, what);
	else
		assay_err_set(&err, ASSAY_E_CONF, "%s: %s", path, what);
	memcpy(c->text, err.text, sizeof(c->text));
	c->text[sizeof(c->text) - 1] = 0;
}

/* new_compiler - with our external variables and without include */
static YR_COMPILER *new_compiler(void)
{
	YR_COMPILER *c = NULL;

	if (yr_compiler_create(&c) != ERROR_SUCCESS)
		ASSAY_BUG("libyara: out of memory");
	yr_compiler_set_include_callback(c, NULL, NULL, NULL);
	for (size_t i = 0; assay_compile_strings[i] != NULL; i++)
		yr_compiler_define_string_variable(c, assay_compile_strings[i], "");
	for (size_t i = 0; assay_compile_integers[i] != NULL; i++)
		yr_compiler_define_integer_variable(c, assay_compile_integers[i], 0);
	return c;
}

/* add - one text to a compiler; false: an error, which is in the complaint */
static bool add(YR_COMPILER *c, const char *text, const struct assay_source *source,
    struct complaint *complaint)
{
	char what[256] = "";

	if (yr_compiler_add_string(c, text, source->space) == 0)
		return true;
	(void)yr_compiler_get_error_message(c, what, (int)sizeof(what));
	complain(complaint, source->path, c->last_error_line, what);
	return false;
}

/* add_source - one file to all the sets it has rules for */
static bool add_source(struct job *job, size_t i, struct assay_ruleset *set)
{
	const struct assay_source *s = &job->list->source[i];
	struct assay_gate gate;

	assay_arena_reset(job->scratch);
	assay_gate_split(job->scratch, s->text, job->gate, &set->bitmap, &gate);
	set->uses_md5 |= gate.uses_md5;
	set->uses_names |= gate.uses_names;
	job->counted[i] = gate.understood;
	memcpy(job->count[i], gate.nrule, sizeof(gate.nrule));
	for (int k = 0; k < ASSAY_GATE_SETS; k++)
		if (gate.text[k] != NULL &&
		    !add(job->compiler[k], gate.text[k], s, &job->complaint))
			return false;
	return true;
}

/* counts_agree - each set has the rules of each file that the gate put there */
static bool counts_agree(const struct job *job, const struct assay_ruleset *set)
{
	struct assay_map index;
	bool agree = true;

	assay_arena_reset(job->scratch);
	assay_map_init(&index, job->scratch);
	for (size_t i = 0; i < job->list->n; i++)
		assay_map_add(&index, assay_slice_str(job->list->source[i].space), job->count[i]);
	for (int k = 0; k < ASSAY_GATE_SETS; k++) {
		YR_RULE *rule;

		if (set->rules[k] == NULL)
			continue;
		yr_rules_foreach(set->rules[k], rule)(
		    (unsigned *)assay_map_get(&index, assay_slice_str(rule->ns->name)))[k]--;
	}
	for (size_t i = 0; i < job->list->n; i++)
		for (int k = 0; k < ASSAY_GATE_SETS; k++)
			agree &= !job->counted[i] || job->count[i][k] == 0;
	return agree;
}

/* drop - compilers and, when it failed, rules */
static void drop(struct job *job, struct assay_ruleset *set, bool rules)
{
	for (int k = 0; k < ASSAY_GATE_SETS; k++) {
		if (job->compiler[k] != NULL)
			yr_compiler_destroy(job->compiler[k]);
		if (rules && set->rules[k] != NULL)
			yr_rules_destroy(set->rules[k]);
		if (rules)
			set->rules[k] = NULL;
		job->compiler[k] = NULL;
	}
}

/* get_rules - the compiled sets; those without a rule stay NULL */
static void get_rules(struct job *job, struct assay_ruleset *set)
{
	for (int k = 0; k < ASSAY_GATE_SETS; k++) {
		if (yr_compiler_get_rules(job->compiler[k], &set->rules[k]) != ERROR_SUCCESS)
			ASSAY_BUG("libyara: out of memory");
		if (set->rules[k]->num_rules == 0) {
			yr_rules_destroy(set->rules[k]);
			set->rules[k] = NULL;
		}
	}
}

/* compile - all files that are not bad; false: one of them has an error */
static bool compile(struct job *job, struct assay_ruleset *set)
{
	bool good = true;

	memset(set, 0, sizeof(*set));
	for (int k = 0; k < ASSAY_GATE_SETS; k++)
		job->compiler[k] = new_compiler();
	for (size_t i = 0; i < job->list->n && good; i++)
		if (!job->list->source[i].bad)
			good = add_source(job, i, set);
	if (good)
		get_rules(job, set);
	drop(job, set, !good);
	return good;
}

/* is_bad - a file that does not compile alone; NUL ends a C string, so it may not stand in one */
static bool is_bad(const struct assay_source *source, struct complaint *complaint)
{
	YR_COMPILER *c = new_compiler();
	bool bad;

	bad = !add(c, source->text.p, source, complaint);
	yr_compiler_destroy(c);
	if (assay_slice_find(source->text, 0) < source->text.n) {
		complain(complaint, source->path, 0, "a NUL byte in a rule file");
		bad = true;
	}
	return bad;
}

/* leave_out - marks what does not compile; the first of it is the error when it is refused */
static enum assay_status leave_out(struct job *job, bool refuse, struct assay_err *err)
{
	for (size_t i = 0; i < job->list->n; i++) {
		struct assay_source *s = &job->list->source[i];

		s->bad = is_bad(s, &job->complaint);
		if (s->bad && refuse)
			return assay_err_set(err, ASSAY_E_CONF,
			    "%s; correct it or set [yara] on_bad_rule = skip", job->complaint.text);
		if (s->bad)
			assay_log(
			    ASSAY_LOG_WARNING, "%s; the file is left out", job->complaint.text);
	}
	return ASSAY_OK;
}

/* has_nul - some file has a NUL in it */
static bool has_nul(const struct assay_source_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (memchr(list->source[i].text.p, 0, list->source[i].text.n) != NULL)
			return true;
	return false;
}

/* compile_checked - with the gate, and without it when the gate was mistaken */
static enum assay_status compile_checked(
    struct job *job, struct assay_ruleset *set, struct assay_err *err)
{
	if (compile(job, set)) {
		if (!job->gate || counts_agree(job, set))
			return ASSAY_OK;
		drop(job, set, true);
	}
	job->gate = false;
	if (compile(job, set))
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_CONF, "%s; it compiles alone, but not with the others",
	    job->complaint.text);
}

/* assay_compile_sources - see compile.h */
enum assay_status assay_compile_sources(struct assay_source_list *list,
    const struct assay_ruleset_options *options, struct assay_ruleset *set, struct assay_err *err)
{
	struct job job = { .list = list, .gate = options->gate };
	enum assay_status status = ASSAY_OK;

	job.scratch = assay_arena_new();
	job.count = assay_xcalloc(list->n + 1, sizeof(*job.count));
	job.counted = assay_xcalloc(list->n + 1, sizeof(*job.counted));
	if (has_nul(list) || !compile(&job, set)) {
		drop(&job, set, true);
		status = leave_out(&job, options->refuse, err);
		if (status == ASSAY_OK)
			status = compile_checked(&job, set, err);
	} else if (job.gate && !counts_agree(&job, set)) {
		drop(&job, set, true);
		status = compile_checked(&job, set, err);
	}
	free(job.count);
	free(job.counted);
	assay_arena_free(&job.scratch);
	return status;
}
