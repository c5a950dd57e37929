/*
 * core/progress.c - see progress.h. Touches one memfd. The reading side believes nothing: every
 * text is copied with its bound and checked character by character.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/progress.h"

#define SIZE ((size_t)4096)

/* What lies in the page. */
struct sheet {
	struct assay_progress now;
	unsigned char taken;
};

_Static_assert(sizeof(struct sheet) <= SIZE, "the page holds it");

/* map - both sides see the same memory */
static enum assay_status map(struct assay_progress_page *page, struct assay_err *err)
{
	void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, page->fd, 0);

	if (p == MAP_FAILED) {
		int e = errno;

		assay_io_close(&page->fd);
		return assay_err_set(
		    err, ASSAY_E_IO, "cannot map the progress page: %s", strerror(e));
	}
	page->shared = p;
	return ASSAY_OK;
}

/* assay_progress_open - a new page, of a size nobody can change */
enum assay_status assay_progress_open(struct assay_progress_page *page, struct assay_err *err)
{
	enum assay_status st;

	*page = (struct assay_progress_page){ -1, NULL };
	st = assay_io_memfd("assay-progress", &page->fd, err);
	if (st != ASSAY_OK)
		return st;
	if (ftruncate(page->fd, (off_t)SIZE) != 0 ||
	    fcntl(page->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
		int e = errno;

		assay_io_close(&page->fd);
		return assay_err_set(
		    err, ASSAY_E_IO, "cannot make the progress page: %s", strerror(e));
	}
	st = map(page, err);
	/* Scan processes that are forked later shall not see each other's pages. */
	if (st == ASSAY_OK)
		(void)madvise(page->shared, SIZE, MADV_DONTFORK);
	return st;
}

/* assay_progress_map - the page somebody else made */
enum assay_status assay_progress_map(
    struct assay_progress_page *page, int fd, struct assay_err *err)
{
	*page = (struct assay_progress_page){ fd, NULL };
	if (assay_io_size(fd) < (off_t)SIZE) {
		assay_io_close(&page->fd);
		return assay_err_set(err, ASSAY_E_SYNTAX, "the progress page is too small");
	}
	return map(page, err);
}

/* assay_progress_close - unmap and close */
void assay_progress_close(struct assay_progress_page *page)
{
	if (page->shared != NULL)
		(void)munmap(page->shared, SIZE);
	page->shared = NULL;
	assay_io_close(&page->fd);
}

/* sheet - all of the page */
static struct sheet *sheet(const struct assay_progress_page *page)
{
	return (struct sheet *)page->shared;
}

/* assay_progress_set_taken - the scan process' side */
void assay_progress_set_taken(struct assay_progress_page *page, bool taken)
{
	if (page->shared != NULL)
		sheet(page)->taken = taken;
}

/* assay_progress_taken - the door's side */
bool assay_progress_taken(const struct assay_progress_page *page)
{
	return page->shared != NULL && sheet(page)->taken != 0;
}

/* assay_progress_clear - between two calls */
void assay_progress_clear(struct assay_progress_page *page)
{
	page->shared->worker[0] = '\0';
}

/* assay_progress_write - before a call; the name last, so that a half-written entry does not count
 */
void assay_progress_write(struct assay_progress_page *page, const struct assay_progress *now)
{
	struct assay_progress *to = page->shared;

	to->worker[0] = '\0';
	memcpy(to->payload_id, now->payload_id, sizeof to->payload_id);
	memcpy(to->sha256, now->sha256, sizeof to->sha256);
	to->started_ms = now->started_ms;
	to->timeout_ms = now->timeout_ms;
	memcpy(to->worker + 1, now->worker + 1, sizeof to->worker - 1);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	to->worker[0] = now->worker[0];
}

/* is_word - what a plugin's name, a payload_id or a digest is made of */
static bool is_word(const char *s)
{
	for (; *s != '\0'; s++) {
		if (!assay_ascii_is_alnum(*s) && *s != '_' && *s != '-' && *s != '.')
			return false;
	}
	return true;
}

/* assay_progress_read - who was at work */
bool assay_progress_read(const struct assay_progress_page *page, struct assay_progress *copy)
{
	if (page->shared == NULL)
		return false;
	memcpy(copy, page->shared, sizeof *copy);
	copy->worker[sizeof copy->worker - 1] = '\0';
	copy->payload_id[sizeof copy->payload_id - 1] = '\0';
	copy->sha256[sizeof copy->sha256 - 1] = '\0';
	return copy->worker[0] != '\0' && copy->started_ms >= 0 && copy->timeout_ms >= 0 &&
	    is_word(copy->worker) && is_word(copy->payload_id) && is_word(copy->sha256);
}
