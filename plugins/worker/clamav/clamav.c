/*
 * clamav - which signatures of ClamAV match a payload or what is packed in it
 *
 * With mode = library by libclamav in the scan process: the signatures are loaded once, before the
 * scan processes are forked, and shared by them; what it unpacks it writes into a private directory
 * in memory. With mode = clamd by a clamd, asked through the helper. Where there are no signatures,
 * or no clamd, each payload has an errors[] entry: nothing is called clean that was not looked at.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <clamav.h>

#include <assay/log.h>
#include <assay/plugin.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"

#include "clamd.h"
#include "database.h"
#include "lazy.h"
#include "look.h"
#include "verdict.h"
#include "words.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)
#define KEEP_BYTES (32 << 20)
#define ANSWER_MAX ((uint64_t)16 * 1024)

struct clamav {
	const char *dir;
	bool clamd, refuse, clean_cache;
	int64_t max_age_ms, watch_ms;
	unsigned load_options;
	struct assay_clamav_how how;
	struct assay_clamav_database db;
	struct assay_clamav_lazy *lazy;
	struct assay_program program[2];
	/* Of the scan master, which looks after the directory. */
	int64_t watched_ms;
	char seen[ASSAY_CLAMAV_STAMP], asked[ASSAY_CLAMAV_STAMP];
};

static const struct assay_opt options[] = {
	{ "mode", ASSAY_OPT_ENUM, "library", 0, 0, "library|clamd",
	    "by libclamav in the scan processes, or by a clamd" },
	{ "database", ASSAY_OPT_STR, "/var/lib/clamav", 0, 0, NULL,
	    "directory with the signatures; relative to the configuration" },
	{ "watch", ASSAY_OPT_TIME, "60s", 0, 86400000, NULL,
	    "how often the service looks whether they have changed, and reloads; 0s: never" },
	{ "max_age", ASSAY_OPT_TIME, "7d", 0, 0, NULL,
	    "age of ClamAV's own signatures from which it is complained of; 0s: any" },
	{ "on_bad_database", ASSAY_OPT_ENUM, "skip", 0, 0, "skip|refuse",
	    "a file of signatures that does not load: leave it out and complain, or do not start" },
	{ "bytecode", ASSAY_OPT_BOOL, "yes", 0, 0, NULL,
	    "load bytecode signatures that ClamAV has signed" },
	{ "phishing", ASSAY_OPT_BOOL, "yes", 0, 0, NULL,
	    "load signatures of phishing, and compare links with what is shown for them" },
	{ "pua", ASSAY_OPT_BOOL, "no", 0, 0, NULL,
	    "load signatures of possibly unwanted programs (PUA...)" },
	{ "parse", ASSAY_OPT_LIST,
	    "archive, elf, pdf, swf, hwp3, xmldocs, mail, ole2, html, pe, onenote, image", 0, 0,
	    NULL, "what it takes apart itself; also: fuzzy_image" },
	{ "heuristics", ASSAY_OPT_BOOL, "yes", 0, 0, NULL, "guesses of ClamAV's own" },
	{ "alerts", ASSAY_OPT_LIST, "", 0, 0, NULL, "more of them: " ASSAY_CLAMAV_ALERTS },
	{ "recursion", ASSAY_OPT_INT, "17", 1, 100, NULL,
	    "layers inside layers that it takes apart" },
	{ "files", ASSAY_OPT_INT, "10000", 1, 1000000, NULL,
	    "files in one payload that it looks at" },
	{ "timeout", ASSAY_OPT_TIME, "20s", 10, 3600000, NULL, "longest scan of one payload" },
	{ "layers_max", ASSAY_OPT_INT, "100", 0, 10000, NULL,
	    "rows of layers[] of one payload: what it took out" },
	{ "clean_cache", ASSAY_OPT_BOOL, "no", 0, 0, NULL,
	    "let it remember clean files by their MD5, from one mail to the next" },
	{ "socket", ASSAY_OPT_STR, "unix:/run/clamav/clamd.ctl", 0, 0, NULL,
	    "of clamd: unix:/PATH or tcp:HOST:PORT" },
	{ NULL, ASSAY_OPT_INT, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "infected", ASSAY_BOOL, ASSAY_TECHNICAL, "a signature matched; heuristics do not count" },
	{ "signature", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "the first signature that did" },
	{ "signatures[].name", ASSAY_STR, ASSAY_TECHNICAL, "name of a signature or heuristic" },
	{ "signatures[].heuristic", ASSAY_BOOL, ASSAY_TECHNICAL, "a guess of ClamAV's own" },
	{ "type", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL,
	    "what libclamav takes it for, such as CL_TYPE_ZIP" },
	{ "encrypted", ASSAY_BOOL, ASSAY_TECHNICAL,
	    "a member of an archive that libclamav could not look into" },
	{ "layers[].level", ASSAY_INT, ASSAY_TECHNICAL, "1: directly in the payload" },
	{ "layers[].type", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "as type above" },
	{ "layers[].name", ASSAY_STR | ASSAY_NULL, ASSAY_PERSONAL, "name of the member" },
	{ "layers[].size", ASSAY_INT, ASSAY_TECHNICAL, "bytes that were looked at" },
	{ "layers[].normalized", ASSAY_BOOL, ASSAY_TECHNICAL,
	    "a form that libclamav made to compare with" },
	{ "layers[].decrypted", ASSAY_BOOL, ASSAY_TECHNICAL, "it was decrypted" },
	{ "layer_count", ASSAY_INT, ASSAY_TECHNICAL, "layers, those not listed too" },
	{ "engine", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "version of ClamAV" },
	{ "database", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "the signatures in use" },
	{ "database_time", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL,
	    "when the newest of ClamAV's own signatures were made" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "clamav", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "signatures[].name",
	    "signature or heuristic of ClamAV" },
	{ "infected", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_FLAG, "infected",
	    "a signature of ClamAV matched" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* ---- beginning ------------------------------------------------------------------------------- */

/* read_scan - the options of a scan */
static enum assay_status read_scan(
    struct assay_clamav_how *how, const struct assay_opts *opts, struct assay_err *err)
{
	enum assay_status st = assay_clamav_words_parse(opts, &how->options.parse, err);

	if (st == ASSAY_OK)
		st = assay_clamav_words_alerts(opts, &how->options.heuristic, err);
	/* All of them, so that a limit is told also where something was found. */
	how->options.general = CL_SCAN_GENERAL_ALLMATCHES;
	if (assay_opt_int(opts, "heuristics"))
		how->options.general |= CL_SCAN_GENERAL_HEURISTICS;
	how->options.heuristic |= CL_SCAN_HEURISTIC_EXCEEDS_MAX;
	how->files_max = (unsigned)assay_opt_int(opts, "files");
	how->depth_max = (unsigned)assay_opt_int(opts, "recursion");
	how->timeout_ms = (unsigned)assay_opt_int(opts, "timeout");
	how->layers_max = (size_t)assay_opt_int(opts, "layers_max");
	return st;
}

/* clamav_open - the options; signatures come later */
static enum assay_status clamav_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct clamav *c = assay_xcalloc(1, sizeof *c);
	enum assay_status st = read_scan(&c->how, opts, err);

	if (st != ASSAY_OK) {
		free(c);
		return st;
	}
	c->dir = assay_opt_path(opts, "database");
	c->clamd = strcmp(assay_opt_str(opts, "mode"), "clamd") == 0;
	c->refuse = strcmp(assay_opt_str(opts, "on_bad_database"), "refuse") == 0;
	c->max_age_ms = assay_opt_int(opts, "max_age");
	c->watch_ms = assay_opt_int(opts, "watch");
	if (assay_opt_int(opts, "bytecode"))
		c->load_options |= CL_DB_BYTECODE;
	if (assay_opt_int(opts, "phishing"))
		c->load_options |= CL_DB_PHISHING | CL_DB_PHISHING_URLS;
	if (assay_opt_int(opts, "pua"))
		c->load_options |= CL_DB_PUA;
	c->clean_cache = assay_opt_int(opts, "clean_cache") != 0;
	c->program[0] = (struct assay_program){
		.name = "clamd",
		.mode = ASSAY_PROGRAM_SOCKET,
		.address = assay_opt_str(opts, "socket"),
		.timeout_ms = c->how.timeout_ms,
		.output_max = ANSWER_MAX,
	};
	*state = c;
	return ASSAY_OK;
}

/* clamav_programs - clamd, where it is wanted */
static const struct assay_program *clamav_programs(void *state)
{
	const struct clamav *c = state;

	return c->clamd ? c->program : NULL;
}

/* keep_heap - each scan takes and frees arrays with a row for every logical signature: a heap that
 * goes back to the system each time comes back page by page (a quarter of all CPU, measured). What
 * idles is trimmed by the host. */
static void keep_heap(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, KEEP_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
}

/* compile - the engine into the form that is shared */
static enum assay_status compile(struct clamav *c, struct assay_err *err)
{
	cl_error_t rc = CL_SUCCESS;
	size_t missing;

	/* Before it is compiled: then it makes none. */
	if (!c->clean_cache)
		rc = cl_engine_set_num(c->db.engine, CL_ENGINE_DISABLE_CACHE, 1);
	if (rc == CL_SUCCESS)
		rc = cl_engine_compile(c->db.engine);
	if (rc != CL_SUCCESS)
		return assay_err_set(err, ASSAY_E_PLUGIN, "%s: libclamav cannot use these: %s",
		    c->dir, cl_strerror(rc));
	c->how.engine = c->db.engine;
	keep_heap();
	c->lazy = assay_clamav_lazy_new(&missing);
	if (missing > 0)
		assay_log(ASSAY_LOG_INFO,
		    "clamav: %zu character sets are not there: texts in them are compared as they "
		    "are",
		    missing);
	return ASSAY_OK;
}

/* complain - what is wrong with the signatures; false: nothing */
static bool complain(const struct clamav *c, struct assay_err *err)
{
	const int64_t age_ms = assay_clock_wall_ms() - c->db.built_ms;

	if (c->db.engine == NULL && c->db.nbroken == 0)
		(void)assay_err_set(err, ASSAY_E_NOENT,
		    "clamav: there are no signatures in %.200s: nothing is looked at until there "
		    "are (freshclam, or [clamav] database)",
		    c->dir);
	else if (c->db.engine != NULL && c->seen[0] == '\0')
		(void)assay_err_set(err, ASSAY_E_NOENT,
		    "clamav: the signatures in %.200s are gone; those loaded before stay in use",
		    c->dir);
	else if (c->db.nbroken > 0)
		(void)assay_err_set(err, ASSAY_E_PLUGIN,
		    "clamav: %u of the files in %.100s %s left out%s: %s", c->db.nbroken, c->dir,
		    c->db.nbroken == 1 ? "is" : "are",
		    c->db.engine == NULL ? ", and there is no other" : "", c->db.broken);
	else if (c->max_age_ms > 0 && c->db.built_ms > 0 && age_ms > c->max_age_ms)
		(void)assay_err_set(err, ASSAY_E_PLUGIN,
		    "clamav: the signatures in %.200s are %lld days old; does freshclam run?",
		    c->dir, (long long)(age_ms / DAY_MS));
	else
		return false;
	return true;
}

/* clamav_warm - loads the signatures, for all scan processes */
static enum assay_status clamav_warm(void *state, struct assay_err *err)
{
	struct clamav *c = state;
	int64_t from_ms = assay_clock_mono_ms();
	struct assay_err why;
	enum assay_status st;

	if (c->clamd)
		return ASSAY_OK;
	st = assay_clamav_database_load(c->dir, c->load_options, &c->db, err);
	if (st != ASSAY_OK)
		return st;
	memcpy(c->seen, c->db.stamp, sizeof c->seen);
	memcpy(c->asked, c->db.stamp, sizeof c->asked);
	if (c->refuse && c->db.nbroken > 0)
		return assay_err_set(err, ASSAY_E_CONF,
		    "%s/%s; mend or remove the file, or set on_bad_database = skip", c->dir,
		    c->db.broken);
	if (c->db.engine != NULL)
		st = compile(c, err);
	if (st != ASSAY_OK)
		return st;
	if (complain(c, &why))
		assay_log(ASSAY_LOG_WARNING, "%s", why.text);
	if (c->db.engine != NULL)
		assay_log(ASSAY_LOG_INFO, "clamav: %u signatures in %lld ms: %s", c->db.signatures,
		    (long long)(assay_clock_mono_ms() - from_ms), c->db.id);
	return ASSAY_OK;
}

/* clamav_close - forgets them */
static void clamav_close(void *state)
{
	struct clamav *c = state;

	assay_clamav_lazy_free(&c->lazy);
	assay_clamav_database_release(&c->db);
	free(c);
}

/* clamav_rules_id - the signatures in use */
static const char *clamav_rules_id(void *state)
{
	const struct clamav *c = state;

	return c->db.engine != NULL ? c->db.id : NULL;
}

/* has_changed - are there others now? Said once per change, when the directory has been the same
 * for a whole turn. That there are none any more is no change: old ones are better */
static bool has_changed(struct clamav *c)
{
	char stamp[ASSAY_CLAMAV_STAMP];
	bool settled;

	assay_clamav_database_stamp(c->dir, stamp);
	settled = strcmp(stamp, c->seen) == 0;
	memcpy(c->seen, stamp, sizeof c->seen);
	if (!settled || stamp[0] == '\0' || strcmp(stamp, c->asked) == 0)
		return false;
	memcpy(c->asked, stamp, sizeof c->asked);
	return true;
}

/* say_age - what is in use: "daily 27104, main 62, 3 hours old" */
static void say_age(const struct clamav *c, struct assay_err *err)
{
	const int64_t hours = (assay_clock_wall_ms() - c->db.built_ms) / (3600 * 1000);

	if (c->db.built_ms == 0)
		(void)assay_err_set(err, ASSAY_OK, "%s", c->db.id);
	else
		(void)assay_err_set(err, ASSAY_OK, "%s, %lld %s old", c->db.id,
		    (long long)(hours < 48 ? hours : hours / 24), hours < 48 ? "hours" : "days");
}

/* clamav_watch - are the signatures still those that were loaded, and are they well? */
static enum assay_status clamav_watch(void *state, bool *changed, struct assay_err *err)
{
	struct clamav *c = state;
	const int64_t now_ms = assay_clock_mono_ms();

	if (c->clamd)
		return ASSAY_OK;
	if (c->watch_ms > 0 && now_ms - c->watched_ms >= c->watch_ms) {
		c->watched_ms = now_ms;
		*changed = has_changed(c);
	}
	if (complain(c, err))
		return err->code;
	say_age(c, err);
	return ASSAY_OK;
}

/* ---- scanning -------------------------------------------------------------------------------- */

/* set_text - a member, null when there is nothing to say */
static void set_text(json_t *json, const char *member, struct assay_slice s)
{
	json_object_set_new_nocheck(
	    json, member, s.n > 0 ? assay_json_text(s.p, s.n) : json_null());
}

/* by_library - here */
static enum assay_status by_library(struct clamav *c, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	enum assay_status st;
	json_t *json;

	if (c->how.engine == NULL)
		return assay_err_set(err, ASSAY_E_NOENT, "there are no signatures in %s", c->dir);
	st = assay_clamav_look(&c->how, payload, result, err);
	json = assay_result_json(result);
	set_text(json, "engine", assay_slice_str(cl_retver()));
	set_text(json, "database", assay_slice_str(c->db.id));
	json_object_set_new_nocheck(json, "database_time",
	    c->db.built_ms > 0 ? assay_json_time(c->db.built_ms) : json_null());
	return st;
}

/* take_answer - of clamd, into the result */
static enum assay_status take_answer(const struct assay_clamd_answer *answer, uint64_t n,
    struct assay_result *result, struct assay_err *err)
{
	struct assay_clamav_verdict verdict = { .result = result };
	json_t *json;

	if (answer->kind == ASSAY_CLAMD_FAILED || answer->kind == ASSAY_CLAMD_NONE)
		return assay_err_set(err, ASSAY_E_PLUGIN, "clamd: %.*s",
		    answer->kind == ASSAY_CLAMD_NONE ? 9 : (int)answer->text.n,
		    answer->kind == ASSAY_CLAMD_NONE ? "no answer" : answer->text.p);
	if (answer->kind == ASSAY_CLAMD_TOO_LARGE) {
		assay_result_limit(result, "clamd_stream", n, 0, true);
		return ASSAY_OK;
	}
	assay_clamav_verdict_begin(&verdict);
	if (answer->kind == ASSAY_CLAMD_FOUND)
		assay_clamav_verdict_add(&verdict, answer->text.p, answer->text.n);
	assay_clamav_verdict_keep(&verdict);
	json = assay_result_json(result);
	set_text(json, "engine", answer->engine);
	set_text(json, "database", answer->database);
	return ASSAY_OK;
}

/* by_clamd - there */
static enum assay_status by_clamd(
    const struct assay_payload *payload, struct assay_result *result, struct assay_err *err)
{
	const struct assay_slice bytes = assay_payload_bytes(payload);
	char room[ASSAY_CLAMD_BEFORE];
	const struct assay_run_input in = {
		.before = assay_clamd_before(bytes.n, room),
		.bytes = bytes,
		.after = assay_clamd_after(),
	};
	struct assay_clamd_answer answer;
	struct assay_run_output out;
	enum assay_status st;

	/* Its signatures change when it likes: who asks for more than the bytes is asked anew. */
	(void)assay_payload_request(payload);
	if (bytes.n > UINT32_MAX)
		return assay_err_set(err, ASSAY_E_PLUGIN, "clamd takes no more than 4 GB");
	st = assay_result_run(result, 0, &in, &out, err);
	if (st != ASSAY_OK)
		return st;
	assay_clamd_read(out.out, &answer);
	return take_answer(&answer, bytes.n, result, err);
}

/* clamav_scan - the worker */
static enum assay_status clamav_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	struct clamav *c = state;

	if (assay_payload_bytes(payload).n == 0)
		return ASSAY_OK;
	return c->clamd ? by_clamd(payload, result, err) : by_library(c, payload, result, err);
}

static const struct assay_worker worker = { .scan = clamav_scan, .pure = true };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "clamav",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-only",
	.summary = "viruses, by libclamav in the scan processes or by a clamd",
	.options = options,
	.fields = fields,
	.facts = facts,
	.needs = ASSAY_NEEDS_TMP,
	.open = clamav_open,
	.warm = clamav_warm,
	.close = clamav_close,
	.rules_id = clamav_rules_id,
	.worker = &worker,
	.programs = clamav_programs,
	.watch = clamav_watch,
};
