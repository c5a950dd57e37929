/*
 * core/helper_ask.c - a worker's call of a program: assay_result_run of <assay/plugin.h>
 *
 * Runs in the scan process: hands bytes and values to the helper, waits for what came of it, maps
 * that. The helper keeps the deadline, which leaves it time to kill and answer before the scan
 * process itself is late. A line that broke is not used again: the scan process leaves after its
 * mail, and another comes with a helper of its own.
 */
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/helper.h"
#include "core/run.h"

#define MARGIN_MS 500 /* for killing and answering; less where there is little time */

/* find - the plugin's own row */
static const struct assay_helper_entry *find(
    const struct assay_helper *helper, const struct assay_loaded *worker, size_t program)
{
	size_t i = 0;

	while (i < helper->n && helper->entry[i].loaded != worker)
		i++;
	if (i + program >= helper->n || helper->entry[i + program].loaded != worker)
		ASSAY_BUG("plugin %s has no program %zu", worker->name, program);
	return &helper->entry[i + program];
}

/* least - of two times, where 0 is none */
static int64_t least(int64_t a, int64_t b)
{
	return b > 0 && b < a ? b : a;
}

/* time_left - milliseconds that the program may take; 0: none */
static int64_t time_left(const struct assay_run *run, const struct assay_helper_entry *entry,
    const struct assay_run_input *in)
{
	int64_t until =
	    least(run->until_ms > 0 ? run->until_ms : INT64_MAX, run->request->deadline_ms);
	int64_t left = least(entry->program.timeout_ms, in->timeout_ms);
	int64_t rest;

	if (until == INT64_MAX)
		return left;
	rest = until - assay_clock_mono_ms();
	rest -= rest / 4 < MARGIN_MS ? rest / 4 : MARGIN_MS;
	return rest < 1 ? 0 : least(left, rest);
}

/* make_input - the bytes, one behind the other, as a file that nobody can change any more */
static enum assay_status make_input(
    const struct assay_run_input *in, int *fd, struct assay_err *err)
{
	const struct assay_slice pieces[] = { in->before, in->bytes, in->after };
	enum assay_status st = assay_io_memfd("assay-run", fd, err);

	for (size_t i = 0; i < 3 && st == ASSAY_OK; i++)
		st = assay_io_write_full(*fd, pieces[i].p, pieces[i].n, err);
	return st == ASSAY_OK ? assay_io_seal(*fd, err) : st;
}

/* send_call - bytes and values to the helper */
static enum assay_status send_call(const struct assay_helper *helper,
    const struct assay_helper_entry *entry, const struct assay_run_input *in, int64_t timeout_ms,
    struct assay_err *err)
{
	struct assay_helper_run run = {
		.program = (unsigned)(entry - helper->entry),
		.timeout_ms = (unsigned)timeout_ms,
	};
	const char *const *names = entry->program.env;
	enum assay_status st;
	int fd = -1;

	for (size_t i = 0; in->values != NULL && names != NULL && names[i] != NULL; i++)
		run.value[i] = assay_slice_str(in->values[i]);
	st = make_input(in, &fd, err);
	if (st == ASSAY_OK)
		st = assay_helper_send_run(helper->line.sock, &run, fd, err);
	assay_io_close(&fd);
	return st;
}

/* unmap - for the arena */
static void unmap(void *ptr)
{
	assay_io_unmap(ptr);
}

/* take - what came of it, mapped until the mail is done */
static enum assay_status take(const struct assay_helper_ran *ran,
    const struct assay_wire_frame *frame, struct assay_arena *arena, struct assay_run_output *out,
    struct assay_err *err)
{
	struct assay_io_map *map = assay_arena_zalloc(arena, sizeof *map);
	enum assay_status st = ASSAY_OK;

	map->p = "";
	if (frame->nfd > 0 && !assay_io_is_sealed(frame->fd[0]))
		return assay_err_set(err, ASSAY_E_SYNTAX, "the helper's memory file is not sealed");
	if (frame->nfd > 0)
		st = assay_io_map(frame->fd[0], SIZE_MAX, map, err);
	if (st != ASSAY_OK)
		return st;
	assay_arena_defer(arena, unmap, map);
	return assay_helper_get_files(ran, assay_slice(map->p, map->n), arena, out, err);
}

/* receive - the answer */
static enum assay_status receive(struct assay_helper *helper, struct assay_arena *arena,
    struct assay_helper_ran *ran, struct assay_run_output *out, struct assay_err *err)
{
	struct assay_wire_frame frame;
	enum assay_status st = assay_wire_read(&helper->line, &frame, err);

	if (st != ASSAY_OK)
		return st == ASSAY_END ? ASSAY_E_DEAD : st;
	st = assay_helper_get_ran(&frame, ran, err);
	if (st == ASSAY_OK)
		st = take(ran, &frame, arena, out, err);
	assay_wire_drop(&frame);
	return st;
}

/* lose - the line is of no use any more */
static enum assay_status lose(struct assay_helper *helper, const char *name, struct assay_err *err)
{
	assay_wire_release(&helper->line);
	helper->lost = true;
	return assay_err_set(err, ASSAY_E_DEAD,
	    "%s could not be run: the helper process is gone; the next message gets a new one",
	    name);
}

/* judge - the outcome as a status */
static enum assay_status judge(const struct assay_helper_ran *ran,
    const struct assay_helper_entry *entry, struct assay_run_output *out, struct assay_err *err)
{
	const char *name = entry->program.name;
	int n = (int)out->errors.n;

	switch (ran->outcome) {
	case ASSAY_HELPER_ENDED:
		return ASSAY_OK;
	case ASSAY_HELPER_TIMEOUT:
		return assay_err_set(err, ASSAY_E_TIMEOUT, "%s took longer than its time", name);
	case ASSAY_HELPER_OVER:
		return assay_err_set(
		    err, ASSAY_E_LIMIT, "%s gave more output or files than allowed", name);
	case ASSAY_HELPER_ABSENT:
		return assay_err_set(err, ASSAY_E_NOENT, "%s is not there%s%.*s", name,
		    n > 0 ? ": " : "", n, out->errors.p);
	case ASSAY_HELPER_FULL:
		return assay_err_set(err, ASSAY_E_FULL, "%s could not be run: no space%s%.*s", name,
		    n > 0 ? ": " : "", n, out->errors.p);
	case ASSAY_HELPER_UNABLE:
	case ASSAY_HELPER_OUTCOMES:
		break;
	}
	return assay_err_set(err, ASSAY_E_IO, "%s %.*s", name, n, out->errors.p);
}

/* assay_result_run - one call */
enum assay_status assay_result_run(struct assay_result *result, size_t program,
    const struct assay_run_input *in, struct assay_run_output *out, struct assay_err *err)
{
	struct assay_helper *helper = result->run->engine->helper;
	const struct assay_helper_entry *entry;
	struct assay_helper_ran ran;
	enum assay_status st;
	int64_t left;

	*out = (struct assay_run_output){ .exit = -1 };
	if (helper == NULL)
		return assay_err_set(err, ASSAY_E_DEAD, "programs are not run here");
	entry = find(helper, result->worker, program);
	left = time_left(result->run, entry, in);
	if (entry->path == NULL && entry->address_size == 0)
		return assay_err_set(err, ASSAY_E_NOENT, "%s is not there", entry->program.name);
	if (left == 0)
		return assay_err_set(
		    err, ASSAY_E_TIMEOUT, "%s was not run: no time is left", entry->program.name);
	if (helper->line.sock < 0)
		return assay_err_set(err, ASSAY_E_DEAD,
		    "%s could not be run: there is no helper process", entry->program.name);
	st = send_call(helper, entry, in, left, err);
	/* Our own memory files may be too many or too large; the line is as it was. */
	if (st == ASSAY_E_FULL || st == ASSAY_E_IO)
		return st;
	if (st == ASSAY_OK)
		st = receive(helper, result->run->arena, &ran, out, err);
	if (st != ASSAY_OK) {
		*out = (struct assay_run_output){ .exit = -1 };
		return lose(helper, entry->program.name, err);
	}
	st = judge(&ran, entry, out, err);
	if (ran.outcome >= ASSAY_HELPER_ABSENT)
		*out = (struct assay_run_output){ .exit = -1 };
	return st;
}
