/*
 * core/privacy.h - taking out of a report what somebody may not see
 *
 * Works by the privacy class of each field: the report's own table, the tables of the loaded
 * plugins, and for facts{} the class of the fields their words are made from. What no table knows
 * (a plugin that is not loaded) counts as content. Findings pass at `personal` with their own short
 * list. Linear in the report, times a small bound for pseudonyms. Cannot fail on a record: what is
 * not as expected is left out.
 */
#ifndef ASSAY_PRIVACY_H
#define ASSAY_PRIVACY_H

#include <assay/plugin.h>

struct assay_arena;
struct assay_host;
struct assay_privacy_filter;

struct assay_privacy_options {
	enum assay_privacy fields;       /* the most that may be seen */
	const char *const *exclude;      /* "results[].workers.smtp.subject"; [] may be left out */
	const char *const *pseudonymise; /* words of facts{} */
	const char *key_file;            /* at least 16 bytes; needed when words are given */
};

/* E_CONF: a path or word nobody declares, a key file that is missing or too short. Lives in the
 * arena. Borrows the host and the options. */
ASSAY_MUST_CHECK enum assay_status assay_privacy_new(struct assay_arena *arena,
    const struct assay_host *host, const struct assay_privacy_options *options,
    struct assay_privacy_filter **filter, struct assay_err *err);
/* Does it let everything through as it is? */
bool assay_privacy_is_open(const struct assay_privacy_filter *filter);
/* Changes the report in place. */
void assay_privacy_apply(const struct assay_privacy_filter *filter, json_t *report);

#endif
