/*
 * core/cmd/user.c - who gives a command. Looks up one user.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/cmd/cmd.h"

/* assay_cmd_user - behind sudo too */
void assay_cmd_user(char *name, size_t size)
{
	const char *sudo = getenv("SUDO_USER");
	struct passwd pw, *found = NULL;
	char room[4096];

	if (getuid() == 0 && sudo != NULL)
		(void)snprintf(name, size, "%s", sudo);
	else if (getpwuid_r(getuid(), &pw, room, sizeof room, &found) == 0 && found != NULL)
		(void)snprintf(name, size, "%s", found->pw_name);
	else
		(void)snprintf(name, size, "uid %ld", (long)getuid());
}
