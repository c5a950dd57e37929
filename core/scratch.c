/*
 * core/scratch.c - see scratch.h. Mounts a tmpfs where only this process sees it and makes that its
 * root; writes the three maps of a user namespace in /proc/self. Whatever fails leaves the process
 * where it was.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "core/scratch.h"

#define FILES 16384u
/* Any directory will do to mount upon: the rest of the tree goes away. */
#define PLACE "/tmp"

/* put - a line into a file of /proc */
static bool put(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	struct assay_err err;
	bool ok = fd >= 0 && assay_io_write_full(fd, line, strlen(line), &err) == ASSAY_OK;

	assay_io_close(&fd);
	return ok;
}

/* own_user - a namespace in which we may mount, with nobody but us in it */
static bool own_user(void)
{
	char uids[40], gids[40];

	(void)snprintf(uids, sizeof uids, "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
	(void)snprintf(gids, sizeof gids, "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && put("/proc/self/setgroups", "deny") &&
	    put("/proc/self/uid_map", uids) && put("/proc/self/gid_map", gids);
}

/* assay_scratch_enter - see scratch.h */
bool assay_scratch_enter(uint64_t bytes, uid_t uid, gid_t gid)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	char options[120];

	(void)snprintf(options, sizeof options, "size=%llu,nr_inodes=%u,mode=0700,uid=%u,gid=%u",
	    (unsigned long long)bytes, FILES, (unsigned)uid, (unsigned)gid);
	if (!(geteuid() == 0 ? unshare(CLONE_NEWNS) == 0 : own_user()))
		return false;
	/* The old root is put above the new one and taken off: there is no way back to it. */
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount("assay", PLACE, "tmpfs", flags, options) == 0 && chdir(PLACE) == 0 &&
	    syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 &&
	    chdir("/") == 0;
}

/* assay_scratch_drop - see scratch.h */
bool assay_scratch_drop(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	return syscall(SYS_capset, &head, none) == 0;
}
