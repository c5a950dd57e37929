/*
 * sandbox - a worker that tries what a sealed scan process must not do
 *
 * Each try is reported as {what, refused, errno}. A process that is killed for trying is a failure
 * of the sandbox, too: what is refused must be answered.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "testplugin.h"

static const struct assay_field fields[] = {
	{ "tries[].what", ASSAY_STR, ASSAY_TECHNICAL, "what was tried" },
	{ "tries[].refused", ASSAY_BOOL, ASSAY_TECHNICAL, "whether it failed" },
	{ "tries[].errno", ASSAY_INT, ASSAY_TECHNICAL, "how" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

/* try_open - a file everybody may read */
static long try_open(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}

/* try_write - a new file where everybody may write */
static long try_write(void)
{
	return open("/tmp/assay-sandbox-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

/* try_unlink - take a file away */
static long try_unlink(void)
{
	return unlink("/tmp/assay-sandbox-test-that-is-not-there") == 0 || errno == ENOENT ? 0 : -1;
}

/* try_mkdir - a directory */
static long try_mkdir(void)
{
	return mkdir("/tmp/assay-sandbox-test.d", 0700);
}

/* try_socket - a TCP socket */
static long try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* try_unix - a Unix socket */
static long try_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* try_connect - on a descriptor that is no socket: EPERM, not ENOTSOCK, when it is refused */
static long try_connect(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET };

	return connect(2, (struct sockaddr *)&to, sizeof to) == 0 || errno == ENOTSOCK ? 0 : -1;
}

/* try_accept - connections of others; EPERM, not ENOTSOCK or EINVAL */
static long try_accept(void)
{
	return accept4(2, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) >= 0 || errno != EPERM ? 0 : -1;
}

/* try_listen - a socket of our own, for others; on what is none */
static long try_listen(void)
{
	return listen(2, 1) == 0 || errno == ENOTSOCK ? 0 : -1;
}

/* try_slow - make the others wait: a worse place in the queue for the processor is everybody's own
 * affair, that of the parent is not */
static long try_slow(void)
{
	return setpriority(PRIO_PROCESS, (id_t)getppid(), 19);
}

/* try_exec - a program; does not come back when it works */
static long try_exec(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };

	return execve("/bin/true", argv, NULL);
}

/* try_fork - a child */
static long try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

/* idle - the thread that should not be */
static void *idle(void *arg)
{
	return arg;
}

/* try_thread - a thread */
static long try_thread(void)
{
	pthread_t thread;
	int e = pthread_create(&thread, NULL, idle, NULL);

	errno = e;
	if (e == 0)
		(void)pthread_join(thread, NULL);
	return e == 0 ? 0 : -1;
}

/* try_ptrace - the parent */
static long try_ptrace(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

/* try_peek - memory of the parent */
static long try_peek(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)(uintptr_t)&byte, 1 };

	return process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}

/* try_kill - is it allowed to send the parent a signal at all */
static long try_kill(void)
{
	return kill(getppid(), 0);
}

/* try_rlimit - lift a limit of the parent */
static long try_rlimit(void)
{
	return syscall(SYS_prlimit64, getppid(), 7, NULL, NULL);
}

/* try_stat - is there such a file */
static long try_stat(void)
{
	struct stat st;

	return fstatat(AT_FDCWD, "/etc/passwd", &st, AT_EMPTY_PATH);
}

/* try_huge - a memory file of another kind */
static long try_huge(void)
{
	return memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);
}

/* try_urgent - data that makes the other side's poll lie; EPERM, not ENOTSOCK */
static long try_urgent(void)
{
	return send(2, "!", 1, MSG_OOB) >= 0 || errno == ENOTSOCK ? 0 : -1;
}

/* try_owner - have signals sent to the parent */
static long try_owner(void)
{
	return fcntl(2, F_SETOWN, getppid());
}

/* try_code - memory that is code */
static long try_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : 0;
}

/* try_fill - many memory files */
static long try_fill(void)
{
	int fd[64], n = 0;

	while (n < 64 && (fd[n] = memfd_create("fill", MFD_CLOEXEC | MFD_ALLOW_SEALING)) >= 0)
		n++;
	for (int i = 0; i < n; i++)
		(void)close(fd[i]);
	return n < 32 ? -1 : 0;
}

/* scan - try them all */
static enum assay_status scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	static const struct {
		const char *what;
		long (*call)(void);
	} tries[] = { { "open", try_open }, { "write", try_write }, { "unlink", try_unlink },
		{ "mkdir", try_mkdir }, { "socket", try_socket }, { "unix", try_unix },
		{ "connect", try_connect }, { "accept", try_accept }, { "listen", try_listen },
		{ "slow", try_slow }, { "exec", try_exec }, { "fork", try_fork },
		{ "thread", try_thread }, { "ptrace", try_ptrace }, { "peek", try_peek },
		{ "kill", try_kill }, { "rlimit", try_rlimit }, { "stat", try_stat },
		{ "huge", try_huge }, { "urgent", try_urgent }, { "owner", try_owner },
		{ "code", try_code }, { "fill", try_fill } };
	json_t *list = json_array();

	(void)state;
	(void)payload;
	(void)err;
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		json_t *entry = json_object();
		long r;

		errno = 0;
		r = tries[i].call();
		(void)json_object_set_new(entry, "what", json_string(tries[i].what));
		(void)json_object_set_new(entry, "refused", json_boolean(r < 0));
		(void)json_object_set_new(entry, "errno", json_integer(r < 0 ? errno : 0));
		(void)json_array_append_new(list, entry);
	}
	(void)json_object_set_new(assay_result_json(result), "tries", list);
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = scan };

const struct assay_plugin assay_plugin = { TEST_HEAD("sandbox", "tries to get out"),
	.fields = fields, .worker = &worker };
