/*
 * yara - which rules match a payload, and which workers a rule asks for
 *
 * Worker and dispatcher in one plugin. The worker scans with the rules of [yara] rules; the
 * dispatcher with those of dispatch_rules, where a rule's meta says what shall happen:
 * plugin = "a,b?" names workers (? only if loaded), save = "false" keeps the payload out of the
 * archive. Rules are read and compiled once, before the scan processes are forked. Without rules
 * the worker answers null. A scan that takes too long is an error beside whatever matched.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include "hits.h"

#define RULES_DEFAULT "scan"

struct yara {
	const struct assay_opts *opts;
	struct assay_ruleset *rules, *dispatch;
	unsigned timeout_s, strings_limit;
	size_t string_length;
	struct assay_arena *arena;
	struct assay_named *named; /* workers that dispatch rules want */
	size_t n_named;
};

static const struct assay_opt options[] = {
	{ "rules", ASSAY_OPT_LIST, RULES_DEFAULT, 0, 0, NULL,
	    "rule files, directories (*.yar, *.yara below) and globs; relative to rules_dir" },
	{ "dispatch_rules", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "the same for the dispatcher: meta plugin = \"a,b\" (with ? behind it only if it is "
	    "loaded) and save = \"false\"" },
	{ "rules_dir", ASSAY_OPT_STR, "rules", 0, 0, NULL,
	    "where relative names are looked for; relative to the configuration" },
	{ "timeout", ASSAY_OPT_TIME, "20s", 1000, 3600000, NULL,
	    "longest scan of one payload, in whole seconds" },
	{ "strings_limit", ASSAY_OPT_INT, "20", 0, 10000, NULL,
	    "matched strings listed per rule; 0: none" },
	{ "string_length", ASSAY_OPT_SIZE, "128B", 0, 65536, NULL,
	    "bytes kept of each matched string" },
	{ "on_bad_rule", ASSAY_OPT_ENUM, "skip", 0, 0, "skip|refuse",
	    "a rule file that does not compile: leave it out with a warning, or do not start" },
	{ "gate", ASSAY_OPT_BOOL, "yes", 0, 0, NULL,
	    "scan rules that can only match one kind of file on such files only (same matches)" },
	{ "cache", ASSAY_OPT_BOOL, "yes", 0, 0, NULL, "keep compiled rules on disk" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "matches[].rule", ASSAY_STR, ASSAY_TECHNICAL, "name of the rule" },
	{ "matches[].namespace", ASSAY_STR, ASSAY_TECHNICAL, "file of the rule" },
	{ "matches[].tags[]", ASSAY_STR, ASSAY_TECHNICAL, "tags of the rule" },
	{ "matches[].meta[].key", ASSAY_STR, ASSAY_TECHNICAL, "name of a meta value" },
	{ "matches[].meta[].value", ASSAY_STR, ASSAY_TECHNICAL, "the value as text" },
	{ "matches[].meta[].value_int", ASSAY_INT, ASSAY_TECHNICAL, "the value, when a number" },
	{ "matches[].strings[].id", ASSAY_STR, ASSAY_TECHNICAL, "name of the string, with $" },
	{ "matches[].strings[].offset", ASSAY_INT, ASSAY_TECHNICAL, "where in the payload" },
	{ "matches[].strings[].length", ASSAY_INT, ASSAY_TECHNICAL, "bytes that matched" },
	{ "matches[].strings[].data", ASSAY_STR, ASSAY_CONTENT,
	    "the bytes, up to string_length, as text" },
	{ "matches[].strings[].data_raw", ASSAY_STR, ASSAY_CONTENT,
	    "the same in base64, when the text is not exact" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "yara", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "matches[].rule", "a rule that matched" },
	{ "yara_tag", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "matches[].tags[]",
	    "a tag of a rule that matched" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* yara_open - notes the options */
static enum assay_status yara_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct yara *y = assay_xcalloc(1, sizeof(*y));

	(void)err;
	y->opts = opts;
	y->arena = assay_arena_new();
	y->timeout_s = (unsigned)((assay_opt_int(opts, "timeout") + 999) / 1000);
	y->strings_limit = (unsigned)assay_opt_int(opts, "strings_limit");
	y->string_length = (size_t)assay_opt_int(opts, "string_length");
	*state = y;
	return ASSAY_OK;
}

/* is_absent_default - nobody named rules, and the place for them is not there */
static bool is_absent_default(const char *base, const char *const *names)
{
	struct stat st;
	char path[4096];

	if (names[0] == NULL || strcmp(names[0], RULES_DEFAULT) != 0 || names[1] != NULL)
		return false;
	return snprintf(path, sizeof(path), "%s/%s", base, names[0]) < (int)sizeof(path) &&
	    stat(path, &st) != 0;
}

/* open_rules - one of the two lists */
static enum assay_status open_rules(
    struct yara *y, const char *option, struct assay_ruleset **set, struct assay_err *err)
{
	const struct assay_ruleset_options wanted = {
		.base = assay_opt_path(y->opts, "rules_dir"),
		.names = assay_opt_list(y->opts, option),
		.cache_dir = assay_opt_int(y->opts, "cache") ? assay_opt_cache_dir(y->opts) : NULL,
		.gate = assay_opt_int(y->opts, "gate") != 0,
		.refuse = strcmp(assay_opt_str(y->opts, "on_bad_rule"), "refuse") == 0,
	};

	if (is_absent_default(wanted.base, wanted.names))
		return ASSAY_OK;
	return assay_ruleset_open(&wanted, set, err);
}

/* worker_of - takes the next name off a list "a,b?"; NULL: no more. With a question mark it is a
 * wish. */
static const char *worker_of(struct assay_slice *list, char name[128], bool *wish)
{
	struct assay_slice word;

	while (assay_slice_split(list, ',', &word)) {
		word = assay_slice_trim(word);
		*wish = assay_slice_ends(word, "?");
		word.n -= *wish;
		if (word.n == 0 || word.n >= 128)
			continue;
		memcpy(name, word.p, word.n);
		name[word.n] = 0;
		return name;
	}
	return NULL;
}

/* wanted - the workers a rule's meta names, "" when it is about something else */
static struct assay_slice wanted(const YR_META *meta)
{
	const bool is_plugin =
	    strcmp(meta->identifier, "plugin") == 0 && meta->type == META_TYPE_STRING;

	return assay_slice_str(is_plugin ? meta->string : "");
}

/* add_named - one worker of a rule */
static void add_named(struct yara *y, const YR_RULE *rule, const char *name)
{
	struct assay_named *n;

	y->named = assay_xrealloc(y->named, (y->n_named + 2) * sizeof(*y->named));
	n = &y->named[y->n_named++];
	n[0] = (struct assay_named){ assay_arena_strdup(y->arena, name), NULL,
		assay_arena_printf(y->arena, "[yara] dispatch_rules: %s: rule %s: meta plugin",
		    rule->ns->name, rule->identifier) };
	n[1] = (struct assay_named){ NULL, NULL, NULL };
}

/* note_named - the workers all dispatch rules want */
static void note_named(struct yara *y)
{
	for (int k = 0; y->dispatch != NULL && k < ASSAY_GATE_SETS; k++) {
		YR_RULE *rule;

		if (y->dispatch->rules[k] == NULL)
			continue;
		yr_rules_foreach(y->dispatch->rules[k], rule)
		{
			const YR_META *meta;

			yr_rule_metas_foreach(rule, meta)
			{
				struct assay_slice list = wanted(meta);
				const char *name;
				char space[128];
				bool wish;

				while ((name = worker_of(&list, space, &wish)) != NULL)
					if (!wish)
						add_named(y, rule, name);
			}
		}
	}
}

/* yara_warm - reads and compiles the rules */
static enum assay_status yara_warm(void *state, struct assay_err *err)
{
	struct yara *y = state;
	enum assay_status status = open_rules(y, "rules", &y->rules, err);

	if (status == ASSAY_OK)
		status = open_rules(y, "dispatch_rules", &y->dispatch, err);
	if (status == ASSAY_OK)
		note_named(y);
	return status;
}

/* yara_names - who must be loaded */
static const struct assay_named *yara_names(void *state)
{
	const struct yara *y = state;

	return y->named;
}

/* yara_close - frees everything */
static void yara_close(void *state)
{
	struct yara *y = state;

	assay_ruleset_close(&y->rules);
	assay_ruleset_close(&y->dispatch);
	assay_arena_free(&y->arena);
	free(y->named);
	free(y);
}

/* yara_rules_id - the digest of the rules in use */
static const char *yara_rules_id(void *state)
{
	const struct yara *y = state;

	return y->rules != NULL ? y->rules->id : y->dispatch != NULL ? y->dispatch->id : NULL;
}

/* tags_json - the tags of a rule */
static json_t *tags_json(const YR_RULE *rule)
{
	json_t *out = json_array();
	const char *tag;

	yr_rule_tags_foreach(rule, tag)
	{
		json_array_append_new(out, assay_json_str(tag));
	}
	return out;
}

/* meta_json - the meta values of a rule, as texts */
static json_t *meta_json(const YR_RULE *rule)
{
	json_t *out = json_array();
	const YR_META *meta;

	yr_rule_metas_foreach(rule, meta)
	{
		json_t *pair = json_object();
		char space[32];
		bool number;

		json_object_set_new_nocheck(pair, "key", assay_json_str(meta->identifier));
		json_object_set_new_nocheck(
		    pair, "value", assay_json_str(assay_hits_meta(meta, space, &number)));
		if (number)
			json_object_set_new_nocheck(pair, "value_int", json_integer(meta->integer));
		json_array_append_new(out, pair);
	}
	return out;
}

/* is_plain - printable ASCII and common white space: the text says it all */
static bool is_plain(struct assay_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < ' ' && s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t') ||
		    s.p[i] > '~')
			return false;
	return true;
}

/* string_json - one match of a string, its bytes up to `most` */
static json_t *string_json(
    const struct assay_hits *hits, const struct assay_hit_string *string, size_t most)
{
	const struct assay_slice data = assay_slice_head(
	    assay_slice_head(assay_slice_from(hits->bytes, string->offset), string->length), most);
	json_t *out = json_object();

	json_object_set_new_nocheck(out, "id", assay_json_str(string->id));
	json_object_set_new_nocheck(out, "offset", json_integer((json_int_t)string->offset));
	json_object_set_new_nocheck(out, "length", json_integer((json_int_t)string->length));
	json_object_set_new_nocheck(out, "data", assay_json_text(data.p, data.n));
	if (!is_plain(data))
		json_object_set_new_nocheck(out, "data_raw", assay_json_base64(data.p, data.n));
	return out;
}

/* match_json - one rule; *left is how many strings may still be listed */
static json_t *match_json(
    const struct yara *y, const struct assay_hits *hits, const struct assay_hit *hit, size_t *left)
{
	json_t *match = json_object(), *strings = json_array();

	for (size_t i = 0; i<hit->n && * left> 0; i++, --*left)
		json_array_append_new(
		    strings, string_json(hits, &hits->string[hit->first + i], y->string_length));
	json_object_set_new_nocheck(match, "rule", assay_json_str(hit->rule->identifier));
	json_object_set_new_nocheck(match, "namespace", assay_json_str(hit->rule->ns->name));
	json_object_set_new_nocheck(match, "tags", tags_json(hit->rule));
	json_object_set_new_nocheck(match, "meta", meta_json(hit->rule));
	json_object_set_new_nocheck(match, "strings", strings);
	return match;
}

/* write_matches - the result, and what was cut from it */
static void write_matches(
    const struct yara *y, struct assay_result *result, const struct assay_hits *hits)
{
	json_t *matches = json_array();
	size_t left = ASSAY_HITS_STRINGS;

	for (size_t i = 0; i < hits->n; i++)
		json_array_append_new(matches, match_json(y, hits, &hits->hit[i], &left));
	json_object_set_new_nocheck(assay_result_json(result), "matches", matches);
	if (hits->found > ASSAY_HITS_MAX)
		assay_result_limit(result, "yara_matches", hits->found, ASSAY_HITS_MAX, false);
	if (left == 0)
		assay_result_limit(
		    result, "yara_strings", hits->nstring, ASSAY_HITS_STRINGS, false);
	else if (hits->strings_cut)
		assay_result_limit(
		    result, "strings_limit", y->strings_limit + 1, y->strings_limit, false);
}

/* yara_scan - the worker */
static enum assay_status yara_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct yara *y = state;
	struct assay_hits hits = {
		.timeout_s = y->timeout_s,
		.strings_limit = y->strings_limit,
	};
	enum assay_status status;

	if (y->rules == NULL)
		return ASSAY_OK;
	status = assay_hits_scan(y->rules, payload, &hits, err);
	if (hits.n > 0)
		write_matches(y, result, &hits);
	assay_hits_release(&hits);
	return status;
}

/* add_workers - those of meta plugin = "a,b?", with the rule's name and meta for each */
static void add_workers(struct assay_plan *plan, const YR_RULE *rule, struct assay_slice list)
{
	const YR_META *meta;
	char name[128];
	bool wish;

	while (worker_of(&list, name, &wish) != NULL) {
		char space[32];
		bool number;

		if (wish)
			assay_plan_wish(plan, name);
		else
			assay_plan_add(plan, name);
		assay_plan_meta(plan, "rule", rule->identifier);
		yr_rule_metas_foreach(rule, meta)
		{
			assay_plan_meta(
			    plan, meta->identifier, assay_hits_meta(meta, space, &number));
		}
	}
}

/* follow - what the meta of one rule asks for */
static void follow(struct assay_plan *plan, const YR_RULE *rule)
{
	const YR_META *meta;

	yr_rule_metas_foreach(rule, meta)
	{
		char space[32];
		bool number;
		const struct assay_slice value =
		    assay_slice_str(assay_hits_meta(meta, space, &number));

		add_workers(plan, rule, wanted(meta));
		if (strcmp(meta->identifier, "save") == 0 &&
		    assay_slice_caseis(assay_slice_trim(value), "false"))
			assay_plan_no_archive(plan);
	}
}

/* yara_choose - the dispatcher */
static enum assay_status yara_choose(void *state, const struct assay_payload *payload,
    struct assay_plan *plan, struct assay_err *err)
{
	const struct yara *y = state;
	struct assay_hits hits = { .timeout_s = y->timeout_s };
	enum assay_status status;

	if (y->dispatch == NULL)
		return ASSAY_OK;
	status = assay_hits_scan(y->dispatch, payload, &hits, err);
	for (size_t i = 0; i < hits.n; i++)
		follow(plan, hits.hit[i].rule);
	assay_hits_release(&hits);
	return status;
}

static const struct assay_worker worker = { .scan = yara_scan, .pure = true };
static const struct assay_dispatcher dispatcher = { .choose = yara_choose, .names = yara_names };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "yara",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "YARA rules; chooses workers by the meta of rules",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = yara_open,
	.warm = yara_warm,
	.close = yara_close,
	.rules_id = yara_rules_id,
	.worker = &worker,
	.dispatcher = &dispatcher,
};
