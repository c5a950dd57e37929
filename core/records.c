/*
 * core/records.c - see records.h. Pure, but for the clock and the process id in new names.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/records.h"

#define MAGIC "AR1\n"

static const char *const kinds[] = { NULL, "report", "finding", "request" };
#define KINDS (sizeof kinds / sizeof kinds[0])

/* kind_of - its number; 0: none */
static size_t kind_of(const char *kind)
{
	size_t k = KINDS - 1;

	while (k > 0 && strcmp(kinds[k], kind) != 0)
		k--;
	return k;
}

/* is_id - one that can be printed, and is no more than that */
static bool is_id(struct assay_slice id)
{
	for (size_t i = 0; i < id.n; i++)
		if (id.p[i] <= ' ' || id.p[i] > '~')
			return false;
	return id.n > 0 && id.n <= ASSAY_RECORDS_ID;
}

/* assay_records_put - head, id, json */
enum assay_status assay_records_put(
    struct assay_buf *out, const struct assay_record *record, struct assay_err *err)
{
	const struct assay_slice id = assay_slice_str(record->id);
	const size_t kind = kind_of(record->kind);
	char head[ASSAY_RECORDS_HEAD] = MAGIC;
	const size_t all = sizeof head + id.n + record->json.n;
	char *p;

	if (kind == 0 || !is_id(id) || record->json.n > ASSAY_RECORDS_JSON)
		return assay_err_set(err, ASSAY_E_LIMIT,
		    "%s %s has %zu bytes and cannot be kept; %zu is the most", record->kind,
		    record->id, record->json.n, (size_t)ASSAY_RECORDS_JSON);
	p = assay_buf_reserve(out, all);
	if (p == NULL) {
		out->full = false; /* what is in it is whole */
		return assay_err_set(
		    err, ASSAY_E_FULL, "%s %s does not fit any more", record->kind, record->id);
	}
	head[4] = (char)kind;
	head[5] = (char)id.n;
	for (size_t i = 0; i < 8; i++)
		head[8 + i] = (char)((uint64_t)record->json.n >> (8 * i));
	memcpy(p, head, sizeof head);
	memcpy(p + sizeof head, id.p, id.n);
	if (record->json.n > 0)
		memcpy(p + sizeof head + id.n, record->json.p, record->json.n);
	assay_buf_commit(out, all);
	return ASSAY_OK;
}

/* assay_records_next - one off the front */
enum assay_status assay_records_next(struct assay_slice *bytes, struct assay_arena *arena,
    struct assay_record *record, struct assay_err *err)
{
	const unsigned char *head = (const unsigned char *)bytes->p;
	struct assay_slice id, rest = *bytes;
	uint64_t size = 0;

	if (bytes->n == 0)
		return ASSAY_END;
	if (bytes->n < ASSAY_RECORDS_HEAD || memcmp(head, MAGIC, 4) != 0 || head[4] == 0 ||
	    head[4] >= KINDS || head[6] != 0 || head[7] != 0)
		return assay_err_set(err, ASSAY_E_SYNTAX, "there is no record where one should be");
	for (size_t i = 0; i < 8; i++)
		size |= (uint64_t)head[8 + i] << (8 * i);
	rest = assay_slice_from(rest, ASSAY_RECORDS_HEAD);
	id = assay_slice_head(rest, head[5]);
	rest = assay_slice_from(rest, head[5]);
	if (id.n < head[5] || !is_id(id) || size > rest.n || size > ASSAY_RECORDS_JSON)
		return assay_err_set(err, ASSAY_E_SYNTAX, "a record is cut or damaged");
	record->kind = kinds[head[4]];
	record->id = assay_arena_memdup0(arena, id.p, id.n);
	record->json = assay_slice_head(rest, (size_t)size);
	*bytes = assay_slice_from(rest, (size_t)size);
	return ASSAY_OK;
}

/* assay_records_name - STAMP-PID-N.SUFFIX */
void assay_records_name(char name[ASSAY_RECORDS_NAME], unsigned *n, const char *suffix)
{
	(void)snprintf(name, ASSAY_RECORDS_NAME, "%013" PRId64 "-%ld-%06u%s", assay_clock_wall_ms(),
	    (long)getpid(), (*n)++, suffix);
}

/* number - the decimal number in front of `end`, which is taken off as well */
static bool number(struct assay_slice *rest, char end, uint64_t *value)
{
	struct assay_slice field;

	return assay_slice_find(*rest, end) < rest->n && assay_slice_split(rest, end, &field) &&
	    assay_slice_u64(field, value) && *value <= INT64_MAX;
}

/* assay_records_name_read - when, and by whom */
bool assay_records_name_read(const char *name, int64_t *wall_ms, pid_t *pid)
{
	struct assay_slice rest = assay_slice_str(name);
	uint64_t stamp, process, n;

	if (!number(&rest, '-', &stamp) || !number(&rest, '-', &process) ||
	    !number(&rest, '.', &n) || process > INT32_MAX)
		return false;
	if (wall_ms != NULL)
		*wall_ms = (int64_t)stamp;
	if (pid != NULL)
		*pid = (pid_t)process;
	return true;
}
