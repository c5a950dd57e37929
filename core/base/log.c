/*
 * base/log.c - see log.h. Writes standard error with one write(2) per line, or calls syslog(3);
 * cannot fail.
 */
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

static enum assay_log_level most_wanted = ASSAY_LOG_WARNING;
static bool named, in_syslog;
static char who[64];

/* assay_log_set_level - the least important level still printed */
void assay_log_set_level(enum assay_log_level most)
{
	most_wanted = most;
}

/* assay_log_set_name - who speaks */
void assay_log_set_name(const char *name)
{
	named = name != NULL;
	(void)snprintf(who, sizeof who, "%s", named ? name : "");
}

/* assay_log_to_syslog - or back */
void assay_log_to_syslog(bool yes)
{
	if (yes)
		openlog("assay", LOG_PID | LOG_NDELAY, LOG_MAIL);
	else if (in_syslog)
		closelog();
	in_syslog = yes;
}

/* say_who - how the line begins; syslog(3) adds program and pid itself */
static int say_who(char *line, size_t size, const char *level)
{
	const char *space = who[0] != '\0' ? " " : "";

	if (in_syslog)
		return snprintf(line, size, "%s%s%s: ", who, who[0] != '\0' ? ": " : "", level);
	if (!named)
		return snprintf(line, size, "assay: %s: ", level);
	return snprintf(line, size, "assay[%ld]%s%s: %s: ", (long)getpid(), space, who, level);
}

/* assay_log - one line */
void assay_log(enum assay_log_level level, const char *fmt, ...)
{
	static const char *const name[] = { "error", "warning", "info", "debug" };
	static const int priority[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
	char line[1002];
	va_list ap;
	int n, m;

	if (level > most_wanted)
		return;
	n = say_who(line, sizeof line, name[level]);
	va_start(ap, fmt);
	m = vsnprintf(line + n, sizeof line - 1 - (size_t)n, fmt, ap);
	va_end(ap);
	n += m > 0 ? m : 0;
	if (n > (int)sizeof line - 2)
		n = (int)sizeof line - 2;
	line[n] = '\0';
	assay_err_make_printable(line);
	if (in_syslog) {
		syslog(priority[level], "%s", line);
		return;
	}
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* nobody left to tell */
}
