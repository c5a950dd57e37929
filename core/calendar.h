/*
 * core/calendar.h - can the wall clock be believed, where it decides what is old enough to go?
 *
 * A clock that is wrong by years must not empty a store. The last time that was believed is kept as
 * the time of a file. A clock that differs from it by more than 30 days is believed when it has
 * gone on like that for a day: until then nothing counts as old (it is told in the log), and a
 * machine that was off for months forgets a day later than it might. Nothing else depends on it.
 */
#ifndef ASSAY_CALENDAR_H
#define ASSAY_CALENDAR_H

#include <assay/types.h>

#define ASSAY_CALENDAR_JUMP_MS ((int64_t)30 * 86400000)
#define ASSAY_CALENDAR_DOUBT_MS ((int64_t)86400000)

struct assay_calendar;

/* The file that keeps the time; it need not be there, its directory must. */
struct assay_calendar *assay_calendar_new(const char *file);
/* Accepts NULL, leaves NULL. */
void assay_calendar_free(struct assay_calendar **calendar);
/* May what is old by this wall time go? mono_ms: CLOCK_MONOTONIC. Where the file can be neither
 * read nor written there is nothing to compare with: yes. */
bool assay_calendar_believes(struct assay_calendar *calendar, int64_t wall_ms, int64_t mono_ms);

#endif
