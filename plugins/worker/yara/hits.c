/*
 * hits - scanning one payload, and the rules that matched; see hits.h
 *
 * libyara reads the payload where it lies (scan_mem) and touches no file. Its own handlers for
 * SIGBUS and SIGSEGV stay off: a fault shall be seen by who watches this process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include "hits.h"

/* grown - the list with room for one more; its length is what it had a power of two before */
static void *grown(void *list, size_t n, size_t size)
{
	if (n > 0 && (n & (n - 1)) != 0)
		return list;
	return assay_xrealloc(list, (n > 0 ? 2 * n : 1) * size);
}

/* note_string - one match of a string; false when no more are wanted */
static bool note_string(
    struct assay_hits *hits, struct assay_hit *hit, const YR_STRING *string, const YR_MATCH *match)
{
	if (hit->n >= hits->strings_limit || hits->nstring >= ASSAY_HITS_NOTED) {
		hits->strings_cut |= hits->strings_limit > 0;
		return false;
	}
	hits->string = grown(hits->string, hits->nstring, sizeof(*hits->string));
	hits->string[hits->nstring++] = (struct assay_hit_string){
		.id = string->identifier,
		.offset = (size_t)(match->base + match->offset),
		.length = (size_t)match->match_length,
	};
	hit->n++;
	return true;
}

/* note_strings - all matches of a rule's strings, in the order of the rule, bounded */
static void note_strings(
    struct assay_hits *hits, const YR_SCAN_CONTEXT *context, struct assay_hit *hit)
{
	const YR_STRING *string;
	YR_MATCH match;

	yr_rule_strings_foreach(hit->rule, string)
	{
		const void *at = context->matches[string->idx].head;

		/* libyara packs matches without regard to alignment: they are copied out. */
		for (; at != NULL; at = match.next) {
			memcpy(&match, at, sizeof(match));
			if (match.is_private || STRING_IS_PRIVATE(string))
				continue;
			if (!note_string(hits, hit, string, &match))
				return;
		}
	}
}

/* add_hit - one more rule */
static void add_hit(struct assay_hits *hits, YR_SCAN_CONTEXT *context, const YR_RULE *rule)
{
	struct assay_hit *hit;

	if (hits->found++ >= ASSAY_HITS_RULES)
		return;
	hits->hit = grown(hits->hit, hits->n, sizeof(*hits->hit));
	hit = &hits->hit[hits->n++];
	*hit = (struct assay_hit){ .rule = rule, .first = hits->nstring };
	note_strings(hits, context, hit);
}

/* on_message - libyara's callback */
static int on_message(YR_SCAN_CONTEXT *context, int message, void *data, void *user)
{
	if (message == CALLBACK_MSG_RULE_MATCHING)
		add_hit(user, context, data);
	return CALLBACK_CONTINUE;
}

/* by_name - name space, then rule */
static int by_name(const void *a, const void *b)
{
	const YR_RULE *x = ((const struct assay_hit *)a)->rule;
	const YR_RULE *y = ((const struct assay_hit *)b)->rule;
	const int order = strcmp(x->ns->name, y->ns->name);

	return order != 0 ? order : strcmp(x->identifier, y->identifier);
}

/* sort - in order of name, each rule once: two sets may know the same (gate.h); then cut */
static void sort(struct assay_hits *hits)
{
	size_t n = 0;

	if (hits->n > 1)
		qsort(hits->hit, hits->n, sizeof(*hits->hit), by_name);
	for (size_t i = 0; i < hits->n; i++) {
		if (n > 0 && by_name(&hits->hit[n - 1], &hits->hit[i]) == 0)
			hits->found--;
		else
			hits->hit[n++] = hits->hit[i];
	}
	hits->n = n < ASSAY_HITS_MAX ? n : ASSAY_HITS_MAX;
}

/* file_type - a word for the first bytes, as other scanners that define the variable use it */
static const char *file_type(struct assay_slice s)
{
	static const struct {
		struct assay_slice magic;
		const char *word;
	} types[] = {
		{ ASSAY_SLICE_LIT("MZ"), "EXE" },
		{ ASSAY_SLICE_LIT("PK\3\4"), "ZIP" },
		{ ASSAY_SLICE_LIT("%PDF-"), "PDF" },
		{ ASSAY_SLICE_LIT("GIF8"), "GIF" },
		{ ASSAY_SLICE_LIT("\x89PNG"), "PNG" },
		{ ASSAY_SLICE_LIT("\xff\xd8\xff"), "JPG" },
		{ ASSAY_SLICE_LIT("Rar!"), "RAR" },
		{ ASSAY_SLICE_LIT("7z\xbc\xaf\x27\x1c"), "7ZIP" },
		{ ASSAY_SLICE_LIT("\xd0\xcf\x11\xe0"), "OLE" },
		{ ASSAY_SLICE_LIT("\x7f"
				  "ELF"),
		    "ELF" },
		{ ASSAY_SLICE_LIT("{\\rt"), "RTF" },
		{ ASSAY_SLICE_LIT("\x1f\x8b"), "GZIP" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (assay_slice_eq(assay_slice_head(s, types[i].magic.n), types[i].magic))
			return types[i].word;
	return "";
}

/* set_names - the external variables about names and place; asked of the host only where a rule
 * uses them, since the result then depends on them */
static void set_names(YR_SCANNER *scanner, const struct assay_payload *payload)
{
	const char *name = assay_payload_filename(payload);
	const char *extension = assay_payload_extension(payload);
	const bool inside = assay_payload_depth(payload) > 0;
	char dotted[64] = "";

	if (extension != NULL)
		(void)snprintf(dotted, sizeof(dotted), ".%s", extension);
	yr_scanner_define_string_variable(scanner, "filename", name != NULL ? name : "");
	yr_scanner_define_string_variable(scanner, "filepath", assay_payload_path(payload));
	yr_scanner_define_string_variable(scanner, "extension", dotted);
	yr_scanner_define_string_variable(scanner, "unpack_parent", inside ? "EMAIL" : "");
	yr_scanner_define_string_variable(scanner, "unpack_source", inside ? "EMAIL" : "");
}

/* set_variables - the external variables of this payload */
static void set_variables(
    YR_SCANNER *scanner, const struct assay_payload *payload, const struct assay_ruleset *set)
{
	yr_scanner_define_string_variable(
	    scanner, "filetype", file_type(assay_payload_bytes(payload)));
	if (set->uses_names)
		set_names(scanner, payload);
	if (set->uses_md5)
		yr_scanner_define_string_variable(
		    scanner, "md5", assay_payload_digest(payload, ASSAY_MD5));
}

/* scan_one - with one set */
static enum assay_status scan_one(YR_SCANNER *scanner, const struct assay_payload *payload,
    struct assay_hits *hits, struct assay_err *err)
{
	int code;

	yr_scanner_set_callback(scanner, on_message, hits);
	yr_scanner_set_timeout(scanner, (int)hits->timeout_s);
	yr_scanner_set_flags(scanner, SCAN_FLAGS_NO_TRYCATCH | SCAN_FLAGS_REPORT_RULES_MATCHING);
	code = yr_scanner_scan_mem(scanner, (const uint8_t *)hits->bytes.p, hits->bytes.n);
	if (code == ERROR_SUCCESS)
		return ASSAY_OK;
	if (code == ERROR_SCAN_TIMEOUT)
		return assay_err_set(err, ASSAY_E_TIMEOUT,
		    "scanning payload %s took longer than %u s", assay_payload_id(payload),
		    hits->timeout_s);
	return assay_err_set(err, ASSAY_E_PLUGIN, "libyara failed on payload %s with error %d",
	    assay_payload_id(payload), code);
}

/* assay_hits_scan - see hits.h */
enum assay_status assay_hits_scan(struct assay_ruleset *set, const struct assay_payload *payload,
    struct assay_hits *hits, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	hits->bytes = assay_payload_bytes(payload);
	for (int k = 0; k < ASSAY_GATE_SETS; k++) {
		enum assay_status one;

		if (set->scanner[k] == NULL ||
		    !assay_gate_open(&set->bitmap, (enum assay_gate_set)k, hits->bytes))
			continue;
		set_variables(set->scanner[k], payload, set);
		one = scan_one(set->scanner[k], payload, hits, err);
		if (one != ASSAY_OK)
			status = one;
	}
	sort(hits);
	return status;
}

/* assay_hits_release - see hits.h */
void assay_hits_release(struct assay_hits *hits)
{
	free(hits->hit);
	free(hits->string);
	hits->hit = NULL;
	hits->string = NULL;
	hits->n = hits->nstring = 0;
}

/* assay_hits_meta - see hits.h */
const char *assay_hits_meta(const YR_META *meta, char space[32], bool *is_number)
{
	*is_number = meta->type == META_TYPE_INTEGER;
	if (meta->type == META_TYPE_STRING)
		return meta->string;
	if (meta->type == META_TYPE_BOOLEAN)
		return meta->integer != 0 ? "true" : "false";
	(void)snprintf(space, 32, "%lld", (long long)meta->integer);
	return space;
}
