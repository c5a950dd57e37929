/*
 * core/reuse.c - see reuse.h. A chained hash table of fixed size whose entries also stand in a
 * ring, the one used last in front.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "core/digest.h"
#include "core/json.h"
#include "core/reuse.h"

#define NODE_COST 112u /* of one JSON value: its own memory and its place in what holds it */
#define SHARE 16u      /* the largest result is this part of all */

struct entry {
	char key[ASSAY_REUSE_KEY];
	json_t *result; /* NULL: found nothing */
	uint64_t cost;
	struct entry *next;          /* of the same slot */
	struct entry *newer, *older; /* the ring */
};

struct assay_reuse {
	struct entry **slot;
	size_t nslot; /* a power of two */
	uint64_t most_entries, most_bytes;
	struct entry ring; /* .older: used last, .newer: used longest ago */
	struct assay_reuse_stats stats;
};

/* assay_reuse_new - empty */
struct assay_reuse *assay_reuse_new(uint64_t entries, uint64_t bytes)
{
	struct assay_reuse *r;

	if (entries == 0 || bytes == 0)
		return NULL;
	r = assay_xcalloc(1, sizeof *r);
	r->most_entries = entries;
	r->most_bytes = bytes;
	for (r->nslot = 64; r->nslot < entries && r->nslot < (size_t)1 << 20;)
		r->nslot *= 2;
	r->slot = assay_xcalloc(r->nslot, sizeof(struct entry *));
	r->ring.newer = r->ring.older = &r->ring;
	return r;
}

/* slot_of - where the chain of a key begins */
static struct entry **slot_of(const struct assay_reuse *r, const char *key)
{
	return &r->slot[assay_slice_hash(assay_slice_str(key)) & (r->nslot - 1)];
}

/* unring - takes an entry out of the ring */
static void unring(struct entry *e)
{
	e->newer->older = e->older;
	e->older->newer = e->newer;
}

/* ring - an entry was used now */
static void ring(struct assay_reuse *r, struct entry *e)
{
	e->older = r->ring.older;
	e->newer = &r->ring;
	e->older->newer = e;
	r->ring.older = e;
}

/* drop - one entry */
static void drop(struct assay_reuse *r, struct entry *e)
{
	struct entry **at = slot_of(r, e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unring(e);
	r->stats.entries--;
	r->stats.bytes -= e->cost;
	json_decref(e->result);
	free(e);
}

/* assay_reuse_free - accepts NULL, leaves NULL */
void assay_reuse_free(struct assay_reuse **reuse)
{
	struct assay_reuse *r = *reuse;

	if (r == NULL)
		return;
	while (r->ring.newer != &r->ring)
		drop(r, r->ring.newer);
	free(r->slot);
	free(r);
	*reuse = NULL;
}

/* assay_reuse_key - a digest over all that the result depends on */
void assay_reuse_key(
    const char *sha256, size_t worker, struct assay_slice asked, char key[ASSAY_REUSE_KEY])
{
	char text[ASSAY_DIGEST_TEXT] = "", all[2 * ASSAY_DIGEST_TEXT + 32];

	if (asked.n > 0)
		assay_digest_hex(ASSAY_SHA256, asked, text);
	(void)snprintf(all, sizeof all, "%s %zu %s", sha256, worker, text);
	assay_digest_hex(ASSAY_SHA256, assay_slice_str(all), text);
	memcpy(key, text, ASSAY_REUSE_KEY);
}

/* find - the entry of a key, or NULL */
static struct entry *find(const struct assay_reuse *r, const char *key)
{
	struct entry *e = *slot_of(r, key);

	while (e != NULL && strcmp(e->key, key) != 0)
		e = e->next;
	return e;
}

/* assay_reuse_get - what was said of it */
bool assay_reuse_get(struct assay_reuse *reuse, const char *key, json_t **result)
{
	struct entry *e = find(reuse, key);

	if (e == NULL) {
		reuse->stats.misses++;
		return false;
	}
	reuse->stats.hits++;
	unring(e);
	ring(reuse, e);
	*result = e->result != NULL ? json_deep_copy(e->result) : NULL;
	return true;
}

/* cost - some measure of the memory a value takes, stopped at `most`; depth is that of results */
static uint64_t cost(const json_t *value, uint64_t most)
{
	uint64_t sum = NODE_COST + json_string_length(value);
	const char *name;
	json_t *member;
	size_t i;

	if (json_is_array(value))
		json_array_foreach(value, i, member)
		{
			if (sum > most)
				return sum;
			sum += cost(member, most - sum);
		}
	if (json_is_object(value))
		json_object_foreach((json_t *)(uintptr_t)value, name, member)
		{
			if (sum > most)
				return sum;
			sum += strlen(name) + cost(member, most - sum);
		}
	return sum;
}

/* assay_reuse_put - remember it */
void assay_reuse_put(struct assay_reuse *reuse, const char *key, const json_t *result)
{
	const uint64_t most = reuse->most_bytes / SHARE;
	const uint64_t bytes = sizeof(struct entry) + (result != NULL ? cost(result, most) : 0);
	struct entry *e, **slot;

	if (bytes > most || find(reuse, key) != NULL)
		return;
	while (reuse->stats.entries > 0 &&
	    (reuse->stats.entries >= reuse->most_entries ||
		reuse->stats.bytes + bytes > reuse->most_bytes))
		drop(reuse, reuse->ring.newer);
	e = assay_xcalloc(1, sizeof *e);
	memcpy(e->key, key, ASSAY_REUSE_KEY);
	e->result = result != NULL ? json_deep_copy(result) : NULL;
	e->cost = bytes;
	slot = slot_of(reuse, key);
	e->next = *slot;
	*slot = e;
	ring(reuse, e);
	reuse->stats.entries++;
	reuse->stats.bytes += bytes;
}

/* assay_reuse_stats - for those who measure */
void assay_reuse_stats(const struct assay_reuse *reuse, struct assay_reuse_stats *stats)
{
	*stats = reuse->stats;
}
