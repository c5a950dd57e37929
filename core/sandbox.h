/*
 * core/sandbox.h - what a scan process cannot do
 *
 * assay_sandbox_prepare() runs once in the process that forks (it looks up the user and compiles
 * the system call filter); assay_sandbox_enter() runs in each scan process after the fork and
 * closes it for good: other user (when root), no_new_privs, rlimits, an empty network namespace
 * (when root), Landlock that denies every file, and a seccomp allow list in which open*(2) answers
 * EACCES and anything unlisted EPERM: no network, exec, fork, thread, ptrace, signal to others,
 * descriptors made by others. A scan process of the service may accept connections from the
 * descriptors named in `accept`, and from no other.
 *
 * With `scratch` it may open, make and remove files as well: in a root of its own, an empty file
 * system in memory (core/scratch.h). Where that cannot be had, files stay denied.
 *
 * Nothing is silently weaker than configured: what the kernel lacks stands in `missing` and in the
 * text of assay_sandbox_describe(); seccomp, no_new_privs, rlimits and (as root) the change of
 * user are never missing - without them entering fails.
 */
#ifndef ASSAY_SANDBOX_H
#define ASSAY_SANDBOX_H

#include <sys/types.h>

#include <assay/types.h>

#define ASSAY_SANDBOX_ACCEPT 2

struct assay_sandbox_options {
	bool off;         /* --no-sandbox */
	const char *user; /* scan_user; looked up when root; falls back to "nobody" */
	uint64_t memory;  /* address space above what is loaded, bytes */
	uint64_t file;    /* largest file (memfd) it may write, bytes */
	/* Descriptors beside those open when it is entered; 0: 8. Those on their way to others
	 * count for all processes of the user (unix(7), ETOOMANYREFS). */
	unsigned descriptors;
	uint64_t scratch;                 /* bytes of its private files; 0: it has none */
	int accept[ASSAY_SANDBOX_ACCEPT]; /* listening sockets it may accept(2) from ... */
	size_t naccept;                   /* ... as many; 0: from none */
};

enum assay_sandbox_part {
	ASSAY_SANDBOX_USER = 1,
	ASSAY_SANDBOX_PRIVS = 2,
	ASSAY_SANDBOX_RLIMITS = 4,
	ASSAY_SANDBOX_ADDRESS_SPACE = 8, /* not under sanitizers */
	ASSAY_SANDBOX_NETWORK = 16,
	ASSAY_SANDBOX_LANDLOCK = 32,
	ASSAY_SANDBOX_SECCOMP = 64,
	ASSAY_SANDBOX_SCRATCH = 128 /* not a wall: a room for files of its own */
};

struct assay_sandbox {
	struct assay_sandbox_options options;
	uid_t uid;
	gid_t gid;
	const char *user_used; /* NULL: not root, user unchanged */
	struct sock_fprog *filter;
	struct sock_fprog *scratch_filter; /* NULL: without scratch */
	unsigned planned;                  /* parts that will be in force here */
};

ASSAY_MUST_CHECK enum assay_status assay_sandbox_prepare(struct assay_sandbox *sandbox,
    const struct assay_sandbox_options *options, struct assay_err *err);
void assay_sandbox_release(struct assay_sandbox *sandbox);
/* One limit of setrlimit(2), soft and hard, lowered to `most`; false when it cannot be. */
bool assay_sandbox_limit(int what, uint64_t most);
/* Only the change of user: for helpers. Nothing when there is none to change to. */
ASSAY_MUST_CHECK enum assay_status assay_sandbox_become(
    const struct assay_sandbox *sandbox, struct assay_err *err);
/* There is no way back. `active` gets the parts in force. */
ASSAY_MUST_CHECK enum assay_status assay_sandbox_enter(
    const struct assay_sandbox *sandbox, unsigned *active, struct assay_err *err);
/* "user nobody, no_new_privs, rlimits, ...; missing: landlock" */
#define ASSAY_SANDBOX_TEXT 256
void assay_sandbox_describe(const struct assay_sandbox *sandbox, char text[ASSAY_SANDBOX_TEXT]);

#endif
