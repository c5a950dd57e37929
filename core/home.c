/*
 * core/home.c - see home.h. Looks at the environment, /proc/self/exe and for the presence of a few
 * directories; creates nothing.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"

#include "core/home.h"

#ifndef ASSAY_SYSCONFDIR
#define ASSAY_SYSCONFDIR "/etc/assay"
#endif
#ifndef ASSAY_STATEDIR
#define ASSAY_STATEDIR "/var/lib/assay"
#endif
#ifndef ASSAY_RUNDIR
#define ASSAY_RUNDIR "/run/assay"
#endif
#ifndef ASSAY_CACHEDIR
#define ASSAY_CACHEDIR "/var/cache/assay"
#endif
#ifndef ASSAY_PLUGINDIR
#define ASSAY_PLUGINDIR "/usr/lib/assay/plugins"
#endif

/* below - DIR/NAME */
static const char *below(struct assay_arena *arena, const char *dir, const char *name)
{
	return assay_arena_printf(arena, "%s/%s", dir, name);
}

/* assay_home_absolute - as the system would see it from here */
const char *assay_home_absolute(struct assay_arena *arena, const char *path)
{
	char here[PATH_MAX];

	if (path[0] == '/')
		return path;
	if (getcwd(here, sizeof here) == NULL)
		return NULL;
	return below(arena, here, path);
}

/* bin_dir - where the executable lies, or NULL */
static const char *bin_dir(struct assay_arena *arena)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	char *slash;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL || slash == path)
		return NULL;
	*slash = '\0';
	return assay_arena_strdup(arena, path);
}

/* users_cache - where a user who is not the service keeps what can be made again */
static const char *users_cache(struct assay_arena *arena)
{
	const char *xdg = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");

	if (xdg != NULL && xdg[0] == '/')
		return below(arena, xdg, "assay");
	if (home != NULL && home[0] == '/')
		return below(arena, home, ".cache/assay");
	return NULL;
}

/* installed - the paths of the build's configuration */
static void installed(struct assay_arena *arena, struct assay_home *out)
{
	out->conf = ASSAY_SYSCONFDIR;
	out->var = ASSAY_STATEDIR;
	out->run = ASSAY_RUNDIR;
	out->cache = access(ASSAY_CACHEDIR, W_OK) == 0 ? ASSAY_CACHEDIR : users_cache(arena);
}

/* assay_home_find - the first that fits of: given, build tree, installed */
enum assay_status assay_home_find(
    struct assay_arena *arena, const char *home, struct assay_home *out, struct assay_err *err)
{
	const char *bin = bin_dir(arena);
	const char *plugins = bin != NULL ? below(arena, bin, "plugins") : ASSAY_PLUGINDIR;

	*out = (struct assay_home){ .plugins = ASSAY_PLUGINDIR };
	if (access(plugins, X_OK) == 0)
		out->plugins = plugins;
	if (home == NULL)
		home = getenv("ASSAY_HOME");
	if (home != NULL && home[0] != '\0') {
		out->conf = out->var = assay_home_absolute(arena, home);
		if (out->conf == NULL)
			return assay_err_set(err, ASSAY_E_USAGE,
			    "--home %s: the current directory is not known: %s; give an absolute "
			    "path",
			    home, strerror(errno));
		out->run = below(arena, out->conf, "run");
		out->cache = below(arena, out->conf, "cache");
	} else if (bin != NULL && access(below(arena, bin, "conf/assay.conf"), R_OK) == 0) {
		out->conf = below(arena, bin, "conf");
		out->var = below(arena, bin, "var");
		out->run = below(arena, out->var, "run");
		out->cache = below(arena, out->var, "cache");
	} else {
		installed(arena, out);
	}
	return ASSAY_OK;
}
