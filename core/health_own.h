/*
 * core/health_own.h - what the files of health.h share among themselves
 */
#ifndef ASSAY_HEALTH_OWN_H
#define ASSAY_HEALTH_OWN_H

#include "core/health.h"

#define ASSAY_HEALTH_WHO 80

/* Level, reasons and sentence from the rest. err: why lock or scoreboard cannot be read. */
void assay_health_judge(
    struct assay_health *health, const char *run_dir, const struct assay_err *err);
/* "door maildir", "connector sqlite", "scan master of generation 2"; returns who. */
const char *assay_health_who(
    const struct assay_health *health, unsigned slot, char who[ASSAY_HEALTH_WHO]);
/* DOWN where the process is dead, whatever its page says. */
uint32_t assay_health_state(const struct assay_health *health, unsigned slot);
/* The queue of the janitor's page, NULL behind the last. */
const struct assay_board_queue *assay_health_queue(const struct assay_health *health, unsigned i);
/* The page of the table for mail servers; NULL: there is none. */
const struct assay_board_slot *assay_health_lookup(const struct assay_health *health);
/* Parts of the sandbox (enum assay_sandbox_part) in force in every scan process. */
void assay_health_sandbox(const struct assay_health *health, unsigned *parts);

/* What plugins have loaded, in words for people: "clamav: daily 27104, 3 hours old"; "". */
const char *assay_health_loaded(const struct assay_health *health);
/* Does somebody who waits get "accept" whatever is decided ([policy] enforce = no)? */
bool assay_health_observes(const struct assay_health *health);

#endif
