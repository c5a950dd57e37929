/*
 * core/cmd/hunt.h - what the pieces of `assay hunt` share
 *
 * cmd_hunt.c reads the command line, hunt_list.c asks the store for what stands in a list,
 * hunt_rules.c runs rules over what is archived, hunt_hit.c tells of each mail that was hit: a line
 * on standard output, and findings of kind "hunt", whose ids follow from what they say, so that a
 * second hunt adds nothing.
 */
#ifndef ASSAY_CMD_HUNT_H
#define ASSAY_CMD_HUNT_H

#include "base/keyset.h"
#include "core/cmd/store.h"
#include "core/findings.h"
#include "core/indicator.h"

struct assay_hunt {
	struct assay_cmd_store store;
	struct assay_findings *findings; /* NULL: nothing is written */
	const struct assay_cmd_globals *globals;
	const char *file; /* of rules, or a list; "-": standard input */
	const char *name; /* of the list, in findings */
	const char *connector;
	enum assay_indicator_of of;
	bool rules; /* file has rules */
	bool json, dry_run, no_sandbox;
	uint64_t jobs;
	json_t *match; /* which mails; NULL: all */
	struct assay_keyset told;
	char by[100];
	/* What came of it. */
	uint64_t mails, findings_made, asked, missing, failed, bad_lines;
	bool stopped; /* by a signal */
};

/* Has a signal come? */
bool assay_hunt_stopping(struct assay_hunt *hunt);
/* Rows of the store (core/query.h). */
struct assay_hunt_question {
	const char *want, *word; /* word: or NULL */
	json_t *more;            /* must hold besides hunt->match; taken; or NULL */
	bool (*row)(void *arg, const json_t *row);
	void *arg;
};
ASSAY_MUST_CHECK enum assay_status assay_hunt_ask(
    struct assay_hunt *hunt, const struct assay_hunt_question *question, struct assay_err *err);

/* hunt_list.c, hunt_rules.c: the hunt itself. */
ASSAY_MUST_CHECK enum assay_status assay_hunt_list(struct assay_hunt *hunt, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_hunt_rules(struct assay_hunt *hunt, struct assay_err *err);

/* Was this mail hit before? */
bool assay_hunt_told(const struct assay_hunt *hunt, const json_t *report);
/* A mail that was hit: findings, and a line. `matches` are those of assay_hunt_match. */
ASSAY_MUST_CHECK enum assay_status assay_hunt_hit(
    struct assay_hunt *hunt, const json_t *report, const json_t *matches, struct assay_err *err);
/* Appends {"payload_id", "path", "word", "value", "rule"}; payload: of the report, NULL: the mail.
 */
void assay_hunt_match(
    json_t *matches, const json_t *payload, const char *word, const char *value, const char *rule);

#endif
