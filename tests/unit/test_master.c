/* rooms: core text base */
/*
 * tests/unit/test_master.c - the scan master with real scan processes (without plugins: a report of
 * nothing is a report): they come up, take mail, die, are recycled, hang, are told to go. Tests
 * child.c as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/slice.h"
#include "core/child.h"
#include "core/master.h"
#include "core/wire.h"

#define MASTER_SLOT 3u
#define LONG_MS 60000
#define INLINE 0
#define BULK 1

static char dir[40];

static struct {
	char path[2][64];
	struct assay_board board;
	int sock[2], life;
	pid_t pid;
} service;

/* ---- the service ----------------------------------------------------------------------------- */

/* listen_at - one of the two sockets */
static int listen_at(int which)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(service.path[which], sizeof service.path[which], "%s/%d", dir, which);
	(void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", service.path[which]);
	if (sock < 0 || bind(sock, (struct sockaddr *)&addr, sizeof addr) != 0 ||
	    listen(sock, 100) != 0)
		return -1;
	return sock;
}

/* set_up - sockets and board */
static int set_up(void **state)
{
	struct assay_err err;

	(void)state;
	memset(&service, 0, sizeof service);
	service.life = -1;
	(void)snprintf(dir, sizeof dir, "/tmp/assay-master-XXXXXX");
	if (mkdtemp(dir) == NULL || assay_board_create(dir, &service.board, &err) != ASSAY_OK)
		return -1;
	service.sock[INLINE] = listen_at(INLINE);
	service.sock[BULK] = listen_at(BULK);
	return service.sock[INLINE] >= 0 && service.sock[BULK] >= 0 ? 0 : -1;
}

/* no_seccomp - no sandbox can be closed behind this */
static void no_seccomp(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof code / sizeof code[0], code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) != 0)
		_exit(99);
}

/* be_master - in the child */
_Noreturn static void be_master(const char *const *options, int life, bool sealed)
{
	const struct assay_config_source source = {
		.home = dir, .no_files = true, .core_opts = options
	};
	struct assay_role role = { .kind = "master",
		.name = "",
		.slot = MASTER_SLOT,
		.generation = 1,
		.life = life,
		.board_fd = service.board.fd,
		.inline_sock = service.sock[INLINE],
		.bulk_sock = service.sock[BULK] };
	struct assay_config *config;
	struct assay_err err;

	(void)signal(SIGABRT, SIG_DFL);
	(void)signal(SIGSEGV, SIG_DFL);
	if (!sealed)
		no_seccomp();
	/* What it says of deaths that are meant is nobody's trouble. */
	assay_log_set_level(ASSAY_LOG_ERROR);
	(void)dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	if (assay_board_map(role.board_fd, &role.board, &err) != ASSAY_OK ||
	    assay_config_load(&source, &config, &err) != ASSAY_OK)
		_exit(98);
	role.page = assay_board_slot(&role.board, MASTER_SLOT);
	_exit(assay_master_run(&role, config, false));
}

/* start - a master; options end with NULL */
static void start(const char *const *options, bool sealed)
{
	int life[2];

	assert_int_equal(pipe(life), 0);
	service.life = life[1];
	service.pid = fork();
	if (service.pid == 0) {
		(void)close(life[1]);
		be_master(options, life[0], sealed);
	}
	assert_true(service.pid > 0);
	(void)close(life[0]);
	assay_board_slot(&service.board, MASTER_SLOT)->kind = ASSAY_BOARD_MASTER;
}

/* ended - the master's exit code, or minus the signal that ended it */
static int ended(void)
{
	int status = 0;

	assert_int_equal(waitpid(service.pid, &status, 0), service.pid);
	service.pid = 0;
	assay_io_close(&service.life);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* stop - as the parent does it */
static void stop(void)
{
	assay_io_close(&service.life);
	assert_int_equal(ended(), 0);
}

/* tear_down - also after a test that failed */
static int tear_down(void **state)
{
	char path[64];

	(void)state;
	if (service.pid > 0) {
		(void)kill(service.pid, SIGKILL);
		(void)ended();
	}
	for (int i = 0; i < 2; i++) {
		(void)unlink(service.path[i]);
		assay_io_close(&service.sock[i]);
	}
	(void)snprintf(path, sizeof path, "%s/service.board", dir);
	(void)unlink(path);
	assay_board_close(&service.board);
	return rmdir(dir);
}

/* page - of the i-th scan process; of the master for -1 */
static struct assay_board_slot page(int i)
{
	struct assay_board_slot copy;

	memset(&copy, 0, sizeof copy);
	(void)assay_board_read(
	    &service.board, i < 0 ? MASTER_SLOT : assay_board_scan_slot(1) + (unsigned)i, &copy);
	return copy;
}

/* shared - the same to write to */
static struct assay_board_slot *shared(int i)
{
	return assay_board_slot(&service.board, assay_board_scan_slot(1) + (unsigned)i);
}

/* await_state - until it is so; a minute is for ever */
static void await_state(int i, enum assay_board_state state)
{
	for (int left = LONG_MS / 5; page(i).state != (uint32_t)state; left--) {
		if (left == 0)
			fail_msg("%d: %s, not %s: %s", i, assay_board_state_name(page(i).state),
			    assay_board_state_name(state), page(i).error);
		(void)usleep(5000);
	}
}

/* await_other - until the i-th is another process than pid, and ready */
static void await_other(int i, pid_t pid)
{
	for (int left = LONG_MS / 5; page(i).pid == pid || page(i).pid == 0; left--) {
		if (left == 0)
			fail_msg("%d: still %d: %s: %s", i, (int)pid,
			    assay_board_state_name(page(i).state), page(i).error);
		(void)usleep(5000);
	}
	await_state(i, ASSAY_BOARD_IDLE);
}

/* hold - it hangs from now on */
static void hold(pid_t pid)
{
	assert_true(pid > 0);
	assert_int_equal(kill(pid, SIGSTOP), 0);
}

/* is_gone - no such process, or nobody buried it yet */
static bool is_gone(pid_t pid)
{
	char path[40], line[200] = "";
	FILE *f;

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return true;
	(void)!fgets(line, sizeof line, f);
	(void)fclose(f);
	return strstr(line, ") Z ") != NULL || strstr(line, ") X ") != NULL;
}

/* ---- mail ------------------------------------------------------------------------------------ */

/* called - connected */
static int called(int which)
{
	struct timeval patience = { .tv_sec = LONG_MS / 1000 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	(void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", service.path[which]);
	assert_int_equal(connect(sock, (struct sockaddr *)&addr, sizeof addr), 0);
	return sock;
}

/* scan - one mail, from READY to the verdict */
static void scan(int which)
{
	struct assay_wire_request request = { assay_clock_mono_ms() + LONG_MS,
		ASSAY_SLICE_LIT("{}") };
	struct assay_wire_frame frame;
	struct assay_wire wire;
	struct assay_err err;
	int fd;

	assay_wire_init(&wire, called(which));
	assert_int_equal(assay_wire_read(&wire, &frame, &err), ASSAY_OK);
	assert_int_equal(frame.type, ASSAY_WIRE_READY);
	assert_int_equal(assay_io_memfd("message", &fd, &err), ASSAY_OK);
	assert_int_equal(assay_io_write_full(fd, "hello", 5, &err), ASSAY_OK);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(assay_wire_send_request(wire.sock, &request, fd, -1, &err), ASSAY_OK);
	assay_io_close(&fd);
	assert_int_equal(assay_wire_read(&wire, &frame, &err), ASSAY_OK);
	assert_int_equal(frame.type, ASSAY_WIRE_VERDICT);
	assay_wire_drop(&frame);
	assay_wire_release(&wire);
}

#define NONE "plugins=", "dispatchers=", "always_dispatch="
#define OPTIONS(...)                                                                               \
	(const char *const[])                                                                      \
	{                                                                                          \
		NONE, __VA_ARGS__, NULL                                                            \
	}

/* ---- tests ----------------------------------------------------------------------------------- */

/* test_serves - ready, mail by both sockets, the end */
static void test_serves(void **state)
{
	uint64_t mails = 0;
	pid_t pid[3];

	(void)state;
	start(OPTIONS("scan_processes=3"), true);
	await_state(-1, ASSAY_BOARD_IDLE);
	for (int i = 0; i < 10; i++)
		scan(i % 2);
	for (int i = 0; i < 3; i++) {
		await_state(i, ASSAY_BOARD_IDLE);
		pid[i] = page(i).pid;
		assert_true(pid[i] > 0);
		assert_int_equal(page(i).kind, ASSAY_BOARD_SCAN);
		assert_int_equal(page(i).starts, 1);
		mails += page(i).mails;
	}
	assert_int_equal(mails, 10);
	assert_int_equal(page(3).kind, ASSAY_BOARD_NONE);
	stop();
	for (int i = 0; i < 3; i++) {
		assert_true(is_gone(pid[i]));
		assert_int_equal(page(i).pid, 0);
		assert_int_equal(page(i).crashes, 0);
	}
	assert_int_equal(page(-1).state, ASSAY_BOARD_LEAVING);
}

/* test_bulk_max - the last process is kept free of bulk mail */
static void test_bulk_max(void **state)
{
	(void)state;
	start(OPTIONS("scan_processes=2"), true);
	await_state(0, ASSAY_BOARD_IDLE);
	await_state(1, ASSAY_BOARD_IDLE);
	for (int i = 0; i < 20; i++)
		scan(BULK);
	assert_int_equal(page(0).mails, 20);
	assert_int_equal(page(1).mails, 0);
	stop();
}

/* test_recycle - a fresh process after so many mails, at once */
static void test_recycle(void **state)
{
	(void)state;
	start(OPTIONS("scan_processes=1", "recycle_after=2"), true);
	for (int i = 0; i < 6; i++)
		scan(BULK);
	await_state(0, ASSAY_BOARD_IDLE);
	assert_int_equal(page(0).mails, 6);
	assert_true(page(0).starts >= 3);
	assert_int_equal(page(0).crashes, 0);
	stop();
}

/* test_killed - a process that is killed is replaced; one that dies early waits a little */
static void test_killed(void **state)
{
	pid_t pid;

	(void)state;
	start(OPTIONS("scan_processes=1"), true);
	scan(INLINE);
	await_state(0, ASSAY_BOARD_IDLE);
	for (unsigned i = 1; i <= 3; i++) {
		pid = page(0).pid;
		assert_true(pid > 0);
		assert_int_equal(kill(pid, SIGKILL), 0);
		await_other(0, pid);
		assert_int_equal(page(0).starts, i + 1);
		assert_int_equal(page(0).crashes, i);
		assert_non_null(strstr(page(0).error, "signal 9"));
	}
	assert_non_null(strstr(page(-1).error, "before it had a mail"));
	assert_int_equal(page(0).mails, 1);
	scan(INLINE);
	stop();
}

/* test_late - one that hangs is killed when its page says that it is over its deadline, and what it
 * wrote elsewhere on the page is put right */
static void test_late(void **state)
{
	pid_t pid;

	(void)state;
	start(OPTIONS("scan_processes=1"), true);
	await_state(0, ASSAY_BOARD_IDLE);
	pid = page(0).pid;
	hold(pid);
	memset(shared(0), 0x41, sizeof *shared(0));
	(void)snprintf(shared(0)->worker, 64, "slow");
	(void)snprintf(shared(0)->payload_id, 64, "0.2");
	(void)snprintf(shared(0)->scan_id, 40, "0123");
	shared(0)->error[0] = '\0';
	shared(0)->deadline_ms = assay_clock_mono_ms() - 6000;
	shared(0)->state = ASSAY_BOARD_BUSY;
	await_other(0, pid);
	assert_true(is_gone(pid));
	assert_non_null(strstr(page(0).error, "deadline"));
	assert_non_null(strstr(page(0).error, "at slow on payload 0.2 of scan_id=0123"));
	assert_int_equal(page(0).starts, 2);
	assert_int_equal(page(0).crashes, 1);
	scan(BULK);
	stop();
}

/* test_own_clock - one that hangs and says nothing of a deadline is killed all the same */
static void test_own_clock(void **state)
{
	pid_t pid;

	(void)state;
	start(OPTIONS("scan_processes=1", "message_timeout=10ms", "bulk_timeout=10ms",
		  "rescan_timeout=10ms"),
	    true);
	await_state(-1, ASSAY_BOARD_IDLE);
	await_state(0, ASSAY_BOARD_IDLE);
	pid = page(0).pid;
	hold(pid);
	shared(0)->state = 77;
	await_other(0, pid);
	assert_non_null(strstr(page(0).error, "longer than any mail"));
	stop();
}

/* test_stop_time - the end does not wait for ever */
static void test_stop_time(void **state)
{
	pid_t pid;

	(void)state;
	start(OPTIONS("scan_processes=2", "stop_time=100ms"), true);
	await_state(0, ASSAY_BOARD_IDLE);
	pid = page(0).pid;
	hold(pid);
	stop();
	assert_true(is_gone(pid));
	assert_non_null(strstr(page(0).error, "stop_time"));
}

/* test_orphans - scan processes do not outlive a master that is killed */
static void test_orphans(void **state)
{
	pid_t pid[2];

	(void)state;
	start(OPTIONS("scan_processes=2"), true);
	for (int i = 0; i < 2; i++) {
		await_state(i, ASSAY_BOARD_IDLE);
		pid[i] = page(i).pid;
	}
	assert_int_equal(kill(service.pid, SIGKILL), 0);
	assert_int_equal(ended(), -SIGKILL);
	for (int i = 0; i < 2; i++)
		for (int left = LONG_MS / 5; !is_gone(pid[i]); left--) {
			assert_true(left > 0);
			(void)usleep(5000);
		}
}

/* test_refused - what cannot work is said before anybody relies on it */
static void test_refused(void **state)
{
	(void)state;
	start((const char *const[]){ "plugins=no-such-plugin", NULL }, true);
	assert_int_equal(ended(), 78);
	assert_non_null(strstr(page(-1).error, "no-such-plugin"));
	start(OPTIONS("scan_processes=2"), false);
	assert_int_equal(ended(), 78);
	assert_non_null(strstr(page(-1).error, "system call filter"));
	assert_true(page(0).crashes > 0);
	/* The next one finds the board as that has left it. */
	start(OPTIONS("scan_processes=2"), true);
	scan(INLINE);
	stop();
}

/* test_fds - sets of descriptors */
static void test_fds(void **state)
{
	static struct assay_child_fds before, after;
	struct assay_err err;
	int fd;

	(void)state;
	assay_child_note_fds(&before);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 3 && !before.open[fd]);
	assay_child_note_fds(&after);
	assay_child_drop_fds(&after, &before);
	for (int i = 0; i < (int)ASSAY_CHILD_FDS; i++)
		assert_int_equal(after.open[i], i == fd || (i < 3 && before.open[i]));
	(void)close(fd);
	assay_child_add_fd(&after, -1);
	assay_child_add_fd(&after, 1023);
	assert_true(after.open[1023]);
	assert_int_equal(assay_child_alone(&err), ASSAY_OK);
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, set_up, tear_down)

/* main - all of it */
int main(void)
{
	const struct CMUnitTest tests[] = { TEST(test_serves), TEST(test_bulk_max),
		TEST(test_recycle), TEST(test_killed), TEST(test_late), TEST(test_own_clock),
		TEST(test_stop_time), TEST(test_orphans), TEST(test_refused),
		cmocka_unit_test(test_fds) };

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
