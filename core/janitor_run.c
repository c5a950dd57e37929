/*
 * core/janitor_run.c - the process of the janitor: see janitor.h. Reads the configuration with the
 * tables of its plugins (a connector may have a bound of its own), then gives up its rights.
 */
#include <poll.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "core/host.h"
#include "core/janitor.h"
#include "core/opts.h"

#define QUEUES_MOST 128u
#define BEAT_MS 1000

struct process {
	struct assay_role *role;
	struct assay_config *config;
	struct assay_host *host;
	struct assay_arena *arena;
	struct assay_janitor *janitor;
};

/* ---- begin and end -----------------------------------------------------------------------------
 */

/* fill - what a section says of its queue */
static void fill(struct assay_janitor_queue *queue, const char *name, const struct assay_opts *opts)
{
	/* The words of when_full are "drop_oldest|hold_mail". */
	*queue = (struct assay_janitor_queue){
		.name = name,
		.max = (uint64_t)assay_opt_int(opts, "queue_max"),
		.hold = assay_opts_enum(opts, "when_full") == 1,
	};
}

/* fill_list - the queues of one option of [core] */
static void fill_list(
    const struct process *p, const char *option, const char *kind, struct assay_janitor_options *to)
{
	const char *const *name = assay_opt_list(assay_config_core(p->config), option);
	struct assay_janitor_queue *queue = (struct assay_janitor_queue *)(uintptr_t)to->queue;

	for (; *name != NULL && to->n < QUEUES_MOST; name++) {
		const struct assay_loaded *loaded = assay_host_find(p->host, *name);

		fill(&queue[to->n++], assay_arena_printf(p->arena, "%s-%s", kind, *name),
		    loaded->opts);
	}
}

/* begin - configuration, rights, directories */
static enum assay_status begin(struct process *p, char text[ASSAY_ROLE_TEXT], struct assay_err *err)
{
	const struct assay_opts *core = assay_config_core(p->config);
	struct assay_janitor_queue *queue =
	    assay_arena_calloc(p->arena, QUEUES_MOST + 1, sizeof *queue);
	struct assay_janitor_options options = {
		.var = assay_config_path(p->config, ASSAY_DIR_VAR),
		.min_free = (uint64_t)assay_opt_int(core, "spool_min_free"),
		.queue = queue,
	};
	enum assay_status st = assay_host_describe(p->config, &p->host, err);

	if (st == ASSAY_OK)
		st = assay_config_finish(p->config, err);
	if (st == ASSAY_OK)
		st = assay_role_drop(p->role, core, 0, text, err);
	if (st != ASSAY_OK)
		return st;
	fill_list(p, "connectors", "connector", &options);
	fill_list(p, "archivers", "archiver", &options);
	fill(&queue[options.n], "rescan", core);
	/* What is asked again in quiet is no reason to hold mail. */
	queue[options.n++].hold = false;
	return assay_janitor_new(&options, p->role->page, &p->janitor, err);
}

/* end - in reverse order */
static void end(struct process *p)
{
	assay_janitor_free(&p->janitor);
	assay_host_close(&p->host);
	assay_config_free(&p->config);
	assay_arena_free(&p->arena);
}

/* ---- the loop ----------------------------------------------------------------------------------
 */

/* work - until the parent lets go */
static void work(struct process *p)
{
	struct pollfd life = { .fd = p->role->life, .events = POLLIN };
	int64_t next = 0;

	for (;;) {
		int64_t now = assay_clock_mono_ms(), left;

		if (now >= next)
			next = assay_janitor_step(p->janitor);
		if (p->role->page != NULL)
			p->role->page->beat_ms = assay_clock_mono_ms();
		left = next - assay_clock_mono_ms();
		if (poll(&life, 1, left < 0 ? 0 : (int)(left < BEAT_MS ? left : BEAT_MS)) > 0)
			break;
	}
	assay_board_set_state(p->role->page, ASSAY_BOARD_LEAVING);
}

/* assay_janitor_run - see janitor.h */
int assay_janitor_run(struct assay_role *role, struct assay_config *config)
{
	struct process p = { .role = role, .config = config };
	char text[ASSAY_ROLE_TEXT] = "";
	struct assay_err err;
	int code = 0;

	p.arena = assay_arena_new();
	if (begin(&p, text, &err) == ASSAY_OK) {
		assay_role_ready(role, text);
		assay_board_set_error(role->page, "");
		work(&p);
	} else {
		code = assay_role_failed(role, &err);
	}
	end(&p);
	return code;
}
