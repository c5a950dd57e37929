/*
 * core/cmd/why.h - `assay plugins --why FILE`: who looks at each payload of a message, and why
 *
 * The message is scanned here; what the engine noted of its choices is said in plain words. Nothing
 * is kept and nobody is told.
 */
#ifndef ASSAY_CMD_WHY_H
#define ASSAY_CMD_WHY_H

#include <assay/types.h>

struct assay_buf;
struct assay_cmd_globals;

/* `always`: workers instead of those of [core] always_dispatch, with commas; or NULL. Appends to
 * `out`. */
ASSAY_MUST_CHECK enum assay_status assay_why(const struct assay_cmd_globals *globals,
    const char *file, const char *always, struct assay_buf *out, struct assay_err *err);

#endif
