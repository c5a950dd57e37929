/*
 * base/map.h - slice -> pointer, in an arena
 *
 * Open addressing; grows in the arena (the old table stays there until the arena dies, so the
 * total is at most twice the last). Keys are borrowed: they must live as long as the map. Order of
 * insertion is kept and can be walked, so that what is printed from a map has a stable order.
 */
#ifndef ASSAY_BASE_MAP_H
#define ASSAY_BASE_MAP_H

#include <assay/types.h>

struct assay_arena;

struct assay_map_entry {
	struct assay_slice key;
	void *value;
};

struct assay_map {
	struct assay_arena *arena;
	struct assay_map_entry *entry; /* in order of insertion, [0, n) */
	uint32_t *slot;                /* index + 1 into entry, 0 = free */
	size_t n, cap, nslot;
};

void assay_map_init(struct assay_map *map, struct assay_arena *arena);
/* The value, or NULL. */
void *assay_map_get(const struct assay_map *map, struct assay_slice key);
bool assay_map_has(const struct assay_map *map, struct assay_slice key);
/* Adds when the key is new (true); otherwise leaves the old value (false). */
bool assay_map_add(struct assay_map *map, struct assay_slice key, void *value);
/* Adds or replaces. */
void assay_map_set(struct assay_map *map, struct assay_slice key, void *value);

#endif
