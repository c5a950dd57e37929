/*
 * core/bypass.h - mail goes on unscanned, for a while, because an administrator said so
 *
 * One small file in the run directory (JSON: until, worker or rule or neither, reason, by), written
 * by `assay bypass`, read by each door at each mail: one stat(2) unless it changed. No process must
 * be alive for it but the door. It ends by itself at `until`.
 */
#ifndef ASSAY_BYPASS_H
#define ASSAY_BYPASS_H

#include <assay/types.h>

struct assay_bypass {
	int64_t until_wall_ms; /* 0: none */
	char worker[64];       /* this one only is passed over; "" */
	char rule[64];         /* this rule of the policy does not fire; "" */
	char reason[200], by[64];
};

struct assay_bypass_file;
/* `run_dir` is copied. The file need not exist. */
struct assay_bypass_file *assay_bypass_open(const char *run_dir);
void assay_bypass_close(struct assay_bypass_file **file);
/* What holds now; false: nothing. A file that makes no sense is nothing (told once in the log). */
bool assay_bypass_now(struct assay_bypass_file *file, struct assay_bypass *now);

ASSAY_MUST_CHECK enum assay_status assay_bypass_write(
    const char *run_dir, const struct assay_bypass *what, struct assay_err *err);
/* Not there is fine. */
ASSAY_MUST_CHECK enum assay_status assay_bypass_remove(const char *run_dir, struct assay_err *err);

#endif
