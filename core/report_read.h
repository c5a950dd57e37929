/*
 * core/report_read.h - finding one's way in a finished report
 *
 * For those who show a report or pass it on (core/format_*.c). A report comes from the wall or from
 * storage: whatever is missing or of another type reads as NULL, nothing fails. The only place in
 * the core that knows names of the smtp worker's result. All results are borrowed from the report.
 */
#ifndef ASSAY_REPORT_READ_H
#define ASSAY_REPORT_READ_H

#include <jansson.h>

#include <assay/types.h>

/* The value at "a.b.c" below `json` (names only), or NULL. */
const json_t *assay_report_at(const json_t *json, const char *path);
/* The same as text; NULL when it is no string. */
const char *assay_report_text(const json_t *json, const char *path);
/* The i-th payload, the root first; NULL at the end. */
const json_t *assay_report_payload(const json_t *report, size_t i);
size_t assay_report_payload_count(const json_t *report);
/* From: of the message: a list of {addr, name, ...}; the first subject; the Message-ID. */
const json_t *assay_report_from(const json_t *report);
const char *assay_report_subject(const json_t *report);
const char *assay_report_message_id(const json_t *report);
/* The envelope's sender, else the address in From; NULL when neither is known. */
const char *assay_report_sender(const json_t *report);
/* New: the texts at `member` of a list the smtp worker made of a payload ("traits" "code", "urls"
 * "host"), each once. */
json_t *assay_report_each(const json_t *payload, const char *list, const char *member);
/* New: addresses of a list of {addr, ...}, at most `most`. */
json_t *assay_report_addresses(const json_t *list, size_t most);

#endif
