/*
 * core/helper_serve.c - see helper_serve.h. Touches the private directory, programs of the table
 * and services of the table. What goes wrong with one call is that call's answer; a line that
 * cannot be understood or written to ends the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/helper.h"
#include "core/helper_child.h"
#include "core/helper_dir.h"
#include "core/helper_serve.h"
#include "core/helper_socket.h"
#include "core/helper_talk.h"
#include "core/sandbox.h"

#define SCRATCH ((uint64_t)64 << 20) /* bytes a program may have in its directory besides */
#define SCRATCH_ENTRIES 1000u
#define STAY_CALLS 1000u /* after them a program that stays is started anew */

/* A program that stays; its process stands in the family, under the same number. */
struct stay {
	int dir; /* -1: none yet */
	char name[16];
	unsigned calls;
};

struct server {
	const struct assay_helper_place *place;
	struct assay_helper_family family;
	struct stay stay[ASSAY_HELPER_PROGRAMS];
	unsigned serial; /* of private directories */
};

/* One call. */
struct call {
	struct server *server;
	const struct assay_helper_entry *entry;
	struct assay_helper_run run;
	int input;
	uint64_t input_size;
	struct assay_helper_talk talk;
	struct assay_helper_ran ran;
	struct assay_buf table; /* of files */
	int content;            /* memory file of the answer */
	struct assay_err err;
};

/* ---- what a program is given ----------------------------------------------------------------- */

/* make_env - the fixed part, then the values of the call */
static const char *const *make_env(
    struct assay_arena *arena, const char *dir, const struct call *call)
{
	const char **env = assay_arena_calloc(arena, ASSAY_HELPER_STRINGS, sizeof *env);
	const char *const *name = call->entry->program.env;
	size_t n = 0;

	env[n++] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	env[n++] = "LC_ALL=C.UTF-8";
	env[n++] = "TZ=UTC";
	env[n++] = assay_arena_printf(arena, "HOME=%s", dir);
	env[n++] = assay_arena_printf(arena, "TMPDIR=%s", dir);
	if (call->entry->program.files_max > 0)
		env[n++] = assay_arena_printf(arena, "ASSAY_OUT=%s/out", dir);
	for (size_t i = 0; name != NULL && name[i] != NULL; i++) {
		struct assay_slice value = call->run.value[i];
		char *text;

		if (value.p == NULL)
			continue;
		text = assay_arena_memdup0(arena, value.p, value.n);
		assay_err_make_printable(text);
		env[n++] = assay_arena_printf(arena, "%s=%s", name[i], text);
	}
	return env;
}

/* file_max - the largest file a program may write */
static uint64_t file_max(const struct call *call)
{
	uint64_t files = call->entry->program.files_bytes;

	return files > SCRATCH ? files : SCRATCH;
}

/* watch - the private directory shall not fill the disk */
static void watch(struct call *call, int dir)
{
	const struct assay_program *p = &call->entry->program;

	call->talk.dir = dir;
	call->talk.dir_most = (struct assay_helper_usage){
		.entries = p->files_max + SCRATCH_ENTRIES,
		.bytes = p->files_bytes + call->input_size + SCRATCH,
	};
}

/* put_payload - the bytes as a file of a fixed name */
static enum assay_status put_payload(struct call *call, int dir)
{
	int fd = openat(dir, "payload", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	enum assay_status st;

	if (fd < 0)
		return assay_io_fail(&call->err, "cannot make a file", "");
	st = assay_helper_dir_copy(call->input, fd, call->input_size, &call->err);
	assay_io_close(&fd);
	return st;
}

/* start - the program of a call, in its directory */
static enum assay_status start(
    struct call *call, int dir, const char *name, struct assay_helper_child *child)
{
	const struct assay_helper_place *place = call->server->place;
	const struct assay_program *program = &call->entry->program;
	struct assay_arena *arena = assay_arena_new();
	struct assay_helper_start how = {
		.path = call->entry->path,
		.program = program,
		.dir = dir,
		.in = program->file ? -1 : call->input,
		.file_max = file_max(call),
		.own_user = place->helper->sandbox->user_used != NULL,
	};
	enum assay_status st;

	how.env = make_env(arena, assay_arena_printf(arena, "%s/%s", place->path, name), call);
	st = assay_helper_child_start(child, &how, &call->err);
	assay_arena_free(&arena);
	return st;
}

/* unable - an outcome for what prevented the call */
static enum assay_helper_outcome unable(const struct call *call)
{
	switch (call->err.code) {
	case ASSAY_E_NOENT:
		return ASSAY_HELPER_ABSENT;
	case ASSAY_E_FULL:
		return ASSAY_HELPER_FULL;
	case ASSAY_E_TIMEOUT:
		return ASSAY_HELPER_TIMEOUT;
	default:
		return ASSAY_HELPER_UNABLE;
	}
}

/* sweep - what programs left behind */
static void sweep(struct server *server)
{
	if (!assay_helper_child_sweep(&server->family))
		assay_log(ASSAY_LOG_WARNING,
		    "a program left processes behind that cannot be killed as fast as they start "
		    "others; as root a process namespace would hold them");
}

/* set_status - how a program ended */
static void set_status(struct call *call, int status)
{
	call->ran.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	call->ran.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* ---- once ------------------------------------------------------------------------------------ */

/* run_in - a program in a directory made for it */
static enum assay_helper_outcome run_in(struct call *call, int dir, const char *name)
{
	struct assay_helper_child child;
	enum assay_helper_outcome outcome;
	enum assay_status st = ASSAY_OK;
	int status;

	if (call->entry->program.file)
		st = put_payload(call, dir);
	if (st == ASSAY_OK)
		st = start(call, dir, name, &child);
	if (st != ASSAY_OK)
		return unable(call);
	call->talk.out = child.out;
	call->talk.err = child.err;
	call->talk.pidfd = child.pidfd;
	watch(call, dir);
	outcome = assay_helper_talk(&call->talk);
	status = assay_helper_child_end(&child);
	sweep(call->server);
	if (outcome == ASSAY_HELPER_ENDED)
		set_status(call, status);
	return outcome;
}

/* write_said - the first two pieces of the answer */
static enum assay_status write_said(struct call *call)
{
	const struct assay_buf *out = &call->talk.output, *errors = &call->talk.errors;
	enum assay_status st;

	st = assay_io_write_full(call->content, out->p, out->n, &call->err);
	if (st == ASSAY_OK)
		st = assay_io_write_full(call->content, errors->p, errors->n, &call->err);
	call->ran.out = out->n;
	call->ran.errors = errors->n;
	return st;
}

/* take_files - what it left in ASSAY_OUT */
static enum assay_status take_files(struct call *call, int out)
{
	const struct assay_program *p = &call->entry->program;
	struct assay_helper_taken taken = {
		.to = call->content,
		.table = &call->table,
		.files_max = p->files_max,
		.bytes_max = p->files_bytes,
	};
	enum assay_status st = assay_helper_dir_take(out, &taken, &call->err);

	call->ran.nfiles = taken.nfiles;
	call->ran.left_out = taken.left_out;
	call->ran.files = taken.bytes;
	return st;
}

/* run_once - a directory, the program, its files */
static enum assay_helper_outcome run_once(struct call *call)
{
	struct server *server = call->server;
	enum assay_helper_outcome outcome;
	bool files = call->entry->program.files_max > 0;
	char name[16];
	int dir, out = -1;

	(void)snprintf(name, sizeof name, "c%u", server->serial++);
	dir = assay_helper_dir_make(server->place->dir, name);
	if (dir >= 0 && files)
		out = assay_helper_dir_make(dir, "out");
	if (dir < 0 || (files && out < 0)) {
		(void)assay_io_fail(&call->err, "cannot make a directory", "");
		outcome = unable(call);
	} else {
		outcome = run_in(call, dir, name);
	}
	if (write_said(call) != ASSAY_OK ||
	    (outcome == ASSAY_HELPER_ENDED && files && take_files(call, out) != ASSAY_OK))
		outcome = unable(call);
	assay_io_close(&out);
	assay_io_close(&dir);
	assay_helper_dir_remove(server->place->dir, name);
	return outcome;
}

/* ---- programs that stay ---------------------------------------------------------------------- */

/* is_quiet - does it wait for work, as it should, having said nothing unasked */
static bool is_quiet(const struct assay_helper_child *child)
{
	struct pollfd fds[] = { { .fd = child->pidfd, .events = POLLIN },
		{ .fd = child->out, .events = POLLIN } };

	return child->pid > 0 && poll(fds, 2, 0) == 0;
}

/* dismiss - a program that stayed, with its directory */
static int dismiss(struct server *server, size_t at)
{
	struct stay *stay = &server->stay[at];
	int status = assay_helper_child_end(&server->family.kept[at]);

	sweep(server);
	if (stay->dir >= 0)
		assay_helper_dir_remove(server->place->dir, stay->name);
	assay_io_close(&stay->dir);
	return status;
}

/* employ - see that it is there */
static enum assay_status employ(struct call *call, size_t at)
{
	struct server *server = call->server;
	struct assay_helper_child *child = &server->family.kept[at], made;
	struct stay *stay = &server->stay[at];
	enum assay_status st;

	if (is_quiet(child) && stay->calls < STAY_CALLS)
		return ASSAY_OK;
	(void)dismiss(server, at);
	(void)snprintf(stay->name, sizeof stay->name, "s%u", server->serial++);
	stay->dir = assay_helper_dir_make(server->place->dir, stay->name);
	stay->calls = 0;
	if (stay->dir < 0)
		return assay_io_fail(&call->err, "cannot make a directory", "");
	st = start(call, stay->dir, stay->name, &made);
	if (st == ASSAY_OK)
		*child = made;
	return st;
}

/* numbered - text with %n replaced */
static char *numbered(const char *text, uint64_t number)
{
	const char *at = strstr(text, "%n");
	char *made;
	int n;

	if (at == NULL)
		n = asprintf(&made, "%s", text);
	else
		n = asprintf(&made, "%.*s%" PRIu64 "%s", (int)(at - text), text, number, at + 2);
	if (n < 0)
		ASSAY_BUG("out of memory");
	return made;
}

/* hush - what it still said of an earlier mail is not this one's */
static void hush(int fd)
{
	char chunk[4096];

	while (read(fd, chunk, sizeof chunk) > 0)
		;
}

/* ask - the question, and its answer */
static enum assay_helper_outcome ask(struct call *call, struct assay_helper_child *child)
{
	const struct assay_program *p = &call->entry->program;
	enum assay_helper_outcome outcome = ASSAY_HELPER_ENDED;
	char *question, *marker;
	uint64_t number = 0;

	if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
		ASSAY_BUG("getrandom");
	number >>= 1;
	question = numbered(p->ask, number);
	marker = numbered(p->marker, number);
	call->talk.out = child->out;
	call->talk.err = child->err;
	call->talk.pidfd = child->pidfd;
	call->talk.marker = marker;
	hush(child->err);
	/* It reads nothing else, so there is room in the pipe: this does not wait. */
	if (assay_io_write_full(child->ask, question, strlen(question), &call->err) == ASSAY_OK)
		outcome = assay_helper_talk(&call->talk);
	call->talk.marker = NULL;
	free(question);
	free(marker);
	return outcome;
}

/* run_stay - one question to a program that stays; it goes when it did not answer */
static enum assay_helper_outcome run_stay(struct call *call)
{
	struct server *server = call->server;
	size_t at = (size_t)(call->entry - server->place->helper->entry);
	struct stay *stay = &server->stay[at];
	enum assay_helper_outcome outcome;
	int status;

	if (employ(call, at) != ASSAY_OK || put_payload(call, stay->dir) != ASSAY_OK)
		return unable(call);
	stay->calls++;
	watch(call, stay->dir);
	outcome = ask(call, &server->family.kept[at]);
	if (call->talk.marked) {
		assay_helper_dir_empty(stay->dir);
	} else {
		status = dismiss(server, at);
		if (outcome == ASSAY_HELPER_ENDED)
			set_status(call, status);
	}
	return write_said(call) == ASSAY_OK ? outcome : unable(call);
}

/* ---- services -------------------------------------------------------------------------------- */

/* run_socket - the bytes to a service, its answer back */
static enum assay_helper_outcome run_socket(struct call *call)
{
	enum assay_helper_outcome outcome;
	int fd;

	if (assay_helper_socket_open(call->entry, call->talk.deadline_ms, &fd, &call->err) !=
	    ASSAY_OK)
		return unable(call);
	call->talk.out = fd;
	call->talk.send = call->input;
	call->talk.send_size = call->input_size;
	call->talk.marker = call->entry->program.marker;
	outcome = assay_helper_talk(&call->talk);
	assay_io_close(&fd);
	return write_said(call) == ASSAY_OK ? outcome : unable(call);
}

/* ---- one call -------------------------------------------------------------------------------- */

/* run - whatever it is */
static enum assay_helper_outcome run(struct call *call)
{
	const struct assay_helper_entry *entry = call->entry;

	if (entry->program.mode == ASSAY_PROGRAM_SOCKET)
		return entry->address_size > 0 ? run_socket(call) : ASSAY_HELPER_ABSENT;
	if (entry->path == NULL)
		return ASSAY_HELPER_ABSENT;
	return entry->program.mode == ASSAY_PROGRAM_STAY ? run_stay(call) : run_once(call);
}

/* tell_why - in place of what a program said, when none could say anything */
static enum assay_status tell_why(struct call *call)
{
	struct assay_helper_ran *ran = &call->ran;
	const char *why = call->err.text;

	*ran = (struct assay_helper_ran){ .outcome = ran->outcome, .exit = -1 };
	assay_buf_clear(&call->table);
	if (ftruncate(call->content, 0) != 0 || lseek(call->content, 0, SEEK_SET) != 0)
		return assay_io_fail(&call->err, "cannot cut", "");
	ran->errors = strlen(why);
	return assay_io_write_full(call->content, why, strlen(why), NULL);
}

/* answer - what came of it */
static enum assay_status answer(struct call *call)
{
	struct assay_helper_ran *ran = &call->ran;
	enum assay_status st = ASSAY_OK;
	bool any;

	if (ran->outcome >= ASSAY_HELPER_ABSENT)
		st = tell_why(call);
	else
		st = assay_io_write_full(call->content, call->table.p, call->table.n, &call->err);
	/* Not even room for the reason. */
	if (st != ASSAY_OK)
		*ran = (struct assay_helper_ran){ .outcome = ASSAY_HELPER_FULL, .exit = -1 };
	ran->table = st == ASSAY_OK ? call->table.n : 0;
	any = ran->out + ran->errors + ran->files + ran->table > 0;
	if (any && assay_io_seal(call->content, &call->err) != ASSAY_OK)
		return ASSAY_E_IO;
	return assay_helper_send_ran(
	    call->server->place->line, ran, any ? call->content : -1, &call->err);
}

/* read_call - a RUN that makes sense */
static enum assay_status read_call(struct call *call, const struct assay_wire_frame *frame)
{
	const struct assay_helper *helper = call->server->place->helper;
	enum assay_status st = assay_helper_get_run(frame, &call->run, &call->err);
	off_t size;

	if (st != ASSAY_OK)
		return st;
	call->input = frame->fd[0];
	size = assay_io_size(call->input);
	if (call->run.program >= helper->n || size < 0 || !assay_io_is_sealed(call->input) ||
	    lseek(call->input, 0, SEEK_SET) != 0)
		return assay_err_set(&call->err, ASSAY_E_SYNTAX, "a call that makes no sense");
	call->input_size = (uint64_t)size;
	call->entry = &helper->entry[call->run.program];
	return ASSAY_OK;
}

/* prepare - what every call needs */
static enum assay_status prepare(struct call *call)
{
	const struct assay_program *p = &call->entry->program;
	unsigned ms = call->run.timeout_ms < p->timeout_ms ? call->run.timeout_ms : p->timeout_ms;

	call->talk = (struct assay_helper_talk){
		.line = call->server->place->line,
		.out = -1,
		.err = -1,
		.pidfd = -1,
		.send = -1,
		.dir = -1,
		.deadline_ms = assay_clock_mono_ms() + ms,
	};
	assay_buf_init(&call->talk.output, p->output_max);
	assay_buf_init(&call->talk.errors, ASSAY_HELPER_ERRORS);
	assay_buf_init(&call->table, p->files_max * (ASSAY_HELPER_NAME + 16) + 1);
	return assay_io_memfd("assay-ran", &call->content, &call->err);
}

/* serve - one frame; an error ends the helper */
static enum assay_status serve(struct server *server, const struct assay_wire_frame *frame)
{
	struct call call = { .server = server, .content = -1 };
	enum assay_status st = read_call(&call, frame);

	if (st != ASSAY_OK)
		return st;
	st = prepare(&call);
	if (st == ASSAY_OK) {
		call.ran.outcome = run(&call);
		st = call.talk.orphan ? ASSAY_END : answer(&call);
	}
	assay_io_close(&call.content);
	assay_buf_release(&call.talk.output);
	assay_buf_release(&call.talk.errors);
	assay_buf_release(&call.table);
	return st;
}

/* clean_up - nothing is left running, nothing is left lying */
static void clean_up(struct server *server)
{
	for (size_t i = 0; i < server->family.nkept; i++)
		if (server->family.kept[i].pid > 0)
			(void)assay_helper_child_end(&server->family.kept[i]);
	sweep(server);
	assay_helper_dir_empty(server->place->dir);
	/* Works where the directory above is ours or everybody's; else who forked us does it. */
	(void)rmdir(server->place->path);
}

/* assay_helper_serve - until the scan process is gone */
int assay_helper_serve(const struct assay_helper_place *place)
{
	struct server *server = assay_xcalloc(1, sizeof *server);
	struct assay_helper_child kept[ASSAY_HELPER_PROGRAMS];
	enum assay_status st = ASSAY_OK;
	struct assay_wire wire;
	struct assay_err err;

	server->place = place;
	server->family = (struct assay_helper_family){
		.init = place->init, .kept = kept, .nkept = place->helper->n
	};
	for (size_t i = 0; i < ASSAY_HELPER_PROGRAMS; i++) {
		assay_helper_child_init(&kept[i]);
		server->stay[i].dir = -1;
	}
	assay_wire_init(&wire, place->line);
	while (st == ASSAY_OK) {
		struct assay_wire_frame frame;

		st = assay_wire_read(&wire, &frame, &err);
		if (st == ASSAY_OK) {
			st = serve(server, &frame);
			assay_wire_drop(&frame);
		}
	}
	clean_up(server);
	assay_wire_release(&wire);
	free(server);
	return st == ASSAY_E_SYNTAX ? 70 : 0;
}
