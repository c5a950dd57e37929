/*
 * base/err.h - saying what went wrong
 *
 * assay_err_set() fills `err` (which may be NULL) and returns `code`, so that a failing function
 * ends in `return assay_err_set(err, ASSAY_E_IO, "%s: %s", path, strerror(errno))`. Foreign bytes
 * in the arguments are made printable (control characters and invalid UTF-8 become '?').
 * ASSAY_BUG() is for broken promises between our own functions: it aborts, which costs one mail.
 */
#ifndef ASSAY_BASE_ERR_H
#define ASSAY_BASE_ERR_H

#include <assay/types.h>

enum assay_status assay_err_set(struct assay_err *err, enum assay_status code, const char *fmt, ...)
    ASSAY_PRINTF(3, 4);
/* Puts "prefix: " before the text that is there already. */
void assay_err_prefix(struct assay_err *err, const char *fmt, ...) ASSAY_PRINTF(2, 3);
/* Control and bidi characters and what is no UTF-8 become '?', in place. */
void assay_err_make_printable(char *s);
const char *assay_status_name(enum assay_status code);
/* The exit code of RESULT: 64 usage, 65 data, 66 no input, 70 own fault, 73, 75, 78. */
int assay_status_exit(enum assay_status code);

/* Told the sentence of an ASSAY_BUG before the end, where standard error goes nowhere. NULL: none.
 */
void assay_err_set_bug_hook(void (*hook)(void *arg, const char *text), void *arg);
_Noreturn void assay_bug_at(const char *file, int line, const char *fmt, ...) ASSAY_PRINTF(3, 4);
#define ASSAY_BUG(...) assay_bug_at(__FILE__, __LINE__, __VA_ARGS__)
#define ASSAY_ASSERT(cond)                                                                         \
	do {                                                                                       \
		if (!(cond))                                                                       \
			ASSAY_BUG("broken promise: %s", #cond);                                    \
	} while (0)

#endif
