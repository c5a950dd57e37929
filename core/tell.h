/*
 * core/tell.h - a connector and what it may be told
 *
 * Every connector has, beside its own options, those of assay_tell_rows (a row of the same name in
 * its own table wins, e.g. with another default): `fields`, `exclude`, `pseudonymise`,
 * `pseudonymise_key`. Connectors and archivers have `queue_max` and `when_full`, and, where they
 * can forget, `keep_reports`, `reports_max` or `keep_archive`, `archive_max`. The host takes out of
 * each record what they forbid (core/privacy.h) before the connector sees it. Who calls a
 * connector, in the command or in a drain, calls it through this: save (may be called again with
 * the same records until ASSAY_OK), flush (after it what was saved is durable). Open it after the
 * scan processes are forked: the key is read here.
 */
#ifndef ASSAY_TELL_H
#define ASSAY_TELL_H

#include <assay/plugin.h>

struct assay_arena;
struct assay_host;
struct assay_tell;

extern const struct assay_opt assay_tell_rows[];

/* The rows of the plugin with those of every connector or archiver behind them; the plugin's own
 * where it is neither. May be NULL. */
const struct assay_opt *assay_tell_rows_of(
    struct assay_arena *arena, const struct assay_plugin *plugin);

/* `name` must be loaded and a connector. E_CONF: an option does not fit. Borrows the host. */
ASSAY_MUST_CHECK enum assay_status assay_tell_open(const struct assay_host *host, const char *name,
    struct assay_tell **tell, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_tell_save(
    struct assay_tell *tell, const struct assay_record *records, size_t n, struct assay_err *err);
ASSAY_MUST_CHECK enum assay_status assay_tell_flush(struct assay_tell *tell, struct assay_err *err);
/* Could all of them be opened? Names end with NULL. */
ASSAY_MUST_CHECK enum assay_status assay_tell_check(
    const struct assay_host *host, const char *const *names, struct assay_err *err);
/* Of the plugin. */
const char *assay_tell_name(const struct assay_tell *tell);
/* Accepts NULL, leaves NULL. */
void assay_tell_close(struct assay_tell **tell);

#endif
