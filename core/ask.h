/*
 * core/ask.h - the door's side of one conversation, with its bounded retries
 *
 * A state machine without a loop of its own, so that a door can hold many. The owner gives it a
 * line (a connection to a scan process) whenever it is WAITING, calls step when the line is
 * readable or wake_ms has passed, and takes the line away when step says so:
 *
 * A process that was asked before may be owned by a mail of then: what it says and does before it
 * gets this one's request costs a moment and the process, nothing of this mail.
 *
 * The request goes out when the process says READY; to a line that is `early` at once, so that the
 * process finds it there. Who is not READY yet has not been asked.
 *
 *	WAITING	 attach a line			LOST  the process is dead or owned: bury the line
 *	RUNNING	 poll, then step		DONE  give the line back, read `answer`
 *
 * When the process dies, the progress page says who was at work: that (worker, sha256) is skipped
 * in the next try, kind "timeout" when its time was over, else "crashed". The second death in one
 * worker skips it for the whole mail; a death outside a worker, or the third retry, leads to one
 * last run with the root's own worker only; after that, or at the mail's deadline, the ask is DONE
 * without a report and the door writes a minimal one (core/door.c). All tries share one deadline.
 */
#ifndef ASSAY_ASK_H
#define ASSAY_ASK_H

#include <jansson.h>

#include <assay/types.h>

#include "base/buf.h"
#include "core/container.h"
#include "core/line.h"

#define ASSAY_ASK_RETRIES 3u
#define ASSAY_ASK_COPY ((size_t)256 * 1024) /* of payloads in memory, for one mail */

enum assay_ask_state { ASSAY_ASK_WAITING, ASSAY_ASK_RUNNING, ASSAY_ASK_LOST, ASSAY_ASK_DONE };

/* What is asked. */
struct assay_ask_mail {
	json_t *request;     /* members of core/request.h; taken; skip[] grows */
	int message;         /* sealed memfd; borrowed */
	int64_t deadline_ms; /* CLOCK_MONOTONIC; 0: time_ms after somebody is READY for it */
	int64_t time_ms;
};

struct assay_ask {
	enum assay_ask_state state;
	struct assay_ask_mail mail;
	struct assay_line *line;         /* borrowed, while RUNNING or LOST */
	int64_t ready_ms;                /* when the line must be READY at the latest */
	char scan_id[ASSAY_WIRE_ID + 1]; /* of the request: the answer's must be the same; "" any */
	unsigned active;                 /* parts of the sandbox in force, as the process says */
	bool sent;                       /* the request is on its way, perhaps to nobody yet */
	bool asked;                      /* ... and somebody was READY for it */
	bool last;                       /* root's worker only */
	unsigned tries;                  /* processes that got this mail */
	int64_t begun_ms;                /* when the first of them did */
	bool heard;                      /* something came after the request */
	unsigned untaken;                /* processes that ended before they took the mail */
	unsigned stillborn;              /* fresh processes that died before they were ready */
	char blamed[64];                 /* who was at work at the last death; "": nobody */
	bool late;                       /* ... and had overstayed */

	/* DONE: */
	bool answered; /* false: no report, `why` and perhaps err say why */
	struct assay_wire_verdict verdict;
	struct assay_buf report; /* checked JSON (core/report_check.h) */
	int keep;                /* sealed container of payloads, or -1 */
	struct assay_buf kept;   /* ... or the bytes of a small one */
	const char *why;         /* "timeout" | "crashed" | "refused" (the request makes no sense) |
				    "unable" (scan processes do not start: every mail would fare so) */
	struct assay_err err;
};

/* Takes the reference to mail->request. */
void assay_ask_init(struct assay_ask *ask, const struct assay_ask_mail *mail);
void assay_ask_release(struct assay_ask *ask);
void assay_ask_attach(struct assay_ask *ask, struct assay_line *line);
/* When step must be called at the latest (CLOCK_MONOTONIC ms). */
int64_t assay_ask_wake_ms(const struct assay_ask *ask);
/* `readable`: poll said so; then one receive is done, which does not block. */
enum assay_ask_state assay_ask_step(struct assay_ask *ask, bool readable);
/* DONE and answered: what is to be archived, until assay_container_close; the ask and the message
 * must stay till then. */
void assay_ask_payloads(
    const struct assay_ask *ask, struct assay_slice message, struct assay_container *payloads);
/* LOST -> WAITING or DONE, after the owner has taken the line away. */
enum assay_ask_state assay_ask_bury(struct assay_ask *ask);

/* Why there is no report, for errors[] of the one that the door writes itself: of `why`, which may
 * be the door's own word, or err. */
const char *assay_ask_sentence(const struct assay_ask *ask);

#endif
