/*
 * core/plan.h - which workers a payload gets, in which order, and how far they are
 *
 * Each worker stands in it once. What a dispatcher says to a worker is kept by the dispatcher's
 * name. Bounded by the number of loaded plugins plus unknown names, which are noted once per
 * payload. Who chose whom is noted only for those who ask (`explain` of core/request.h).
 */
#ifndef ASSAY_PLAN_H
#define ASSAY_PLAN_H

#include <assay/plugin.h>

struct assay_arena;
struct assay_loaded;

enum assay_step_state {
	ASSAY_STEP_WAITS,
	ASSAY_STEP_RUNS, /* it or a worker it needs */
	ASSAY_STEP_DONE,
	ASSAY_STEP_FAILED
};

struct assay_step {
	const char *worker;
	enum assay_step_state state;
	bool wished;  /* passed over when it is not loaded */
	json_t *meta; /* dispatcher -> {key: value}; or NULL */
};

struct assay_plan {
	struct assay_arena *arena;
	struct assay_step *step;
	size_t n, cap;
	const char *dispatcher; /* who is choosing now; NULL: the core */
	size_t last;            /* what was added last, + 1; 0: nothing */
	bool no_archive;
	json_t *chosen; /* list of {worker, by, plugin, reason}, of the run; NULL: nobody asks */
};

#define ASSAY_PLAN_MAX 256u /* workers per payload */

void assay_plan_init(struct assay_plan *plan, struct assay_arena *arena);
/* The step of a worker, added when new; NULL when the plan is full. */
struct assay_step *assay_plan_step(struct assay_plan *plan, const char *worker);
struct assay_step *assay_plan_find(const struct assay_plan *plan, const char *worker);
/* Says who chose a worker, where somebody asks: `by` is an option of [core], "dispatch_to",
 * "dispatcher", "worker" or "needs_workers"; plugin, or NULL. */
void assay_plan_note(
    struct assay_plan *plan, const char *worker, const char *by, const char *plugin);

#endif
