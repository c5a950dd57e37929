/*
 * core/rule.h - the [rule NAME] sections of assay.conf, checked and ready to be asked
 *
 *	[rule executables]
 *	when.extension = exe, scr, js	all lines are needed; values of one line are alternatives
 *	not.mailfrom = @example.org	nothing of the word fits any of them
 *	action = reject			accept, tag, quarantine, tempfail, reject, discard
 *	reply = 550 5.7.1 No programs	reject and tempfail only; code and class may be left out
 *	header = X-Found: %{filename}	also header.1, header.two ...; while the mail goes on
 *	enforce = yes			otherwise than [policy] enforce
 *
 * Words are those of the vocabulary (core/facts.h). Lines about payloads all mean one and the same
 * payload; `not` lines of a rule without a `when` line about payloads mean every payload. Whatever
 * is not known is refused with file:line and the nearest name.
 */
#ifndef ASSAY_RULE_H
#define ASSAY_RULE_H

#include "core/compare.h"
#include "core/facts.h"
#include "core/wire.h"

struct assay_config;

#define ASSAY_RULES_MAX 1000u

/* A line "when." or "not.". */
struct assay_rule_test {
	const struct assay_word *word;
	size_t slot; /* of the word among those of all rules */
	bool negated;
	const struct assay_compare *any;
	size_t n;
	const char *written;
};

struct assay_rule_header {
	const char *name, *text;
};

struct assay_rule {
	const char *name;
	enum assay_wire_action action;
	const struct assay_rule_test *test;
	size_t ntest;
	const char *reply; /* with its code; NULL: none of its own */
	const struct assay_rule_header *header;
	size_t nheader;
	bool enforced;
	bool negates;  /* has a `not` line */
	bool payloads; /* has a `when` line about payloads */
};

struct assay_rules {
	const struct assay_rule *rule;
	size_t n;
	const char *const *word; /* by slot */
	size_t nword;
};

/* All rules, in order; everything lives in the arena. E_CONF. */
ASSAY_MUST_CHECK enum assay_status assay_rules_read(struct assay_arena *arena,
    struct assay_config *config, const struct assay_vocabulary *vocabulary,
    struct assay_rules *rules, struct assay_err *err);
/* "TEXT" or "550 TEXT" or "550 5.7.1 TEXT" as the last, for reject or tempfail. E_CONF: why not. */
ASSAY_MUST_CHECK enum assay_status assay_rule_reply(struct assay_arena *arena,
    enum assay_wire_action action, const char *text, const char **reply, struct assay_err *err);
/* May a header be called that? */
bool assay_rule_header_name(struct assay_slice name);

#endif
