/*
 * core/drain_run.c - the process of a drain: see drain.h. Loads the configuration's plugins as
 * tables only (what a connector may be told depends on the fields of all of them) and opens its
 * own, after it has given up its rights. What is wrong before that ends it; nothing after that
 * does.
 */
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "core/calendar.h"
#include "core/drain.h"
#include "core/host.h"
#include "core/opts.h"
#include "core/tell.h"

#define NICE 5
#define EXPIRE_FIRST_MS 60000
#define BEAT_MS 1000
#define LOOK_MS 5000

struct process {
	struct assay_role *role;
	struct assay_config *config;
	struct assay_host *host;
	const struct assay_loaded *loaded;
	struct assay_tell *tell; /* a connector's */
	struct assay_queue *queue;
	struct assay_drain *drain;
	struct assay_calendar *calendar;
};

/* is_connector - or an archiver */
static bool is_connector(const struct process *p)
{
	return strcmp(p->role->kind, "connector") == 0;
}

/* ---- the far side ------------------------------------------------------------------------------
 */

/* far_save - through the connector's filter */
static enum assay_status far_save(
    void *arg, const struct assay_record *records, size_t n, struct assay_err *err)
{
	struct process *p = arg;

	return assay_tell_save(p->tell, records, n, err);
}

/* far_flush - likewise */
static enum assay_status far_flush(void *arg, struct assay_err *err)
{
	struct process *p = arg;

	return assay_tell_flush(p->tell, err);
}

/* far_idle - a connector's, which has nothing to be told */
static enum assay_status far_idle(void *arg, struct assay_err *err)
{
	struct process *p = arg;

	return p->loaded->plugin->connector->idle(p->loaded->state, err);
}

/* far_put - an archiver's */
static enum assay_status far_put(
    void *arg, const char *sha256, struct assay_slice bytes, struct assay_err *err)
{
	struct process *p = arg;

	return p->loaded->plugin->archiver->put(p->loaded->state, sha256, bytes, err);
}

/* far_expire - what its options say need not be kept */
static enum assay_status far_expire(void *arg, uint64_t *gone, struct assay_err *err)
{
	struct process *p = arg;
	const bool connector = is_connector(p);
	const struct assay_opts *opts = p->loaded->opts;
	const int64_t keep = assay_opt_int(opts, connector ? "keep_reports" : "keep_archive");
	const int64_t most = assay_opt_int(opts, connector ? "reports_max" : "archive_max");
	const int64_t wall_ms = assay_clock_wall_ms();
	struct assay_retention what = { .most_bytes = (uint64_t)most };

	if (keep > 0 && assay_calendar_believes(p->calendar, wall_ms, assay_clock_mono_ms()))
		what.before_ms = wall_ms - keep;
	/* Even if nothing has to go: what was erased may still have to be tidied away. */
	if (connector)
		return p->loaded->plugin->connector->expire(p->loaded->state, &what, gone, err);
	return p->loaded->plugin->archiver->expire(p->loaded->state, &what, gone, err);
}

/* far_of - the functions that this plugin has */
static struct assay_drain_far far_of(struct process *p)
{
	const struct assay_plugin *plugin = p->loaded->plugin;
	struct assay_drain_far far = { .arg = p };

	if (is_connector(p)) {
		far.save = far_save;
		far.flush = far_flush;
		far.idle = plugin->connector->idle != NULL ? far_idle : NULL;
		far.expire = plugin->connector->expire != NULL ? far_expire : NULL;
	} else {
		far.put = far_put;
		far.expire = plugin->archiver->expire != NULL ? far_expire : NULL;
	}
	return far;
}

/* ---- begin and end -----------------------------------------------------------------------------
 */

/* find_plugin - its tables; it must be able to do what it is here for */
static enum assay_status find_plugin(struct process *p, struct assay_err *err)
{
	const char *name = p->role->name;
	enum assay_status st = assay_host_describe(p->config, &p->host, err);

	if (st == ASSAY_OK)
		st = assay_host_load(p->host, p->config, name, err);
	if (st == ASSAY_OK)
		st = assay_config_finish(p->config, err);
	if (st != ASSAY_OK)
		return st;
	p->loaded = assay_host_find(p->host, name);
	if (is_connector(p)
		? p->loaded->plugin->connector != NULL
		: p->loaded->plugin->archiver != NULL && p->loaded->plugin->archiver->put != NULL)
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_CONF, "\"%s\" is no %s; take it out of [core] %ss", name,
	    p->role->kind, p->role->kind);
}

/* begin - all that is needed, the plugin last and without rights */
static enum assay_status begin(struct process *p, char text[ASSAY_ROLE_TEXT], struct assay_err *err)
{
	const char *var = assay_config_path(p->config, ASSAY_DIR_VAR);
	struct assay_drain_far far;
	enum assay_status st = find_plugin(p, err);
	char name[80], clock[PATH_MAX];

	if (st == ASSAY_OK)
		st = assay_role_drop(p->role, assay_config_core(p->config),
		    p->loaded->plugin->needs & ASSAY_NEEDS_NETWORK, text, err);
	if (st == ASSAY_OK)
		st = assay_host_use(p->host, p->role->name, err);
	if (st == ASSAY_OK && is_connector(p))
		st = assay_tell_open(p->host, p->role->name, &p->tell, err);
	if (st != ASSAY_OK)
		return st;
	(void)snprintf(name, sizeof name, "%s-%.60s", p->role->kind, p->role->name);
	st = assay_queue_open(var, name, &p->queue, err);
	if (st != ASSAY_OK)
		return st;
	far = far_of(p);
	if (far.expire != NULL) {
		(void)snprintf(clock, sizeof clock, "%s/queue/%s/clock", var, name);
		p->calendar = assay_calendar_new(clock);
		/* The first time is noted now, not when it is first needed. */
		(void)assay_calendar_believes(
		    p->calendar, assay_clock_wall_ms(), assay_clock_mono_ms());
	}
	p->drain =
	    assay_drain_new(&far, p->queue, p->role->page, assay_clock_mono_ms() + EXPIRE_FIRST_MS);
	return ASSAY_OK;
}

/* end - in reverse order */
static void end(struct process *p)
{
	assay_drain_free(&p->drain);
	assay_calendar_free(&p->calendar);
	assay_queue_close(&p->queue);
	assay_tell_close(&p->tell);
	assay_host_close(&p->host);
	assay_config_free(&p->config);
}

/* ---- the loop ----------------------------------------------------------------------------------
 */

/* wait - until it is time to go, something came, or `until` (CLOCK_MONOTONIC ms); gives signs of
 * life meanwhile. False: go. */
static bool wait(struct process *p, int news, int64_t until)
{
	struct pollfd fd[2] = { { .fd = p->role->life, .events = POLLIN },
		{ .fd = news, .events = POLLIN } };
	int64_t left;

	while ((left = until - assay_clock_mono_ms()) > 0) {
		if (poll(fd, 2, (int)(left < BEAT_MS ? left : BEAT_MS)) > 0)
			break;
		if (p->role->page != NULL)
			p->role->page->beat_ms = assay_clock_mono_ms();
	}
	return !assay_role_leaving(p->role);
}

/* work - until the parent lets go */
static void work(struct process *p)
{
	const int watch = assay_queue_watch(p->queue);
	bool stay = !assay_role_leaving(p->role);
	struct assay_err err;

	while (stay) {
		const int64_t now = assay_clock_mono_ms();

		assay_queue_watched(p->queue);
		switch (assay_drain_step(p->drain, &err)) {
		case ASSAY_OK:
			stay = !assay_role_leaving(p->role);
			break;
		case ASSAY_END:
			stay = wait(p, watch, now + (watch >= 0 ? LOOK_MS : BEAT_MS));
			break;
		default:
			stay = wait(p, -1, assay_drain_again_ms(p->drain));
			break;
		}
	}
	assay_board_set_state(p->role->page, ASSAY_BOARD_LEAVING);
}

/* assay_drain_run - see drain.h */
int assay_drain_run(struct assay_role *role, struct assay_config *config)
{
	struct process p = { .role = role, .config = config };
	char text[ASSAY_ROLE_TEXT] = "";
	struct assay_err err;
	int code = 0;

	if (begin(&p, text, &err) == ASSAY_OK) {
		assay_role_ready(role, text);
		assay_board_set_error(role->page, "");
		/* Mail comes first: what is told can wait, its queue is on the disk. */
		(void)setpriority(PRIO_PROCESS, 0, NICE);
		work(&p);
	} else {
		code = assay_role_failed(role, &err);
	}
	end(&p);
	return code;
}
