/*
 * base/err.c - see err.h. Touches nothing but its arguments; cannot fail.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/err.h"

/* decode - the UTF-8 character at s and its length; 1 and a control where there is none */
static size_t decode(const unsigned char *s, unsigned *cp)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	*cp = n == 1 ? s[0] : s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			n = 0;
		else
			*cp = *cp << 6 | (s[i] & 0x3f);
	}
	if (n > 0 && *cp >= least[n] && *cp <= 0x10ffff && s[0] < 0xf8 && *cp >> 11 != 0x1b)
		return n;
	*cp = 0;
	return 1;
}

/* commands - does a terminal or reader do something else with it than show it? */
static bool commands(unsigned cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x61c || cp == 0x200e ||
	    cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

/* assay_err_make_printable - one line without control or bidi characters, whatever was formatted
 * in */
void assay_err_make_printable(char *s)
{
	while (*s != '\0') {
		unsigned cp;
		size_t n = decode((const unsigned char *)s, &cp);

		if (commands(cp))
			memset(s, '?', n);
		s += n;
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
	assay_err_make_printable(err->text);
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
	assay_err_make_printable(err->text);
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

static void (*bug_hook)(void *arg, const char *text);
static void *bug_hook_arg;

/* assay_err_set_bug_hook - one per process */
void assay_err_set_bug_hook(void (*hook)(void *arg, const char *text), void *arg)
{
	bug_hook = hook;
	bug_hook_arg = arg;
}

/* assay_bug_at - our own promise is broken: say where, and die */
void assay_bug_at(const char *file, int line, const char *fmt, ...)
{
	char text[600];
	va_list ap;
	int n = snprintf(text, sizeof text, "BUG at %.200s:%d: ", file, line);

	va_start(ap, fmt);
	(void)vsnprintf(text + n, sizeof text - (size_t)n, fmt, ap);
	va_end(ap);
	assay_err_make_printable(text);
	if (bug_hook != NULL)
		bug_hook(bug_hook_arg, text);
	(void)fprintf(stderr, "assay: %s\n", text);
	abort();
}
