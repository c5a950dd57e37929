/*
 * base/clock.h - time, as the report writes it
 *
 * Wall times are milliseconds since 1970 UTC (int64, may be negative); deadlines are
 * CLOCK_MONOTONIC milliseconds. No time zone database is touched.
 */
#ifndef ASSAY_BASE_CLOCK_H
#define ASSAY_BASE_CLOCK_H

#include <assay/types.h>

#define ASSAY_TIME_TEXT 32 /* room for any time text and its NUL */

int64_t assay_clock_wall_ms(void);
int64_t assay_clock_mono_ms(void);
int64_t assay_clock_mono_us(void);
/* CPU time of this process, user and system, in microseconds. */
int64_t assay_clock_cpu_us(void);
/* "2026-11-21T12:00:00.000Z"; years outside 0-9999 are clamped. */
void assay_clock_format(int64_t wall_ms, char text[ASSAY_TIME_TEXT]);
/* Days since 1970-01-01 of a proleptic Gregorian date; month 1-12. */
int64_t assay_clock_days(int year, int month, int day);

#endif
