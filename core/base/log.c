/*
 * base/log.c - see log.h. Writes standard error with one write(2) per line; cannot fail.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"

static enum assay_log_level most_wanted = ASSAY_LOG_WARNING;

/* assay_log_set_level - the least important level still printed */
void assay_log_set_level(enum assay_log_level most)
{
	most_wanted = most;
}

/* assay_log - one line */
void assay_log(enum assay_log_level level, const char *fmt, ...)
{
	static const char *const name[] = { "error", "warning", "info", "debug" };
	char line[1002];
	va_list ap;
	int n, m;

	if (level > most_wanted)
		return;
	n = snprintf(line, sizeof line, "assay: %s: ", name[level]);
	va_start(ap, fmt);
	m = vsnprintf(line + n, sizeof line - 1 - (size_t)n, fmt, ap);
	va_end(ap);
	n += m > 0 ? m : 0;
	if (n > (int)sizeof line - 2)
		n = (int)sizeof line - 2;
	line[n] = '\0';
	assay_err_make_printable(line);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* nobody left to tell */
}
