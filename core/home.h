/*
 * core/home.h - where configuration, state, sockets and caches lie
 *
 *			conf		var			run		cache
 *	HOME given	HOME		HOME			HOME/run	HOME/cache
 *	build tree	BIN/conf	BIN/var			BIN/var/run	BIN/var/cache
 *	installed	/etc/assay	/var/lib/assay		/run/assay	/var/cache/assay
 *
 * HOME is --home or $ASSAY_HOME; BIN is where the executable lies when conf/assay.conf lies beside
 * it. Where /var/cache/assay is not ours the cache is $XDG_CACHE_HOME/assay or ~/.cache/assay.
 * Nothing depends on the current directory: compiled rules in a cache are code. Nothing is created
 * here.
 */
#ifndef ASSAY_HOME_H
#define ASSAY_HOME_H

#include <assay/types.h>

struct assay_arena;

/* Absolute paths in the arena. */
struct assay_home {
	const char *conf, *var, *run;
	const char *cache;   /* NULL: nowhere */
	const char *plugins; /* the modules that came with this executable */
};

/* home may be NULL: see above. USAGE when it cannot be made absolute. */
ASSAY_MUST_CHECK enum assay_status assay_home_find(
    struct assay_arena *arena, const char *home, struct assay_home *out, struct assay_err *err);
/* path, absolute; relative ones are below the current directory. NULL when there is none. */
const char *assay_home_absolute(struct assay_arena *arena, const char *path);

#endif
