/*
 * spool_dir.h - a spool over a fresh directory, and looks into its queues; for test_spool.c and
 * test_queue.c
 */
#ifndef ASSAY_SPOOL_DIR_H
#define ASSAY_SPOOL_DIR_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "core/digest.h"
#include "core/queue.h"
#include "core/records.h"
#include "core/spool.h"
#include "keep_dir.h"

static const char *const connectors[] = { "sqlite", "jsonl", NULL };
static const char *const archivers[] = { "filedir", NULL };
static const char *const none[] = { NULL };

static struct keep_dir dir;
static struct assay_spool *spool;
static struct assay_arena *arena;

static inline void start_in_place(const char *const *con, const char *const *arc)
{
	const struct assay_spool_options options = { dir.path, con, arc };
	struct assay_err err = { .text = "" };

	if (assay_spool_open(&options, &spool, &err) != ASSAY_OK)
		fail_msg("%s", err.text);
	arena = assay_arena_new();
}

static inline void start(const char *const *con, const char *const *arc)
{
	keep_dir_make(&dir);
	start_in_place(con, arc);
}

static inline void stop(void)
{
	assay_arena_free(&arena);
	assay_spool_close(&spool);
	keep_dir_remove(&dir);
}

static inline enum assay_status add(const char *id, const char *json)
{
	const struct assay_record record = { "report", id, assay_slice_str(json) };

	return assay_spool_record(spool, &record, NULL);
}

static inline enum assay_status pay(struct assay_slice bytes)
{
	char hex[ASSAY_DIGEST_TEXT];

	assay_digest_hex(ASSAY_SHA256, bytes, hex);
	return assay_spool_payload(spool, hex, bytes, NULL);
}

static inline struct assay_queue *open_queue(const char *name)
{
	struct assay_queue *queue;

	assert_int_equal(assay_queue_open(dir.path, name, &queue, NULL), ASSAY_OK);
	return queue;
}

static inline const char *const *list(struct assay_queue *queue)
{
	const char *const *names;

	assert_int_equal(assay_queue_list(queue, 1000, arena, &names, NULL), ASSAY_OK);
	return names;
}

static inline size_t count(struct assay_queue *queue)
{
	size_t n = 0;

	for (const char *const *name = list(queue); *name != NULL; name++)
		n++;
	return n;
}

/* ids - of all records of a queue, oldest first, with spaces behind */
static inline const char *ids(const char *name)
{
	struct assay_queue *queue = open_queue(name);
	static char text[2000];

	text[0] = '\0';
	for (const char *const *file = list(queue); *file != NULL; file++) {
		struct assay_queue_file records;

		assert_int_equal(assay_queue_read(queue, *file, arena, &records, NULL), ASSAY_OK);
		assert_false(records.broken);
		for (size_t i = 0; i < records.n; i++)
			(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s ",
			    records.record[i].id);
	}
	assay_queue_close(&queue);
	return text;
}

static inline size_t in_tmp(void)
{
	struct keep_dir tmp;

	(void)snprintf(tmp.path, sizeof tmp.path, "%.180s/spool/tmp", dir.path);
	return keep_dir_files(&tmp);
}

#endif
