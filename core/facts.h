/*
 * core/facts.h - the vocabulary, and the facts{} it gives
 *
 * The vocabulary is the core's own words and the facts[] rows of every loaded plugin; two rows of
 * one word must agree on how it compares. Collecting walks the declared paths of a result.
 * Values are strings, or integers for words compared as SIZE; true and false become "yes", "no";
 * empty strings and nulls are no values. facts{} is sorted by word, its lists are sorted and
 * unique, text is cut at ASSAY_FACT_TEXT bytes, lists at [core] facts_kept.
 */
#ifndef ASSAY_FACTS_H
#define ASSAY_FACTS_H

#include <assay/plugin.h>

#include "base/map.h"

struct assay_arena;
struct assay_notes;

#define ASSAY_FACT_TEXT 2048u
#define ASSAY_FACT_NULL_SENDER "<>" /* mailfrom of what has no sender */

struct assay_word {
	const char *word;
	enum assay_fact_level level;
	enum assay_fact_compare compare;
	const char *path; /* in the result of `plugin`; of the core: in the report, or NULL */
	const char *help;
	const char *plugin; /* who declared it first; "core" */
};

struct assay_vocabulary {
	struct assay_arena *arena;
	struct assay_map words; /* word -> struct assay_word */
};

void assay_vocabulary_init(struct assay_vocabulary *vocabulary, struct assay_arena *arena);
/* Adds the rows of one plugin. E_CONF when a word compares otherwise than it does already. */
ASSAY_MUST_CHECK enum assay_status assay_vocabulary_add(struct assay_vocabulary *vocabulary,
    const char *plugin, const struct assay_fact *rows, struct assay_err *err);
/* NULL when there is no such word. */
const struct assay_word *assay_vocabulary_find(
    const struct assay_vocabulary *vocabulary, const char *word);
/* The nearest word by edit distance, NULL when none is near. */
const char *assay_vocabulary_nearest(
    const struct assay_vocabulary *vocabulary, struct assay_slice word);
/* The core's own rows, NULL word at the end. */
extern const struct assay_fact assay_facts_core[];

/* A set of facts that grows. */
struct assay_facts {
	struct assay_arena *arena;
	struct assay_map words; /* word -> list of values */
	uint64_t kept;          /* values per word */
	const char *cut_word;   /* a word that had more values, or NULL */
	uint64_t cut_count;     /* how many it had */
};

void assay_facts_init(struct assay_facts *facts, struct assay_arena *arena, uint64_t kept);
void assay_facts_add(struct assay_facts *facts, const char *word, struct assay_slice value);
void assay_facts_add_int(struct assay_facts *facts, const char *word, int64_t value);
/* All values the rows of this level find in a worker's result. */
void assay_facts_collect(struct assay_facts *facts, const struct assay_fact *rows,
    enum assay_fact_level level, const json_t *result);
/* Adds all of `from`. */
void assay_facts_join(struct assay_facts *facts, const struct assay_facts *from);
/* A new, sorted object. */
json_t *assay_facts_json(struct assay_facts *facts);

#endif
