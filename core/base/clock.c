/*
 * base/clock.c - see clock.h. Reads clocks only; civil dates by the days algorithm of the
 * proleptic Gregorian calendar (era of 400 years = 146,097 days), so that no zone file is opened.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "base/clock.h"

/* now_ms - one clock, in milliseconds */
static int64_t now_ms(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* assay_clock_wall_ms - since 1970 UTC */
int64_t assay_clock_wall_ms(void)
{
	return now_ms(CLOCK_REALTIME);
}

/* assay_clock_mono_ms - for deadlines and durations */
int64_t assay_clock_mono_ms(void)
{
	return now_ms(CLOCK_MONOTONIC);
}

/* assay_clock_mono_us - for short durations */
int64_t assay_clock_mono_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* assay_clock_cpu_us - what this process has used */
int64_t assay_clock_cpu_us(void)
{
	struct rusage r;

	(void)getrusage(RUSAGE_SELF, &r);
	return ((int64_t)r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 + r.ru_utime.tv_usec +
	    r.ru_stime.tv_usec;
}

/* assay_clock_days - since 1970-01-01 */
int64_t assay_clock_days(int year, int month, int day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (int64_t)(month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

/* civil - the date of a day number */
static void civil(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

/* assay_clock_format - as RESULT writes a time */
void assay_clock_format(int64_t wall_ms, char text[ASSAY_TIME_TEXT])
{
	const int64_t least = -62167219200000, most = 253402300799999; /* years 0 and 9999 */
	int64_t days, ms;
	int y, m, d;

	if (wall_ms < least)
		wall_ms = least;
	if (wall_ms > most)
		wall_ms = most;
	days = wall_ms / 86400000 - (wall_ms % 86400000 < 0);
	ms = wall_ms - days * 86400000;
	civil(days, &y, &m, &d);
	(void)snprintf(text, ASSAY_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", y % 10000,
	    m % 13, d % 32, (int)(ms / 3600000 % 24), (int)(ms / 60000 % 60), (int)(ms / 1000 % 60),
	    (int)(ms % 1000));
}
