/*
 * core/service.h - what the files of the service's parent share
 *
 * serve.c starts, watches and stops; reload.c exchanges everybody for a new configuration. One
 * object, stepped from one loop; no step waits. Private to these two.
 */
#ifndef ASSAY_SERVICE_H
#define ASSAY_SERVICE_H

#include "core/serve.h"
#include "core/site.h"
#include "core/supervise.h"

/* A child that shall be there. */
struct assay_post {
	const char *kind, *name;
};
#define ASSAY_POSTS ASSAY_BOARD_OTHERS

enum assay_reload_step {
	ASSAY_RELOAD_NONE,
	ASSAY_RELOAD_CHECK,  /* does it load? */
	ASSAY_RELOAD_LEAVE,  /* replace: the old master goes first */
	ASSAY_RELOAD_MASTER, /* the new master loads */
	ASSAY_RELOAD_OTHERS, /* one by one */
	ASSAY_RELOAD_LAST    /* the old master finishes its mails */
};

struct assay_reload {
	enum assay_reload_step step;
	struct assay_config *config; /* the new one, until it is in charge */
	uint32_t generation;
	int64_t began_ms;
	struct assay_ward *now; /* OTHERS: who was started last */
	char error[400];        /* what went wrong though it went on */
};

struct assay_service {
	const struct assay_serve_options *options;
	struct assay_config *config; /* in charge */
	char config_sha256[65];      /* of the files, as children are told */
	struct assay_site site;
	struct assay_supervise sup;
	struct assay_listens listens; /* of providers */
	int listen_lines;             /* what the last check wrote of them */
	struct assay_board_slot *page;
	int signals;
	unsigned terms;       /* SIGTERM and SIGINT so far */
	unsigned check_tries; /* that ended by a signal */
	bool hup;             /* a reload is wanted */
	bool checked, ready, over;
	int64_t began_ms, sample_ms;
	uint32_t generation;
	int code;       /* to exit with */
	int stop_group; /* -1: not stopping */
	int64_t stop_ms;
	struct assay_reload reload;
};

/* Everybody but the master whom this configuration wants, in the order of starting. */
size_t assay_service_posts(const struct assay_opts *core, struct assay_post posts[ASSAY_POSTS]);
/* [core] of the head of the scoreboard. */
void assay_service_tell_head(struct assay_service *s, const char *config_sha256);
int64_t assay_service_stop_time(const struct assay_service *s);

/* Starts the child that tries a configuration. NULL (err): there is no slot. */
struct assay_ward *assay_service_check(
    struct assay_service *s, uint32_t generation, struct assay_err *err);
/* Opens what the child that tried the configuration found doors to listen on. */
ASSAY_MUST_CHECK enum assay_status assay_service_listen(
    struct assay_service *s, struct assay_err *err);

/* One step of the reload that is wanted or under way. */
void assay_reload_step(struct assay_service *s);
void assay_reload_release(struct assay_service *s);

#endif
