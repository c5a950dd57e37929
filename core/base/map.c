/*
 * base/map.c - see map.h. FNV-1a with a per-process seed, linear probing, at most half full.
 */
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"

/* seed - so that nobody outside can choose keys that collide */
static uint64_t seed(void)
{
	static uint64_t value;

	if (value == 0 && getrandom(&value, sizeof value, GRND_NONBLOCK) != sizeof value)
		value = (uint64_t)(uintptr_t)&value;
	return value | 1;
}

/* hash - seeded, with the high bits mixed into the low ones */
static uint64_t hash(struct assay_slice key)
{
	uint64_t h = seed();

	for (size_t i = 0; i < key.n; i++)
		h = (h ^ (unsigned char)key.p[i]) * 0x9fb21c651e98df25u;
	h ^= h >> 32;
	return h * 0x9fb21c651e98df25u >> 16;
}

/* assay_map_init - an empty map */
void assay_map_init(struct assay_map *map, struct assay_arena *arena)
{
	*map = (struct assay_map){ .arena = arena };
}

/* find - the slot of the key, or the free one where it would go */
static uint32_t *find(const struct assay_map *map, struct assay_slice key)
{
	size_t mask = map->nslot - 1;

	for (size_t i = hash(key) & mask;; i = (i + 1) & mask) {
		uint32_t *s = &map->slot[i];

		if (*s == 0 || assay_slice_eq(map->entry[*s - 1].key, key))
			return s;
	}
}

/* grow - twice the room */
static void grow(struct assay_map *map)
{
	size_t cap = map->cap > 0 ? map->cap * 2 : 8;
	struct assay_map_entry *entry = assay_arena_calloc(map->arena, cap, sizeof *entry);

	ASSAY_ASSERT(cap < UINT32_MAX / 2);
	if (map->n > 0)
		memcpy(entry, map->entry, map->n * sizeof *entry);
	map->entry = entry;
	map->cap = cap;
	map->nslot = cap * 2;
	map->slot = assay_arena_calloc(map->arena, map->nslot, sizeof *map->slot);
	for (size_t i = 0; i < map->n; i++)
		*find(map, entry[i].key) = (uint32_t)i + 1;
}

/* assay_map_get - the value of a key */
void *assay_map_get(const struct assay_map *map, struct assay_slice key)
{
	uint32_t *s = map->n > 0 ? find(map, key) : NULL;

	return s != NULL && *s != 0 ? map->entry[*s - 1].value : NULL;
}

/* assay_map_has - is the key there */
bool assay_map_has(const struct assay_map *map, struct assay_slice key)
{
	return map->n > 0 && *find(map, key) != 0;
}

/* put - add, or replace if asked to; true when the key was new */
static bool put(struct assay_map *map, struct assay_slice key, void *value, bool replace)
{
	uint32_t *s;

	if (map->n == map->cap)
		grow(map);
	s = find(map, key);
	if (*s != 0) {
		if (replace)
			map->entry[*s - 1].value = value;
		return false;
	}
	map->entry[map->n++] = (struct assay_map_entry){ key, value };
	*s = (uint32_t)map->n;
	return true;
}

/* assay_map_add - only when new */
bool assay_map_add(struct assay_map *map, struct assay_slice key, void *value)
{
	return put(map, key, value, false);
}

/* assay_map_set - new or not */
void assay_map_set(struct assay_map *map, struct assay_slice key, void *value)
{
	(void)put(map, key, value, true);
}
