/*
 * base/err.c - see err.h. Touches nothing but its arguments; cannot fail.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/err.h"

/* make_printable - one line without control characters, whatever was formatted in */
static void make_printable(char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f)
			*s = '?';
	}
}

/* assay_err_set - fill err and hand the code back */
enum assay_status assay_err_set(struct assay_err *err, enum assay_status code, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return code;
	err->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	make_printable(err->text);
	return code;
}

/* assay_err_prefix - say where, in front of what */
void assay_err_prefix(struct assay_err *err, const char *fmt, ...)
{
	char where[sizeof err->text];
	char what[sizeof err->text];
	va_list ap;

	if (err == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(where, sizeof where, fmt, ap);
	va_end(ap);
	memcpy(what, err->text, sizeof what);
	(void)snprintf(err->text, sizeof err->text, "%.280s: %.300s", where, what);
	make_printable(err->text);
}

/* assay_status_name - the word used in logs and in errors[].kind of host failures */
const char *assay_status_name(enum assay_status code)
{
	static const char *const name[] = {
		[ASSAY_OK] = "ok",
		[ASSAY_END] = "end",
		[ASSAY_E_NOENT] = "not_found",
		[ASSAY_E_SYNTAX] = "syntax",
		[ASSAY_E_LIMIT] = "limit",
		[ASSAY_E_IO] = "io",
		[ASSAY_E_TIMEOUT] = "timeout",
		[ASSAY_E_UNSUP] = "unsupported",
		[ASSAY_E_CONF] = "configuration",
		[ASSAY_E_PLUGIN] = "plugin",
		[ASSAY_E_USAGE] = "usage",
		[ASSAY_E_FULL] = "full",
		[ASSAY_E_DEAD] = "dead",
	};

	if ((size_t)code >= sizeof name / sizeof name[0])
		return "unknown";
	return name[code];
}

/* assay_status_exit - the exit code a command ends with */
int assay_status_exit(enum assay_status code)
{
	switch (code) {
	case ASSAY_OK:
	case ASSAY_END:
		return 0;
	case ASSAY_E_USAGE:
		return EX_USAGE;
	case ASSAY_E_SYNTAX:
	case ASSAY_E_LIMIT:
		return EX_DATAERR;
	case ASSAY_E_NOENT:
		return EX_NOINPUT;
	case ASSAY_E_FULL:
		return EX_CANTCREAT;
	case ASSAY_E_TIMEOUT:
	case ASSAY_E_IO:
	case ASSAY_E_DEAD:
		return EX_TEMPFAIL;
	case ASSAY_E_CONF:
	case ASSAY_E_PLUGIN:
	case ASSAY_E_UNSUP:
		return EX_CONFIG;
	}
	return EX_SOFTWARE;
}

/* assay_bug_at - our own promise is broken: say where, and die */
void assay_bug_at(const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	make_printable(text);
	(void)fprintf(stderr, "assay: BUG at %s:%d: %s\n", file, line, text);
	abort();
}
