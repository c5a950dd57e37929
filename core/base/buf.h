/*
 * base/buf.h - bytes that grow, up to a maximum given at birth
 *
 * A buffer cannot be made without its maximum. What does not fit is dropped, `full` is set and
 * stays set, and add returns false: the caller turns that into a limits[] entry. The content has
 * a NUL behind it (not counted), so p can be used as a string; p is NULL only before the first add.
 */
#ifndef ASSAY_BASE_BUF_H
#define ASSAY_BASE_BUF_H

#include <assay/types.h>

struct assay_buf {
	char *p;
	size_t n, cap, max;
	bool full;
};

void assay_buf_init(struct assay_buf *b, size_t max);
void assay_buf_release(struct assay_buf *b);
/* Empty, `full` cleared, memory kept. */
void assay_buf_clear(struct assay_buf *b);
bool assay_buf_add(struct assay_buf *b, const void *p, size_t n);
bool assay_buf_add_slice(struct assay_buf *b, struct assay_slice s);
bool assay_buf_add_str(struct assay_buf *b, const char *s);
/* Here, so that loops over characters pay no call. */
static inline bool assay_buf_add_char(struct assay_buf *b, char c)
{
	if (b->n + 1 < b->cap && b->n < b->max) {
		b->p[b->n++] = c;
		b->p[b->n] = '\0';
		return true;
	}
	return assay_buf_add(b, &c, 1);
}
bool assay_buf_printf(struct assay_buf *b, const char *fmt, ...) ASSAY_PRINTF(2, 3);
/* Makes room for n more bytes and returns where to write them (NULL when over max). The caller
 * writes at most n bytes and then calls assay_buf_commit with what it wrote. */
char *assay_buf_reserve(struct assay_buf *b, size_t n);
void assay_buf_commit(struct assay_buf *b, size_t n);
struct assay_slice assay_buf_slice(const struct assay_buf *b);
/* Hands the memory (malloc'd, NUL-terminated, never NULL) to the caller; the buffer is empty. */
char *assay_buf_steal(struct assay_buf *b, size_t *n);

#endif
