/*
 * core/plan.c - see plan.h. Lists are short: names are compared one by one.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "core/json.h"
#include "core/plan.h"

#define REASON_MAX 400u

/* assay_plan_init - nobody chosen */
void assay_plan_init(struct assay_plan *plan, struct assay_arena *arena)
{
	*plan = (struct assay_plan){ .arena = arena };
}

/* assay_plan_find - the step of a worker, or NULL */
struct assay_step *assay_plan_find(const struct assay_plan *plan, const char *worker)
{
	for (size_t i = 0; i < plan->n; i++)
		if (strcmp(plan->step[i].worker, worker) == 0)
			return &plan->step[i];
	return NULL;
}

/* grow - room for one more step */
static void grow(struct assay_plan *plan)
{
	size_t cap = plan->cap > 0 ? plan->cap * 2 : 8;
	struct assay_step *step = assay_arena_calloc(plan->arena, cap, sizeof *step);

	if (plan->n > 0)
		memcpy(step, plan->step, plan->n * sizeof *step);
	plan->step = step;
	plan->cap = cap;
}

/* release_meta - what a dispatcher said dies with the mail */
static void release_meta(void *meta)
{
	json_decref(meta);
}

/* assay_plan_step - the step of a worker, added when new */
struct assay_step *assay_plan_step(struct assay_plan *plan, const char *worker)
{
	struct assay_step *step = assay_plan_find(plan, worker);

	if (step != NULL)
		return step;
	if (plan->n >= ASSAY_PLAN_MAX)
		return NULL;
	if (plan->n == plan->cap)
		grow(plan);
	step = &plan->step[plan->n++];
	step->worker = assay_arena_strdup(plan->arena, worker);
	return step;
}

/* is_noted - a payload whose turn comes again is planned again */
static bool is_noted(
    const struct assay_plan *plan, const char *worker, const char *by, const char *plugin)
{
	json_t *row;
	size_t i;

	json_array_foreach(plan->chosen, i, row)
	{
		const char *whose = assay_json_get_str(row, "plugin");

		/* A dispatcher may have several reasons. */
		if (strcmp(assay_json_get_str(row, "worker"), worker) == 0 &&
		    strcmp(assay_json_get_str(row, "by"), by) == 0 &&
		    strcmp(whose != NULL ? whose : "", plugin != NULL ? plugin : "") == 0 &&
		    strcmp(by, "dispatcher") != 0)
			return true;
	}
	return false;
}

/* assay_plan_note - who chose a worker */
void assay_plan_note(
    struct assay_plan *plan, const char *worker, const char *by, const char *plugin)
{
	json_t *row;

	if (plan->chosen == NULL || json_array_size(plan->chosen) >= ASSAY_PLAN_MAX ||
	    is_noted(plan, worker, by, plugin))
		return;
	row = json_object();
	assay_json_set(row, "worker", assay_json_str(worker));
	assay_json_set(row, "by", assay_json_str(by));
	assay_json_set(row, "plugin", assay_json_str(plugin));
	assay_json_set(row, "reason", json_null());
	assay_json_append(plan->chosen, row);
}

/* note_reason - the first thing a dispatcher says of its choice */
static void note_reason(struct assay_plan *plan, const char *key, const char *value)
{
	json_t *row = json_array_get(plan->chosen, json_array_size(plan->chosen) - 1);
	struct assay_buf text;

	if (row == NULL || !json_is_null(json_object_get(row, "reason")))
		return;
	assay_buf_init(&text, REASON_MAX);
	(void)assay_buf_printf(&text, "%s %s", key, value);
	assay_json_set(row, "reason", assay_json_text(text.p, text.n));
	assay_buf_release(&text);
}

/* assay_plan_add - a dispatcher chooses a worker */
void assay_plan_add(struct assay_plan *plan, const char *worker)
{
	struct assay_step *step = assay_plan_step(plan, worker);

	plan->last = step != NULL ? (size_t)(step - plan->step) + 1 : 0;
	if (step != NULL)
		step->wished = false;
	assay_plan_note(plan, worker, "dispatcher", plan->dispatcher);
}

/* assay_plan_wish - a dispatcher would like a worker */
void assay_plan_wish(struct assay_plan *plan, const char *worker)
{
	const struct assay_step *known = assay_plan_find(plan, worker);
	bool wished = known == NULL || known->wished;

	assay_plan_add(plan, worker);
	if (plan->last > 0)
		plan->step[plan->last - 1].wished = wished;
}

/* assay_plan_meta - and tells it something */
void assay_plan_meta(struct assay_plan *plan, const char *key, const char *value)
{
	const char *by = plan->dispatcher != NULL ? plan->dispatcher : "";
	struct assay_step *step;
	json_t *said;

	if (plan->last == 0)
		return;
	if (plan->chosen != NULL)
		note_reason(plan, key, value);
	step = &plan->step[plan->last - 1];
	if (step->meta == NULL) {
		step->meta = json_object();
		assay_arena_defer(plan->arena, release_meta, step->meta);
	}
	said = json_object_get(step->meta, by);
	if (said == NULL) {
		said = json_object();
		assay_json_set(step->meta, by, said);
	}
	assay_json_set(said, key, assay_json_str(value));
}

/* assay_plan_no_archive - this payload shall not be kept */
void assay_plan_no_archive(struct assay_plan *plan)
{
	plan->no_archive = true;
}
