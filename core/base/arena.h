/*
 * base/arena.h - memory that dies with its owner
 *
 * One arena per mail (and one per process for what lives as long). Blocks never move and are
 * freed together; foreign handles are tied to the arena with assay_arena_defer() and released in
 * reverse order when it is freed. Allocation never returns NULL: it aborts when memory is out,
 * so what an attacker sizes is bounded by the caller before it gets here.
 * All returned memory is aligned for any type; _zalloc is zeroed.
 */
#ifndef ASSAY_BASE_ARENA_H
#define ASSAY_BASE_ARENA_H

#include <assay/types.h>

struct assay_arena;

struct assay_arena *assay_arena_new(void);
/* Runs the deferred calls, frees everything, leaves NULL. Accepts NULL. */
void assay_arena_free(struct assay_arena **arena);
/* As free, but the arena stays usable and keeps its first block. */
void assay_arena_reset(struct assay_arena *arena);

void *assay_arena_alloc(struct assay_arena *arena, size_t n);
void *assay_arena_zalloc(struct assay_arena *arena, size_t n);
/* Array of `count` zeroed members; aborts on overflow. */
void *assay_arena_calloc(struct assay_arena *arena, size_t count, size_t size);
/* Copies; the result of memdup0 has a NUL behind it. */
char *assay_arena_strdup(struct assay_arena *arena, const char *s);
char *assay_arena_memdup0(struct assay_arena *arena, const void *p, size_t n);
char *assay_arena_printf(struct assay_arena *arena, const char *fmt, ...) ASSAY_PRINTF(2, 3);
struct assay_slice assay_arena_slice(struct assay_arena *arena, struct assay_slice s);

/* Calls fn(ptr) when the arena is freed or reset. */
void assay_arena_defer(struct assay_arena *arena, void (*fn)(void *ptr), void *ptr);
/* Bytes handed out so far. */
size_t assay_arena_used(const struct assay_arena *arena);

/* malloc and friends that abort when memory is out; for what outlives any arena. */
void *assay_xmalloc(size_t n);
void *assay_xcalloc(size_t count, size_t size);
void *assay_xrealloc(void *p, size_t n);
char *assay_xstrdup(const char *s);

/* Gives memory that was freed back to the system: before a fork, so that no child copies it, and
 * when there is nothing to do. */
void assay_memory_trim(void);

#endif
