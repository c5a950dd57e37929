/*
 * base/log.h - telling people what happened
 *
 * Only programs, doors and commands log; libraries return. One line each on standard error,
 * "assay: level: text" or, in the service, "assay[PID] NAME: level: text", or into the system log
 * (facility mail); foreign text made printable by the caller's choice of words
 * (control characters are replaced here in any case, and the line is cut at 1,000 bytes). assay_log
 * itself stands in <assay/log.h>: plugins use the library's, whose level and name are set.
 */
#ifndef ASSAY_BASE_LOG_H
#define ASSAY_BASE_LOG_H

#include <assay/log.h>

void assay_log_set_level(enum assay_log_level most);
/* The part of the service that speaks, copied: "door maildir"; "" for its parent; NULL: none. */
void assay_log_set_name(const char *name);
/* Instead of standard error, from now on; opens its socket at once. */
void assay_log_to_syslog(bool yes);

#endif
