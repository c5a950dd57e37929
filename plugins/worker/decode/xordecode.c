/*
 * xordecode - what was hidden by XOR with a short key, as children
 *
 * Keys come from the dispatcher (a rule's meta xorkey), from the configuration, and from what is
 * known to stand behind them: the words of a program, links, the beginnings of files. Touches
 * nothing but the payload; linear in its size for each length of key.
 */
#include <stdlib.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include "key.h"
#include "known.h"

struct xordecode {
	struct assay_key *key; /* those of the configuration */
	size_t nkey, longest, max, bytes_max;
};

struct work {
	const struct assay_payload *payload;
	struct assay_result *result;
	json_t *rows;
	size_t max, nkey;
	bool full;             /* there were more than max */
	struct assay_key *key; /* those that were applied; room for max */
};

static const struct assay_opt options[] = {
	{ "keys", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "keys that are applied to every payload: 0x5c, 92 or 0xdeadbeef" },
	{ "key_length", ASSAY_OPT_INT, "8", 0, ASSAY_KEY_MAX, NULL,
	    "length up to which keys are looked for; 0: none are" },
	{ "max", ASSAY_OPT_INT, "16", 1, 1000, NULL, "keys of one payload" },
	{ "bytes_max", ASSAY_OPT_SIZE, "64M", 64, 1 << 30, NULL,
	    "bytes in which keys are looked for" },
	{ NULL, ASSAY_OPT_INT, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "keys[].key", ASSAY_STR, ASSAY_TECHNICAL,
	    "in hex; its first byte is that of the payload's first" },
	{ "keys[].source", ASSAY_STR, ASSAY_TECHNICAL,
	    "dispatch, option, or plaintext: it was found by what stands behind it" },
	{ "keys[].kind", ASSAY_STR, ASSAY_TECHNICAL,
	    "program, url, zip, pdf, ...: what shows; text; or data" },
	{ "keys[].offset", ASSAY_INT, ASSAY_TECHNICAL, "where the decoded bytes begin" },
	{ "keys[].payload_id", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "the decoded bytes" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "xor", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "keys[].kind",
	    "what a payload hides by XOR: program, url, zip, ..." },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* xordecode_close - frees everything */
static void xordecode_close(void *state)
{
	struct xordecode *x = state;

	free(x->key);
	free(x);
}

/* read_keys - those of the configuration */
static enum assay_status read_keys(
    struct xordecode *x, const char *const *list, struct assay_err *err)
{
	size_t n = 0;

	while (list[n] != NULL)
		n++;
	x->key = assay_xcalloc(n + 1, sizeof(*x->key));
	for (; *list != NULL; list++)
		if (!assay_key_read(assay_slice_str(*list), &x->key[x->nkey++]))
			return assay_err_set(err, ASSAY_E_CONF,
			    "[xordecode] keys: \"%s\" is no key of 1 to %d bytes such as 0x5c or "
			    "0xdeadbeef",
			    *list, ASSAY_KEY_MAX);
	return ASSAY_OK;
}

/* xordecode_open - reads the options */
static enum assay_status xordecode_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct xordecode *x = assay_xcalloc(1, sizeof(*x));
	enum assay_status status = read_keys(x, assay_opt_list(opts, "keys"), err);

	x->longest = (size_t)assay_opt_int(opts, "key_length");
	x->max = (size_t)assay_opt_int(opts, "max");
	x->bytes_max = (size_t)assay_opt_int(opts, "bytes_max");
	if (status != ASSAY_OK)
		xordecode_close(x);
	else
		*state = x;
	return status;
}

/* is_new - is noted as applied; false when it was, or there are too many */
static bool is_new(struct work *w, const struct assay_key *key)
{
	for (size_t i = 0; i < w->nkey; i++)
		if (assay_key_same(&w->key[i], key))
			return false;
	if (w->nkey == w->max) {
		if (!w->full)
			assay_result_limit(w->result, "xordecode_max", w->max + 1, w->max, true);
		w->full = true;
		return false;
	}
	w->key[w->nkey++] = *key;
	return true;
}

/* apply - a child, and its row; kind may be NULL: what it looks like */
static void apply(
    struct work *w, const struct assay_key *key, const char *source, const char *kind, size_t start)
{
	const struct assay_slice bytes = assay_payload_bytes(w->payload);
	char text[2 * ASSAY_KEY_MAX + 1], *decoded;
	const char *id;
	json_t *row;

	if (!is_new(w, key) || !assay_known_fits(w->result, bytes.n - start))
		return;
	decoded = assay_key_apply(key, bytes, start);
	if (kind == NULL)
		kind = assay_known_kind(assay_slice(decoded, bytes.n - start));
	id = assay_known_child(w->result, w->payload, assay_slice(decoded, bytes.n - start), start);
	if (w->rows == NULL)
		json_object_set_new_nocheck(
		    assay_result_json(w->result), "keys", w->rows = json_array());
	assay_key_text(key, text);
	row = json_object();
	json_object_set_new_nocheck(row, "key", assay_json_str(text));
	json_object_set_new_nocheck(row, "source", assay_json_str(source));
	json_object_set_new_nocheck(row, "kind", assay_json_str(kind != NULL ? kind : "data"));
	json_object_set_new_nocheck(row, "offset", json_integer((json_int_t)start));
	json_object_set_new_nocheck(row, "payload_id", assay_json_str(id));
	json_array_append_new(w->rows, row);
}

/* on_found - a key that shows something known */
static bool on_found(void *user, const struct assay_key *key, const char *kind, size_t at)
{
	struct work *w = user;

	apply(w, key, "plaintext", kind, at);
	return !w->full;
}

/* apply_told - the key of a rule that matched */
static void apply_told(struct work *w)
{
	const char *told = assay_payload_dispatch_meta(w->payload, "yara", "xorkey");
	struct assay_key key;

	if (told == NULL)
		return;
	if (assay_key_read(assay_slice_str(told), &key))
		apply(w, &key, "dispatch", NULL, 0);
	else
		assay_result_error(
		    w->result, "a rule's meta xorkey is no key such as 0x5c or 0xdeadbeef");
}

/* xordecode_scan - a payload */
static enum assay_status xordecode_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct xordecode *x = state;
	const struct assay_slice bytes = assay_payload_bytes(payload);
	struct assay_arena *arena = assay_payload_arena(payload);
	struct work w = {
		.payload = payload,
		.result = result,
		.max = x->max,
		.key = assay_arena_calloc(arena, x->max, sizeof(*w.key)),
	};

	(void)err;
	if (bytes.n == 0)
		return ASSAY_OK;
	apply_told(&w);
	for (size_t i = 0; i < x->nkey; i++)
		apply(&w, &x->key[i], "option", NULL, 0);
	if (bytes.n > x->bytes_max && x->longest > 0)
		assay_result_limit(result, "xordecode_bytes", bytes.n, x->bytes_max, true);
	assay_key_find(assay_slice_head(bytes, x->bytes_max), x->longest, on_found, &w);
	return ASSAY_OK;
}

static const struct assay_worker worker = { .scan = xordecode_scan };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "xordecode",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "what was hidden by XOR with a short key",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = xordecode_open,
	.close = xordecode_close,
	.worker = &worker,
};
