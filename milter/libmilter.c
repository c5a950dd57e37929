/*
 * milter/libmilter.c - the milter protocol by way of libmilter; see engine.h
 *
 * libmilter has threads of its own: the one that calls smfi_main, and a pool of workers that call
 * what stands below, each for one session at a time. The door is for one thread. So at the end of
 * a message a worker sends the address of its job through a pipe to the loop, and waits at an
 * eventfd until the loop has put the answer there; nothing else is shared, and there is no lock.
 *
 * What it cannot do, by libmilter's nature: a session may wait for a worker that waits for another
 * session's scan; when it stops, sessions that are in the middle of a message are cut.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "engine.h"
#include "intake.h"
#include "reply.h"
#include "session.h"

#define BEAT_MS 1000
#define LAST_WORDS_MS 200 /* for workers to write what was decided */
#define MACRO_MAX 1000u

struct engine {
	const struct assay_engine_options *options;
	struct assay_door *door;
	struct assay_message_store store;
	struct assay_intake intake;      /* the loop's */
	int jobs[2];                     /* a pipe of addresses to the loop */
	_Atomic size_t working;          /* workers at the end of a message */
	_Atomic bool closed;             /* the loop takes no more */
	_Atomic bool ended;              /* smfi_main has returned */
	_Atomic uint32_t actions, steps; /* negotiated last; servers of one kind agree */
};

/* The callbacks are given nothing but a session's context. */
static struct engine *the;

/* A session. */
struct caller {
	struct assay_session session;
	int wake; /* an eventfd */
};

enum job_state { JOB_WAITS, JOB_TOLD, JOB_LOST };

/* A message that is whole; on the stack of its worker until it is told. */
struct job {
	struct assay_intake_mail mail;
	struct assay_reply_to to;
	struct assay_reply reply; /* JOB_TOLD */
	_Atomic enum job_state state;
	int wake;
};

/* ---- the loop's side ------------------------------------------------------------------------- */

/* on_told - the worker goes on; the job is the worker's from here */
static void on_told(struct assay_intake_mail *mail, const struct assay_verdict *verdict)
{
	struct job *job = (struct job *)((char *)mail - offsetof(struct job, mail));
	int wake = job->wake;
	uint64_t one = 1;

	if (verdict != NULL) {
		assay_reply_init(&job->reply, verdict, &job->to);
		if (job->reply.trouble != NULL)
			assay_log(
			    ASSAY_LOG_WARNING, "scan %s: %s", verdict->scan_id, job->reply.trouble);
	}
	atomic_store(&job->state, verdict != NULL ? JOB_TOLD : JOB_LOST);
	if (write(wake, &one, sizeof one) < 0)
		assay_log(ASSAY_LOG_ERROR, "cannot wake a session: %s", strerror(errno));
}

/* take_jobs - all that the workers have sent */
static void take_jobs(struct engine *engine)
{
	struct job *job;

	while (read(engine->jobs[0], &job, sizeof job) == (ssize_t)sizeof job)
		if (job != NULL)
			assay_intake_add(&engine->intake, &job->mail);
}

/* ---- a worker's side ------------------------------------------------------------------------- */

/* go_on - or nothing at all, where the server was told so */
static sfsistat go_on(uint32_t silent)
{
	return (atomic_load(&the->steps) & silent) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

/* caller_of - the session, made when it is not there yet; NULL: it cannot be */
static struct caller *caller_of(SMFICTX *ctx)
{
	struct caller *caller = smfi_getpriv(ctx);
	int wake;

	if (caller != NULL)
		return caller;
	wake = eventfd(0, EFD_CLOEXEC);
	if (wake < 0)
		return NULL;
	caller = assay_xcalloc(1, sizeof *caller);
	caller->wake = wake;
	assay_session_init(&caller->session, &the->store);
	caller->session.leading_space = (atomic_load(&the->steps) & ASSAY_PROTO_LEADING_SPACE) != 0;
	(void)smfi_setpriv(ctx, caller);
	return caller;
}

/* slice_of - a string of libmilter's, which may be NULL */
static struct assay_slice slice_of(const char *s)
{
	return assay_slice_str(s != NULL ? s : "");
}

/* gather - the macros that are wanted at a stage */
static void gather(
    SMFICTX *ctx, struct assay_session *session, enum assay_session_stage stage, const char *wanted)
{
	struct assay_slice rest = assay_slice_str(wanted), name;
	char pairs[ASSAY_SESSION_MACROS], text[40];
	size_t n = 0;

	while (assay_slice_split(&rest, ' ', &name)) {
		const char *value;

		(void)snprintf(text, sizeof text, "%.*s", (int)name.n, name.p);
		value = smfi_getsymval(ctx, text);
		if (value == NULL || strlen(value) > MACRO_MAX ||
		    n + name.n + strlen(value) + 2 > sizeof pairs)
			continue;
		memcpy(pairs + n, text, name.n + 1);
		n += name.n + 1;
		memcpy(pairs + n, value, strlen(value) + 1);
		n += strlen(value) + 1;
	}
	assay_session_macros(session, stage, assay_slice(pairs, n));
}

/* on_negotiate - libmilter's callback: of what is offered, what is needed */
static sfsistat on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2,
    unsigned long f3, unsigned long *pf0, unsigned long *pf1, unsigned long *pf2,
    unsigned long *pf3)
{
	(void)f2;
	(void)f3;
	*pf0 = f0 & ASSAY_SESSION_ACTIONS;
	*pf1 = f1 & ASSAY_SESSION_STEPS;
	*pf2 = *pf3 = 0;
	atomic_store(&the->actions, (uint32_t)*pf0);
	atomic_store(&the->steps, (uint32_t)*pf1);
	for (int i = 0; i < ASSAY_PROTO_STAGES && (f0 & SMFIF_SETSYMLIST) != 0; i++)
		(void)smfi_setsymlist(ctx, i, (char *)(uintptr_t)assay_session_wanted_macros[i]);
	return SMFIS_CONTINUE;
}

/* on_connect - who */
static sfsistat on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *from)
{
	struct caller *caller = caller_of(ctx);
	const struct sockaddr *name = (const struct sockaddr *)from;
	char addr[INET6_ADDRSTRLEN] = "", family = 'U';

	if (caller == NULL)
		return SMFIS_TEMPFAIL;
	if (name != NULL && name->sa_family == AF_INET) {
		family = '4';
		(void)inet_ntop(AF_INET,
		    &((const struct sockaddr_in *)(const void *)name)->sin_addr, addr, sizeof addr);
	} else if (name != NULL && name->sa_family == AF_INET6) {
		family = '6';
		(void)inet_ntop(AF_INET6,
		    &((const struct sockaddr_in6 *)(const void *)name)->sin6_addr, addr,
		    sizeof addr);
	}
	assay_session_connect(&caller->session, slice_of(host), family, slice_of(addr));
	gather(ctx, &caller->session, ASSAY_SESSION_CONNECT, assay_session_wanted_macros[0]);
	return go_on(ASSAY_PROTO_SILENT_CONNECT);
}

/* on_helo - the name the client gives */
static sfsistat on_helo(SMFICTX *ctx, char *name)
{
	struct caller *caller = caller_of(ctx);

	if (caller == NULL)
		return SMFIS_TEMPFAIL;
	gather(ctx, &caller->session, ASSAY_SESSION_HELO, assay_session_wanted_macros[1]);
	assay_session_helo(&caller->session, slice_of(name));
	return go_on(ASSAY_PROTO_SILENT_HELO);
}

/* on_mail - a message begins */
static sfsistat on_mail(SMFICTX *ctx, char **args)
{
	struct caller *caller = caller_of(ctx);

	if (caller == NULL || !assay_session_mail(&caller->session, slice_of(args[0])))
		return SMFIS_TEMPFAIL;
	gather(ctx, &caller->session, ASSAY_SESSION_MAIL, assay_session_wanted_macros[2]);
	return go_on(ASSAY_PROTO_SILENT_MAIL);
}

/* on_rcpt - one more */
static sfsistat on_rcpt(SMFICTX *ctx, char **args)
{
	struct caller *caller = caller_of(ctx);

	if (caller == NULL || !assay_session_rcpt(&caller->session, slice_of(args[0])))
		return SMFIS_TEMPFAIL;
	return go_on(ASSAY_PROTO_SILENT_RCPT);
}

/* on_data - nothing to do */
static sfsistat on_data(SMFICTX *ctx)
{
	(void)ctx;
	return go_on(ASSAY_PROTO_SILENT_DATA);
}

/* on_header - one line */
static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct caller *caller = caller_of(ctx);

	if (caller == NULL ||
	    !assay_session_header(&caller->session, slice_of(name), slice_of(value)))
		return SMFIS_TEMPFAIL;
	return go_on(ASSAY_PROTO_SILENT_HEADER);
}

/* on_eoh - the empty line */
static sfsistat on_eoh(SMFICTX *ctx)
{
	struct caller *caller = caller_of(ctx);

	if (caller == NULL || !assay_session_eoh(&caller->session))
		return SMFIS_TEMPFAIL;
	return go_on(ASSAY_PROTO_SILENT_EOH);
}

/* on_body - a piece of it */
static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t n)
{
	struct caller *caller = caller_of(ctx);

	if (caller == NULL ||
	    !assay_session_body(&caller->session, assay_slice((const char *)bytes, n)))
		return SMFIS_TEMPFAIL;
	return go_on(ASSAY_PROTO_SILENT_BODY);
}

/* send_job - to the loop; false: there is none any more */
static bool send_job(struct caller *caller, struct job *job)
{
	struct assay_err why = { .text = "" };
	struct job *address = job;

	if (atomic_load(&the->closed) ||
	    !assay_session_end(&caller->session, &job->mail.submission, &why))
		return false;
	if (job->mail.submission.unscanned != NULL && why.code != ASSAY_E_LIMIT)
		assay_log(ASSAY_LOG_ERROR, "a message could not be stored: %s", why.text);
	job->mail.size = caller->session.message.size;
	job->mail.told = on_told;
	job->wake = caller->wake;
	job->to = (struct assay_reply_to){ .names = assay_buf_slice(&caller->session.names),
		.names_cut = caller->session.names.full,
		.actions = atomic_load(&the->actions),
		.leading_space = caller->session.leading_space };
	if (write(the->jobs[1], &address, sizeof address) == (ssize_t)sizeof address)
		return true;
	assay_io_close(&job->mail.submission.fd);
	json_decref(job->mail.submission.request);
	return false;
}

/* await - until it is told, with signs of life to the server */
static void await(SMFICTX *ctx, struct job *job)
{
	struct pollfd wake = { .fd = job->wake, .events = POLLIN };
	uint64_t woken;

	while (atomic_load(&job->state) == JOB_WAITS)
		if (poll(&wake, 1, (int)the->options->progress_ms) == 0)
			(void)smfi_progress(ctx);
	/* So that it is empty at the next message. */
	if (read(job->wake, &woken, sizeof woken) < 0)
		assay_log(ASSAY_LOG_ERROR, "cannot read an eventfd: %s", strerror(errno));
}

/* set_reply - "550 5.7.1 words" in three parts */
static void set_reply(SMFICTX *ctx, char *text)
{
	char *extended = NULL, *words = text + 4;
	size_t n = strspn(words, "0123456789.");

	text[3] = '\0';
	if (n >= 5 && words[n] == ' ') {
		extended = words;
		words[n] = '\0';
		words += n + 1;
	}
	(void)smfi_setreply(ctx, text, extended, words);
}

/* apply - the answer, in libmilter's words */
static sfsistat apply(SMFICTX *ctx, struct assay_reply *reply)
{
	switch (reply->action) {
	case ASSAY_REPLY_DISCARD:
		return SMFIS_DISCARD;
	case ASSAY_REPLY_TEMPFAIL:
		set_reply(ctx, reply->text);
		return SMFIS_TEMPFAIL;
	case ASSAY_REPLY_REJECT:
		set_reply(ctx, reply->text);
		return SMFIS_REJECT;
	case ASSAY_REPLY_ACCEPT:
		break;
	}
	for (size_t i = 0; i < reply->nedits; i++) {
		char *name = (char *)(uintptr_t)reply->edit[i].name;
		char *value = (char *)(uintptr_t)reply->edit[i].value;

		if (reply->edit[i].index > 0)
			(void)smfi_chgheader(ctx, name, (int)reply->edit[i].index, value);
		else
			(void)smfi_insheader(ctx, 0, name, value);
	}
	if (reply->hold[0] != '\0' && smfi_quarantine(ctx, reply->hold) != MI_SUCCESS)
		return SMFIS_TEMPFAIL;
	return SMFIS_ACCEPT;
}

/* on_eom - the message is whole */
static sfsistat on_eom(SMFICTX *ctx)
{
	struct caller *caller = caller_of(ctx);
	sfsistat answer = SMFIS_TEMPFAIL;
	struct job job = { .wake = -1 };

	if (caller == NULL)
		return SMFIS_TEMPFAIL;
	atomic_fetch_add(&the->working, 1);
	gather(ctx, &caller->session, ASSAY_SESSION_END, assay_session_wanted_macros[5]);
	if (send_job(caller, &job)) {
		await(ctx, &job);
		if (atomic_load(&job.state) == JOB_TOLD) {
			answer = apply(ctx, &job.reply);
			assay_reply_release(&job.reply);
		}
	}
	assay_session_forget(&caller->session);
	atomic_fetch_sub(&the->working, 1);
	return answer;
}

/* on_abort - the message is no more */
static sfsistat on_abort(SMFICTX *ctx)
{
	struct caller *caller = smfi_getpriv(ctx);

	if (caller != NULL)
		assay_session_forget(&caller->session);
	return SMFIS_CONTINUE;
}

/* on_close - comes alone, too, and twice */
static sfsistat on_close(SMFICTX *ctx)
{
	struct caller *caller = smfi_getpriv(ctx);

	if (caller == NULL)
		return SMFIS_CONTINUE;
	(void)smfi_setpriv(ctx, NULL);
	assay_session_release(&caller->session);
	assay_io_close(&caller->wake);
	free(caller);
	return SMFIS_CONTINUE;
}

/* ---- start and end --------------------------------------------------------------------------- */

/* serve - the thread of smfi_main; when it is over the loop hears of it */
static void *serve(void *arg)
{
	struct engine *engine = arg;
	struct job *none = NULL;

	(void)smfi_main();
	atomic_store(&engine->ended, true);
	if (write(engine->jobs[1], &none, sizeof none) < 0)
		assay_log(ASSAY_LOG_ERROR, "cannot end: %s", strerror(errno));
	return NULL;
}

/* start - libmilter on the door's one socket, of which it closes a copy */
static enum assay_status start(struct engine *engine, struct assay_err *err)
{
	struct smfiDesc desc = { .xxfi_name = (char *)(uintptr_t) "assay",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = ASSAY_SESSION_ACTIONS & ~(unsigned long)ASSAY_PROTO_MAY_SET_MACROS,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_rcpt,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_data = on_data,
		.xxfi_negotiate = on_negotiate };
	int fd = fcntl(assay_door_socket(engine->door, 0), F_DUPFD_CLOEXEC, 3), e;
	sigset_t all, old;
	pthread_t thread;
	char conn[32];

	(void)snprintf(conn, sizeof conn, "fd:%d", fd);
	(void)smfi_settimeout((int)(engine->options->idle_ms / 1000));
	if (fd < 0 || smfi_setconn(conn) != MI_SUCCESS || smfi_register(desc) != MI_SUCCESS ||
	    smfi_opensocket(false) != MI_SUCCESS)
		return assay_err_set(err, ASSAY_E_UNSUP,
		    "libmilter does not take a socket that is open already (Debian's does); use "
		    "engine = native");
	/* Signals are the loop's; libmilter waits for some by itself, in a thread. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	e = pthread_create(&thread, NULL, serve, engine);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (e != 0)
		return assay_err_set(err, ASSAY_E_IO, "cannot start libmilter: %s", strerror(e));
	(void)pthread_detach(thread);
	return ASSAY_OK;
}

/* loop - until the door stops and no worker waits */
static enum assay_status loop(struct engine *engine, struct assay_err *err)
{
	bool stopping = false;
	enum assay_status st = ASSAY_OK;

	while (st == ASSAY_OK && (!stopping || atomic_load(&engine->working) > 0)) {
		int64_t again_ms = assay_clock_mono_ms() + BEAT_MS;

		take_jobs(engine);
		st = assay_intake_pump(&engine->intake, &again_ms, err);
		again_ms -= assay_clock_mono_ms();
		if (st == ASSAY_OK)
			st = assay_door_wait(
			    engine->door, engine->jobs[0], again_ms > 0 ? again_ms : 0, err);
		if (st == ASSAY_END)
			st = ASSAY_OK;
		if (st == ASSAY_OK && !stopping && assay_door_stopping(engine->door)) {
			stopping = true;
			(void)smfi_stop();
		}
		if (st == ASSAY_OK && !stopping && atomic_load(&engine->ended))
			return assay_err_set(err, ASSAY_E_IO, "libmilter has ended by itself");
	}
	if (st == ASSAY_OK)
		st = assay_door_wait(engine->door, -1, LAST_WORDS_MS, err);
	return st == ASSAY_END ? ASSAY_OK : st;
}

/* assay_libmilter_run - see engine.h. The engine is never freed: workers may outlive the call. */
enum assay_status assay_libmilter_run(
    const struct assay_engine_options *options, struct assay_door *door, struct assay_err *err)
{
	struct engine *engine = assay_xcalloc(1, sizeof *engine);
	enum assay_status st = ASSAY_OK;

	engine->options = options;
	engine->door = door;
	engine->store.dir = options->tmp_dir;
	engine->store.most = (uint64_t)assay_door_option(door, "message_size");
	engine->store.memory = options->memory;
	engine->store.alone = options->memory / 4;
	assay_intake_init(&engine->intake, door);
	the = engine;
	if (assay_door_socket(door, 0) < 0 || assay_door_socket(door, 1) >= 0)
		return assay_err_set(err, ASSAY_E_CONF,
		    "[milter] listen: libmilter serves one socket; use engine = native for more");
	if (pipe2(engine->jobs, O_CLOEXEC) != 0 || fcntl(engine->jobs[0], F_SETFL, O_NONBLOCK) != 0)
		return assay_io_fail(err, "cannot make", "a pipe");
	st = start(engine, err);
	if (st == ASSAY_OK)
		st = loop(engine, err);
	atomic_store(&engine->closed, true);
	take_jobs(engine);
	assay_intake_close(&engine->intake);
	return st;
}
