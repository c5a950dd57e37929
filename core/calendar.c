/*
 * core/calendar.c - see calendar.h. Touches one file, which has a time and no bytes: it can be
 * written on a full disk as well, once it is there. What fails is as if there were no file.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "core/calendar.h"

#define WRITE_MS 3600000 /* how exact the file is */
#define DAY_MS 86400000

struct assay_calendar {
	char *file;
	bool doubts;
	int64_t wall_ms, mono_ms; /* when the doubt began */
};

/* assay_calendar_new - looks at nothing yet */
struct assay_calendar *assay_calendar_new(const char *file)
{
	struct assay_calendar *calendar = assay_xcalloc(1, sizeof *calendar);

	calendar->file = assay_xstrdup(file);
	return calendar;
}

/* assay_calendar_free - see calendar.h */
void assay_calendar_free(struct assay_calendar **calendar)
{
	if (*calendar == NULL)
		return;
	free((*calendar)->file);
	free(*calendar);
	*calendar = NULL;
}

/* last - the time that was believed last; false: none is known */
static bool last(const struct assay_calendar *calendar, int64_t *wall_ms)
{
	struct stat st;

	if (lstat(calendar->file, &st) != 0)
		return false;
	*wall_ms = (int64_t)st.st_mtim.tv_sec * 1000;
	return true;
}

/* believe - from now on it is that late */
static bool believe(struct assay_calendar *calendar, int64_t wall_ms)
{
	const struct timespec now = { .tv_sec = wall_ms / 1000 }, both[2] = { now, now };
	int fd = open(calendar->file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);

	if (fd >= 0)
		(void)futimens(fd, both);
	assay_io_close(&fd);
	calendar->doubts = false;
	return true;
}

/* is_far - more than a clock may drift, or a machine be off */
static bool is_far(int64_t a_ms, int64_t b_ms)
{
	return a_ms - b_ms > ASSAY_CALENDAR_JUMP_MS || b_ms - a_ms > ASSAY_CALENDAR_JUMP_MS;
}

/* doubt - since now */
static void doubt(
    struct assay_calendar *calendar, int64_t wall_ms, int64_t mono_ms, int64_t last_ms)
{
	char text[ASSAY_TIME_TEXT];

	calendar->doubts = true;
	calendar->wall_ms = wall_ms;
	calendar->mono_ms = mono_ms;
	assay_clock_format(wall_ms, text);
	if (wall_ms > last_ms)
		assay_log(ASSAY_LOG_WARNING,
		    "the clock says %.10s, %lld days after it was looked at last: if that is "
		    "right, "
		    "what is old will be forgotten after a day; else set it",
		    text, (long long)((wall_ms - last_ms) / DAY_MS));
}

/* assay_calendar_believes - see calendar.h */
bool assay_calendar_believes(struct assay_calendar *calendar, int64_t wall_ms, int64_t mono_ms)
{
	int64_t last_ms;

	if (!last(calendar, &last_ms))
		return believe(calendar, wall_ms);
	if (!is_far(wall_ms, last_ms)) {
		calendar->doubts = false;
		if (wall_ms < last_ms - WRITE_MS || wall_ms > last_ms + WRITE_MS)
			(void)believe(calendar, wall_ms);
		return true;
	}
	if (!calendar->doubts || is_far(wall_ms - calendar->wall_ms, mono_ms - calendar->mono_ms))
		doubt(calendar, wall_ms, mono_ms, last_ms);
	if (mono_ms - calendar->mono_ms >= ASSAY_CALENDAR_DOUBT_MS)
		return believe(calendar, wall_ms);
	/* By a clock that is behind, too little is old: no harm. */
	return wall_ms < last_ms;
}
