/*
 * syslog/summary.h - one report as key=value words on one line
 *
 * Values come from mail: what is not printable is escaped (text/printable.h), each is cut at 200
 * bytes, those with blanks, quotes or = stand in quotes. Of lists the first five are shown and,
 * when there are more, WORD_count. What a report does not have is left out.
 */
#ifndef ASSAY_SYSLOG_SUMMARY_H
#define ASSAY_SYSLOG_SUMMARY_H

#include <assay/plugin.h>

struct assay_buf;

void assay_summary_report(const json_t *report, struct assay_buf *out);
void assay_summary_finding(const json_t *finding, struct assay_buf *out);
/* Severity of RFC 5424: warning (4) when not all was looked at, notice (5) when the verdict is more
 * than a tag, else informational (6). */
int assay_summary_severity(const json_t *report);

#endif
