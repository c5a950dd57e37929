/*
 * base/arena.c - see arena.h. Blocks double up to 1 MiB; larger requests get their own block.
 */
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"

#define BLOCK_MIN ((size_t)16 * 1024)
#define BLOCK_MAX ((size_t)1024 * 1024)
#define ALIGN alignof(max_align_t)

struct block {
	struct block *next;
	size_t size, used;
	max_align_t data[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *ptr;
};

struct assay_arena {
	struct block *head;  /* the one being filled */
	struct block *first; /* kept over a reset */
	struct deferred *deferred;
	size_t used, next_size;
};

/* out_of_memory - nothing sensible can follow */
static _Noreturn void out_of_memory(size_t n)
{
	ASSAY_BUG("out of memory asking for %zu bytes", n);
}

/* assay_xmalloc - malloc or die */
void *assay_xmalloc(size_t n)
{
	void *p = malloc(n > 0 ? n : 1);

	if (p == NULL)
		out_of_memory(n);
	return p;
}

/* assay_xcalloc - calloc or die */
void *assay_xcalloc(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory(size);
	return p;
}

/* assay_xrealloc - realloc or die */
void *assay_xrealloc(void *p, size_t n)
{
	void *q = realloc(p, n > 0 ? n : 1);

	if (q == NULL)
		out_of_memory(n);
	return q;
}

/* assay_xstrdup - strdup or die */
char *assay_xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(assay_xmalloc(n), s, n);
}

/* block_new - a block with room for at least n bytes */
static struct block *block_new(size_t n)
{
	struct block *b;

	if (n > SIZE_MAX - sizeof *b)
		out_of_memory(n);
	b = assay_xmalloc(sizeof *b + n);
	b->next = NULL;
	b->size = n;
	b->used = 0;
	return b;
}

/* assay_arena_new - an empty arena */
struct assay_arena *assay_arena_new(void)
{
	struct assay_arena *a = assay_xcalloc(1, sizeof *a);

	a->first = a->head = block_new(BLOCK_MIN);
	a->next_size = BLOCK_MIN * 2;
	return a;
}

/* release - run what was deferred, last first, and free all blocks but the first */
static void release(struct assay_arena *a)
{
	while (a->deferred != NULL) {
		struct deferred *d = a->deferred;

		a->deferred = d->next;
		d->fn(d->ptr);
	}
	for (struct block *b = a->head, *next; b != NULL; b = next) {
		next = b->next;
		if (b != a->first)
			free(b);
	}
	a->first->next = NULL;
	a->first->used = 0;
	a->head = a->first;
	a->used = 0;
	a->next_size = BLOCK_MIN * 2;
}

/* assay_arena_reset - empty it, keep it */
void assay_arena_reset(struct assay_arena *a)
{
	release(a);
}

/* assay_arena_free - the end of everything in it */
void assay_arena_free(struct assay_arena **arena)
{
	struct assay_arena *a = *arena;

	if (a == NULL)
		return;
	release(a);
	free(a->first);
	free(a);
	*arena = NULL;
}

/* block_for - the block in which n more bytes fit */
static struct block *block_for(struct assay_arena *a, size_t n)
{
	struct block *b = a->head;

	if (b->size - b->used >= n)
		return b;
	if (n > a->next_size / 4) {
		/* its own block, behind the one being filled, so that none of that one is lost */
		b = block_new(n);
		b->next = a->head->next;
		a->head->next = b;
		return b;
	}
	b = block_new(a->next_size);
	if (a->next_size < BLOCK_MAX)
		a->next_size *= 2;
	b->next = a->head;
	a->head = b;
	return b;
}

/* assay_arena_alloc - n bytes, not cleared */
void *assay_arena_alloc(struct assay_arena *a, size_t n)
{
	struct block *b;
	void *p;

	if (n > SIZE_MAX / 2)
		out_of_memory(n);
	n = (n + ALIGN - 1) & ~(ALIGN - 1);
	if (n == 0)
		n = ALIGN;
	b = block_for(a, n);
	p = (char *)b->data + b->used;
	b->used += n;
	a->used += n;
	return p;
}

/* assay_arena_zalloc - n zero bytes */
void *assay_arena_zalloc(struct assay_arena *a, size_t n)
{
	return memset(assay_arena_alloc(a, n), 0, n);
}

/* assay_arena_calloc - an array of zeroed members */
void *assay_arena_calloc(struct assay_arena *a, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / 2 / size)
		out_of_memory(count);
	return assay_arena_zalloc(a, count * size);
}

/* assay_arena_memdup0 - a copy with a NUL behind it */
char *assay_arena_memdup0(struct assay_arena *a, const void *p, size_t n)
{
	char *q = assay_arena_alloc(a, n + 1);

	if (n > 0)
		memcpy(q, p, n);
	q[n] = '\0';
	return q;
}

/* assay_arena_strdup - a copy of a string */
char *assay_arena_strdup(struct assay_arena *a, const char *s)
{
	return assay_arena_memdup0(a, s, strlen(s));
}

/* assay_arena_slice - a copy of a slice; absent stays absent */
struct assay_slice assay_arena_slice(struct assay_arena *a, struct assay_slice s)
{
	if (s.p != NULL)
		s.p = assay_arena_memdup0(a, s.p, s.n);
	return s;
}

/* assay_arena_printf - a formatted string */
char *assay_arena_printf(struct assay_arena *a, const char *fmt, ...)
{
	va_list ap, again;
	int n;
	char *p;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		ASSAY_BUG("bad format: %s", fmt);
	p = assay_arena_alloc(a, (size_t)n + 1);
	(void)vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}

/* assay_arena_defer - tie a foreign handle to the arena's life */
void assay_arena_defer(struct assay_arena *a, void (*fn)(void *), void *ptr)
{
	struct deferred *d = assay_arena_alloc(a, sizeof *d);

	d->fn = fn;
	d->ptr = ptr;
	d->next = a->deferred;
	a->deferred = d;
}

/* assay_arena_used - bytes handed out */
size_t assay_arena_used(const struct assay_arena *a)
{
	return a->used;
}

/* assay_memory_trim - see arena.h */
void assay_memory_trim(void)
{
#ifndef ASSAY_SANITIZED
	(void)malloc_trim(0);
#endif
}
