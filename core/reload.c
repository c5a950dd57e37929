/*
 * core/reload.c - see service.h: from one configuration to the next without refusing a mail
 *
 * A child tries whether it loads; then the new scan master comes up (beside the old one, or in its
 * place), and only when it is ready do the others follow, one by one. Until that moment everything
 * stays as it is. Touches the children, the head of the scoreboard and /proc/meminfo.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "core/service.h"

/* How long one of the others may take to load before the next is exchanged. */
#define UP_MOST_MS 10000
#define SPARE_KB 65536u

/* ---- the end --------------------------------------------------------------------------------- */

/* finish - well (error NULL) or not */
static void finish(struct assay_service *s, const char *error)
{
	struct assay_board_head *head = s->site.board.head;
	struct assay_ward *check = assay_supervise_find(&s->sup, "check", "", 0);

	if (check != NULL && check->pid == 0)
		assay_supervise_remove(&s->sup, check);
	(void)snprintf(
	    head->reload_error, sizeof head->reload_error, "%s", error != NULL ? error : "");
	head->reload_wall_ms = assay_clock_wall_ms();
	head->reloads++;
	assay_config_free(&s->reload.config);
	s->reload = (struct assay_reload){ .step = ASSAY_RELOAD_NONE };
	assay_board_set_state(s->page, ASSAY_BOARD_IDLE);
}

/* refuse - everything stays as it is. Who has to be started anew finds the new files, and a process
 * with these is better than none: children are not told any more which ones are meant. */
static void refuse(struct assay_service *s, const char *error)
{
	char text[400];

	(void)snprintf(text, sizeof text, "%.399s", error);
	s->sup.config_sha256 = NULL;
	assay_listens_undo(&s->listens);
	assay_log(ASSAY_LOG_ERROR, "reload: %s; the old configuration stays in force", text);
	finish(s, text);
}

/* assay_reload_release - when the parent ends in the middle of it */
void assay_reload_release(struct assay_service *s)
{
	assay_config_free(&s->reload.config);
}

/* ---- may it be? ------------------------------------------------------------------------------ */

/* fits - what belongs to the place of the service does not change while it is there */
static bool fits(const struct assay_service *s, struct assay_err *err)
{
	struct assay_role_user user;

	if (assay_role_user(assay_config_core(s->reload.config), &user, err) != ASSAY_OK)
		return false;
	if (user.uid == s->site.user.uid && user.gid == s->site.user.gid)
		return true;
	(void)assay_err_set(err, ASSAY_E_CONF,
	    "[core] user = %.60s: directories and sockets belong to another; stop the service, "
	    "chown them, start it again",
	    user.name);
	return false;
}

/* begin - read it, and let a child try it */
static void begin(struct assay_service *s)
{
	struct assay_err err;

	s->hup = false;
	s->reload.began_ms = assay_clock_mono_ms();
	s->reload.generation = s->generation + 1;
	assay_log(ASSAY_LOG_INFO, "reload begins");
	if (s->options->load(s->options->arg, &s->reload.config, &err) != ASSAY_OK ||
	    !fits(s, &err) || assay_service_check(s, s->reload.generation, &err) == NULL) {
		refuse(s, err.text);
		return;
	}
	(void)snprintf(s->config_sha256, sizeof s->config_sha256, "%s",
	    assay_config_source_sha256(s->reload.config));
	s->sup.config_sha256 = s->config_sha256;
	s->reload.step = ASSAY_RELOAD_CHECK;
	assay_board_set_state(s->page, ASSAY_BOARD_BUSY);
}

/* read_kb - the number behind `key` in a file of /proc; 0 */
static uint64_t read_kb(const char *path, const char *key)
{
	uint64_t kb = 0;
	char line[256];
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return 0;
	while (kb == 0 && fgets(line, sizeof line, f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			(void)sscanf(line + strlen(key), "%" SCNu64, &kb);
	(void)fclose(f);
	return kb;
}

/* is_room - for a second master, as large as the first; false: `why` */
static bool is_room(const struct assay_ward *old, char *why, size_t size)
{
	uint64_t have = read_kb("/proc/meminfo", "MemAvailable:"), need;
	char path[40];

	if (old == NULL || old->pid == 0 || have == 0)
		return true;
	(void)snprintf(path, sizeof path, "/proc/%ld/status", (long)old->pid);
	need = read_kb(path, "VmRSS:") + SPARE_KB;
	(void)snprintf(why, size,
	    "%" PRIu64 " MB of memory are available, new scan processes beside the old ones need "
	    "%" PRIu64 ": set [core] reload = replace",
	    have / 1024, need / 1024);
	return need <= have;
}

/* ---- the scan master ------------------------------------------------------------------------- */

/* old_master - the one in charge */
static struct assay_ward *old_master(struct assay_service *s)
{
	return assay_supervise_find(&s->sup, "master", "", s->generation);
}

/* start_master - of the new generation */
static void start_master(struct assay_service *s)
{
	struct assay_err err;

	if (assay_supervise_add(&s->sup, "master", "", s->reload.generation, &err) == NULL)
		ASSAY_BUG("%s", err.text);
	s->reload.step = ASSAY_RELOAD_MASTER;
}

/* checked - the child has said yes or no */
static void checked(struct assay_service *s)
{
	struct assay_ward *check = assay_supervise_find(&s->sup, "check", "", 0);
	const struct assay_opts *core = assay_config_core(s->reload.config);
	struct assay_ward *old = old_master(s);
	struct assay_board_slot *page = assay_supervise_page(&s->sup, check);
	bool beside = strcmp(assay_opt_str(core, "reload"), "beside") == 0;
	struct assay_err err;
	char why[200];

	if (check->pid > 0 || check->code < 0)
		return;
	page->error[sizeof page->error - 1] = '\0';
	if (check->code != 0) {
		refuse(s,
		    page->error[0] != '\0'  ? page->error
			: check->code > 128 ? "the process that tries the configuration was killed"
					    : "the configuration does not load");
	} else if (beside && !is_room(old, why, sizeof why)) {
		refuse(s, why);
	} else if (assay_service_listen(s, &err) != ASSAY_OK) {
		refuse(s, err.text);
	} else if (beside || old == NULL) {
		start_master(s);
	} else {
		assay_supervise_leave(&s->sup, old, assay_service_stop_time(s));
		s->reload.step = ASSAY_RELOAD_LEAVE;
	}
}

/* left - the old master has made room */
static void left(struct assay_service *s)
{
	struct assay_ward *old = old_master(s);

	if (old != NULL && old->pid > 0)
		return;
	if (old != NULL)
		assay_supervise_remove(&s->sup, old);
	start_master(s);
}

/* take_charge - the new configuration is that of the service */
static void take_charge(struct assay_service *s)
{
	struct assay_ward *check = assay_supervise_find(&s->sup, "check", "", 0);
	struct assay_ward *old = old_master(s);
	char sha[65] = "";

	if (check != NULL) {
		(void)snprintf(
		    sha, sizeof sha, "%.64s", assay_supervise_page(&s->sup, check)->payload_id);
		assay_supervise_remove(&s->sup, check);
	}
	if (old != NULL)
		assay_supervise_leave(&s->sup, old, assay_service_stop_time(s));
	assay_config_free(&s->config);
	s->config = s->reload.config;
	s->reload.config = NULL;
	s->reload.step = ASSAY_RELOAD_OTHERS;
	assay_service_tell_head(s, sha);
	s->site.board.head->generation = s->reload.generation;
}

/* master_came - or not */
static void master_came(struct assay_service *s)
{
	struct assay_ward *new = assay_supervise_find(&s->sup, "master", "", s->reload.generation);
	struct assay_board_slot *page = assay_supervise_page(&s->sup, new);
	bool alone = old_master(s) == NULL;
	char why[400];

	if (!assay_supervise_up(&s->sup, new)) {
		if (new->crashes == 0)
			return;
		page->error[sizeof page->error - 1] = '\0';
		(void)snprintf(why, sizeof why, "%s", page->error);
		if (!alone) {
			/* It may have been started again already. */
			assay_supervise_leave(&s->sup, new, 0);
			if (new->pid > 0)
				return;
			assay_supervise_remove(&s->sup, new);
			refuse(s, why);
			return;
		}
		(void)snprintf(s->reload.error, sizeof s->reload.error, "%s", why);
	}
	take_charge(s);
}

/* ---- the others ------------------------------------------------------------------------------ */

/* next_old - the next to be exchanged: who feeds others first */
static struct assay_ward *next_old(struct assay_service *s)
{
	static const char *const order[] = { "door", "rescan", "connector", "archiver", "janitor",
		"metrics", "lookup" };

	for (size_t k = 0; k < sizeof order / sizeof order[0]; k++)
		for (unsigned i = 0; i < ASSAY_BOARD_OTHERS; i++)
			if (strcmp(s->sup.child[i].kind, order[k]) == 0 &&
			    s->sup.child[i].generation != s->reload.generation)
				return &s->sup.child[i];
	return NULL;
}

/* is_wanted - by the new configuration */
static bool is_wanted(const struct assay_service *s, const struct assay_ward *child)
{
	struct assay_post posts[ASSAY_POSTS];
	size_t n = assay_service_posts(assay_config_core(s->config), posts);

	for (size_t i = 0; i < n; i++)
		if (strcmp(posts[i].kind, child->kind) == 0 &&
		    strcmp(posts[i].name, child->name) == 0)
			return true;
	return false;
}

/* add_new - whom the old configuration did not have */
static void add_new(struct assay_service *s)
{
	struct assay_post posts[ASSAY_POSTS];
	size_t n = assay_service_posts(assay_config_core(s->config), posts);
	struct assay_err err;

	for (size_t i = 0; i < n; i++) {
		if (assay_supervise_find(&s->sup, posts[i].kind, posts[i].name, 0) != NULL)
			continue;
		if (assay_supervise_add(&s->sup, posts[i].kind, posts[i].name, s->reload.generation,
			&err) == NULL) {
			assay_log(ASSAY_LOG_ERROR, "reload: %s", err.text);
			(void)snprintf(s->reload.error, sizeof s->reload.error, "%.390s", err.text);
		}
	}
}

/* has_new - is there one of the new generation already? */
static bool has_new(struct assay_service *s, const struct assay_ward *old)
{
	return assay_supervise_find(&s->sup, old->kind, old->name, s->reload.generation) != NULL;
}

/* settled - the one started last is up, or has had its time */
static bool settled(const struct assay_service *s)
{
	const struct assay_ward *child = s->reload.now;

	return child == NULL || assay_supervise_up(&s->sup, child) || child->crashes > 0 ||
	    assay_clock_mono_ms() - child->started_ms > UP_MOST_MS;
}

/* beside - a door with sockets of its own goes when the new one has taken them over: true, it is on
 * its way */
static bool beside(struct assay_service *s, const struct assay_ward *old)
{
	int fds[ASSAY_LISTEN_MOST];
	struct assay_err err;

	const char *listener = assay_supervise_listener(old);

	if (old->leaving || listener == NULL || !is_wanted(s, old) ||
	    assay_listens_of(&s->listens, listener, fds) == 0 || has_new(s, old))
		return false;
	s->reload.now =
	    assay_supervise_add(&s->sup, old->kind, old->name, s->reload.generation, &err);
	if (s->reload.now != NULL)
		s->reload.now->started_ms = assay_clock_mono_ms();
	return s->reload.now != NULL;
}

/* exchange - one of them, when its turn has come */
static void exchange(struct assay_service *s)
{
	struct assay_ward *child = settled(s) ? next_old(s) : NULL;

	if (child == NULL) {
		if (!settled(s))
			return;
		add_new(s);
		assay_listens_prune(&s->listens);
		s->reload.now = NULL;
		s->reload.step = ASSAY_RELOAD_LAST;
		return;
	}
	if (beside(s, child))
		return;
	if (!child->leaving)
		assay_supervise_leave(&s->sup, child, assay_service_stop_time(s));
	if (child->pid > 0)
		return;
	s->reload.now = NULL;
	if (is_wanted(s, child) && !has_new(s, child)) {
		assay_supervise_again(child, s->reload.generation);
		child->started_ms = assay_clock_mono_ms();
		child->crashes = 0;
		s->reload.now = child;
	} else {
		assay_supervise_remove(&s->sup, child);
	}
}

/* last - the old scan processes finish their mails */
static void last(struct assay_service *s)
{
	struct assay_ward *old = old_master(s);
	int64_t ms = assay_clock_mono_ms() - s->reload.began_ms;
	char error[400];

	if (old != NULL && old->pid > 0)
		return;
	if (old != NULL)
		assay_supervise_remove(&s->sup, old);
	s->generation = s->reload.generation;
	(void)snprintf(error, sizeof error, "%s", s->reload.error);
	if (error[0] != '\0')
		assay_log(ASSAY_LOG_ERROR, "reload: generation %u after %lld ms, but: %s",
		    s->generation, (long long)ms, error);
	else
		assay_log(ASSAY_LOG_INFO, "reload done: generation %u after %lld ms", s->generation,
		    (long long)ms);
	finish(s, error[0] != '\0' ? error : NULL);
}

/* is_wanted_by_master - what it has loaded is no longer what is there; said once */
static bool is_wanted_by_master(struct assay_service *s)
{
	struct assay_ward *master = old_master(s);
	struct assay_board_slot *page;

	if (master == NULL || master->pid == 0)
		return false;
	page = assay_supervise_page(&s->sup, master);
	if (!page->of.concern.outdated)
		return false;
	page->of.concern.outdated = false;
	return true;
}

/* assay_reload_step - see service.h */
void assay_reload_step(struct assay_service *s)
{
	switch (s->reload.step) {
	case ASSAY_RELOAD_NONE:
		if (s->ready && (s->hup || is_wanted_by_master(s)))
			begin(s);
		break;
	case ASSAY_RELOAD_CHECK:
		checked(s);
		break;
	case ASSAY_RELOAD_LEAVE:
		left(s);
		break;
	case ASSAY_RELOAD_MASTER:
		master_came(s);
		break;
	case ASSAY_RELOAD_OTHERS:
		exchange(s);
		break;
	case ASSAY_RELOAD_LAST:
		last(s);
		break;
	}
}
