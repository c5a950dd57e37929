/*
 * core/sandbox.c - see sandbox.h. Changes the process it runs in for good; opens /proc/self/statm,
 * and its own new root. The only place that knows libseccomp and Landlock. Fails closed: what must
 * be in force and is not, is an error and the scan process does not start.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "core/sandbox.h"
#include "core/scratch.h"

/* A mail takes five: connection, message, progress page, report, container. Each more is a memory
 * file of the largest size that it could fill. */
#define DESCRIPTORS_MORE 8u
#define DESCRIPTORS_MAX 1024u
/* Libraries that unpack hold a file for each layer. */
#define DESCRIPTORS_SCRATCH 64u
#define FILTER_MAX ((size_t)64 * 1024)

/* Landlock is younger than some of the kernel headers we build with. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define LANDLOCK_VERSION 1u

#define LANDLOCK_BENEATH 1u

/* struct landlock_ruleset_attr of the newest kernel we know. */
struct ruleset {
	uint64_t fs, net, scoped;
};

/* struct landlock_path_beneath_attr */
struct beneath {
	uint64_t access;
	int32_t fd;
} __attribute__((packed));

/* failed - errno in words */
static enum assay_status failed(struct assay_err *err, const char *what)
{
	int e = errno;

	return assay_err_set(err, ASSAY_E_IO, "sandbox: %s: %s", what, strerror(e));
}

/* ---- the system call filter ------------------------------------------------------------------ */

/* Work on memory, on descriptors that are there already, on time, and the end. abort(3) needs no
 * tgkill: when it cannot signal itself, it executes a trap. */
static const int allowed[] = { SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(pread64),
	SCMP_SYS(pwrite64), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(preadv), SCMP_SYS(pwritev),
	SCMP_SYS(lseek), SCMP_SYS(close), SCMP_SYS(close_range), SCMP_SYS(fstat),
	SCMP_SYS(ftruncate), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall), SCMP_SYS(getpid), SCMP_SYS(gettid),
	SCMP_SYS(getppid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep), SCMP_SYS(setitimer), SCMP_SYS(getitimer),
	SCMP_SYS(futex), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(getrusage),
	SCMP_SYS(times), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(getrandom), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(recvmsg), SCMP_SYS(recvfrom), SCMP_SYS(getrlimit), SCMP_SYS(rseq),
	SCMP_SYS(set_robust_list), SCMP_SYS(exit), SCMP_SYS(exit_group) };

/* With a root of its own: files there. No openat2, no links, no special files, no other owner. */
static const int scratch_calls[] = { SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(creat),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(stat),
	SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(newfstatat), SCMP_SYS(getdents),
	SCMP_SYS(getdents64), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir), SCMP_SYS(unlink),
	SCMP_SYS(unlinkat), SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(chmod), SCMP_SYS(fchmod),
	SCMP_SYS(dup), SCMP_SYS(fsync) };
static const int scratch_refused[] = { SCMP_SYS(openat2), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat) };

/* Libraries take EACCES for "not there, go on"; some take EPERM for a reason to give up.
 * newfstatat is also how some C libraries spell fstat, but with a name it says what files there
 * are, and a filter cannot read names. */
static const int refused[] = { SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(creat),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(stat),
	SCMP_SYS(lstat), SCMP_SYS(statx), SCMP_SYS(newfstatat), SCMP_SYS(readlink),
	SCMP_SYS(readlinkat) };

/* No F_SETOWN, F_SETSIG: they signal others. */
static const int fcntl_commands[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL,
	F_ADD_SEALS, F_GET_SEALS };

/* add_each - the same answer to each of `n` calls */
static int add_each(scmp_filter_ctx ctx, uint32_t action, const int *calls, size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = seccomp_rule_add(ctx, action, calls[i], 0);
	return rc;
}

#define ADD_EACH(ctx, action, calls)                                                               \
	add_each(ctx, action, calls, sizeof(calls) / sizeof((calls)[0]))

/* add_plain - the calls without conditions */
static int add_plain(scmp_filter_ctx ctx, bool scratch)
{
	int rc = ADD_EACH(ctx, SCMP_ACT_ALLOW, allowed);

	if (rc == 0 && scratch)
		rc = ADD_EACH(ctx, SCMP_ACT_ALLOW, scratch_calls);
	if (rc == 0 && scratch)
		return ADD_EACH(ctx, SCMP_ACT_ERRNO(EACCES), scratch_refused);
	return rc == 0 ? ADD_EACH(ctx, SCMP_ACT_ERRNO(EACCES), refused) : rc;
}

/* add_conditional - the calls that depend on what they are asked to do */
static int add_conditional(scmp_filter_ctx ctx)
{
	int rc = 0;

	for (size_t i = 0; i < sizeof fcntl_commands / sizeof fcntl_commands[0] && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
		    SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)fcntl_commands[i], 0));
	/* No code is made here, and none is loaded any more. */
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* Asking for its own limits only: no new ones, of nobody else. */
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
		    SCMP_A0(SCMP_CMP_EQ, 0, 0), SCMP_A2(SCMP_CMP_EQ, 0, 0));
	return rc;
}

/* add_line - what the line to the door needs: ordinary memory files (others cannot be unmapped in
 * any size), and data to whom we are connected, none of it urgent */
static int add_line(scmp_filter_ctx ctx)
{
	const scmp_datum_t memfd = MFD_CLOEXEC | MFD_ALLOW_SEALING, quiet = MSG_NOSIGNAL;
	int rc;

	rc = seccomp_rule_add(
	    ctx, SCMP_ACT_ALLOW, SCMP_SYS(memfd_create), 1, SCMP_A1(SCMP_CMP_EQ, memfd, 0));
	if (rc == 0)
		rc = seccomp_rule_add(
		    ctx, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), 1, SCMP_A2(SCMP_CMP_EQ, quiet, 0));
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 2,
		    SCMP_A3(SCMP_CMP_EQ, quiet, 0), SCMP_A4(SCMP_CMP_EQ, 0, 0));
	return rc;
}

/* add_accept - from these sockets only, and connections that never block */
static int add_accept(scmp_filter_ctx ctx, const struct assay_sandbox_options *options)
{
	int rc = 0;

	for (size_t i = 0; i < options->naccept && rc == 0; i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(accept4), 2,
		    SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)options->accept[i], 0),
		    SCMP_A3(SCMP_CMP_EQ, SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	return rc;
}

/* read_filter - from the descriptor libseccomp wrote to, into memory */
static enum assay_status read_filter(int fd, struct sock_fprog **filter, struct assay_err *err)
{
	off_t size = lseek(fd, 0, SEEK_END);
	struct sock_fprog *prog;
	enum assay_status s;

	if (size <= 0 || (size_t)size > FILTER_MAX || lseek(fd, 0, SEEK_SET) != 0)
		return assay_err_set(err, ASSAY_E_IO, "sandbox: a filter of %ld bytes", (long)size);
	prog = assay_xmalloc(sizeof *prog + (size_t)size);
	prog->filter = (struct sock_filter *)(prog + 1);
	prog->len = (unsigned short)((size_t)size / sizeof(struct sock_filter));
	s = assay_io_read_full(fd, prog->filter, (size_t)size, err);
	if (s != ASSAY_OK) {
		free(prog);
		assay_err_prefix(err, "sandbox");
		return s;
	}
	*filter = prog;
	return ASSAY_OK;
}

/* build_filter - once per master: compiling costs more than loading */
static enum assay_status build_filter(const struct assay_sandbox_options *options, bool scratch,
    struct sock_fprog **filter, struct assay_err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	enum assay_status st;
	int fd = -1, rc;

	if (ctx == NULL)
		return assay_err_set(err, ASSAY_E_IO, "sandbox: libseccomp does not start");
	rc = add_plain(ctx, scratch);
	if (rc == 0)
		rc = add_conditional(ctx);
	if (rc == 0)
		rc = add_line(ctx);
	if (rc == 0)
		rc = add_accept(ctx, options);
	st = rc == 0 ? assay_io_memfd("assay-filter", &fd, err) : ASSAY_E_IO;
	if (rc == 0 && st == ASSAY_OK)
		rc = seccomp_export_bpf(ctx, fd);
	seccomp_release(ctx);
	if (rc != 0)
		st = assay_err_set(
		    err, ASSAY_E_IO, "sandbox: cannot make the filter: %s", strerror(-rc));
	else if (st == ASSAY_OK)
		st = read_filter(fd, filter, err);
	assay_io_close(&fd);
	return st;
}

/* load_filter - from here on */
static enum assay_status load_filter(const struct sock_fprog *filter, struct assay_err *err)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter, 0, 0) != 0)
		return failed(
		    err, "cannot load the system call filter (is seccomp in the kernel?)");
	return ASSAY_OK;
}

/* ---- the other parts ------------------------------------------------------------------------- */

/* landlock_abi - 0 when the kernel has none */
static long landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);

	return abi > 0 ? abi : 0;
}

/* allow_root - what is below our root, which nobody else sees */
static bool allow_root(int ruleset, uint64_t access)
{
	struct beneath root = { .access = access };
	int rc;

	root.fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root.fd < 0)
		return false;
	rc = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_BENEATH, &root, 0);
	(void)close(root.fd);
	return rc == 0;
}

/* deny_files - a Landlock rule set that handles everything this kernel knows, and allows nothing
 * but what is our own */
static bool deny_files(bool scratch)
{
	static const uint64_t fs[] = { 0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff };
	long abi = landlock_abi();
	struct ruleset rules = { .fs = fs[abi < 5 ? abi : 5] };
	size_t size = sizeof rules.fs;
	int fd, rc;

	if (abi == 0)
		return false;
	if (abi >= 4) {
		rules.net = 3;
		size += sizeof rules.net;
	}
	if (abi >= 6) {
		rules.scoped = 3;
		size += sizeof rules.scoped;
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (fd < 0)
		return false;
	rc = scratch && !allow_root(fd, rules.fs) ? -1 : 0;
	if (rc == 0)
		rc = (int)syscall(SYS_landlock_restrict_self, fd, 0);
	assay_io_close(&fd);
	return rc == 0;
}

/* find_user - uid and gid to become, when we are root */
static enum assay_status find_user(
    struct assay_sandbox *sandbox, const char *wanted, struct assay_err *err)
{
	const char *names[] = { wanted != NULL ? wanted : "assay", "nobody" };

	for (size_t i = 0; i < 2; i++) {
		struct passwd pw, *found = NULL;
		char room[4096];

		if (getpwnam_r(names[i], &pw, room, sizeof room, &found) == 0 && found != NULL &&
		    found->pw_uid != 0) {
			sandbox->uid = found->pw_uid;
			sandbox->gid = found->pw_gid;
			sandbox->user_used = names[i];
			return ASSAY_OK;
		}
	}
	return assay_err_set(err, ASSAY_E_CONF,
	    "there is neither a user \"%s\" ([core] scan_user) nor \"nobody\": create one, scan "
	    "processes do not run as root",
	    names[0]);
}

/* assay_sandbox_become - give up root */
enum assay_status assay_sandbox_become(const struct assay_sandbox *sandbox, struct assay_err *err)
{
	if (sandbox->user_used == NULL)
		return ASSAY_OK;
	if (setgroups(0, NULL) != 0 || setresgid(sandbox->gid, sandbox->gid, sandbox->gid) != 0 ||
	    setresuid(sandbox->uid, sandbox->uid, sandbox->uid) != 0)
		return failed(err, "cannot change the user");
	if (setuid(0) == 0)
		return assay_err_set(err, ASSAY_E_IO, "sandbox: still root");
	return ASSAY_OK;
}

/* stay_mortal - die with the parent; changing the user has undone it */
static enum assay_status stay_mortal(struct assay_err *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed(err, "prctl");
	return ASSAY_OK;
}

/* assay_sandbox_limit - one rlimit, soft and hard */
bool assay_sandbox_limit(int what, uint64_t most)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)what, &now) != 0)
		return false;
	if (now.rlim_max != RLIM_INFINITY && most > now.rlim_max)
		most = now.rlim_max;
	now.rlim_cur = now.rlim_max = most;
	return setrlimit((__rlimit_resource_t)what, &now) == 0;
}

#ifndef ASSAY_SANITIZED
/* loaded - bytes of address space in use now */
static uint64_t loaded(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f == NULL)
		return 0;
	if (fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	(void)fclose(f);
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
#endif

/* descriptors - those open now and a few more */
static unsigned descriptors(const struct assay_sandbox_options *options)
{
	unsigned more =
	    options->descriptors > DESCRIPTORS_MORE ? options->descriptors : DESCRIPTORS_MORE;
	unsigned last = 2;

	if (options->scratch > 0)
		more += DESCRIPTORS_SCRATCH;
	for (unsigned fd = 3; fd < DESCRIPTORS_MAX; fd++)
		if (fcntl((int)fd, F_GETFD) >= 0)
			last = fd;
	return last + 1 + more;
}

/* set_limits - what it may use; SIGXFSZ is ignored so that a write over the bound just fails */
static enum assay_status set_limits(const struct assay_sandbox *sandbox, struct assay_err *err)
{
	(void)signal(SIGXFSZ, SIG_IGN);
	if (!assay_sandbox_limit(RLIMIT_CORE, 0) ||
	    !assay_sandbox_limit(RLIMIT_NOFILE, descriptors(&sandbox->options)) ||
	    !assay_sandbox_limit(RLIMIT_FSIZE, sandbox->options.file))
		return failed(err, "cannot set resource limits");
#ifndef ASSAY_SANITIZED /* whose shadow memory is terabytes */
	uint64_t size = loaded();

	if (size == 0 || !assay_sandbox_limit(RLIMIT_AS, size + sandbox->options.memory))
		return failed(err, "cannot limit the address space (is /proc mounted?)");
#endif
	return ASSAY_OK;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* assay_sandbox_prepare - look up, compile, plan */
enum assay_status assay_sandbox_prepare(struct assay_sandbox *sandbox,
    const struct assay_sandbox_options *options, struct assay_err *err)
{
	*sandbox = (struct assay_sandbox){ .options = *options };
	if (options->off)
		return ASSAY_OK;
	sandbox->planned = ASSAY_SANDBOX_PRIVS | ASSAY_SANDBOX_RLIMITS | ASSAY_SANDBOX_SECCOMP;
#ifndef ASSAY_SANITIZED
	sandbox->planned |= ASSAY_SANDBOX_ADDRESS_SPACE;
#endif
	if (geteuid() == 0) {
		enum assay_status st = find_user(sandbox, options->user, err);

		if (st != ASSAY_OK)
			return st;
		sandbox->planned |= ASSAY_SANDBOX_USER | ASSAY_SANDBOX_NETWORK;
	}
	if (landlock_abi() > 0)
		sandbox->planned |= ASSAY_SANDBOX_LANDLOCK;
	if (options->scratch > 0) {
		enum assay_status st = build_filter(options, true, &sandbox->scratch_filter, err);

		if (st != ASSAY_OK)
			return st;
		sandbox->planned |= ASSAY_SANDBOX_SCRATCH;
	}
	return build_filter(options, false, &sandbox->filter, err);
}

/* assay_sandbox_release - what prepare made */
void assay_sandbox_release(struct assay_sandbox *sandbox)
{
	free(sandbox->filter);
	free(sandbox->scratch_filter);
	sandbox->filter = sandbox->scratch_filter = NULL;
}

/* enter_scratch - the root of its own; without a sandbox the usual place for such files */
static void enter_scratch(const struct assay_sandbox *sandbox, unsigned *active)
{
	const char *dir = getenv("TMPDIR");

	if (sandbox->options.scratch == 0)
		return;
	if (sandbox->options.off) {
		if (chdir(dir != NULL && dir[0] == '/' ? dir : "/tmp") == 0)
			*active |= ASSAY_SANDBOX_SCRATCH;
		return;
	}
	if (sandbox->user_used != NULL
		? assay_scratch_enter(sandbox->options.scratch, sandbox->uid, sandbox->gid)
		: assay_scratch_enter(sandbox->options.scratch, geteuid(), getegid()))
		*active |= ASSAY_SANDBOX_SCRATCH;
}

/* shut - what can only be done as somebody else, in this order */
static enum assay_status shut(
    const struct assay_sandbox *sandbox, unsigned *active, struct assay_err *err)
{
	bool scratch = (*active & ASSAY_SANDBOX_SCRATCH) != 0;
	enum assay_status st = assay_sandbox_become(sandbox, err);

	if (st == ASSAY_OK && sandbox->options.scratch > 0 && !assay_scratch_drop())
		st = failed(err, "cannot drop capabilities");
	if (st == ASSAY_OK)
		st = stay_mortal(err);
	if (st == ASSAY_OK && deny_files(scratch))
		*active |= ASSAY_SANDBOX_LANDLOCK;
	if (st != ASSAY_OK)
		return st;
	return load_filter(scratch ? sandbox->scratch_filter : sandbox->filter, err);
}

/* assay_sandbox_enter - close it, the filter last */
enum assay_status assay_sandbox_enter(
    const struct assay_sandbox *sandbox, unsigned *active, struct assay_err *err)
{
	const unsigned tried =
	    ASSAY_SANDBOX_NETWORK | ASSAY_SANDBOX_LANDLOCK | ASSAY_SANDBOX_SCRATCH;
	enum assay_status st;

	*active = 0;
	if (sandbox->options.off) {
		enter_scratch(sandbox, active);
		return ASSAY_OK;
	}
	*active = sandbox->planned & ~tried;
	/* While there is a /proc to read. */
	st = set_limits(sandbox, err);
	if (st != ASSAY_OK)
		return st;
	if ((sandbox->planned & ASSAY_SANDBOX_NETWORK) != 0 && unshare(CLONE_NEWNET) == 0)
		*active |= ASSAY_SANDBOX_NETWORK;
	enter_scratch(sandbox, active);
	return shut(sandbox, active, err);
}

/* assay_sandbox_describe - for the log and `assay status` */
void assay_sandbox_describe(const struct assay_sandbox *sandbox, char text[ASSAY_SANDBOX_TEXT])
{
	static const struct {
		unsigned part;
		const char *name;
	} parts[] = { { ASSAY_SANDBOX_PRIVS, "no_new_privs" }, { ASSAY_SANDBOX_SECCOMP, "seccomp" },
		{ ASSAY_SANDBOX_RLIMITS, "rlimits" },
		{ ASSAY_SANDBOX_ADDRESS_SPACE, "address space" },
		{ ASSAY_SANDBOX_LANDLOCK, "landlock" },
		{ ASSAY_SANDBOX_NETWORK, "network namespace" },
		{ ASSAY_SANDBOX_SCRATCH, "private files" }, { ASSAY_SANDBOX_USER, "user" } };
	char in[ASSAY_SANDBOX_TEXT / 2] = "", out[ASSAY_SANDBOX_TEXT / 2] = "";
	size_t nin = 0, nout = 0;

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		bool on = (sandbox->planned & parts[i].part) != 0;
		char *to = on ? in : out;
		size_t *n = on ? &nin : &nout;
		int w;

		/* Most need none. */
		if (!on && parts[i].part == ASSAY_SANDBOX_SCRATCH && sandbox->options.scratch == 0)
			continue;
		w = snprintf(to + *n, sizeof in - *n, "%s%s", *n > 0 ? ", " : "", parts[i].name);

		*n += w > 0 && (size_t)w < sizeof in - *n ? (size_t)w : 0;
	}
	(void)snprintf(text, ASSAY_SANDBOX_TEXT, "%s%s%.32s%s%s", nin > 0 ? in : "off",
	    sandbox->user_used != NULL ? " " : "",
	    sandbox->user_used != NULL ? sandbox->user_used : "", nout > 0 ? "; missing: " : "",
	    out);
}
