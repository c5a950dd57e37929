/*
 * core/cmd/hunt_rules.c - see hunt.h: new rules over what is archived
 *
 * Each payload of the mails that are meant, every digest once, is fetched from an archiver and
 * given to scan processes of our own (core/door.h) in which nothing but the rules is loaded: they
 * are compiled once, and what reads the bytes is sealed as ever. Of a payload that is hit the store
 * says in which mails it came. Memory: 32 bytes a payload, and some hundred hits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/map.h"
#include "base/slice.h"
#include "core/cmd/hunt.h"
#include "core/cmd/pace.h"
#include "core/cmd/scan.h"
#include "core/json.h"
#include "core/report_read.h"

#define WORKER "yara"
#define DIGEST_BYTES 32u
#define DIGEST_TEXT (2 * DIGEST_BYTES)
#define DIGESTS_MAX ((size_t)16 << 30) /* bytes */
#define HITS_MOST 200u
#define HITS_MS 5000 /* nobody waits longer to see one */
#define RULE_MAX 128u

struct run {
	struct assay_hunt *hunt;
	struct assay_setup setup;
	struct assay_door *door;
	struct assay_buf digests;
	struct assay_arena *names; /* of the configuration */
	struct assay_arena *arena; /* of the hits that are not told yet */
	struct assay_map hits;     /* digest -> list of rules */
	int64_t told_ms;
	uint64_t done;
	struct assay_pace pace;
	enum assay_status status; /* of a hit that could not be told */
	struct assay_err err;
};

/* ---- digests --------------------------------------------------------------------------------- */

/* take_digest - of the store */
static bool take_digest(void *arg, const json_t *row)
{
	struct run *run = arg;
	const char *text = assay_json_get_str(row, "value");
	unsigned char digest[DIGEST_BYTES] = { 0 };

	if (text == NULL || strlen(text) != DIGEST_TEXT)
		return true;
	for (size_t i = 0; i < DIGEST_TEXT; i++) {
		const int digit = assay_ascii_hex((unsigned char)text[i]);

		if (digit < 0)
			return true;
		digest[i / 2] = (unsigned char)(digest[i / 2] << 4 | digit);
	}
	return assay_buf_add(&run->digests, digest, sizeof digest) &&
	    !assay_hunt_stopping(run->hunt);
}

/* digest_at - the i-th, as text */
static const char *digest_at(const struct run *run, size_t i, char text[DIGEST_TEXT + 1])
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = (const unsigned char *)run->digests.p + i * DIGEST_BYTES;

	for (size_t k = 0; k < DIGEST_BYTES; k++) {
		text[2 * k] = digits[p[k] >> 4];
		text[2 * k + 1] = digits[p[k] & 15];
	}
	text[DIGEST_TEXT] = '\0';
	return text;
}

/* ---- hits ------------------------------------------------------------------------------------ */

/* is_rule - a scan process may say anything */
static bool is_rule(const char *name)
{
	return name != NULL && strlen(name) <= RULE_MAX &&
	    assay_slice_is_plain(assay_slice_str(name), "_");
}

/* failed - could the rules not look at it? */
static bool failed(const json_t *report)
{
	const json_t *errors = json_object_get(report, "errors");
	const char *status = assay_json_get_str(report, "status");

	return status == NULL || strcmp(status, "scanned") != 0 || json_array_size(errors) > 0;
}

/* take_matches - of a payload */
static void take_matches(struct run *run, const json_t *report, const char *digest)
{
	const json_t *workers = json_object_get(assay_report_payload(report, 0), "workers");
	const json_t *matches = json_object_get(json_object_get(workers, WORKER), "matches");
	json_t *rules = NULL;

	for (size_t i = 0; i < json_array_size(matches); i++) {
		const char *rule = assay_json_get_str(json_array_get(matches, i), "rule");

		if (!is_rule(rule))
			continue;
		if (rules == NULL)
			rules = json_array();
		assay_json_append(rules, assay_json_str(rule));
	}
	if (rules != NULL)
		assay_map_set(
		    &run->hits, assay_arena_slice(run->arena, assay_slice_str(digest)), rules);
}

/* answered - one payload was looked at */
static enum assay_door_reply answered(
    void *arg, const struct assay_answer *answer, const struct assay_door_done *done)
{
	struct run *run = arg;
	const size_t i = (size_t)(uintptr_t)answer->tag;
	char digest[DIGEST_TEXT + 1];
	json_t *report = NULL;

	if (assay_json_parse(answer->report, &report, &run->err) != ASSAY_OK || failed(report)) {
		run->hunt->failed++;
		assay_log(ASSAY_LOG_WARNING, "payload %s could not be scanned",
		    digest_at(run, i, digest));
	}
	if (report != NULL)
		take_matches(run, report, digest_at(run, i, digest));
	json_decref(report);
	run->done++;
	if (done->fn != NULL)
		done->fn(done->arg, answer->action);
	return ASSAY_DOOR_TAKEN;
}

/* take_report - a mail with payloads that were hit */
static bool take_report(void *arg, const json_t *report)
{
	struct run *run = arg;
	json_t *matches = json_array();
	const json_t *payload;

	for (size_t i = 0; (payload = assay_report_payload(report, i)) != NULL; i++) {
		const char *digest = assay_json_get_str(payload, "sha256");
		const json_t *rules =
		    digest != NULL ? assay_map_get(&run->hits, assay_slice_str(digest)) : NULL;

		for (size_t k = 0; k < json_array_size(rules); k++) {
			const char *rule = json_string_value(json_array_get(rules, k));

			assay_hunt_match(matches, payload, "yara", rule, rule);
		}
	}
	run->status = assay_hunt_hit(run->hunt, report, matches, &run->err);
	json_decref(matches);
	return run->status == ASSAY_OK;
}

/* tell_hits - those there are */
static enum assay_status tell_hits(struct run *run, struct assay_err *err)
{
	json_t *node, *values;
	enum assay_status status;

	if (run->hits.n == 0)
		return ASSAY_OK;
	assay_pace_clear(&run->pace);
	node = json_object();
	values = json_array();
	for (size_t i = 0; i < run->hits.n; i++)
		assay_json_append(
		    values, assay_json_text(run->hits.entry[i].key.p, run->hits.entry[i].key.n));
	assay_json_set(node, "word", assay_json_own("sha256"));
	assay_json_set(node, "is", assay_json_own("one_of"));
	assay_json_set(node, "values", values);
	status = assay_hunt_ask(run->hunt,
	    &(struct assay_hunt_question){
		.want = "reports", .more = node, .row = take_report, .arg = run },
	    err);
	if (run->status != ASSAY_OK) {
		*err = run->err;
		status = run->status;
	}
	for (size_t i = 0; i < run->hits.n; i++)
		json_decref(run->hits.entry[i].value);
	assay_arena_reset(run->arena);
	assay_map_init(&run->hits, run->arena);
	run->told_ms = assay_clock_mono_ms();
	return status;
}

/* are_due - enough of them, or the first some time ago */
static bool are_due(const struct run *run)
{
	return run->hits.n >= HITS_MOST ||
	    (run->hits.n > 0 && assay_clock_mono_ms() - run->told_ms >= HITS_MS);
}

/* ---- payloads -------------------------------------------------------------------------------- */

/* fetch - from the first archiver that has it */
static enum assay_status fetch(
    const struct run *run, const char *digest, int *fd, struct assay_err *err)
{
	const struct assay_cmd_store *store = &run->hunt->store;
	const char *const *name = assay_opt_list(assay_config_core(store->config), "archivers");
	enum assay_status status = ASSAY_E_NOENT, one;

	for (; *name != NULL; name++) {
		const struct assay_loaded *from = assay_host_find(store->host, *name);

		if (from == NULL || from->plugin->archiver == NULL ||
		    from->plugin->archiver->get == NULL)
			continue;
		one = from->plugin->archiver->get(from->state, digest, fd, err);
		if (one == ASSAY_OK)
			return one;
		status = one != ASSAY_E_NOENT ? one : status;
	}
	return status;
}

/* has_archiver - is there one that gives back? */
static bool has_archiver(const struct run *run)
{
	const struct assay_cmd_store *store = &run->hunt->store;
	const char *const *name = assay_opt_list(assay_config_core(store->config), "archivers");

	for (; *name != NULL; name++) {
		const struct assay_loaded *from = assay_host_find(store->host, *name);

		if (from != NULL && from->plugin->archiver != NULL &&
		    from->plugin->archiver->get != NULL)
			return true;
	}
	return false;
}

/* scan_one - the i-th payload, if it is archived */
static enum assay_status scan_one(struct run *run, size_t i, struct assay_err *err)
{
	struct assay_submission submission = { .fd = -1, .source = "hunt" };
	char digest[DIGEST_TEXT + 1];
	const enum assay_status status = fetch(run, digest_at(run, i, digest), &submission.fd, err);

	if (status == ASSAY_OK)
		return assay_door_submit(run->door, &submission, (void *)(uintptr_t)i, err);
	run->done++;
	if (status == ASSAY_E_NOENT) {
		run->hunt->missing++;
		return ASSAY_OK;
	}
	run->hunt->failed++;
	assay_log(ASSAY_LOG_WARNING, "payload %s: %s", digest, err->text);
	return ASSAY_OK;
}

/* scan_all - hits are told as they come */
static enum assay_status scan_all(struct run *run, struct assay_err *err)
{
	const size_t n = run->digests.n / DIGEST_BYTES;
	enum assay_status status = ASSAY_OK;
	char more[64];

	assay_pace_begin(&run->pace, "payloads", n);
	run->told_ms = assay_clock_mono_ms();
	for (size_t i = 0; i < n && status == ASSAY_OK && !assay_hunt_stopping(run->hunt); i++) {
		status = scan_one(run, i, err);
		if (status == ASSAY_OK && are_due(run))
			status = tell_hits(run, err);
		(void)snprintf(
		    more, sizeof more, "%llu mails hit", (unsigned long long)run->hunt->mails);
		assay_pace_step(&run->pace, run->done, more);
	}
	if (status == ASSAY_OK)
		status = assay_door_flush(run->door, err);
	assay_pace_clear(&run->pace);
	run->hunt->asked = run->done;
	return status == ASSAY_OK ? tell_hits(run, err) : status;
}

/* ---- begin and end --------------------------------------------------------------------------- */

/* rules_file - the whole name: a relative one of the option is below another directory */
static enum assay_status rules_file(struct run *run, const char **file, struct assay_err *err)
{
	char *path = realpath(run->hunt->file, NULL);

	if (path == NULL)
		return assay_io_fail(err, "cannot find", run->hunt->file);
	*file = assay_arena_strdup(run->names, path);
	free(path);
	if (strpbrk(*file, ",*?[") == NULL)
		return ASSAY_OK;
	return assay_err_set(
	    err, ASSAY_E_USAGE, "%s: copy it to a name without a comma, *, ? or [ in it", *file);
}

/* load - a configuration in which there is nothing but the rules */
static enum assay_status load(struct run *run, struct assay_err *err)
{
	static const char *const core_opts[] = { "plugins=" WORKER, "always_dispatch=" WORKER,
		"start_dispatch=", "dispatchers=", "decorators=", "archivers=", "source_archivers=",
		"connectors=", "providers=", "lookup_listen=", "message_size=1G", NULL };
	const struct assay_setup_options options = { .cold = true, .no_policy = true };
	struct assay_cmd_globals globals = *run->hunt->globals;
	struct assay_words opts = { NULL, 0 };
	struct assay_config *config = NULL;
	enum assay_status status;
	const char *file = NULL;

	status = rules_file(run, &file, err);
	if (status != ASSAY_OK)
		return status;
	for (size_t i = 0; i < globals.plugin_opts.n; i++)
		assay_words_add(&opts, globals.plugin_opts.word[i]);
	assay_words_add(&opts, WORKER ":on_bad_rule=refuse");
	assay_words_add(&opts, WORKER ":strings_limit=0");
	assay_words_add(&opts, WORKER ":dispatch_rules=");
	assay_words_add(&opts, assay_arena_printf(run->names, WORKER ":rules=%s", file));
	globals.plugin_opts = opts;
	status = assay_cmd_config_load(&globals, core_opts, &config, err);
	if (status == ASSAY_OK)
		status = assay_setup_open(&run->setup, config, &options, err);
	assay_words_free(&opts);
	return status;
}

/* has_rules - to find nothing with nothing would be taken for an answer */
static bool has_rules(const struct run *run)
{
	const struct assay_loaded *yara = assay_host_find(run->setup.host, WORKER);

	ASSAY_ASSERT(yara != NULL && yara->plugin->rules_id != NULL);
	return yara->plugin->rules_id(yara->state) != NULL;
}

/* open_door - rules compiled, scan processes ready to be forked */
static enum assay_status open_door(struct run *run, struct assay_err *err)
{
	const struct assay_scan_how how = {
		.jobs = run->hunt->jobs, .local = true, .no_sandbox = run->hunt->no_sandbox
	};
	struct assay_door_options options = { .engine = run->setup.engine,
		.core = assay_config_core(run->setup.config),
		.bulk = true,
		.unordered = true,
		.stop_fd = -1,
		.answer = answered,
		.arg = run };
	struct assay_scan_lines lines;
	enum assay_status status = assay_scan_lines(&how, &run->setup, &lines, err);

	options.lines = lines.lines;
	/* What is wrong with them is the input's fault, not the configuration's. */
	if (status == ASSAY_E_CONF)
		return err->code = ASSAY_E_SYNTAX;
	if (status == ASSAY_OK)
		status = assay_door_open(&options, &run->door, err);
	if (status == ASSAY_OK && !has_rules(run))
		return assay_err_set(err, ASSAY_E_SYNTAX,
		    "%s: no rules in it; of a directory, files *.yar and *.yara are read",
		    run->hunt->file);
	return status;
}

/* hunt_with - what it takes, opened and closed */
static enum assay_status hunt_with(struct run *run, struct assay_err *err)
{
	enum assay_status status;

	if (!has_archiver(run))
		return assay_err_set(err, ASSAY_E_CONF,
		    "nothing is archived here that could be read again: name filedir in archivers "
		    "of "
		    "[core]");
	status = load(run, err);
	if (status != ASSAY_OK)
		return status;
	status = open_door(run, err);
	if (status == ASSAY_OK)
		status = assay_hunt_ask(run->hunt,
		    &(struct assay_hunt_question){
			.want = "values", .word = "sha256", .row = take_digest, .arg = run },
		    err);
	if (status == ASSAY_OK)
		status = scan_all(run, err);
	assay_door_close(&run->door);
	assay_setup_close(&run->setup);
	return status;
}

/* assay_hunt_rules - see hunt.h */
enum assay_status assay_hunt_rules(struct assay_hunt *hunt, struct assay_err *err)
{
	struct run *run = assay_xcalloc(1, sizeof *run);
	enum assay_status status;

	run->hunt = hunt;
	run->names = assay_arena_new();
	run->arena = assay_arena_new();
	assay_map_init(&run->hits, run->arena);
	assay_buf_init(&run->digests, DIGESTS_MAX);
	status = hunt_with(run, err);
	for (size_t i = 0; i < run->hits.n; i++)
		json_decref(run->hits.entry[i].value);
	assay_buf_release(&run->digests);
	assay_arena_free(&run->arena);
	assay_arena_free(&run->names);
	free(run);
	return status;
}
