/*
 * core/cmd/cmd_hunt.c - `assay hunt`: new rules over what is archived, a list over the store
 *
 * Reads the command line, opens the store and whom to tell, hunts (hunt_rules.c, hunt_list.c), and
 * says at the end what came of it. A signal ends it in order: what was found so far is written, and
 * another hunt finds the rest. Exit 1: nothing was found.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/cmd/hunt.h"
#include "core/json.h"

#define JOBS_MAX 512u
#define TOLD_MAX ((size_t)100 << 20)

enum { HASH, URL, SENDER, SINCE, NAME, DRY_RUN, JSON, JOBS, STORE, NO_SANDBOX };

static const struct assay_arg args_of_hunt[] = {
	{ 0, "hash", "LIST", "Digests (MD5, SHA-1, SHA-256, SHA-512), one per line; -: stdin" },
	{ 0, "url", "LIST", "URLs, host names; with all below a name" },
	{ 0, "sender", "LIST", "Addresses, domains; with all below a domain" },
	{ 0, "since", "TIME", "Only mails since then: 30d, 2026-11-01" },
	{ 0, "name", "NAME", "What a hit by a list is called (rule:NAME); default: its file" },
	{ 'n', "dry-run", NULL, "Show what is found, write nothing" },
	{ 0, "json", NULL, "One line of JSON per mail" },
	{ 'j', "jobs", "N", "Scan processes; default: jobs of [core]" },
	{ 'C', "connector", "NAME", "The store to ask" },
	{ 0, "no-sandbox", NULL, "For debugging only: rules may do what you may do" },
	{ 0, NULL, NULL, NULL },
};

struct asked {
	struct assay_hunt hunt;
	struct assay_words operands;
	const char *since, *name;
};

static volatile sig_atomic_t signalled;

/* ---- what the pieces share --------------------------------------------------------------------
 */

/* note_signal - a second one ends the program */
static void note_signal(int number)
{
	signalled = number;
}

/* catch_signals - the first of each */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = note_signal, .sa_flags = (int)SA_RESETHAND };

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

/* assay_hunt_stopping - see hunt.h */
bool assay_hunt_stopping(struct assay_hunt *hunt)
{
	hunt->stopped |= signalled != 0;
	return hunt->stopped;
}

/* assay_hunt_ask - see hunt.h */
enum assay_status assay_hunt_ask(
    struct assay_hunt *hunt, const struct assay_hunt_question *question, struct assay_err *err)
{
	json_t *query = json_object(), *match = question->more, *both;

	assay_json_set(query, "want", assay_json_own(question->want));
	if (question->word != NULL)
		assay_json_set(query, "word", assay_json_own(question->word));
	if (match == NULL) {
		match = json_incref(hunt->match);
	} else if (hunt->match != NULL) {
		both = json_array();
		assay_json_append(both, match);
		assay_json_append(both, json_incref(hunt->match));
		match = json_object();
		assay_json_set(match, "and", both);
	}
	if (match != NULL)
		assay_json_set(query, "match", match);
	return assay_cmd_store_ask(&hunt->store, query, question->row, question->arg, err);
}

/* ---- the hunt ---------------------------------------------------------------------------------
 */

/* read_match - --since and the operands behind the rules */
static enum assay_status read_match(struct asked *asked, struct assay_err *err)
{
	const size_t first = asked->hunt.rules ? 1 : 0;
	struct assay_words words = { asked->operands.word + first, asked->operands.n - first };
	struct assay_buf text;
	enum assay_status status;

	if (words.n == 0 && asked->since == NULL)
		return ASSAY_OK;
	assay_cmd_store_join(&words, &text);
	if (asked->since != NULL)
		(void)assay_buf_printf(
		    &text, "%ssince:\"%s\"", words.n > 0 ? " " : "", asked->since);
	status = assay_cmd_store_match(
	    &asked->hunt.store, assay_buf_slice(&text), &asked->hunt.match, err);
	assay_buf_release(&text);
	return status;
}

/* begin - the store, and whom to tell */
static enum assay_status begin(struct asked *asked, struct assay_err *err)
{
	struct assay_hunt *hunt = &asked->hunt;
	enum assay_status status =
	    assay_cmd_store_open(&hunt->store, hunt->globals, hunt->connector, err);

	if (status == ASSAY_OK)
		status = read_match(asked, err);
	if (status == ASSAY_OK && !hunt->dry_run)
		status = assay_findings_open(
		    hunt->store.config, hunt->store.host, hunt->store.loaded, &hunt->findings, err);
	assay_cmd_user(hunt->by, sizeof hunt->by);
	return status;
}

/* summary - on standard error */
static void summary(const struct assay_hunt *hunt)
{
	(void)fprintf(stderr, "assay: %s%" PRIu64 " %s looked %s: %" PRIu64 " mails hit",
	    hunt->stopped ? "stopped; " : "", hunt->asked, hunt->rules ? "payloads" : "values",
	    hunt->rules ? "at" : "for", hunt->mails);
	if (hunt->findings != NULL)
		(void)fprintf(stderr, ", %" PRIu64 " findings%s", hunt->findings_made,
		    assay_findings_served(hunt->findings)
			? ""
			: ", told to the store alone (no service runs)");
	if (hunt->missing > 0)
		(void)fprintf(stderr, "; %" PRIu64 " payloads are in no archive", hunt->missing);
	if (hunt->failed > 0)
		(void)fprintf(stderr, "; %" PRIu64 " could not be scanned", hunt->failed);
	if (hunt->bad_lines > 0)
		(void)fprintf(stderr, "; %" PRIu64 " lines were not understood", hunt->bad_lines);
	(void)fputc('\n', stderr);
}

/* hunt_all - everything behind the command line */
static int hunt_all(struct asked *asked)
{
	struct assay_hunt *hunt = &asked->hunt;
	struct assay_err err, late;
	enum assay_status status;

	assay_keyset_init(&hunt->told, TOLD_MAX);
	status = begin(asked, &err);
	catch_signals();
	if (status == ASSAY_OK)
		status = hunt->rules ? assay_hunt_rules(hunt, &err) : assay_hunt_list(hunt, &err);
	/* What was found before a failure counts. */
	if (hunt->findings != NULL && assay_findings_flush(hunt->findings, &late) != ASSAY_OK &&
	    status == ASSAY_OK) {
		err = late;
		status = err.code;
	}
	if (status == ASSAY_OK)
		summary(hunt);
	assay_findings_close(&hunt->findings);
	assay_keyset_release(&hunt->told);
	json_decref(hunt->match);
	assay_cmd_store_close(&hunt->store);
	if (status != ASSAY_OK)
		return assay_cmd_fail(&err);
	if (hunt->stopped || hunt->failed > 0)
		return 75;
	return hunt->mails > 0 ? 0 : 1;
}

/* ---- the command line ------------------------------------------------------------------------ */

/* take - one option */
static enum assay_status take(
    struct asked *asked, int which, const char *value, struct assay_err *err)
{
	struct assay_hunt *hunt = &asked->hunt;

	if (which <= SENDER && hunt->file != NULL)
		return assay_err_set(
		    err, ASSAY_E_USAGE, "only one of --hash, --url and --sender can be given");
	if (which <= SENDER) {
		hunt->file = value;
		hunt->of = (enum assay_indicator_of)which;
	}
	if (which == JOBS &&
	    (!assay_slice_u64(assay_slice_str(value), &hunt->jobs) || hunt->jobs < 1 ||
		hunt->jobs > JOBS_MAX))
		return assay_err_set(
		    err, ASSAY_E_USAGE, "--jobs %s: a number from 1 to %u", value, JOBS_MAX);
	if (which == SINCE)
		asked->since = value;
	if (which == NAME)
		asked->name = value;
	if (which == STORE)
		hunt->connector = value;
	hunt->dry_run |= which == DRY_RUN;
	hunt->json |= which == JSON;
	hunt->no_sandbox |= which == NO_SANDBOX;
	return ASSAY_OK;
}

/* check - is it said what to look for? */
static enum assay_status check(struct asked *asked, struct assay_err *err)
{
	struct assay_hunt *hunt = &asked->hunt;
	const char *slash;

	hunt->rules = hunt->file == NULL;
	if (hunt->rules && asked->operands.n == 0)
		return assay_err_set(err, ASSAY_E_USAGE,
		    "what for? name a file of rules, or give --hash, --url or --sender LIST");
	if (hunt->rules)
		hunt->file = asked->operands.word[0];
	if (asked->name != NULL && asked->name[0] == '\0')
		return assay_err_set(
		    err, ASSAY_E_USAGE, "--name: an empty name could not be searched for");
	if (asked->since != NULL && strchr(asked->since, '"') != NULL)
		return assay_err_set(
		    err, ASSAY_E_USAGE, "--since %s: that is no time", asked->since);
	slash = strrchr(hunt->file, '/');
	hunt->name = asked->name != NULL   ? asked->name
	    : strcmp(hunt->file, "-") == 0 ? "stdin"
	    : slash != NULL                ? slash + 1
					   : hunt->file;
	return ASSAY_OK;
}

/* read_args - the whole command line; -1, or the exit code when that was all */
static int read_args(struct asked *asked, struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct assay_args args;
	struct assay_err err;
	const char *value;
	int which;

	assay_args_init(&args, &assay_cmd_hunt, globals, argc, argv);
	while ((which = assay_args_next(&args, &value)) != ASSAY_ARGS_END) {
		if (which == ASSAY_ARGS_STOP)
			return args.exit_code;
		if (which == ASSAY_ARGS_OPERAND)
			assay_words_add(&asked->operands, value);
		else if (take(asked, which, value, &err) != ASSAY_OK)
			return assay_cmd_fail(&err);
	}
	return check(asked, &err) == ASSAY_OK ? -1 : assay_cmd_fail(&err);
}

/* run - `assay hunt ...` */
static int run(struct assay_cmd_globals *globals, int argc, char **argv)
{
	struct asked asked = { .hunt = { .globals = globals } };
	int code = read_args(&asked, globals, argc, argv);

	if (code < 0)
		code = assay_cmd_close_stdout(hunt_all(&asked));
	assay_words_free(&asked.operands);
	return code;
}

const struct assay_cmd assay_cmd_hunt = {
	.name = "hunt",
	.synopsis =
	    "RULES.yar [QUERY] | --hash LIST [QUERY] | --url LIST [QUERY] | --sender LIST [QUERY]",
	.summary = "Asks again of old mail: new YARA rules, or a list.",
	.more =
	    "RULES.yar runs over every payload that is archived, of the mails that QUERY (as that "
	    "of\n"
	    "\"assay search\") finds. Each mail that is hit is printed, and gets findings: "
	    "\"assay\n"
	    "search finding:hunt\", \"rule:RULE\", for a list \"rule:NAME\". Hunting again adds\n"
	    "nothing twice. Exit 1: nothing was found; 75: not everything was looked at.",
	.args = args_of_hunt,
	.run = run,
};
