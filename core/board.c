/*
 * core/board.c - see board.h. Touches service.board in the run directory and its memory; all of the
 * file is allocated when it is made, so that a full disk is an error then and no SIGBUS later. The
 * reading side believes nothing: texts are terminated and made printable, numbers bounded, and what
 * a page may be depends on its slot, not on what stands in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"
#include "core/board.h"

#define NAME "service.board"
#define MAGIC "assaySB"
#define VERSION 1u
/* No option sets a time longer than a day; a week is room for sums of them. */
#define AHEAD_MS ((int64_t)7 * 86400 * 1000)
/* Sums of all pages stay in range, and JSON keeps it exact. */
#define COUNT_MOST ((uint64_t)1 << 53)

_Static_assert(sizeof(struct assay_board_slot) <= ASSAY_BOARD_PAGE, "a page holds a slot");
_Static_assert(sizeof(struct assay_board_head) <= ASSAY_BOARD_PAGE, "a page holds the head");

/* ---- the file -------------------------------------------------------------------------------- */

/* stride - bytes from page to page: what can be mapped by itself here */
static size_t stride(void)
{
	long page = sysconf(_SC_PAGESIZE);

	return page > (long)ASSAY_BOARD_PAGE ? (size_t)page : ASSAY_BOARD_PAGE;
}

/* whole - bytes of the file */
static size_t whole(void)
{
	return stride() * ASSAY_BOARD_SLOTS;
}

/* map - all pages */
static enum assay_status map(
    int fd, bool writable, struct assay_board *board, struct assay_err *err)
{
	void *p =
	    mmap(NULL, whole(), writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return assay_io_fail(err, "cannot map", NAME);
	*board = (struct assay_board){ .fd = fd, .writable = writable, .head = p, .base = p };
	return ASSAY_OK;
}

/* allocate - all of the file, empty */
static enum assay_status allocate(int fd, const char *path, struct assay_err *err)
{
	int e;

	do
		e = posix_fallocate(fd, 0, (off_t)whole());
	while (e == EINTR);
	errno = e;
	return e == 0 ? ASSAY_OK : assay_io_fail(err, "cannot make", path);
}

/* make - the file under its passing name, mapped, with a head */
static enum assay_status make(
    const char *path, int fd, struct assay_board *board, struct assay_err *err)
{
	enum assay_status st = allocate(fd, path, err);

	if (st == ASSAY_OK && fchmod(fd, 0640) != 0)
		st = assay_io_fail(err, "cannot chmod", path);
	if (st == ASSAY_OK)
		st = map(fd, true, board, err);
	if (st != ASSAY_OK)
		return st;
	memcpy(board->head->magic, MAGIC, sizeof board->head->magic);
	board->head->version = VERSION;
	board->head->page = (uint32_t)stride();
	board->head->slots = ASSAY_BOARD_SLOTS;
	board->head->started_wall_ms = assay_clock_wall_ms();
	board->head->parent = getpid();
	return ASSAY_OK;
}

/* assay_board_create - a new file in the place of an old one, which readers may still have mapped
 */
enum assay_status assay_board_create(
    const char *run_dir, struct assay_board *board, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	const char *path = assay_arena_printf(arena, "%s/" NAME, run_dir);
	const char *tmp = assay_arena_printf(arena, "%s/." NAME ".tmp", run_dir);
	enum assay_status st;
	int fd;

	*board = (struct assay_board){ .fd = -1 };
	/* Of one that was killed here; the caller has the lock of the home. */
	(void)unlink(tmp);
	fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	board->fd = fd;
	st = fd >= 0 ? make(tmp, fd, board, err) : assay_io_fail(err, "cannot make", tmp);
	if (st == ASSAY_OK && rename(tmp, path) != 0)
		st = assay_io_fail(err, "cannot rename to", path);
	if (st != ASSAY_OK) {
		if (fd >= 0)
			(void)unlink(tmp);
		assay_board_close(board);
	}
	assay_arena_free(&arena);
	return st;
}

/* check_file - is it a board of ours? */
static enum assay_status check_file(int fd, struct assay_err *err)
{
	struct assay_board_head head;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return assay_io_fail(err, "cannot read", NAME);
	if (!S_ISREG(st.st_mode) || pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head ||
	    memcmp(head.magic, MAGIC, sizeof head.magic) != 0)
		return assay_err_set(err, ASSAY_E_SYNTAX, NAME " is no scoreboard of assay");
	if (head.version != VERSION || head.page != stride() || head.slots != ASSAY_BOARD_SLOTS ||
	    st.st_size != (off_t)whole())
		return assay_err_set(err, ASSAY_E_UNSUP,
		    "the service that runs is of another version (" NAME " %u, here %u): restart "
		    "it",
		    head.version, VERSION);
	return ASSAY_OK;
}

/* assay_board_map - for trusted children; takes fd */
enum assay_status assay_board_map(int fd, struct assay_board *board, struct assay_err *err)
{
	enum assay_status st = check_file(fd, err);

	*board = (struct assay_board){ .fd = -1 };
	if (st == ASSAY_OK)
		st = map(fd, true, board, err);
	if (st != ASSAY_OK)
		assay_io_close(&fd);
	return st;
}

/* assay_board_open - read-only, by name */
enum assay_status assay_board_open(
    const char *run_dir, struct assay_board *board, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	const char *path = assay_arena_printf(arena, "%s/" NAME, run_dir);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	enum assay_status st;

	*board = (struct assay_board){ .fd = -1 };
	st = fd >= 0 ? check_file(fd, err) : assay_io_fail(err, "cannot open", path);
	if (st == ASSAY_OK)
		st = map(fd, false, board, err);
	if (st != ASSAY_OK)
		assay_io_close(&fd);
	assay_arena_free(&arena);
	return st;
}

/* assay_board_close - unmap and close; the file stays */
void assay_board_close(struct assay_board *board)
{
	if (board->base != NULL)
		(void)munmap(board->base, whole());
	assay_io_close(&board->fd);
	*board = (struct assay_board){ .fd = -1 };
}

/* assay_board_keep - for this process alone */
void assay_board_keep(const struct assay_board *board)
{
	(void)madvise(board->base, whole(), MADV_DONTFORK);
}

/* assay_board_slot - a page to write to */
struct assay_board_slot *assay_board_slot(const struct assay_board *board, unsigned slot)
{
	ASSAY_ASSERT(slot > 0 && slot < ASSAY_BOARD_SLOTS);
	return (struct assay_board_slot *)(void *)(board->base + stride() * slot);
}

/* assay_board_map_slot - one page, nothing around it */
enum assay_status assay_board_map_slot(
    int fd, unsigned slot, struct assay_board_slot **page, struct assay_err *err)
{
	void *p;

	ASSAY_ASSERT(slot > 0 && slot < ASSAY_BOARD_SLOTS);
	*page = NULL;
	p = mmap(NULL, stride(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)(stride() * slot));
	if (p == MAP_FAILED)
		return assay_io_fail(err, "cannot map a page of", NAME);
	*page = p;
	return ASSAY_OK;
}

/* assay_board_scan_slot - odd and even generations stand side by side */
unsigned assay_board_scan_slot(uint32_t generation)
{
	return ASSAY_BOARD_OTHERS + (generation % 2 == 0 ? ASSAY_BOARD_SCANS : 0);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* check_word - an id or a name: ended, and of letters that need no escaping anywhere */
static void check_word(char *s, size_t size)
{
	s[size - 1] = '\0';
	for (; *s != '\0'; s++)
		if (!assay_ascii_is_alnum(*s) && strchr("_-.:/", *s) == NULL)
			*s = '?';
}

/* check_text - a sentence */
static void check_text(char *s, size_t size)
{
	s[size - 1] = '\0';
	assay_err_make_printable(s);
}

/* check_bool - any byte may stand there, a bool has two values */
static void check_bool(bool *b)
{
	unsigned char byte;

	memcpy(&byte, b, 1);
	*b = byte != 0;
}

/* check_count - bounded */
static void check_count(uint64_t *n)
{
	if (*n > COUNT_MOST)
		*n = COUNT_MOST;
}

/* check_time - 0 to `most` */
static void check_time(int64_t *ms, int64_t most)
{
	if (*ms < 0)
		*ms = 0;
	if (*ms > most)
		*ms = most;
}

/* check_workers - of a scan process */
static void check_workers(struct assay_board_worker *worker)
{
	for (size_t i = 0; i < ASSAY_BOARD_WORKERS; i++) {
		check_word(worker[i].name, sizeof worker[i].name);
		check_count(&worker[i].calls);
		check_count(&worker[i].us);
		check_count(&worker[i].most_us);
		check_count(&worker[i].timeouts);
	}
}

/* check_queues - of the janitor */
static void check_queues(struct assay_board_queue *queue)
{
	for (size_t i = 0; i < ASSAY_BOARD_QUEUES; i++) {
		check_word(queue[i].name, sizeof queue[i].name);
		check_count(&queue[i].files);
		check_count(&queue[i].bytes);
		check_count(&queue[i].poison);
		check_count(&queue[i].dropped);
		check_time(&queue[i].oldest_wall_ms, INT64_MAX);
		check_bool(&queue[i].full);
	}
}

/* check_samples - of the parent */
static void check_samples(struct assay_board_sample *sample)
{
	for (size_t i = 0; i < ASSAY_BOARD_SAMPLES; i++) {
		check_time(&sample[i].at_ms, INT64_MAX);
		check_count(&sample[i].mails);
	}
}

/* check_lookup - of the table for mail servers */
static void check_lookup(struct assay_board_lookup *asked)
{
	check_count(&asked->known);
	check_count(&asked->unknown);
	check_count(&asked->failed);
	check_count(&asked->refused);
}

/* check_concern - of a scan master */
static void check_concern(struct assay_board_concern *concern)
{
	check_text(concern->text, sizeof concern->text);
	check_text(concern->loaded, sizeof concern->loaded);
	check_bool(&concern->outdated);
}

/* check_numbers - all but those of the union */
static void check_numbers(struct assay_board_slot *copy)
{
	uint64_t *const counts[] = { &copy->mails, &copy->bytes, &copy->partial, &copy->unscanned,
		&copy->records, &copy->retries, &copy->disk_free, &copy->guests };
	int64_t *const past[] = { &copy->started_ms, &copy->since_ms, &copy->beat_ms,
		&copy->worker_ms };
	int64_t now = assay_clock_mono_ms();

	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		check_count(counts[i]);
	for (size_t i = 0; i < sizeof past / sizeof past[0]; i++)
		check_time(past[i], now);
	check_time(&copy->again_ms, now + AHEAD_MS);
	check_time(&copy->deadline_ms, now + AHEAD_MS);
	check_time(&copy->error_wall_ms, INT64_MAX);
	if (copy->pid < 0)
		copy->pid = 0;
	check_bool(&copy->disk_low);
	check_bool(&copy->observing);
}

/* check_kind - what that slot can be; false: never used */
static bool check_kind(struct assay_board_slot *copy, unsigned slot)
{
	if (copy->kind == ASSAY_BOARD_NONE)
		return false;
	if (slot >= ASSAY_BOARD_OTHERS)
		copy->kind = ASSAY_BOARD_SCAN;
	else if (copy->kind >= ASSAY_BOARD_KINDS || copy->kind == ASSAY_BOARD_SCAN)
		copy->kind = ASSAY_BOARD_DOOR;
	if (copy->state >= ASSAY_BOARD_STATES)
		copy->state = ASSAY_BOARD_DOWN;
	return true;
}

/* assay_board_read - a copy that can be believed as far as types go */
bool assay_board_read(const struct assay_board *board, unsigned slot, struct assay_board_slot *copy)
{
	memcpy(copy, assay_board_slot(board, slot), sizeof *copy);
	if (!check_kind(copy, slot)) {
		memset(copy, 0, sizeof *copy);
		return false;
	}
	check_word(copy->name, sizeof copy->name);
	check_word(copy->scan_id, sizeof copy->scan_id);
	check_word(copy->queue_id, sizeof copy->queue_id);
	check_word(copy->payload_id, sizeof copy->payload_id);
	check_word(copy->worker, sizeof copy->worker);
	check_text(copy->error, sizeof copy->error);
	check_numbers(copy);
	if (copy->kind == ASSAY_BOARD_SCAN)
		check_workers(copy->of.worker);
	else if (copy->kind == ASSAY_BOARD_JANITOR)
		check_queues(copy->of.queue);
	else if (copy->kind == ASSAY_BOARD_PARENT)
		check_samples(copy->of.sample);
	else if (copy->kind == ASSAY_BOARD_LOOKUP)
		check_lookup(&copy->of.lookup);
	else if (copy->kind == ASSAY_BOARD_MASTER)
		check_concern(&copy->of.concern);
	else
		memset(&copy->of, 0, sizeof copy->of);
	return true;
}

/* assay_board_read_head - of page 0 */
void assay_board_read_head(const struct assay_board *board, struct assay_board_head *copy)
{
	memcpy(copy, board->head, sizeof *copy);
	copy->magic[sizeof copy->magic - 1] = '\0';
	check_text(copy->reload_error, sizeof copy->reload_error);
	check_word(copy->config_sha256, sizeof copy->config_sha256);
	check_word(copy->source_sha256, sizeof copy->source_sha256);
	check_time(&copy->started_wall_ms, INT64_MAX);
	check_time(&copy->reload_wall_ms, INT64_MAX);
	check_bool(&copy->stopping);
	check_bool(&copy->sandbox_off);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* assay_board_set_state - a change is a sign of life */
void assay_board_set_state(struct assay_board_slot *page, enum assay_board_state state)
{
	if (page == NULL)
		return;
	page->beat_ms = assay_clock_mono_ms();
	if (page->state != (uint32_t)state)
		page->since_ms = page->beat_ms;
	page->state = (uint32_t)state;
}

/* assay_board_set_error - "" is none */
void assay_board_set_error(struct assay_board_slot *page, const char *text)
{
	if (page == NULL)
		return;
	(void)snprintf(page->error, sizeof page->error, "%s", text);
	assay_err_make_printable(page->error);
	page->error_wall_ms = text[0] != '\0' ? assay_clock_wall_ms() : 0;
}

/* assay_board_state_name - for people and JSON */
const char *assay_board_state_name(uint32_t state)
{
	static const char *const names[] = { "down", "starting", "idle", "busy", "waiting",
		"leaving" };

	_Static_assert(sizeof names / sizeof names[0] == ASSAY_BOARD_STATES, "one name each");
	return state < ASSAY_BOARD_STATES ? names[state] : "unknown";
}

/* assay_board_kind_name - likewise */
const char *assay_board_kind_name(uint32_t kind)
{
	static const char *const names[] = { "none", "parent", "janitor", "master", "scan", "door",
		"drain", "metrics", "lookup" };

	_Static_assert(sizeof names / sizeof names[0] == ASSAY_BOARD_KINDS, "one name each");
	return kind < ASSAY_BOARD_KINDS ? names[kind] : "unknown";
}
