/*
 * milter/intake.h - messages that are whole, on their way to the door and back
 *
 * A message that comes in goes to the door as soon as that has room; one whose turn does not come
 * within [core] overload_wait goes there unscanned, "overload". Each is told the verdict once, from
 * inside assay_intake_pump, assay_door_wait or assay_submit, or that there will be none. Whoever is
 * no longer interested says so (drop); the door makes its report all the same. Not for threads.
 */
#ifndef ASSAY_MILTER_INTAKE_H
#define ASSAY_MILTER_INTAKE_H

#include <assay/plugin.h>

struct assay_intake_ticket;

/* Embedded in whatever waits; nothing else of it is touched. */
struct assay_intake_mail {
	struct assay_submission submission; /* taken by add: its descriptor and JSON */
	uint64_t size;
	/* verdict NULL: none will come. May add this mail again, or be its end. */
	void (*told)(struct assay_intake_mail *mail, const struct assay_verdict *verdict);
	/* The intake's own. */
	struct assay_intake_mail *next;
	struct assay_intake_ticket *ticket; /* at the door */
	bool queued;
	int64_t since_ms;
};

struct assay_intake {
	struct assay_door *door;
	struct assay_intake_mail *first, **last;
	int64_t retry_ms; /* the door was full even for what it need not scan */
};

void assay_intake_init(struct assay_intake *intake, struct assay_door *door);
/* submission, size and told are filled in. */
void assay_intake_add(struct assay_intake *intake, struct assay_intake_mail *mail);
/* It is not told any more. Does nothing when it does not wait. */
void assay_intake_drop(struct assay_intake *intake, struct assay_intake_mail *mail);
/* Whoever is not at the door yet is told that there will be no verdict. */
void assay_intake_close(struct assay_intake *intake);
/* As many as the door has room for. *again_ms is made earlier when something is due then
 * (CLOCK_MONOTONIC). Fails when the door can take nothing at all. */
ASSAY_MUST_CHECK enum assay_status assay_intake_pump(
    struct assay_intake *intake, int64_t *again_ms, struct assay_err *err);

#endif
