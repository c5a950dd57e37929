/*
 * core/cmd/pace.c - see pace.h. Writes standard error only.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "core/cmd/pace.h"
#include "core/human.h"

#define TERMINAL_MS 250
#define LOG_MS 10000
#define SURE_MS 2000 /* before that no time left is told */

/* assay_pace_begin - see pace.h */
void assay_pace_begin(struct assay_pace *pace, const char *what, uint64_t all)
{
	*pace = (struct assay_pace){ .what = what, .all = all, .quiet = true };
	pace->begun_ms = pace->shown_ms = assay_clock_mono_ms();
	pace->terminal = isatty(STDERR_FILENO);
}

/* left - "2m left", when it can be told */
static const char *left(const struct assay_pace *pace, int64_t took_ms, char text[64])
{
	char age[ASSAY_HUMAN_TEXT];

	text[0] = '\0';
	if (took_ms >= SURE_MS && pace->done > 0 && pace->done <= pace->all)
		(void)snprintf(text, 64, ", %s left",
		    assay_human_age(age,
			(int64_t)((double)took_ms / (double)pace->done *
			    (double)(pace->all - pace->done))));
	return text;
}

/* show - one line */
static void show(struct assay_pace *pace, int64_t took_ms, const char *more)
{
	const unsigned percent = pace->all > 0 ? (unsigned)(pace->done * 100 / pace->all) : 100;
	char line[200], rest[64];

	(void)snprintf(line, sizeof line, "%" PRIu64 " of %" PRIu64 " %s (%u %%), %.0f/s%s%s%s",
	    pace->done, pace->all, pace->what, percent,
	    took_ms > 0 ? (double)pace->done * 1000 / (double)took_ms : 0,
	    left(pace, took_ms, rest), more != NULL ? ", " : "", more != NULL ? more : "");
	if (pace->terminal)
		(void)fprintf(stderr, "\r%s\033[K", line);
	else
		(void)fprintf(stderr, "assay: %s\n", line);
	pace->quiet = false;
}

/* assay_pace_step - see pace.h */
void assay_pace_step(struct assay_pace *pace, uint64_t done, const char *more)
{
	const int64_t now = assay_clock_mono_ms();

	pace->done = done;
	if (now - pace->shown_ms < (pace->terminal ? TERMINAL_MS : LOG_MS))
		return;
	pace->shown_ms = now;
	show(pace, now - pace->begun_ms, more);
}

/* assay_pace_clear - see pace.h */
void assay_pace_clear(struct assay_pace *pace)
{
	if (pace->terminal && !pace->quiet)
		(void)fputs("\r\033[K", stderr);
	pace->quiet = true;
}
