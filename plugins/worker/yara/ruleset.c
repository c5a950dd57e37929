/*
 * ruleset - compiled rules, ready to scan; see ruleset.h
 *
 * The key of the cache is a digest over everything that the compiled form depends on: format,
 * libyara's version, the gate, the names of external variables, and name space and text of each
 * file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include "cache.h"
#include "compile.h"

/* add_text - a string with its length before it, so that no two lists look alike */
static void add_text(EVP_MD_CTX *md, struct assay_slice s)
{
	const uint64_t n = s.n;

	EVP_DigestUpdate(md, &n, sizeof(n));
	EVP_DigestUpdate(md, s.p, s.n);
}

/* add_names - a list that ends with NULL */
static void add_names(EVP_MD_CTX *md, const char *const *names)
{
	for (; *names != NULL; names++)
		add_text(md, assay_slice_str(*names));
}

/* finish - the digest as hex */
static void finish(EVP_MD_CTX *md, char hex[65])
{
	unsigned char bytes[32];

	EVP_DigestFinal_ex(md, bytes, NULL);
	for (int i = 0; i < 32; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

/* make_keys - the digest of the rules, and that of the compiled form */
static void make_keys(const struct assay_source_list *list, bool gate, char id[65], char key[65])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	ASSAY_ASSERT(md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
	for (size_t i = 0; i < list->n; i++) {
		add_text(md, assay_slice_str(list->source[i].space));
		add_text(md, list->source[i].text);
	}
	finish(md, id);
	EVP_DigestInit_ex(md, EVP_sha256(), NULL);
	add_text(md, assay_slice_str(id));
	add_text(md, assay_slice_str(gate ? "gate 1" : "whole"));
	add_text(md, assay_slice_str(YR_VERSION));
	add_names(md, assay_compile_strings);
	add_names(md, assay_compile_integers);
	finish(md, key);
	EVP_MD_CTX_free(md);
}

/* make_scanners - one for each set */
static void make_scanners(struct assay_ruleset *set)
{
	for (int k = 0; k < ASSAY_GATE_SETS; k++)
		if (set->rules[k] != NULL &&
		    yr_scanner_create(set->rules[k], &set->scanner[k]) != ERROR_SUCCESS)
			ASSAY_BUG("libyara: out of memory");
}

/* drop_rules - the sets, not what belongs to them */
static void drop_rules(struct assay_ruleset *set)
{
	for (int k = 0; k < ASSAY_GATE_SETS; k++) {
		if (set->rules[k] != NULL)
			yr_rules_destroy(set->rules[k]);
		set->rules[k] = NULL;
	}
}

/* keep - into the cache, and back out of it: a compiler leaves memory full of small holes, which
 * each scan process would copy to fill them. Loaded rules lie in one piece. */
static enum assay_status keep(struct assay_source_list *list,
    const struct assay_ruleset_options *options, const char *key, struct assay_ruleset *set,
    struct assay_err *err)
{
	if (!assay_cache_save(options->cache_dir, key, set))
		return ASSAY_OK; /* these will do */
	drop_rules(set);
	assay_memory_trim();
	return assay_cache_load(options->cache_dir, key, set)
	    ? ASSAY_OK
	    : assay_compile_sources(list, options, set, err);
}

/* compile_or_load - from the cache when it is there */
static enum assay_status compile_or_load(struct assay_source_list *list,
    const struct assay_ruleset_options *options, struct assay_ruleset *set, struct assay_err *err)
{
	enum assay_status status;
	char id[65], key[65];
	bool whole = true;

	make_keys(list, options->gate, id, key);
	if (options->cache_dir == NULL || !assay_cache_load(options->cache_dir, key, set)) {
		status = assay_compile_sources(list, options, set, err);
		if (status != ASSAY_OK)
			return status;
		/* Not kept when a file is bad, so that it is complained of at each start. */
		for (size_t i = 0; i < list->n; i++)
			whole &= !list->source[i].bad;
		if (options->cache_dir != NULL && whole)
			status = keep(list, options, key, set, err);
		if (status != ASSAY_OK)
			return status;
	}
	memcpy(set->id, id, sizeof(set->id));
	return ASSAY_OK;
}

/* assay_ruleset_open - see ruleset.h */
enum assay_status assay_ruleset_open(
    const struct assay_ruleset_options *options, struct assay_ruleset **set, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_source_list list;
	enum assay_status status;

	*set = NULL;
	status = assay_source_read(arena, options->base, options->names, &list, err);
	if (status == ASSAY_OK && list.n > 0) {
		if (yr_initialize() != ERROR_SUCCESS)
			ASSAY_BUG("libyara cannot be initialised");
		*set = assay_xcalloc(1, sizeof(**set));
		status = compile_or_load(&list, options, *set, err);
		if (status == ASSAY_OK)
			make_scanners(*set);
		else
			assay_ruleset_close(set);
	}
	assay_arena_free(&arena);
	return status;
}

/* assay_ruleset_close - see ruleset.h */
void assay_ruleset_close(struct assay_ruleset **set)
{
	if (*set == NULL)
		return;
	for (int k = 0; k < ASSAY_GATE_SETS; k++)
		if ((*set)->scanner[k] != NULL)
			yr_scanner_destroy((*set)->scanner[k]);
	drop_rules(*set);
	free(*set);
	*set = NULL;
	(void)yr_finalize();
}
