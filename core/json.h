/*
 * core/json.h - writing JSON, fast and always valid
 *
 * Writes a jansson tree as RFC 8259 JSON. Whatever a plugin put into it, the bytes written are
 * valid UTF-8 without U+0000 (invalid bytes become U+FFFD), numbers are finite (others become
 * null), and nothing is deeper than ASSAY_JSON_DEPTH (deeper values become null). Members come in
 * the order they were set. Also here: the assay_json_* makers of <assay/plugin.h> and a few
 * helpers that take references so that building a document reads as a list.
 */
#ifndef ASSAY_JSON_H
#define ASSAY_JSON_H

#include <assay/plugin.h>

struct assay_buf;

#define ASSAY_JSON_DEPTH 60u

enum assay_json_style { ASSAY_JSON_COMPACT, ASSAY_JSON_INDENTED };

/* Appends; false when out is full (what is in it then is cut and useless). No line feed at the end.
 */
bool assay_json_write(const json_t *value, enum assay_json_style style, struct assay_buf *out);
/* Bytes `value` takes when written compactly. Linear. */
size_t assay_json_size(const json_t *value);
/* Strict, bounded reading: E_SYNTAX with the position; duplicates of a name are refused. */
ASSAY_MUST_CHECK enum assay_status assay_json_parse(
    struct assay_slice text, json_t **value, struct assay_err *err);

/* Sets a member, taking the reference; memory running out aborts. */
void assay_json_set(json_t *object, const char *name, json_t *value);
void assay_json_append(json_t *array, json_t *value);
/* A string for text that is UTF-8 already (ours, or cleaned before); null for NULL. */
json_t *assay_json_own(const char *s);
json_t *assay_json_int(int64_t value);
/* The string member `name`, or NULL. */
const char *assay_json_get_str(const json_t *object, const char *name);
int64_t assay_json_get_int(const json_t *object, const char *name, int64_t otherwise);

#endif
