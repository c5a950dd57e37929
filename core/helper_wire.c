/*
 * core/helper_wire.c - see helper_wire.h. Touches memory only. What breaks a rule is
 * ASSAY_E_SYNTAX, and nothing of it is used.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/helper_wire.h"
#include "text/utf8.h"

#define NO_EXIT 0xffffu
#define VALUE_HEAD 4u
#define FILE_HEAD 10u

/* ---- RUN ------------------------------------------------------------------------------------- */

/* assay_helper_send_run - one call of a program */
enum assay_status assay_helper_send_run(
    int sock, const struct assay_helper_run *run, int input, struct assay_err *err)
{
	unsigned char head[8], piece[VALUE_HEAD];
	unsigned count = 0;
	enum assay_status st;
	struct assay_buf buf;

	for (size_t i = 0; i < ASSAY_HELPER_VALUES; i++)
		count += run->value[i].p != NULL;
	assay_wire_put_number(head, run->program, 2);
	assay_wire_put_number(head + 2, count, 2);
	assay_wire_put_number(head + 4, run->timeout_ms, 4);
	assay_buf_init(&buf, ASSAY_WIRE_RUN_MAX);
	(void)assay_buf_add(&buf, head, sizeof head);
	for (size_t i = 0; i < ASSAY_HELPER_VALUES; i++) {
		struct assay_slice value = assay_slice_head(run->value[i], ASSAY_HELPER_VALUE);

		if (value.p == NULL)
			continue;
		assay_wire_put_number(piece, i, 2);
		assay_wire_put_number(piece + 2, value.n, 2);
		(void)assay_buf_add(&buf, piece, sizeof piece);
		(void)assay_buf_add_slice(&buf, value);
	}
	st = assay_wire_send(sock, ASSAY_WIRE_RUN, assay_buf_slice(&buf), input, err);
	assay_buf_release(&buf);
	return st;
}

/* get_value - one value off the front; numbers only grow */
static bool get_value(struct assay_slice *rest, struct assay_helper_run *run, size_t *least)
{
	size_t at, n;

	if (rest->n < VALUE_HEAD)
		return false;
	at = (size_t)assay_wire_get_number(rest->p, 2);
	n = (size_t)assay_wire_get_number(rest->p + 2, 2);
	*rest = assay_slice_from(*rest, VALUE_HEAD);
	if (at < *least || at >= ASSAY_HELPER_VALUES || n > ASSAY_HELPER_VALUE || n > rest->n)
		return false;
	run->value[at] = assay_slice_head(*rest, n);
	*rest = assay_slice_from(*rest, n);
	*least = at + 1;
	return memchr(run->value[at].p, '\0', n) == NULL;
}

/* assay_helper_get_run - what a scan process wants */
enum assay_status assay_helper_get_run(
    const struct assay_wire_frame *frame, struct assay_helper_run *run, struct assay_err *err)
{
	struct assay_slice rest = frame->body;
	size_t count, least = 0;

	*run = (struct assay_helper_run){ .program = 0 };
	if (frame->type != ASSAY_WIRE_RUN || rest.n < 8 || frame->nfd != 1)
		return assay_err_set(err, ASSAY_E_SYNTAX, "the call of a program was expected");
	run->program = (unsigned)assay_wire_get_number(rest.p, 2);
	count = (size_t)assay_wire_get_number(rest.p + 2, 2);
	run->timeout_ms = (unsigned)assay_wire_get_number(rest.p + 4, 4);
	rest = assay_slice_from(rest, 8);
	for (; count > 0 && get_value(&rest, run, &least); count--)
		;
	if (count > 0 || rest.n > 0 || run->timeout_ms == 0 || run->timeout_ms > INT32_MAX)
		return assay_err_set(err, ASSAY_E_SYNTAX, "a call that makes no sense");
	return ASSAY_OK;
}

/* ---- RAN ------------------------------------------------------------------------------------- */

/* assay_helper_send_ran - what came of it */
enum assay_status assay_helper_send_ran(
    int sock, const struct assay_helper_ran *ran, int content, struct assay_err *err)
{
	unsigned char p[ASSAY_WIRE_RAN_SIZE] = { 0 };

	assay_wire_put_number(p, ran->outcome, 1);
	assay_wire_put_number(p + 1, (uint64_t)ran->signal, 1);
	assay_wire_put_number(p + 2, ran->exit < 0 ? NO_EXIT : (uint64_t)ran->exit, 2);
	assay_wire_put_number(p + 4, ran->nfiles, 4);
	assay_wire_put_number(p + 8, ran->left_out, 4);
	assay_wire_put_number(p + 16, ran->out, 8);
	assay_wire_put_number(p + 24, ran->errors, 8);
	assay_wire_put_number(p + 32, ran->files, 8);
	assay_wire_put_number(p + 40, ran->table, 8);
	return assay_wire_send(
	    sock, ASSAY_WIRE_RAN, assay_slice((char *)p, sizeof p), content, err);
}

/* assay_helper_get_ran - the fixed fields, each in its range */
enum assay_status assay_helper_get_ran(
    const struct assay_wire_frame *frame, struct assay_helper_ran *ran, struct assay_err *err)
{
	const char *p = frame->body.p;
	uint64_t outcome, end, most = UINT64_MAX / 8;

	*ran = (struct assay_helper_ran){ .outcome = ASSAY_HELPER_UNABLE };
	if (frame->type != ASSAY_WIRE_RAN || frame->body.n != ASSAY_WIRE_RAN_SIZE)
		return assay_err_set(err, ASSAY_E_SYNTAX, "what came of a program was expected");
	outcome = assay_wire_get_number(p, 1);
	end = assay_wire_get_number(p + 2, 2);
	ran->signal = (int)assay_wire_get_number(p + 1, 1);
	ran->exit = end == NO_EXIT ? -1 : (int)end;
	ran->nfiles = (uint32_t)assay_wire_get_number(p + 4, 4);
	ran->left_out = (uint32_t)assay_wire_get_number(p + 8, 4);
	ran->out = assay_wire_get_number(p + 16, 8);
	ran->errors = assay_wire_get_number(p + 24, 8);
	ran->files = assay_wire_get_number(p + 32, 8);
	ran->table = assay_wire_get_number(p + 40, 8);
	if (outcome >= ASSAY_HELPER_OUTCOMES || ran->exit > 255 || ran->out > most ||
	    ran->errors > most || ran->files > most || ran->table > most ||
	    assay_wire_get_number(p + 12, 4) != 0 || ran->nfiles > ran->table / FILE_HEAD ||
	    (frame->nfd == 1) != (ran->out + ran->errors + ran->files + ran->table > 0))
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "an answer of the helper that makes no sense");
	ran->outcome = (enum assay_helper_outcome)outcome;
	return ASSAY_OK;
}

/* ---- the memory file ------------------------------------------------------------------------- */

/* assay_helper_put_file - a row of the table */
bool assay_helper_put_file(struct assay_buf *table, uint64_t size, const char *name)
{
	size_t n = strlen(name);
	unsigned char head[FILE_HEAD];

	if (n > ASSAY_HELPER_NAME || table->max - table->n < sizeof head + n)
		return false;
	assay_wire_put_number(head, size, 8);
	assay_wire_put_number(head + 8, n, 2);
	return assay_buf_add(table, head, sizeof head) && assay_buf_add(table, name, n);
}

/* take - n bytes off the front; the caller knows that they are there */
static struct assay_slice take(struct assay_slice *rest, uint64_t n)
{
	struct assay_slice piece = assay_slice_head(*rest, (size_t)n);

	*rest = assay_slice_from(*rest, (size_t)n);
	return piece;
}

/* clean_name - UTF-8 without NUL, in the arena */
static const char *clean_name(struct assay_arena *arena, struct assay_slice name)
{
	struct assay_buf clean;
	const char *copy;

	assay_buf_init(&clean, 3 * ASSAY_HELPER_NAME);
	(void)assay_utf8_clean(name, &clean);
	copy = assay_arena_memdup0(arena, clean.p != NULL ? clean.p : "", clean.n);
	assay_buf_release(&clean);
	return copy;
}

/* get_file - a row of the table, and the bytes it speaks of */
static bool get_file(struct assay_slice *table, struct assay_slice *files,
    struct assay_arena *arena, struct assay_run_file *file)
{
	uint64_t size;
	size_t n;

	if (table->n < FILE_HEAD)
		return false;
	size = assay_wire_get_number(table->p, 8);
	n = (size_t)assay_wire_get_number(table->p + 8, 2);
	*table = assay_slice_from(*table, FILE_HEAD);
	if (size > files->n || n == 0 || n > ASSAY_HELPER_NAME || n > table->n)
		return false;
	file->name = clean_name(arena, take(table, n));
	file->bytes = take(files, size);
	return true;
}

/* assay_helper_get_files - the pieces; they must fill the memory file */
enum assay_status assay_helper_get_files(const struct assay_helper_ran *ran,
    struct assay_slice content, struct assay_arena *arena, struct assay_run_output *out,
    struct assay_err *err)
{
	struct assay_slice rest = content, files, table;
	struct assay_run_file *file = NULL;
	size_t n = 0;

	*out = (struct assay_run_output){
		.exit = ran->exit, .signal = ran->signal, .left_out = ran->left_out
	};
	if (ran->out + ran->errors + ran->files + ran->table != content.n)
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "the helper's memory file is of another size");
	out->out = take(&rest, ran->out);
	out->errors = take(&rest, ran->errors);
	files = take(&rest, ran->files);
	table = rest;
	if (ran->nfiles > 0)
		file = assay_arena_calloc(arena, ran->nfiles, sizeof *file);
	while (n < ran->nfiles && get_file(&table, &files, arena, &file[n]))
		n++;
	if (n < ran->nfiles || table.n > 0 || files.n > 0)
		return assay_err_set(
		    err, ASSAY_E_SYNTAX, "the helper's table of files makes no sense");
	out->files = file;
	out->nfiles = n;
	return ASSAY_OK;
}
