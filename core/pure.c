/*
 * core/pure.c - see pure.h
 */
#include "base/buf.h"
#include "base/slice.h"
#include "core/pure.h"
#include "core/reuse.h"

#define NAMES_MAX 16384u

/* is_pure - does it say so, and is anything kept at all */
static bool is_pure(const struct assay_result *result)
{
	return result->run->engine->reuse != NULL && result->worker->plugin->worker->pure;
}

/* add_name - so that no two lists of names look the same */
static void add_name(struct assay_buf *out, const char *name)
{
	const struct assay_slice s = assay_slice_str(name);

	(void)assay_buf_printf(out, "%s%zu:", name != NULL ? "" : "-", s.n);
	(void)assay_buf_add_slice(out, s);
}

/* key_of - of the result; names: which depends on them. False: they are too long */
static bool key_of(const struct assay_result *result, bool names, char key[ASSAY_REUSE_KEY])
{
	const struct assay_payload *p = result->payload;
	struct assay_buf asked;
	bool fits;

	assay_buf_init(&asked, NAMES_MAX);
	if (names) {
		(void)assay_buf_printf(&asked, "%u ", p->depth);
		add_name(&asked, p->filename);
		add_name(&asked, p->path);
		add_name(&asked, p->extension);
		add_name(&asked, p->content_type);
	}
	fits = !asked.full;
	assay_reuse_key(assay_payload_digest(p, ASSAY_SHA256), result->worker->index,
	    assay_buf_slice(&asked), key);
	assay_buf_release(&asked);
	return fits;
}

/* get - is it known under the one key or the other */
static bool get(struct assay_result *result, bool names)
{
	char key[ASSAY_REUSE_KEY];

	return key_of(result, names, key) &&
	    assay_reuse_get(result->run->engine->reuse, key, &result->json);
}

/* assay_pure_recall - see pure.h */
bool assay_pure_recall(struct assay_result *result)
{
	if (!is_pure(result))
		return false;
	/* What it does on these bytes before it asks is the same each time. */
	return get(result, false) ||
	    (result->run->engine->asks_names[result->worker->index] && get(result, true));
}

/* assay_pure_keep - see pure.h */
void assay_pure_keep(const struct assay_result *result)
{
	const bool names = (result->run->asked & ASSAY_ASKED_NAMES) != 0;
	char key[ASSAY_REUSE_KEY];
	const json_t *json;

	if (!is_pure(result) || (result->run->asked & ASSAY_ASKED_MORE) != 0 ||
	    !key_of(result, names, key))
		return;
	json = json_object_get(result->payload->workers, result->worker->name);
	result->run->engine->asks_names[result->worker->index] |= names;
	assay_reuse_put(result->run->engine->reuse, key, json_is_null(json) ? NULL : json);
}
