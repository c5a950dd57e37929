/*
 * base/keyset.c - see keyset.h. Linear probing, at most three quarters full; what is removed leaves
 * no mark behind. Cannot fail.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/keyset.h"

#define FIRST_SLOTS 64

static const struct assay_key none;

/* same - two keys, byte for byte */
static bool same(const struct assay_key *a, const struct assay_key *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

/* usable - the key that means a free slot is taken for its neighbour */
static struct assay_key usable(struct assay_key key)
{
	if (same(&key, &none))
		key.b[sizeof key.b - 1] = 1;
	return key;
}

/* home - where a key would stand if nobody were in its way */
static size_t home(const struct assay_keyset *set, const struct assay_key *key)
{
	uint64_t h;

	memcpy(&h, key->b, sizeof h);
	return (size_t)h & (set->nslot - 1);
}

/* find - the slot of the key, or the free one where it would go */
static size_t find(const struct assay_keyset *set, const struct assay_key *key)
{
	size_t i = home(set, key);

	while (!same(&set->slot[i], &none) && !same(&set->slot[i], key))
		i = (i + 1) & (set->nslot - 1);
	return i;
}

/* grow - twice the room */
static void grow(struct assay_keyset *set)
{
	struct assay_keyset old = *set;

	set->nslot = old.nslot > 0 ? old.nslot * 2 : FIRST_SLOTS;
	set->slot = assay_xcalloc(set->nslot, sizeof *set->slot);
	for (size_t i = 0; i < old.nslot; i++)
		if (!same(&old.slot[i], &none))
			set->slot[find(set, &old.slot[i])] = old.slot[i];
	free(old.slot);
}

/* assay_keyset_init - see keyset.h */
void assay_keyset_init(struct assay_keyset *set, size_t max)
{
	*set = (struct assay_keyset){ .max = max };
}

/* assay_keyset_release - see keyset.h */
void assay_keyset_release(struct assay_keyset *set)
{
	free(set->slot);
	assay_keyset_init(set, set->max);
}

/* assay_keyset_has - see keyset.h */
bool assay_keyset_has(const struct assay_keyset *set, struct assay_key key)
{
	key = usable(key);
	return set->n > 0 && !same(&set->slot[find(set, &key)], &none);
}

/* assay_keyset_full - see keyset.h */
bool assay_keyset_full(const struct assay_keyset *set)
{
	return set->n >= set->max;
}

/* assay_keyset_add - see keyset.h */
bool assay_keyset_add(struct assay_keyset *set, struct assay_key key)
{
	size_t i;

	key = usable(key);
	if (set->n >= set->nslot / 4 * 3 && !assay_keyset_full(set))
		grow(set);
	if (set->nslot == 0)
		return false;
	i = find(set, &key);
	if (!same(&set->slot[i], &none) || assay_keyset_full(set))
		return false;
	set->slot[i] = key;
	set->n++;
	return true;
}

/* assay_keyset_remove - those behind it that stood further from home than the gap move up */
bool assay_keyset_remove(struct assay_keyset *set, struct assay_key key)
{
	const size_t mask = set->nslot - 1;
	size_t gap, i;

	if (!assay_keyset_has(set, key))
		return false;
	key = usable(key);
	gap = find(set, &key);
	for (i = (gap + 1) & mask; !same(&set->slot[i], &none); i = (i + 1) & mask)
		if (((i - home(set, &set->slot[i])) & mask) >= ((i - gap) & mask)) {
			set->slot[gap] = set->slot[i];
			gap = i;
		}
	set->slot[gap] = none;
	set->n--;
	return true;
}

/* assay_keyset_next - see keyset.h */
bool assay_keyset_next(const struct assay_keyset *set, size_t *at, struct assay_key *key)
{
	while (*at < set->nslot && same(&set->slot[*at], &none))
		(*at)++;
	if (*at >= set->nslot)
		return false;
	*key = set->slot[(*at)++];
	return true;
}

/* assay_keyset_bytes - see keyset.h */
size_t assay_keyset_bytes(const struct assay_keyset *set)
{
	return set->nslot * sizeof *set->slot;
}
