/* rooms: core text base */
/*
 * tests/unit/test_sandbox.c - a process in the sandbox tries what a mail that owns it would try.
 * Each attempt is made in a child that entered; it reports through its exit code. core/scratch.h is
 * tested here, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "core/sandbox.h"

static struct assay_sandbox sandbox;

/* inside - what `act` returns in a sandboxed child, or minus the signal that ended it */
static int inside(int (*act)(void))
{
	struct assay_err err;
	unsigned active;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		/* cmocka catches them and would go on in the child. */
		(void)signal(SIGSEGV, SIG_DFL);
		(void)signal(SIGABRT, SIG_DFL);
		if (assay_sandbox_enter(&sandbox, &active, &err) != ASSAY_OK) {
			(void)fprintf(stderr, "%s\n", err.text);
			_exit(99);
		}
		_exit(act());
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* of - errno when a call failed, 0 when it worked */
static int of(long rc)
{
	return rc < 0 ? errno : 0;
}

/* try_open - errno of the attempt */
static int try_open(void)
{
	return of(open("/etc/passwd", O_RDONLY));
}

/* try_create - errno of the attempt */
static int try_create(void)
{
	return of(open("/tmp/assay-test-sandbox", O_CREAT | O_WRONLY, 0600));
}

/* try_openat2 - errno of the attempt */
static int try_openat2(void)
{
	uint64_t how[3] = { 0 };

	return of(syscall(437, AT_FDCWD, "/etc/passwd", how, sizeof how));
}

/* try_unlink - errno of the attempt */
static int try_unlink(void)
{
	return of(unlink("/tmp/assay-test-sandbox"));
}

/* try_socket - errno of the attempt */
static int try_socket(void)
{
	return of(socket(AF_INET, SOCK_STREAM, 0));
}

/* try_unix_socket - errno of the attempt */
static int try_unix_socket(void)
{
	return of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int may_accept = -1, may_not_accept = -1; /* listening sockets */

/* try_accept - from a socket that is not ours to serve */
static int try_accept(void)
{
	return of(accept4(may_not_accept, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

/* try_accept_blocking - a connection that may hold the process */
static int try_accept_blocking(void)
{
	return of(accept4(may_accept, NULL, NULL, SOCK_CLOEXEC));
}

/* try_accept_ours - nobody calls */
static int try_accept_ours(void)
{
	return of(accept4(may_accept, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

/* try_connect - with a socket that was there before */
static int try_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "/nowhere" };

	return of(connect(may_accept, (struct sockaddr *)&addr, sizeof addr));
}

/* try_listen - again, with room for nobody */
static int try_listen(void)
{
	return of(listen(may_accept, 0));
}

/* try_shutdown - of a socket that others serve as well */
static int try_shutdown(void)
{
	return of(shutdown(may_accept, SHUT_RDWR));
}

/* try_fork - errno of the attempt */
static int try_fork(void)
{
	return of(fork());
}

/* try_thread - errno of the attempt */
static int try_thread(void)
{
	return of(syscall(
	    SYS_clone, CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD, NULL, NULL, NULL, NULL));
}

/* try_exec - errno of the attempt */
static int try_exec(void)
{
	return of(execl("/bin/true", "true", (char *)NULL));
}

/* try_kill - errno of the attempt */
static int try_kill(void)
{
	return of(kill(getppid(), 0));
}

/* try_signal_by_fcntl - errno of the attempt */
static int try_signal_by_fcntl(void)
{
	return of(fcntl(0, F_SETOWN, getppid()));
}

/* try_ptrace - errno of the attempt */
static int try_ptrace(void)
{
	return of(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

/* try_process_vm - errno of the attempt */
static int try_process_vm(void)
{
	char byte;
	struct iovec iov = { &byte, 1 };

	return of(process_vm_readv(getppid(), &iov, 1, &iov, 1, 0));
}

/* try_pidfd - errno of the attempt */
static int try_pidfd(void)
{
	return of(syscall(434, getppid(), 0));
}

/* try_io_uring - errno of the attempt */
static int try_io_uring(void)
{
	return of(syscall(425, 1, NULL));
}

/* try_userns - errno of the attempt */
static int try_userns(void)
{
	return of(unshare(CLONE_NEWUSER));
}

/* try_code - errno of the attempt */
static int try_code(void)
{
	void *p = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

/* try_limits - errno of the attempt */
static int try_limits(void)
{
	struct rlimit more = { RLIM_INFINITY, RLIM_INFINITY };

	return of(setrlimit(RLIMIT_AS, &more));
}

/* try_stat - errno of the attempt */
static int try_stat(void)
{
	struct stat st;

	return of(stat("/etc/passwd", &st));
}

/* test_refused - all of it, with the errno the contract says */
static void test_refused(void **state)
{
	static const struct {
		const char *name;
		int (*act)(void);
		int want;
	} tries[] = { { "open", try_open, EACCES }, { "create", try_create, EACCES },
		{ "openat2", try_openat2, EACCES }, { "unlink", try_unlink, EPERM },
		{ "socket", try_socket, EPERM }, { "unix socket", try_unix_socket, EPERM },
		{ "fork", try_fork, EPERM }, { "thread", try_thread, EPERM },
		{ "exec", try_exec, EPERM }, { "kill", try_kill, EPERM },
		{ "F_SETOWN", try_signal_by_fcntl, EPERM }, { "ptrace", try_ptrace, EPERM },
		{ "process_vm_readv", try_process_vm, EPERM }, { "pidfd_open", try_pidfd, EPERM },
		{ "io_uring", try_io_uring, EPERM }, { "user namespace", try_userns, EPERM },
		{ "code", try_code, EPERM }, { "rlimits", try_limits, EPERM },
		{ "accept of others", try_accept, EPERM },
		{ "accept and block", try_accept_blocking, EPERM },
		{ "accept", try_accept_ours, EAGAIN }, { "connect", try_connect, EPERM },
		{ "listen", try_listen, EPERM }, { "shutdown", try_shutdown, EPERM } };

	(void)state;
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		int got = inside(tries[i].act);

		if (got != tries[i].want)
			fail_msg("%s: %d instead of %d", tries[i].name, got, tries[i].want);
	}
	assert_int_not_equal(inside(try_stat), 0);
}

/* work - what every scan does */
static int work(void)
{
	struct itimerval timer = { .it_value = { 1, 0 } };
	char *p = malloc(10 << 20);
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (p == NULL || fd < 0)
		return 1;
	memset(p, 1, 10 << 20);
	if (write(fd, p, 4096) != 4096 || assay_io_size(fd) != 4096)
		return 2;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) != 0 || setitimer(ITIMER_REAL, &timer, NULL) != 0)
		return 3;
	return mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? 4 : 0;
}

/* die - a crash */
static int die(void)
{
	abort();
}

/* loiter - longer than the timer */
static int loiter(void)
{
	struct itimerval timer = { .it_value = { 0, 20000 } };

	(void)setitimer(ITIMER_REAL, &timer, NULL);
	for (int i = 0; i < 1000; i++)
		(void)usleep(10000);
	return 0;
}

/* large_file - a file over the bound just fails, and does not kill */
static int large_file(void)
{
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	return of(ftruncate(fd, 2 << 20));
}

/* eat - more memory than allowed: NULL, not the machine */
static int eat(void)
{
	for (int i = 0; i < 64; i++) {
		/* volatile: a compiler may leave out memory that nobody looks at */
		void *volatile block = malloc(8 << 20);

		if (block == NULL)
			return 7;
	}
	return 0;
}

/* privileges - 0 when there are none left */
static int privileges(void)
{
	return getuid() == 0 || geteuid() == 0 || setuid(0) == 0 || getgid() == 0;
}

/* test_allowed - what a scan needs works; crash, overtime and greed end the process or the call */
static void test_allowed(void **state)
{
	(void)state;
	assert_int_equal(inside(work), 0);
	assert_int_equal(inside(privileges), 0);
	assert_true(inside(die) < 0);
	assert_int_equal(inside(loiter), -SIGALRM);
	assert_int_equal(inside(large_file), EFBIG);
#ifndef ASSAY_SANITIZED
	assert_int_equal(inside(eat), 7);
#else
	(void)eat;
#endif
}

/* test_describe - says what is on */
static void test_describe(void **state)
{
	struct assay_sandbox_options off = { .off = true };
	char text[ASSAY_SANDBOX_TEXT];
	struct assay_sandbox none;
	struct assay_err err;
	unsigned active = 1;

	(void)state;
	assay_sandbox_describe(&sandbox, text);
	assert_non_null(strstr(text, "no_new_privs, seccomp, rlimits"));
	assert_int_equal(assay_sandbox_prepare(&none, &off, &err), ASSAY_OK);
	assay_sandbox_describe(&none, text);
	assert_memory_equal(text, "off", 3);
	assert_int_equal(assay_sandbox_enter(&none, &active, &err), ASSAY_OK);
	assert_int_equal(active, 0);
}

/* listening - at a name of the kernel's choice */
static int listening(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (sock >= 0 && bind(sock, (struct sockaddr *)&addr, sizeof addr.sun_family) == 0 &&
	    listen(sock, 1) == 0)
		return sock;
	return -1;
}

/* prepare - compile the filter once */
static int prepare(void **state)
{
	struct assay_sandbox_options options = {
		.user = "nobody", .memory = 64 << 20, .file = 1 << 20, .naccept = 1
	};
	struct assay_err err;

	(void)state;
	may_accept = listening();
	may_not_accept = listening();
	options.accept[0] = may_accept;
	if (may_accept < 0 || may_not_accept < 0)
		return -1;
	if (assay_sandbox_prepare(&sandbox, &options, &err) == ASSAY_OK)
		return 0;
	(void)fprintf(stderr, "%s\n", err.text);
	return -1;
}

/* release - forget it */
static int release(void **state)
{
	(void)state;
	assay_sandbox_release(&sandbox);
	assay_io_close(&may_accept);
	assay_io_close(&may_not_accept);
	return 0;
}

/* ---- with a root of its own ------------------------------------------------------------------ */

/* use_files - what a library with temporary files does; the line that failed */
static int use_files(void)
{
	char text[4] = "";
	struct stat st;
	int fd;

	if (mkdir("dir", 0700) != 0)
		return __LINE__ % 200;
	fd = open("dir/file", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "abc", 3) != 3 || close(fd) != 0)
		return __LINE__ % 200;
	if (rename("dir/file", "/dir/other") != 0 || stat("dir/other", &st) != 0 || st.st_size != 3)
		return __LINE__ % 200;
	fd = open("/dir/other", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, 3) != 3 || strcmp(text, "abc") != 0)
		return __LINE__ % 200;
	return unlink("dir/other") == 0 && rmdir("dir") == 0 ? 0 : __LINE__ % 200;
}

/* escape - names of the real root, from above and from the side; which one was there */
static int escape(void)
{
	static const char *const names[] = { "/etc/passwd", "/proc/self/maps", "/dev/null",
		"../etc/passwd", "../../../../../../etc/passwd", "/tmp/.",
		"/proc/1/root/etc/passwd" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (open(names[i], O_RDONLY | O_CLOEXEC) >= 0 || errno != ENOENT)
			return (int)i + 1;
	return 0;
}

/* gain - what files must not be good for; which one was possible */
static int gain(void)
{
	int fd = open("file", O_CREAT | O_RDWR | O_CLOEXEC, 0777);

	if (fd < 0 || ftruncate(fd, 4096) != 0)
		return 1;
	if (symlink("/etc/passwd", "link") == 0 || link("file", "link") == 0)
		return 2;
	if (mknod("fifo", S_IFIFO | 0600, 0) == 0 || mknod("node", S_IFCHR | 0600, 0x103) == 0)
		return 3;
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED)
		return 4;
	if (chown("file", 0, 0) == 0 || try_openat2() != EACCES)
		return 5;
	if (chroot("/") == 0 || unshare(CLONE_NEWUSER) == 0 || umount("/") == 0)
		return 6;
	return 0;
}

/* fill_up - 4 MB are allowed; more than that must end with ENOSPC, or EFBIG in one file */
static int fill_up(void)
{
	static const char block[65536];
	char name[20];

	for (int i = 0; i < 200; i++) {
		int fd;

		(void)snprintf(name, sizeof name, "f%d", i);
		fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, block, sizeof block) != (ssize_t)sizeof block)
			return errno;
		(void)close(fd);
	}
	return 0;
}

/* many_files - a bounded number of them */
static int many_files(void)
{
	char name[20];

	for (int i = 0; i < 20000; i++) {
		int fd;

		(void)snprintf(name, sizeof name, "f%d", i);
		fd = open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0)
			return errno;
		(void)close(fd);
	}
	return 0;
}

/* has_scratch - 1: this system has it */
static int has_scratch(void)
{
	return open("probe", O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0;
}

/* test_scratch - a process that may have files has its own, and no other right more */
static void test_scratch(void **state)
{
	static int (*const refused[])(
	    void) = { try_socket, try_unix_socket, try_accept, try_connect, try_fork, try_thread };
	const struct assay_sandbox kept = sandbox;
	struct assay_sandbox_options options = kept.options;
	char text[ASSAY_SANDBOX_TEXT];
	struct assay_err err;
	int there;

	(void)state;
	options.scratch = 4 << 20;
	assert_int_equal(assay_sandbox_prepare(&sandbox, &options, &err), ASSAY_OK);
	assay_sandbox_describe(&sandbox, text);
	assert_non_null(strstr(text, "private files"));
	there = inside(has_scratch);
	if (there == 1) {
		assert_int_equal(inside(use_files), 0);
		assert_int_equal(inside(escape), 0);
		assert_int_equal(inside(gain), 0);
		assert_int_equal(inside(fill_up), ENOSPC);
		assert_int_equal(inside(many_files), ENOSPC);
		assert_int_equal(inside(large_file), EFBIG);
	} else {
		/* Neither root nor user namespaces: nothing may be opened at all. */
		assert_int_equal(there, 0);
		assert_int_equal(inside(try_open), EACCES);
		assert_int_equal(inside(try_create), EACCES);
	}
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		assert_int_equal(inside(refused[i]), EPERM);
	assert_int_equal(inside(privileges), 0);
	assay_sandbox_release(&sandbox);
	sandbox = kept;
}

/* main - all of it */
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_scratch),
	};

	return cmocka_run_group_tests(tests, prepare, release);
}
