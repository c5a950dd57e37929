/* rooms: core text base */
/*
 * tests/unit/test_helper.c - programs that behave, and every kind that does not: run as whoever we
 * are and, as root, once more as nobody, where there are no namespaces to hold them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/helper.h"
#include "core/helper_dir.h"
#include "core/run.h"
#include "core/sandbox.h"
#include "sleepers.h"

#define PATIENCE_MS 20000

/* ---- the plugin ------------------------------------------------------------------------------ */

static const char *const names[] = { "ASSAY_ONE", "ASSAY_TWO", NULL };
static char base[] = "/tmp/assay-test-helper.XXXXXX"; /* of private directories */
static char service[80], service_address[90];

#define SH(...)                                                                                    \
	(const char *const[])                                                                      \
	{                                                                                          \
		"/bin/sh", "-c", __VA_ARGS__, NULL                                                 \
	}

enum {
	CAT,
	FILE_CAT,
	ENV,
	FDS,
	LIMITS,
	SPACES,
	EXIT,
	CRASH,
	SLEEP,
	FAMILY,
	STRAYS,
	BOMB,
	FLOOD,
	FLOOD_FILE,
	FLOOD_FILES,
	FILES,
	EVIL,
	DEEP,
	MANY,
	CLOSED,
	MISSING,
	STAY,
	SERVICE,
	NOBODY_THERE
};

static struct assay_program programs[] = {
	[CAT] = { .name = "cat",
	    .argv = (const char *const[]){ "cat", NULL },
	    .output_max = 8 << 20 },
	[FILE_CAT] = { .name = "file", .argv = SH("cat payload; cat"), .file = true },
	[ENV] = { .name = "env",
	    .argv = (const char *const[]){ "env", NULL },
	    .env = names,
	    .files_max = 1 },
	[FDS] = { .name = "fds", .argv = SH("ls /proc/self/fd; pwd; umask; id -u") },
	[LIMITS] = { .name = "limits",
	    .argv = SH("ulimit -v; ulimit -c; ulimit -n; grep NoNewPrivs /proc/self/status"),
	    .memory = 300 << 20 },
	[SPACES] = { .name = "spaces",
	    .argv = SH("grep -c : /proc/net/dev; grep NSpid /proc/self/status | wc -w") },
	[EXIT] = { .name = "exit", .argv = SH("echo said; echo cried >&2; exit 3") },
	[CRASH] = { .name = "crash", .argv = SH("kill -SEGV $$") },
	[SLEEP] = { .name = "sleep", .argv = SH("echo first; sleep LONG"), .timeout_ms = 300 },
	[FAMILY] = { .name = "family",
	    .argv = SH("sleep LONG & setsid sleep LONG & (setsid sh -c 'sleep LONG"
		       " & sleep LONG & wait' &) ; wait"),
	    .timeout_ms = 500 },
	[STRAYS] = { .name = "strays",
	    .argv = SH("setsid sleep LONG >/dev/null 2>&1 </dev/null & "
		       "(setsid sh -c 'exec >&- 2>&-; sleep LONG & sleep LONG' &); "
		       "echo done") },
	[BOMB] = { .name = "bomb",
	    .argv = SH("i=0; while [ $i -lt 300 ]; do (setsid sleep LONG &); i=$((i+1)); done; "
		       "sleep LONG"),
	    .timeout_ms = 3000 },
	[FLOOD] = { .name = "flood",
	    .argv = SH("head -c 1000000000 /dev/zero"),
	    .output_max = 1000 },
	[FLOOD_FILE] = { .name = "flood file",
	    .argv = SH("head -c 1000000000 /dev/zero >$ASSAY_OUT/x; echo y >$ASSAY_OUT/y"),
	    .files_max = 10,
	    .files_bytes = 1 << 20 },
	[FLOOD_FILES] = { .name = "flood files",
	    .argv =
		SH("i=0; while :; do head -c 10000000 /dev/zero >$ASSAY_OUT/$i; i=$((i+1)); done"),
	    .files_max = 10,
	    .files_bytes = 1 << 20,
	    .timeout_ms = 60000 },
	[FILES] = { .name = "files",
	    .argv = SH("cd $ASSAY_OUT; printf b >b; printf '' >a; mkdir d; printf e >d/e; "
		       "printf c >c; chmod 000 c d; echo made"),
	    .files_max = 10 },
	[EVIL] = { .name = "evil",
	    .argv = SH("cd $ASSAY_OUT; printf 1 >-rf; printf 2 >\"$(printf 'a\\nb')\"; "
		       "printf 3 >\"$(printf 'x\\377y')\"; printf 4 >...; ln -s /etc/passwd link; "
		       "ln -s / root; mkfifo fifo; ln -- -rf hard; ln -s . self; mkdir empty"),
	    .files_max = 10 },
	[DEEP] = { .name = "deep",
	    .argv = SH("i=0; cd $ASSAY_OUT; while [ $i -lt 2000 ]; do mkdir d; cd d; echo >f; "
		       "i=$((i+1)); done"),
	    .files_max = 1000 },
	[MANY] = { .name = "many",
	    .argv = SH("cd $ASSAY_OUT; for i in 9 8 7 6 5 4 3 2 1; do echo $i >$i; done"),
	    .files_max = 4 },
	[CLOSED] = { .name = "closed",
	    .argv = SH("exec >&-; sleep 0.1; echo x >$ASSAY_OUT/x"),
	    .files_max = 1 },
	[MISSING] = { .name = "missing",
	    .argv = (const char *const[]){ "assay-there-is-no-such-program", NULL } },
	[STAY] = { .name = "stay",
	    .mode = ASSAY_PROGRAM_STAY,
	    .argv = SH("while read n; do case $(cat payload) in hang) sleep LONG;; "
		       "die) exit 4;; more) echo unasked; esac; echo $$; cat payload; "
		       "echo end$n; ls | wc -l >&2; done"),
	    .ask = "%n\n",
	    .marker = "end%n\n",
	    .timeout_ms = 2000 },
	[SERVICE] = { .name = "service",
	    .mode = ASSAY_PROGRAM_SOCKET,
	    .address = service_address,
	    .marker = "bye" },
	[NOBODY_THERE] = { .name = "nobody there",
	    .mode = ASSAY_PROGRAM_SOCKET,
	    .address = "unix:/nonexistent/assay.sock" },
	{ .name = NULL },
};

/* table - for the host */
static const struct assay_program *table(void *state)
{
	(void)state;
	return programs;
}

/* scan - never called */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	(void)state;
	(void)payload;
	(void)result;
	(void)err;
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = scan };
static const struct assay_plugin plugin = { ASSAY_PLUGIN_HEAD, .name = "runner", .version = "1",
	.licence = "GPL-2.0-or-later", .summary = "runs programs", .worker = &worker,
	.programs = table };

/* ---- the bench ------------------------------------------------------------------------------- */

struct bench {
	struct assay_host *host;
	struct assay_sandbox sandbox;
	struct assay_helper *helper;
	struct assay_helper_process process;
	struct assay_engine engine;
	struct assay_request request;
	struct assay_run run;
	struct assay_result result;
	struct assay_err err;
};

static struct bench bench;

/* attach - a helper for this process, as if it were a scan process */
static void attach(void)
{
	int sock;

	assert_int_equal(
	    assay_helper_start(bench.helper, &bench.process, &sock, &bench.err), ASSAY_OK);
	assay_helper_attach(bench.helper, sock);
}

/* setup - host, sandbox, helper */
static int setup(void **state)
{
	const struct assay_sandbox_options options = {
		.user = "nobody", .memory = 1 << 20, .file = 1 << 20
	};

	(void)state;
	memset(&bench, 0, sizeof bench);
	bench.host = assay_host_new();
	if (assay_host_add(bench.host, &plugin, NULL, &bench.err) != ASSAY_OK ||
	    assay_sandbox_prepare(&bench.sandbox, &options, &bench.err) != ASSAY_OK ||
	    assay_helper_new(bench.host, &bench.sandbox, "/nonexistent", &bench.helper,
		&bench.err) != ASSAY_OK) {
		(void)fprintf(stderr, "%s\n", bench.err.text);
		return -1;
	}
	assay_request_init(&bench.request);
	bench.engine.helper = bench.helper;
	bench.run.engine = &bench.engine;
	bench.run.request = &bench.request;
	bench.run.arena = assay_arena_new();
	bench.result.run = &bench.run;
	bench.result.worker = assay_host_find(bench.host, "runner");
	attach();
	return 0;
}

/* hang_up - the helper goes, in good order */
static void hang_up(void)
{
	int64_t begun_ms = assay_clock_mono_ms();

	assay_helper_attach(bench.helper, -1);
	assay_helper_end(&bench.process, PATIENCE_MS);
	assert_true(assay_clock_mono_ms() - begun_ms < PATIENCE_MS);
}

/* teardown - all of it */
static int teardown(void **state)
{
	(void)state;
	hang_up();
	assay_arena_free(&bench.run.arena);
	assay_helper_free(&bench.helper);
	assay_sandbox_release(&bench.sandbox);
	assay_host_close(&bench.host);
	return 0;
}

/* run - a program over text */
static enum assay_status run(size_t program, const char *text, struct assay_run_output *out)
{
	const struct assay_run_input in = { .bytes = assay_slice_str(text) };

	memset(&bench.err, 0, sizeof bench.err);
	return assay_result_run(&bench.result, program, &in, out, &bench.err);
}

/* fine - run, and it must come to its end */
static void fine(size_t program, const char *text, struct assay_run_output *out)
{
	enum assay_status st = run(program, text, out);

	if (st != ASSAY_OK)
		fail_msg("%s: %s (%.*s)", programs[program].name, bench.err.text,
		    (int)out->errors.n, out->errors.p);
}

/* has - is the text in there? */
static bool has(struct assay_slice s, const char *text)
{
	return assay_slice_search(s, assay_slice_str(text)) < s.n;
}

/* sleepers - how many there are */
static unsigned sleepers(void)
{
	return find_sleepers(0);
}

/* clean - nothing runs, nothing lies in the private directory; programs that stay have theirs */
static void clean(void)
{
	DIR *list = opendir(bench.process.dir);
	const struct dirent *entry;

	assert_int_equal(sleepers(), 0);
	assert_non_null(list);
	while ((entry = readdir(list)) != NULL)
		assert_true(entry->d_name[0] == '.' || entry->d_name[0] == 's');
	(void)closedir(list);
}

/* ---- programs that behave -------------------------------------------------------------------- */

/* test_bytes - what goes in comes out: little, nothing, much, in three pieces */
static void test_bytes(void **state)
{
	size_t n = 5 << 20;
	char *much = assay_xmalloc(n);
	struct assay_run_output out;
	struct assay_run_input in = {
		.before = ASSAY_SLICE_LIT("["), .bytes = { much, n }, .after = ASSAY_SLICE_LIT("]")
	};

	(void)state;
	for (size_t i = 0; i < n; i++)
		much[i] = (char)(i * 7 >> 3);
	fine(CAT, "hello", &out);
	assert_true(assay_slice_is(out.out, "hello"));
	assert_int_equal(out.exit, 0);
	assert_int_equal(out.errors.n, 0);
	assert_int_equal(out.nfiles, 0);
	fine(CAT, "", &out);
	assert_int_equal(out.out.n, 0);
	assert_int_equal(assay_result_run(&bench.result, CAT, &in, &out, &bench.err), ASSAY_OK);
	assert_int_equal(out.out.n, n + 2);
	assert_memory_equal(out.out.p + 1, much, n);
	assert_int_equal(out.out.p[n + 1], ']');
	fine(FILE_CAT, "from a file", &out);
	assert_true(assay_slice_is(out.out, "from a file"));
	free(much);
	clean();
}

/* test_environment - ours and nobody else's; values are printable */
static void test_environment(void **state)
{
	char long_value[3000] = { 0 };
	const char *const values[] = { "x\x1b[31m\nLD_PRELOAD=/x\xff", long_value };
	struct assay_run_input in = { .values = values };
	struct assay_run_output out;
	char want[1100] = "ASSAY_TWO=";
	size_t lines = 0;

	(void)state;
	memset(long_value, 'l', sizeof long_value - 1);
	memset(want + 10, 'l', 1000);
	want[1010] = '\n';
	(void)setenv("LD_LIBRARY_PATH", "/nonexistent", 1);
	assert_int_equal(assay_result_run(&bench.result, ENV, &in, &out, &bench.err), ASSAY_OK);
	(void)unsetenv("LD_LIBRARY_PATH");
	assert_true(has(out.out, "ASSAY_ONE=x?[31m?LD_PRELOAD=/x?\n"));
	assert_true(has(out.out, want));
	assert_true(has(out.out, "/out\n"));
	assert_true(has(out.out, "TZ=UTC\n"));
	for (size_t i = 0; i < out.out.n; i++)
		lines += out.out.p[i] == '\n';
	assert_int_equal(lines, 8);
	assert_false(has(out.out, "LD_LIBRARY_PATH"));
	fine(ENV, "", &out);
	assert_false(has(out.out, "ASSAY_ONE"));
}

/* test_confined - descriptors, directory, user, limits */
static void test_confined(void **state)
{
	struct assay_run_output out;
	char want[100];

	(void)state;
	fine(FDS, "", &out);
	/* The fourth is ls' own look at the directory. */
	assert_true(assay_slice_starts(out.out, "0\n1\n2\n3\n/"));
	assert_true(has(out.out, "/assay-programs."));
	(void)snprintf(want, sizeof want, "\n0077\n%u\n",
	    bench.sandbox.user_used != NULL ? bench.sandbox.uid : geteuid());
	assert_true(has(out.out, want));
	fine(LIMITS, "", &out);
	assert_true(assay_slice_is(out.out, "307200\n0\n256\nNoNewPrivs:\t1\n"));
}

/* test_namespaces - as root no network but the loop, and no processes but its own */
static void test_namespaces(void **state)
{
	struct assay_run_output out;

	(void)state;
	if (bench.sandbox.user_used == NULL || !can(CLONE_NEWNET) || !can(CLONE_NEWPID))
		skip();
	fine(SPACES, "", &out);
	assert_true(assay_slice_is(out.out, "1\n3\n"));
}

/* test_ends - exit codes, signals, standard error, an output closed early */
static void test_ends(void **state)
{
	struct assay_run_output out;

	(void)state;
	fine(EXIT, "", &out);
	assert_int_equal(out.exit, 3);
	assert_true(assay_slice_is(out.out, "said\n"));
	assert_true(assay_slice_is(out.errors, "cried\n"));
	fine(CRASH, "", &out);
	assert_int_equal(out.exit, -1);
	assert_int_equal(out.signal, SIGSEGV);
	fine(CLOSED, "", &out);
	assert_int_equal(out.exit, 0);
	assert_int_equal(out.nfiles, 1);
	assert_int_equal(run(MISSING, "", &out), ASSAY_E_NOENT);
	assert_int_equal(run(NOBODY_THERE, "", &out), ASSAY_E_NOENT);
	assert_non_null(strstr(bench.err.text, "nobody there"));
}

/* test_files - sorted, whatever their modes */
static void test_files(void **state)
{
	struct assay_run_output out;

	(void)state;
	fine(FILES, "", &out);
	assert_true(assay_slice_is(out.out, "made\n"));
	assert_int_equal(out.nfiles, 4);
	assert_string_equal(out.files[0].name, "a");
	assert_int_equal(out.files[0].bytes.n, 0);
	assert_string_equal(out.files[1].name, "b");
	assert_true(assay_slice_is(out.files[1].bytes, "b"));
	assert_string_equal(out.files[2].name, "c");
	assert_string_equal(out.files[3].name, "d/e");
	assert_true(assay_slice_is(out.files[3].bytes, "e"));
	assert_int_equal(out.left_out, 0);
	fine(MANY, "", &out);
	assert_int_equal(out.nfiles, 4);
	assert_string_equal(out.files[3].name, "4");
	assert_true(assay_slice_is(out.files[3].bytes, "4\n"));
	assert_int_equal(out.left_out, 5);
	clean();
}

/* test_evil_files - names are data, only plain files are taken */
static void test_evil_files(void **state)
{
	static const char *const want[] = { "-rf", "...", "a\nb", "hard", "x\xef\xbf\xbdy" };
	struct assay_run_output out;

	(void)state;
	fine(EVIL, "", &out);
	assert_int_equal(out.nfiles, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(out.files[i].name, want[i]);
	assert_int_equal(out.left_out, 4);
	/* Too deep to be counted, if it was still there when that was tried. */
	if (run(DEEP, "", &out) == ASSAY_OK)
		assert_int_equal(out.nfiles, 16);
	else
		assert_int_equal(bench.err.code, ASSAY_E_LIMIT);
	clean();
}

/* ---- programs that do not -------------------------------------------------------------------- */

/* test_late - killed, with everything it started */
static void test_late(void **state)
{
	struct assay_run_output out;

	(void)state;
	assert_int_equal(run(SLEEP, "", &out), ASSAY_E_TIMEOUT);
	assert_true(assay_slice_is(out.out, "first\n"));
	clean();
	assert_int_equal(run(FAMILY, "", &out), ASSAY_E_TIMEOUT);
	clean();
	assert_int_equal(run(BOMB, "", &out), ASSAY_E_TIMEOUT);
	clean();
	fine(CAT, "still there", &out);
}

/* test_deadlines - the worker's and the mail's time count as well */
static void test_deadlines(void **state)
{
	struct assay_run_output out;
	int64_t begun_ms = assay_clock_mono_ms();

	(void)state;
	bench.run.until_ms = begun_ms + 200;
	assert_int_equal(run(BOMB, "", &out), ASSAY_E_TIMEOUT);
	bench.run.until_ms = begun_ms;
	assert_int_equal(run(CAT, "", &out), ASSAY_E_TIMEOUT);
	assert_non_null(strstr(bench.err.text, "was not run"));
	bench.run.until_ms = 0;
	bench.request.deadline_ms = assay_clock_mono_ms() + 200;
	assert_int_equal(run(BOMB, "", &out), ASSAY_E_TIMEOUT);
	bench.request.deadline_ms = 0;
	assert_true(assay_clock_mono_ms() - begun_ms < PATIENCE_MS);
	clean();
}

/* test_strays - a program that ended has ended */
static void test_strays(void **state)
{
	struct assay_run_output out;

	(void)state;
	fine(STRAYS, "", &out);
	assert_true(assay_slice_is(out.out, "done\n"));
	clean();
	/* Also beside a program that stays, which is not taken for one. */
	fine(STAY, "x", &out);
	fine(STRAYS, "", &out);
	assert_int_equal(sleepers(), 0);
}

/* test_too_much - output, one file, many files */
static void test_too_much(void **state)
{
	struct assay_run_output out;

	(void)state;
	assert_int_equal(run(FLOOD, "", &out), ASSAY_E_LIMIT);
	assert_int_equal(out.out.n, 1000);
	fine(FLOOD_FILE, "", &out);
	assert_int_equal(out.nfiles, 1);
	assert_string_equal(out.files[0].name, "y");
	assert_int_equal(out.left_out, 1);
	assert_int_equal(run(FLOOD_FILES, "", &out), ASSAY_E_LIMIT);
	assert_int_equal(out.nfiles, 0);
	clean();
}

/* ---- programs that stay, services ------------------------------------------------------------ */

/* number - the first line */
static uint64_t number(struct assay_slice s)
{
	uint64_t n = 0;

	assert_true(assay_slice_u64(assay_slice_head(s, assay_slice_find(s, '\n')), &n));
	return n;
}

/* test_stay - one process for many calls; another after it hung, died, or spoke unasked */
static void test_stay(void **state)
{
	static const char *const bad[] = { "hang", "die" };
	struct assay_run_output out;
	uint64_t pid;

	(void)state;
	fine(STAY, "one", &out);
	pid = number(out.out);
	assert_true(assay_slice_ends(out.out, "\none"));
	assert_int_equal(out.exit, 0);
	fine(STAY, "end1\nend2\n", &out);
	assert_true(assay_slice_ends(out.out, "end1\nend2\n"));
	assert_int_equal(number(out.out), pid);
	fine(STRAYS, "", &out);
	fine(STAY, "", &out);
	assert_int_equal(number(out.out), pid);
	for (size_t i = 0; i < 2; i++) {
		enum assay_status st = run(STAY, bad[i], &out);

		assert_int_equal(st, i == 0 ? ASSAY_E_TIMEOUT : ASSAY_OK);
		assert_int_equal(out.exit, i == 0 ? 0 : 4);
		assert_int_equal(sleepers(), 0);
		fine(STAY, "two", &out);
		assert_int_not_equal(number(out.out), pid);
		pid = number(out.out);
	}
}

/* with_service - a call while somebody listens */
static enum assay_status with_service(
    int listener, const char *answer, struct assay_slice bytes, struct assay_run_output *out)
{
	struct assay_run_input in = { .bytes = bytes, .timeout_ms = 2000 };
	enum assay_status st;
	pid_t pid = fork();

	if (pid == 0)
		serve_one(listener, answer);
	st = assay_result_run(&bench.result, SERVICE, &in, out, &bench.err);
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return st;
}

/* test_service - an answer with a marker, an answer that ends, none */
static void test_service(void **state)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct assay_run_output out;
	char *much = assay_xcalloc(1, 2000000);
	struct assay_slice bytes = { much, 2000000 };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_true(run(SERVICE, "x", &out) == ASSAY_E_NOENT && strstr(bench.err.text, service));
	(void)snprintf(name.sun_path, sizeof name.sun_path, "%s", service);
	assert_int_equal(bind(listener, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(chmod(service, 0666), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(with_service(listener, "goodbye", bytes, &out), ASSAY_OK);
	assert_true(assay_slice_is(out.out, "good"));
	assert_int_equal(with_service(listener, "count", bytes, &out), ASSAY_OK);
	assert_true(assay_slice_is(out.out, "2000000"));
	assert_int_equal(with_service(listener, "hang", bytes, &out), ASSAY_E_TIMEOUT);
	assay_io_close(&listener);
	assert_int_equal(run(SERVICE, "x", &out), ASSAY_E_NOENT);
	(void)unlink(service);
	free(much);
}

/* ---- processes that die ---------------------------------------------------------------------- */

/* anew - another helper in place of one that is gone */
static void anew(void)
{
	hang_up();
	assert_int_equal(sleepers(), 0);
	attach();
}

/* test_nonsense - what a scan process that a mail owns might say ends the helper */
static void test_nonsense(void **state)
{
	static const char *const bodies[] = {
		"\xff\xff\0\0\x01\0\0\0", /* no such program */
		"\0\0\0\0\0\0\0\0",       /* no time */
		"\0\0\x01\0\x01\0\0\0",   /* a value that is not there */
		"\0\0\0\0\x01\0\0\x80",   /* a long time */
	};
	struct assay_wire_frame frame;
	struct assay_err err;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		int fd;

		assert_int_equal(assay_io_memfd("x", &fd, &err), ASSAY_OK);
		/* The last one makes sense, but anybody may still write to its file. */
		if (i < 4)
			assert_int_equal(
			    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE), 0);
		assert_int_equal(
		    assay_wire_send(bench.helper->line.sock, ASSAY_WIRE_RUN,
			assay_slice(i < 4 ? bodies[i] : "\0\0\0\0\x01\0\0\0", 8), fd, &err),
		    ASSAY_OK);
		assert_int_not_equal(assay_wire_read(&bench.helper->line, &frame, &err), ASSAY_OK);
		assay_io_close(&fd);
		anew();
	}
}

/* test_helper_dies - the call fails, the line is marked */
static void test_helper_dies(void **state)
{
	struct assay_run_output out;
	pid_t killer;

	(void)state;
	fine(CAT, "x", &out);
	killer = fork();
	if (killer == 0) {
		(void)usleep(300000);
		(void)kill(bench.process.pid, SIGKILL);
		_exit(0);
	}
	assert_int_equal(run(BOMB, "", &out), ASSAY_E_DEAD);
	assert_true(bench.helper->lost);
	assert_int_equal(run(CAT, "", &out), ASSAY_E_DEAD);
	assert_int_equal(waitpid(killer, NULL, 0), killer);
	/* With the first process of a namespace everybody in it goes; elsewhere nobody is left who
	 * would kill them. */
	for (int i = 0; find_sleepers(bench.sandbox.user_used != NULL ? 0 : SIGKILL) > 0; i++) {
		assert_true(i < 1000);
		(void)usleep(10000);
	}
	anew();
	fine(CAT, "x", &out);
}

/* test_scan_process_dies - the helper leaves, and takes along what it runs */
static void test_scan_process_dies(void **state)
{
	struct assay_run_output out;
	char *dir = assay_xstrdup(bench.process.dir);
	struct stat st;
	pid_t scanner;

	(void)state;
	scanner = fork();
	if (scanner == 0) {
		(void)run(BOMB, "", &out);
		_exit(0);
	}
	assay_helper_attach(bench.helper, -1);
	for (int i = 0; i < 1000 && sleepers() == 0; i++) /* a busy machine is slow to begin */
		(void)usleep(20000);
	assert_true(sleepers() > 0);
	(void)kill(scanner, SIGKILL);
	assert_int_equal(waitpid(scanner, NULL, 0), scanner);
	assay_helper_end(&bench.process, PATIENCE_MS);
	assert_int_equal(sleepers(), 0);
	assert_int_not_equal(stat(dir, &st), 0);
	free(dir);
	attach();
}

/* test_leftovers - the directory of a helper that was killed is removed at the next start; one that
 * is in use is not */
static void test_leftovers(void **state)
{
	char stale[80], other_user[80];
	struct assay_helper *other;
	struct stat st;

	(void)state;
	(void)snprintf(stale, sizeof stale, "%s/assay-programs.XXXXXX", base);
	(void)snprintf(other_user, sizeof other_user, "%s/assay-programs.XXXXXX", base);
	assert_non_null(mkdtemp(stale));
	assert_non_null(mkdtemp(other_user));
	if (bench.sandbox.user_used != NULL)
		assert_int_equal(chown(stale, bench.sandbox.uid, bench.sandbox.gid), 0);
	assert_int_equal(
	    assay_helper_new(bench.host, &bench.sandbox, NULL, &other, &bench.err), ASSAY_OK);
	assay_helper_free(&other);
	assert_int_not_equal(stat(stale, &st), 0);
	assert_int_equal(stat(bench.process.dir, &st), 0);
	/* Somebody else's is not ours to remove. */
	assert_int_equal(stat(other_user, &st) == 0, bench.sandbox.user_used != NULL);
	(void)rmdir(other_user);
}

/* write_scripts - LONG in them becomes a time that only this test sleeps for */
static void write_scripts(struct assay_arena *arena)
{
	sleepers_begin();
	for (struct assay_program *p = programs; p->name != NULL; p++)
		if (p->argv != NULL && strcmp(p->argv[0], "/bin/sh") == 0)
			p->argv = sleepers_shell(arena, p->argv[2]);
}

/* all - every test, in this process */
static int all(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_confined),
		cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_evil_files),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_deadlines),
		cmocka_unit_test(test_strays),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_stay),
		cmocka_unit_test(test_service),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_helper_dies),
		cmocka_unit_test(test_scan_process_dies),
		cmocka_unit_test(test_leftovers),
	};

	struct assay_arena *arena = assay_arena_new();
	int failed;

	write_scripts(arena);
	if (mkdtemp(base) == NULL || chmod(base, 0711) != 0 || setenv("TMPDIR", base, 1) != 0)
		return 1;
	(void)snprintf(service, sizeof service, "%s/service", base);
	(void)snprintf(service_address, sizeof service_address, "unix:%s", service);
	failed = cmocka_run_group_tests(tests, setup, teardown);
	assay_arena_free(&arena);
	/* Only an empty one can be removed, and nothing shall be left in it. */
	return rmdir(base) != 0 || failed != 0;
}

/* main - as root also without what only root has */
int main(void)
{
	const struct passwd *nobody = getpwnam("nobody");
	int status = 0;
	pid_t pid;

	if (geteuid() != 0 || nobody == NULL)
		return all();
	pid = fork();
	if (pid == 0)
		return setgroups(0, NULL) == 0 && setgid(nobody->pw_gid) == 0 &&
			setuid(nobody->pw_uid) == 0
		    ? all()
		    : 1;
	(void)waitpid(pid, &status, 0);
	return all() != 0 || status != 0;
}
