/*
 * fake_door.h - a door for one provider, in a unit test
 *
 * Implements assay_submit and the assay_door_* functions of the contract in memory: mails are
 * recorded, nothing is scanned. It is part of `fakehost` in a rooms: line. A test gives it a
 * function that is called at each wait: there it looks, changes files, says what happens next, and
 * in the end stops the door. Waits are cut short, so that no test takes as long as its options say.
 */
#ifndef ASSAY_FAKE_DOOR_H
#define ASSAY_FAKE_DOOR_H

#include <assay/plugin.h>

/* One submission; everything is a copy. */
struct fake_mail {
	char *bytes;
	size_t n;
	char *source, *source_id, *filename, *content_type, *message_time_source; /* or NULL */
	int64_t message_time_ms;
	json_t *extra, *request;                     /* or NULL */
	const char *unscanned;                       /* or NULL */
	void (*done)(void *arg, const char *action); /* NULL as soon as it was called */
	void (*verdict)(void *arg, const struct assay_verdict *verdict); /* as done */
	void *done_arg;
};

struct assay_door {
	struct fake_mail *mail;
	size_t n, waits;
	int64_t timeout_ms; /* of the last wait */
	/* What the test sets. */
	bool stopping, hold;      /* hold: nobody is answered but by fake_door_answer */
	bool lingers;             /* the provider has sessions to end after the door stops */
	enum assay_status refuse; /* what assay_submit fails with; ASSAY_OK: it takes */
	size_t stop_at;           /* stops when it has so many mails; 0: does not */
	bool full;                /* there is no room for mail that is to be scanned */
	const int *sockets;       /* of the provider */
	size_t nsockets;
	int64_t message_size, overload_wait; /* of [core] */
	int longest_ms;                      /* of a wait; 10 by default */
	bool keeps;                          /* assay_door_keeps */
	uint64_t progress;                   /* as last told */
	const char *status; /* of the report, where a provider asks; "scanned" by default */
	/* Called at each wait, after the answers; false: the door stops. */
	bool (*turn)(struct assay_door *door, void *arg);
	void *arg;
};

void fake_door_init(
    struct assay_door *door, bool (*turn)(struct assay_door *door, void *arg), void *arg);
/* Whoever has no answer yet gets this one; NULL: the door closes. */
void fake_door_answer(struct assay_door *door, const char *action);
/* Whoever waits for the verdict of one mail gets it, and the mail is done. */
void fake_door_judge(struct fake_mail *mail, const struct assay_verdict *verdict);
/* The mail with this source_id, or NULL; the last one when there are several. */
const struct fake_mail *fake_door_find(const struct assay_door *door, const char *source_id);
/* Frees what was recorded. Who has no answer gets none. */
void fake_door_release(struct assay_door *door);

#endif
