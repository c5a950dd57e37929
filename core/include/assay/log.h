/* SPDX-License-Identifier: GPL-2.0-or-later WITH openssl-exception (see LICENSE) */
/*
 * assay/log.h - one line in the log of whoever runs the plugin
 *
 * For providers and connectors, which run in processes of their own and may have something to say
 * to the administrator: a directory that cannot be read, a far side that is gone. Once per thing,
 * not per mail. Workers do not log: what they find is in the report, what fails is in errors[].
 * Control characters are replaced, the line is cut at 1,000 bytes; other foreign text is the
 * caller's to make printable.
 */
#ifndef ASSAY_LOG_H
#define ASSAY_LOG_H

#include <assay/types.h>

enum assay_log_level {
	ASSAY_LOG_ERROR,   /* somebody must act */
	ASSAY_LOG_WARNING, /* we went on */
	ASSAY_LOG_INFO,    /* one line per mail, start and stop */
	ASSAY_LOG_DEBUG
};

ASSAY_API void assay_log(enum assay_log_level level, const char *fmt, ...) ASSAY_PRINTF(2, 3);

#endif
