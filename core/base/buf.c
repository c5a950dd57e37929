/*
 * base/buf.c - see buf.h. Doubles as it grows, so adding is linear in all.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* assay_buf_init - an empty buffer that may grow to max bytes */
void assay_buf_init(struct assay_buf *b, size_t max)
{
	*b = (struct assay_buf){ .max = max };
}

/* assay_buf_release - give the memory back */
void assay_buf_release(struct assay_buf *b)
{
	free(b->p);
	*b = (struct assay_buf){ .max = b->max };
}

/* assay_buf_clear - empty, memory kept */
void assay_buf_clear(struct assay_buf *b)
{
	b->n = 0;
	b->full = false;
	if (b->p != NULL)
		b->p[0] = '\0';
}

/* grow - room for n more bytes and a NUL; n fits below max */
static void grow(struct assay_buf *b, size_t n)
{
	size_t want = b->n + n + 1;
	size_t cap = b->cap > 0 ? b->cap : 64;

	if (want <= b->cap)
		return;
	while (cap < want)
		cap *= 2;
	if (cap > b->max + 1)
		cap = b->max + 1;
	b->p = assay_xrealloc(b->p, cap);
	b->cap = cap;
}

/* assay_buf_add - append, as far as it fits */
bool assay_buf_add(struct assay_buf *b, const void *p, size_t n)
{
	bool fits = n <= b->max - b->n;

	if (!fits) {
		n = b->max - b->n;
		b->full = true;
	}
	grow(b, n);
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
	return fits;
}

/* assay_buf_add_slice - append a slice */
bool assay_buf_add_slice(struct assay_buf *b, struct assay_slice s)
{
	return assay_buf_add(b, s.p, s.n);
}

/* assay_buf_add_str - append a string */
bool assay_buf_add_str(struct assay_buf *b, const char *s)
{
	return assay_buf_add(b, s, strlen(s));
}

/* assay_buf_printf - append formatted text, as far as it fits */
bool assay_buf_printf(struct assay_buf *b, const char *fmt, ...)
{
	char small[512];
	va_list ap, again;
	char *big;
	bool fits;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n < 0)
		ASSAY_BUG("bad format: %s", fmt);
	if ((size_t)n < sizeof small) {
		va_end(again);
		return assay_buf_add(b, small, (size_t)n);
	}
	big = assay_xmalloc((size_t)n + 1);
	(void)vsnprintf(big, (size_t)n + 1, fmt, again);
	va_end(again);
	fits = assay_buf_add(b, big, (size_t)n);
	free(big);
	return fits;
}

/* assay_buf_reserve - where n more bytes may be written */
char *assay_buf_reserve(struct assay_buf *b, size_t n)
{
	if (n > b->max - b->n) {
		b->full = true;
		return NULL;
	}
	grow(b, n);
	return b->p + b->n;
}

/* assay_buf_commit - count what was written after a reserve */
void assay_buf_commit(struct assay_buf *b, size_t n)
{
	ASSAY_ASSERT(b->n + n < b->cap);
	b->n += n;
	b->p[b->n] = '\0';
}

/* assay_buf_slice - what is in it; valid until the next change */
struct assay_slice assay_buf_slice(const struct assay_buf *b)
{
	return (struct assay_slice){ b->p != NULL ? b->p : "", b->n };
}

/* assay_buf_steal - take the memory out */
char *assay_buf_steal(struct assay_buf *b, size_t *n)
{
	char *p = b->p != NULL ? b->p : assay_xcalloc(1, 1);

	if (n != NULL)
		*n = b->n;
	*b = (struct assay_buf){ .max = b->max };
	return p;
}
