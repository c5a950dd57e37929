/*
 * core/findings.c - see findings.h. What cannot be written is one line; nothing of it is half
 * there.
 */
#include "core/findings.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/host.h"
#include "core/json.h"
#include "core/site.h"
#include "core/spool.h"
#include "core/tell.h"

#define BATCH 500u
#define FINDING_BYTES ((size_t)1 << 20)

struct assay_findings {
	struct assay_spool *spool; /* or */
	struct assay_tell *tell;
	struct assay_arena *arena; /* of `record` */
	struct assay_record record[BATCH];
	size_t n;
};

/* open_spool - that of the service */
static enum assay_status open_spool(
    struct assay_findings *f, const struct assay_config *config, struct assay_err *err)
{
	const struct assay_spool_options options = {
		.var = assay_config_path(config, ASSAY_DIR_VAR),
		.connectors = assay_opt_list(assay_config_core(config), "connectors"),
	};

	return assay_spool_open(&options, &f->spool, err);
}

/* assay_findings_open - see findings.h */
enum assay_status assay_findings_open(const struct assay_config *config,
    const struct assay_host *host, const struct assay_loaded *store,
    struct assay_findings **findings, struct assay_err *err)
{
	struct assay_findings *f = assay_xcalloc(1, sizeof *f);
	const pid_t holder = assay_site_holder(assay_config_path(config, ASSAY_DIR_RUN), err);
	enum assay_status status = ASSAY_OK;

	f->arena = assay_arena_new();
	if (holder < 0)
		status = err->code;
	else if (holder > 0)
		status = open_spool(f, config, err);
	else
		status = assay_tell_open(host, store->name, &f->tell, err);
	if (status != ASSAY_OK)
		assay_findings_close(&f);
	*findings = f;
	return status;
}

/* assay_findings_served - see findings.h */
bool assay_findings_served(const struct assay_findings *findings)
{
	return findings->spool != NULL;
}

/* write_spool - all that there are */
static enum assay_status write_spool(struct assay_findings *f, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	for (size_t i = 0; i < f->n && status == ASSAY_OK; i++)
		status = assay_spool_record(f->spool, &f->record[i], err);
	return status == ASSAY_OK ? assay_spool_commit(f->spool, err) : status;
}

/* write_store - likewise */
static enum assay_status write_store(struct assay_findings *f, struct assay_err *err)
{
	const enum assay_status status = assay_tell_save(f->tell, f->record, f->n, err);

	return status == ASSAY_OK ? assay_tell_flush(f->tell, err) : status;
}

/* assay_findings_flush - see findings.h */
enum assay_status assay_findings_flush(struct assay_findings *findings, struct assay_err *err)
{
	struct assay_findings *f = findings;
	enum assay_status status;

	if (f->n == 0)
		return ASSAY_OK;
	status = f->spool != NULL ? write_spool(f, err) : write_store(f, err);
	if (status != ASSAY_OK)
		return status;
	f->n = 0;
	assay_arena_reset(f->arena);
	return ASSAY_OK;
}

/* assay_findings_add - see findings.h */
enum assay_status assay_findings_add(
    struct assay_findings *findings, const struct assay_finding *finding, struct assay_err *err)
{
	struct assay_findings *f = findings;
	enum assay_status status = ASSAY_OK;
	struct assay_buf text;
	json_t *json;

	if (f->n == BATCH)
		status = assay_findings_flush(f, err);
	if (status != ASSAY_OK)
		return status;
	json = assay_finding_json(finding);
	assay_buf_init(&text, FINDING_BYTES);
	if (!assay_json_write(json, ASSAY_JSON_COMPACT, &text))
		status = assay_err_set(
		    err, ASSAY_E_LIMIT, "a finding about %s is too large", finding->scan_id);
	else
		f->record[f->n++] = (struct assay_record){ .kind = "finding",
			.id = assay_arena_strdup(f->arena, assay_json_get_str(json, "finding_id")),
			.json = assay_arena_slice(f->arena, assay_buf_slice(&text)) };
	assay_buf_release(&text);
	json_decref(json);
	return status;
}

/* assay_findings_close - see findings.h */
void assay_findings_close(struct assay_findings **findings)
{
	struct assay_findings *f = *findings;

	if (f == NULL)
		return;
	assay_spool_close(&f->spool);
	assay_tell_close(&f->tell);
	assay_arena_free(&f->arena);
	free(f);
	*findings = NULL;
}
