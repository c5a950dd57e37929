/*
 * core/keeper.c - see keeper.h. Touches the spool, the socket of the scan processes, its page of
 * the scoreboard and what its provider touches. What cannot be kept waits; what cannot go on at all
 * is one line and the end of the process, which its parent starts again.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/bypass.h"
#include "core/dial.h"
#include "core/door.h"
#include "core/janitor.h"
#include "core/json.h"
#include "core/keeper.h"
#include "core/late.h"
#include "core/policy_answer.h"
#include "core/report_check.h"
#include "core/request.h"
#include "core/rescan.h"
#include "core/setup.h"
#include "core/skips.h"
#include "core/spool.h"
#include "core/unkept.h"

#define AGAIN_MS 1000    /* between two tries to commit */
#define URGENT_MS 3      /* that somebody who waits is kept for the sake of others */
#define BEAT_MS 1000     /* a sign of life, and a look at the lifeline */
#define URGENT_MAX 500u  /* sessions that wait for scans */
#define SHORTS_MAX 4096u /* short reports in memory, of mails that were answered already */
/* Mails that lie ready for each scan process: a commit takes some 10 ms, a scan 1 or 2. */
#define AHEAD 3u
#define WAITING_MAX (ASSAY_SPOOL_GROUP_RECORDS * 4)

/* A mail in the group that is not committed yet. */
struct waiting {
	struct assay_door_done done;
	char action[16], status[16], reason[32], scan_id[ASSAY_UUID_TEXT];
	/* Where somebody waits for it; or NULL, 0. */
	json_t *verdict, *request;
	uint64_t size;
	int64_t since_ms; /* he waits */
};

struct keeper {
	struct assay_role *role;
	struct assay_setup setup;
	const struct assay_opts *core;
	struct assay_door *door;
	struct assay_spool *spool;
	struct assay_bypass_file *bypass;
	struct assay_skips skips;
	const struct assay_policy *policy;
	struct assay_giveup *giveup; /* NULL: nobody waits here */
	struct waiting waiting[WAITING_MAX];
	size_t n, shorts;
	int64_t retry_ms;                       /* no commit before that */
	bool troubled;                          /* the spool refuses; it was told */
	bool late;                              /* this door scans again what was not finished */
	bool urgent;                            /* somebody waits for each answer */
	const struct assay_keeper_guest *guest; /* NULL: a process of the service */
};

/* ---- what stands in the way ------------------------------------------------------------------ */

/* trouble - told once in the log; the scoreboard has the last words */
static void trouble(struct keeper *keeper, const char *why)
{
	if (!keeper->troubled)
		assay_log(ASSAY_LOG_ERROR, "mail waits, nothing is lost: %s", why);
	keeper->troubled = true;
	assay_board_set_error(keeper->role->page, why);
	assay_board_set_state(keeper->role->page, ASSAY_BOARD_WAITING);
}

/* relief - it goes on */
static void relief(struct keeper *keeper)
{
	if (!keeper->troubled)
		return;
	keeper->troubled = false;
	assay_log(ASSAY_LOG_WARNING, "mail is kept again");
	assay_board_set_state(keeper->role->page, ASSAY_BOARD_BUSY);
}

/* ---- the group ------------------------------------------------------------------------------- */

/* tell_verdict - to a provider with somebody who waits */
static void tell_verdict(const struct waiting *w)
{
	const json_t *v = w->verdict;
	const struct assay_verdict verdict = {
		.action = w->action,
		.answered = assay_json_get_str(v, "answered"),
		.reply = assay_json_get_str(v, "reply"),
		.headers = json_object_get(v, "headers"),
		.scan_id = w->scan_id,
		.status = w->status,
		.reason = w->reason[0] != '\0' ? w->reason : NULL,
		.rule = assay_json_get_str(v, "rule"),
		.enforced = json_is_true(json_object_get(v, "enforced")),
	};

	w->done.verdict(w->done.arg, &verdict);
}

/* tell - its provider may forget this mail, or (kept false) must not */
static void tell(const struct keeper *keeper, struct waiting *w, bool kept)
{
	if (kept && w->done.verdict != NULL)
		tell_verdict(w);
	if (w->done.fn != NULL)
		w->done.fn(w->done.arg, kept ? w->action : NULL);
	if (kept && keeper->guest != NULL)
		keeper->guest->kept(keeper->guest->arg, w->scan_id);
	json_decref(w->verdict);
	json_decref(w->request);
}

/* tell_waiting - all of the group */
static void tell_waiting(struct keeper *keeper, bool kept)
{
	for (size_t i = 0; i < keeper->n; i++)
		tell(keeper, &keeper->waiting[i], kept);
	keeper->n = 0;
}

static void give_in_all(struct keeper *keeper, int64_t patience_ms);

/* commit - the group becomes durable, or waits */
static bool commit(struct keeper *keeper)
{
	struct assay_err err;

	if (assay_spool_commit(keeper->spool, &err) != ASSAY_OK) {
		trouble(keeper, err.text);
		keeper->retry_ms = assay_clock_mono_ms() + AGAIN_MS;
		give_in_all(keeper, assay_opt_int(keeper->core, "overload_wait"));
		return false;
	}
	keeper->role->page->records += keeper->n + keeper->shorts;
	keeper->shorts = 0;
	tell_waiting(keeper, true);
	keeper->retry_ms = 0;
	relief(keeper);
	return true;
}

/* is_urgent - who waits is answered at once when no other scan is under way; else a moment later,
 * with those whose scans are over by then: to sync costs more than a scan */
static bool is_urgent(const struct keeper *keeper, int64_t now_ms, size_t open)
{
	return keeper->urgent && keeper->n > 0 &&
	    (open == 0 || now_ms >= assay_spool_first_ms(keeper->spool) + URGENT_MS);
}

/* is_due - is there something to commit? What was answered already waits as long as mail is held */
static bool is_due(struct keeper *keeper, int64_t now_ms, size_t open)
{
	if (keeper->n == 0 && assay_janitor_hold(&keeper->role->board) != NULL)
		return false;
	return assay_spool_due_ms(keeper->spool) <= now_ms || is_urgent(keeper, now_ms, open);
}

/* tick - commits what is due; when to come again */
static int64_t tick(void *arg, size_t open)
{
	struct keeper *keeper = arg;
	int64_t now_ms = assay_clock_mono_ms(), due_ms;

	if (keeper->spool == NULL)
		return now_ms + BEAT_MS;

	keeper->role->page->beat_ms = now_ms;
	if (keeper->retry_ms > now_ms)
		return keeper->retry_ms;
	if (is_due(keeper, now_ms, open) && !commit(keeper))
		return keeper->retry_ms;
	due_ms = assay_spool_due_ms(keeper->spool);
	if (keeper->urgent && keeper->n > 0)
		due_ms = assay_spool_first_ms(keeper->spool) + URGENT_MS;
	return due_ms > now_ms && due_ms < now_ms + BEAT_MS ? due_ms : now_ms + BEAT_MS;
}

/* ---- mails that were not finished ------------------------------------------------------------ */

/* is_unfinished - would more time help? */
static bool is_unfinished(const struct keeper *keeper, const struct assay_answer *answer)
{
	if (keeper->late || answer->bytes.p == NULL)
		return false;
	return strcmp(answer->status, "partial") == 0 ||
	    (answer->why != NULL && strcmp(answer->why, "timeout") == 0);
}

/* ask_again - the message into spool/rescan, for a scan in quiet with a name of its own */
static enum assay_status ask_again(
    struct keeper *keeper, const struct assay_told *told, struct assay_err *err)
{
	json_t *request =
	    assay_late_request(&told->answer, assay_json_get_str(told->verdict, "answered"));
	enum assay_status st = assay_spool_rescan(keeper->spool, request, told->answer.bytes, err);

	json_decref(request);
	return st;
}

/* put_finding - beside the report of a mail that should not have been let through */
static enum assay_status put_finding(
    struct keeper *keeper, const struct assay_answer *answer, struct assay_err *err)
{
	json_t *finding = keeper->late ? assay_late_finding(answer) : NULL;
	struct assay_record record = { .kind = "finding" };
	enum assay_status st = ASSAY_E_LIMIT;
	struct assay_buf text;

	if (finding == NULL)
		return ASSAY_OK;
	assay_buf_init(&text, (size_t)64 * 1024);
	record.id = assay_json_get_str(finding, "finding_id");
	if (assay_json_write(finding, ASSAY_JSON_COMPACT, &text)) {
		record.json = assay_buf_slice(&text);
		st = assay_spool_record(keeper->spool, &record, err);
	}
	if (st == ASSAY_OK)
		assay_log(ASSAY_LOG_ERROR, "delivered_bad: scan_id=%s: %s", answer->scan_id,
		    assay_json_get_str(finding, "note"));
	assay_buf_release(&text);
	json_decref(finding);
	return st;
}

/* put - report and payloads into the group, and what is not finished into spool/rescan: all or
 * nothing. The second is durable at once, so it is last. */
static enum assay_status put(
    struct keeper *keeper, const struct assay_told *told, struct assay_err *err)
{
	const struct assay_answer *answer = &told->answer;
	const struct assay_record record = { "report", answer->scan_id, answer->report };
	enum assay_status st = ASSAY_OK;
	struct assay_spool_mark mark;

	assay_spool_mark(keeper->spool, &mark);
	for (size_t i = 0; i < answer->nkeep && st == ASSAY_OK; i++)
		st = assay_spool_payload(
		    keeper->spool, answer->keep[i].sha256, answer->keep[i].bytes, err);
	if (st == ASSAY_OK)
		st = assay_spool_record(keeper->spool, &record, err);
	if (st == ASSAY_OK)
		st = put_finding(keeper, answer, err);
	/* A mail that is put off comes again by itself. */
	if (st == ASSAY_OK && is_unfinished(keeper, answer) && !told->puts_off)
		st = ask_again(keeper, told, err);
	if (st != ASSAY_OK)
		assay_spool_back(keeper->spool, &mark);
	return st;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* log_mail - one line */
static void log_mail(const struct assay_told *told)
{
	struct assay_buf line;

	assay_buf_init(&line, 1000);
	assay_told_line(told, &line);
	assay_log(ASSAY_LOG_INFO, "%.*s", (int)line.n, line.p);
	assay_buf_release(&line);
}

/* count - for the scoreboard */
static void count(struct assay_board_slot *page, const struct assay_answer *answer)
{
	page->mails++;
	page->bytes += answer->bytes.n;
	page->partial += strcmp(answer->status, "partial") == 0;
	page->unscanned += strcmp(answer->status, "unscanned") == 0;
	page->retries += answer->tries > 1 ? answer->tries - 1 : 0;
}

/* wait_for_commit - what its provider will be told then */
static void wait_for_commit(
    struct waiting *w, const struct assay_told *told, const struct assay_door_done *done)
{
	const struct assay_answer *answer = &told->answer;

	*w = (struct waiting){ .done = *done, .verdict = json_incref(told->verdict) };
	if (done->verdict != NULL) {
		w->request = json_incref((json_t *)(uintptr_t)answer->request);
		w->size = answer->bytes.n;
	}
	(void)snprintf(w->action, sizeof w->action, "%s", answer->action);
	(void)snprintf(w->status, sizeof w->status, "%s", answer->status);
	(void)snprintf(w->reason, sizeof w->reason, "%s", answer->why != NULL ? answer->why : "");
	(void)snprintf(w->scan_id, sizeof w->scan_id, "%s", answer->scan_id);
}

/* give_in - somebody has waited long enough: he is answered as on_error says, and what is kept of
 * the mail is a short report, in memory until the spool takes it, or this line */
static void give_in(
    struct keeper *keeper, struct assay_unkept_mail mail, const struct assay_door_done *done)
{
	struct assay_unkept unkept;
	struct assay_err err;
	struct waiting w;

	mail.engine = keeper->setup.engine;
	mail.policy = keeper->policy;
	mail.giveup = keeper->giveup;
	assay_unkept_open(&unkept, &mail, assay_clock_wall_ms());
	log_mail(&unkept.told);
	if (keeper->shorts < SHORTS_MAX && put(keeper, &unkept.told, &err) == ASSAY_OK)
		keeper->shorts++;
	else
		assay_log(ASSAY_LOG_ERROR, "scan_id=%s: not even a short report can be kept",
		    unkept.scan.scan_id);
	wait_for_commit(&w, &unkept.told, done);
	tell(keeper, &w, true);
	assay_unkept_close(&unkept);
}

/* has_waited - all of the group are waited for, one of them for so long */
static bool has_waited(const struct keeper *keeper, int64_t patience_ms)
{
	const int64_t now_ms = assay_clock_mono_ms();
	bool enough = false;

	for (size_t i = 0; i < keeper->n; i++) {
		if (keeper->waiting[i].done.verdict == NULL)
			return false;
		enough = enough || now_ms - keeper->waiting[i].since_ms >= patience_ms;
	}
	return enough;
}

/* give_in_all - those of a group that cannot be committed. What stands in one queue already is kept
 * there, and has its own verdict */
static void give_in_all(struct keeper *keeper, int64_t patience_ms)
{
	const int64_t now_ms = assay_clock_mono_ms();

	if (!has_waited(keeper, patience_ms))
		return;
	if (!assay_spool_drop(keeper->spool)) {
		keeper->shorts += keeper->n;
		tell_waiting(keeper, true);
		return;
	}
	keeper->shorts = 0;
	for (size_t i = 0; i < keeper->n; i++) {
		struct waiting *w = &keeper->waiting[i];

		keeper->role->page->unscanned++;
		give_in(keeper,
		    (struct assay_unkept_mail){ .request = w->request,
			.scan_id = w->scan_id,
			.size = w->size,
			.took_ms = now_ms - w->since_ms },
		    &w->done);
		json_decref(w->verdict);
		json_decref(w->request);
	}
	keeper->n = 0;
}

/* no_room - again later, unless somebody has waited long enough */
static enum assay_door_reply no_room(
    struct keeper *keeper, const struct assay_answer *answer, const struct assay_door_done *done)
{
	if (done->verdict == NULL || answer->took_ms < assay_opt_int(keeper->core, "overload_wait"))
		return ASSAY_DOOR_AGAIN;
	/* A group has those that wait for it, or those that were told: the first may be dropped. */
	if (keeper->n > 0 && !commit(keeper))
		give_in_all(keeper, 0);
	if (keeper->n > 0)
		return ASSAY_DOOR_AGAIN;
	keeper->role->page->mails++;
	keeper->role->page->unscanned++;
	give_in(keeper,
	    (struct assay_unkept_mail){ .request = answer->request,
		.scan_id = answer->scan_id,
		.bytes = answer->bytes,
		.size = answer->bytes.n,
		.took_ms = answer->took_ms },
	    done);
	return ASSAY_DOOR_TAKEN;
}

/* take_answer - into the group; its provider hears of it after the commit */
static enum assay_door_reply take_answer(
    struct keeper *keeper, const struct assay_told *told, const struct assay_door_done *done)
{
	const struct assay_answer *answer = &told->answer;
	struct assay_err err;

	if (put(keeper, told, &err) != ASSAY_OK) {
		trouble(keeper, err.text);
		return ASSAY_DOOR_AGAIN;
	}
	relief(keeper);
	assay_told_note(told, keeper->giveup, assay_clock_wall_ms());
	wait_for_commit(&keeper->waiting[keeper->n], told, done);
	keeper->waiting[keeper->n++].since_ms = assay_clock_mono_ms() - answer->took_ms;
	assay_skips_learn(&keeper->skips, answer->request);
	count(keeper->role->page, answer);
	log_mail(told);
	if (keeper->guest != NULL)
		keeper->guest->answered(keeper->guest->arg, answer);
	return ASSAY_DOOR_TAKEN;
}

/* answer_mail - for somebody who waits, with what he is told */
static enum assay_door_reply answer_mail(
    void *arg, const struct assay_answer *answer, const struct assay_door_done *done)
{
	struct keeper *keeper = arg;
	const char *hold = assay_janitor_hold(&keeper->role->board);
	struct assay_told told = { .answer = *answer };
	enum assay_door_reply reply;

	if (hold != NULL) {
		trouble(keeper, hold);
		return no_room(keeper, answer, done);
	}
	/* A group that cannot be committed shall not grow; and reports of mails that were answered
	 * already shall not lie in one that may be dropped. */
	if (keeper->retry_ms > 0 ||
	    ((keeper->shorts > 0 || assay_spool_due_ms(keeper->spool) == 0) && !commit(keeper)) ||
	    keeper->n == WAITING_MAX)
		return no_room(keeper, answer, done);
	if (done->verdict != NULL)
		assay_told_open(
		    &told, keeper->policy, keeper->giveup, answer, assay_clock_wall_ms());
	reply = take_answer(keeper, &told, done);
	assay_told_close(&told);
	return reply == ASSAY_DOOR_AGAIN ? no_room(keeper, answer, done) : reply;
}

/* admit_guest - what is known of it already, or cannot be scanned now, is not wanted */
static bool admit_guest(const struct keeper *keeper, const json_t *request, uint64_t size)
{
	const struct assay_keeper_guest *guest = keeper->guest;
	struct assay_bypass now;

	if (!guest->dry && assay_bypass_now(keeper->bypass, &now) && now.rule[0] == '\0' &&
	    now.worker[0] == '\0') {
		guest->bypassed(guest->arg);
		return false;
	}
	return guest->admit(guest->arg, request, size);
}

/* admit - what is known of this mail before it is scanned */
static const char *admit(void *arg, json_t *request, uint64_t size)
{
	struct keeper *keeper = arg;
	struct assay_bypass now;

	if (keeper->guest != NULL) {
		if (!admit_guest(keeper, request, size))
			return "";
		assay_json_set(request, "guest", json_true());
	}
	if (assay_policy_exempts(keeper->policy, request, size))
		return "exempt";
	assay_skips_add(&keeper->skips, request);
	if (!assay_bypass_now(keeper->bypass, &now))
		return NULL;
	if (now.rule[0] != '\0') {
		json_t *rules = json_array();

		assay_json_append(rules, assay_json_str(now.rule));
		assay_json_set(request, "skip_rules", rules);
	} else if (now.worker[0] != '\0') {
		assay_skips_add_all(request, now.worker);
	} else {
		return "bypass";
	}
	return NULL;
}

/* ---- the process ----------------------------------------------------------------------------- */

/* open_spool - as the user who writes it */
static enum assay_status open_spool(struct keeper *keeper, struct assay_err *err)
{
	const struct assay_spool_options options = {
		.var = assay_config_path(keeper->setup.config, ASSAY_DIR_VAR),
		.connectors = assay_opt_list(keeper->core, "connectors"),
		.archivers = assay_opt_list(keeper->core, "archivers"),
	};

	return assay_spool_open(&options, &keeper->spool, err);
}

/* conversations - side by side: as many as can be served and those that lie ready meanwhile, or all
 * sessions that wait */
static size_t conversations(const struct keeper *keeper)
{
	struct assay_board_head head;
	size_t most;

	if (keeper->urgent)
		return URGENT_MAX;
	if (keeper->guest != NULL && (keeper->guest->jobs > 0 || keeper->guest->dry))
		return keeper->guest->jobs > 0 ? keeper->guest->jobs : 1;
	assay_board_read_head(&keeper->role->board, &head);
	if (keeper->late || head.bulk_max == 0)
		return 1;
	most = (size_t)head.bulk_max * (1 + AHEAD);
	return most < URGENT_MAX ? most : URGENT_MAX;
}

/* guest_tick - ours and the guest's */
static int64_t guest_tick(void *arg, size_t open)
{
	const struct keeper *keeper = arg;
	const int64_t ours = tick(arg, open), theirs = keeper->guest->tick(keeper->guest->arg);

	return ours < theirs ? ours : theirs;
}

/* guest_progress - passed on */
static void guest_progress(void *arg, uint64_t bytes)
{
	const struct keeper *keeper = arg;

	keeper->guest->progress(keeper->guest->arg, bytes);
}

/* guest_rename - passed on */
static const char *guest_rename(void *arg, const char *name)
{
	const struct keeper *keeper = arg;

	return keeper->guest->rename(keeper->guest->arg, name);
}

/* open_door - lines to one of the two sockets */
static enum assay_status open_door(struct keeper *keeper, struct assay_err *err)
{
	const char *run_dir = assay_config_path(keeper->setup.config, ASSAY_DIR_RUN);
	struct assay_door_options options = { .engine = keeper->setup.engine,
		.core = keeper->core,
		.bulk = !keeper->urgent,
		.unordered = true,
		.keeps = true,
		.timeout_ms = keeper->late ? assay_opt_int(keeper->core, "rescan_timeout") : 0,
		.wait_ms = keeper->urgent ? assay_opt_int(keeper->core, "overload_wait") : 0,
		.stop_fd = keeper->role->life,
		.sockets = keeper->role->sock,
		.nsockets = keeper->role->nsock,
		.answer = answer_mail,
		.admit = admit,
		.tick = keeper->guest != NULL ? guest_tick : tick,
		.progress = keeper->guest != NULL ? guest_progress : NULL,
		.rename = keeper->guest != NULL ? guest_rename : NULL,
		.arg = keeper };
	enum assay_status st;
	struct assay_buf path;

	assay_buf_init(&path, 4096);
	(void)assay_buf_printf(
	    &path, "%s/%s", run_dir, keeper->urgent ? ASSAY_RUN_INLINE : ASSAY_RUN_BULK);
	st = assay_dial_new(path.p, conversations(keeper), &options.lines, err);
	assay_buf_release(&path);
	keeper->bypass = assay_bypass_open(run_dir);
	return st == ASSAY_OK ? assay_door_open(&options, &keeper->door, err) : st;
}

/* open_policy - who is exempt, what somebody who waits is told */
static void open_policy(struct keeper *keeper)
{
	const struct assay_opts *opts = assay_config_policy(keeper->setup.config);
	char path[PATH_MAX];

	keeper->policy = keeper->setup.policy;
	if (!keeper->urgent)
		return;
	(void)snprintf(path, sizeof path, "%s/" ASSAY_GIVEUP_FILE,
	    assay_config_path(keeper->setup.config, ASSAY_DIR_VAR));
	keeper->giveup = assay_giveup_open(path, (uint64_t)assay_opt_int(opts, "give_up_tries"),
	    assay_opt_int(opts, "give_up_after"));
	keeper->role->page->observing = !assay_policy_enforces(keeper->policy);
	if (keeper->role->page->observing)
		assay_log(ASSAY_LOG_INFO,
		    "OBSERVING: every mail is accepted, whatever is decided "
		    "([policy] enforce = no)");
}

/* open_keeper - everything but the mail */
static enum assay_status open_keeper(struct keeper *keeper, struct assay_role *role,
    struct assay_config *config, struct assay_err *err)
{
	const struct assay_setup_options cold = { .cold = true,
		.also = keeper->guest != NULL ? keeper->guest->also : NULL };
	unsigned needs = ASSAY_NEEDS_FILES;
	const struct assay_loaded *loaded;
	char text[ASSAY_ROLE_TEXT];
	enum assay_status st;

	keeper->role = role;
	keeper->core = assay_config_core(config);
	keeper->late = strcmp(role->kind, "rescan") == 0;
	st = assay_setup_open(&keeper->setup, config, &cold, err);
	if (st != ASSAY_OK)
		return st;
	loaded = assay_host_find(keeper->setup.host, role->name);
	if (loaded != NULL) {
		needs = loaded->plugin->needs;
		keeper->urgent = loaded->plugin->provider != NULL &&
		    (loaded->plugin->provider->flags & ASSAY_PROVIDER_INLINE) != 0;
	}
	st = assay_role_drop(role, keeper->core, keeper->late ? 0 : needs, text, err);
	if (st == ASSAY_OK && (keeper->guest == NULL || !keeper->guest->dry))
		st = open_spool(keeper, err);
	if (st == ASSAY_OK)
		st = open_door(keeper, err);
	if (st == ASSAY_OK)
		open_policy(keeper);
	if (st == ASSAY_OK)
		assay_role_ready(role, text);
	return st;
}

/* close_keeper - what is scanned is kept if it can be; the rest is its provider's */
static void close_keeper(struct keeper *keeper)
{
	struct assay_err err;

	if (keeper->door != NULL && assay_door_flush(keeper->door, &err) != ASSAY_OK)
		assay_log(ASSAY_LOG_WARNING, "%s", err.text);
	if (keeper->n + keeper->shorts > 0 && !commit(keeper) && keeper->shorts > 0)
		assay_log(
		    ASSAY_LOG_ERROR, "short reports of %zu mails cannot be kept", keeper->shorts);
	tell_waiting(keeper, false);
	assay_door_close(&keeper->door);
	assay_spool_close(&keeper->spool);
	assay_bypass_close(&keeper->bypass);
	assay_giveup_close(&keeper->giveup);
	if (keeper->setup.config != NULL)
		assay_setup_close(&keeper->setup);
}

/* What a keeper is for. */
struct duty {
	enum assay_status (*work)(struct keeper *keeper, struct assay_err *err);
	const struct assay_keeper_guest *guest; /* or NULL */
};

/* run - a keeper with something that submits */
static int run(struct assay_role *role, struct assay_config *config, const struct duty *duty)
{
	struct keeper *keeper = assay_xcalloc(1, sizeof *keeper);
	struct assay_err err = { .code = ASSAY_OK, .text = "" };
	enum assay_status st;
	int code = 0;

	keeper->guest = duty->guest;
	st = open_keeper(keeper, role, config, &err);
	if (st == ASSAY_OK)
		st = duty->work(keeper, &err);
	if (st != ASSAY_OK && st != ASSAY_END)
		code = assay_role_failed(role, &err);
	assay_board_set_state(role->page, ASSAY_BOARD_LEAVING);
	close_keeper(keeper);
	free(keeper);
	return code;
}

/* run_provider - until it shall end */
static enum assay_status run_provider(struct keeper *keeper, struct assay_err *err)
{
	const char *name = keeper->role->name;
	const struct assay_loaded *loaded = assay_host_find(keeper->setup.host, name);
	const struct assay_provider *provider = loaded != NULL ? loaded->plugin->provider : NULL;
	enum assay_status st;

	if (provider == NULL || provider->run == NULL)
		return assay_err_set(err, ASSAY_E_CONF,
		    "[core] providers: \"%s\" watches nothing; take it out of the list", name);
	st = provider->run(loaded->state, keeper->door, err);
	if (st == ASSAY_OK && !assay_door_stopping(keeper->door))
		return assay_err_set(err, ASSAY_E_PLUGIN, "provider %s ended by itself", name);
	return st;
}

/* assay_keeper_run - see keeper.h */
int assay_keeper_run(struct assay_role *role, struct assay_config *config)
{
	return run(role, config, &(struct duty){ .work = run_provider });
}

/* ---- late rescans ---------------------------------------------------------------------------- */

/* run_rescans - what spool/rescan holds */
static enum assay_status run_rescans(struct keeper *keeper, struct assay_err *err)
{
	struct assay_rescan rescan;
	enum assay_status st = assay_rescan_run(
	    &rescan, keeper->door, assay_config_path(keeper->setup.config, ASSAY_DIR_VAR), err);

	/* Their `done` needs the queue. */
	if (keeper->n > 0)
		(void)commit(keeper);
	tell_waiting(keeper, false);
	assay_door_close(&keeper->door);
	assay_rescan_close(&rescan);
	return st;
}

/* assay_keeper_rescan - see keeper.h */
int assay_keeper_rescan(struct assay_role *role, struct assay_config *config)
{
	return run(role, config, &(struct duty){ .work = run_rescans });
}

/* ---- a guest --------------------------------------------------------------------------------- */

/* run_guest - what it submits */
static enum assay_status run_guest(struct keeper *keeper, struct assay_err *err)
{
	const struct assay_keeper_guest *guest = keeper->guest;

	/* Nobody is its parent: whoever started it may go. */
	if (prctl(PR_SET_PDEATHSIG, 0) != 0)
		return assay_io_fail(err, "cannot", "outlive the one who started it");
	return guest->work(guest->arg, &keeper->setup, keeper->door, err);
}

/* assay_keeper_guest - see keeper.h */
int assay_keeper_guest(struct assay_config *config, const struct assay_keeper_guest *guest)
{
	const struct duty duty = { run_guest, guest };
	struct assay_board_slot *page = assay_xcalloc(1, sizeof *page);
	struct assay_role role = { .kind = "import",
		.name = "",
		.life = guest->stop_fd,
		.board_fd = -1,
		.page = page,
		.board = { .fd = -1 } };
	struct assay_err err;
	int code;

	/* Of the service: how many it scans at once, and whether mail must wait. */
	if (!guest->dry &&
	    assay_board_open(assay_config_path(config, ASSAY_DIR_RUN), &role.board, &err) !=
		ASSAY_OK) {
		assay_config_free(&config);
		code = assay_role_failed(&role, &err);
	} else {
		code = run(&role, config, &duty);
	}
	assay_board_close(&role.board);
	free(page);
	return code;
}
