/*
 * bloom/table.c - see table.h. Other processes map the same bytes: what is read is copied first and
 * believed only when its checksum is right.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "bloom/bits.h"
#include "bloom/siphash.h"
#include "bloom/table.h"

#define ORDER 0x01020304u

static const char magic[8] = "assaybf";

_Static_assert(sizeof(struct assay_table) <= ASSAY_TABLE_SLOT, "a header is larger than its slot");
_Static_assert(sizeof(struct assay_table_layer) == 72, "the layout of the file would change");
_Static_assert(offsetof(struct assay_table, layer) == 136, "the layout of the file would change");

/* used - bytes of it that say something */
static size_t used(const struct assay_table *table)
{
	return offsetof(struct assay_table, layer) + table->layers * sizeof table->layer[0];
}

/* sum_of - over what is used */
static uint64_t sum_of(struct assay_table *table)
{
	static const unsigned char no_secret[ASSAY_SIPHASH_KEY] = { 0 };
	unsigned char out[ASSAY_SIPHASH_BYTES];
	const uint64_t kept = table->sum;
	uint64_t sum;

	table->sum = 0;
	assay_siphash(no_secret, (struct assay_slice){ (const char *)table, used(table) }, out);
	memcpy(&sum, out, sizeof sum);
	table->sum = kept;
	return sum;
}

/* assay_table_init - see table.h */
void assay_table_init(struct assay_table *table, const char *field)
{
	memset(table, 0, sizeof *table);
	memcpy(table->magic, magic, sizeof magic);
	table->version = ASSAY_TABLE_VERSION;
	table->order = ORDER;
	(void)snprintf(table->field, sizeof table->field, "%s", field);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* copy - one slot; false: what is there cannot be a header */
static bool copy(struct assay_table *table, const void *slot)
{
	const size_t head = offsetof(struct assay_table, layer);

	memcpy(table, slot, head);
	if (memcmp(table->magic, magic, sizeof magic) != 0 || table->order != ORDER ||
	    table->version != ASSAY_TABLE_VERSION || table->layers > ASSAY_TABLE_LAYERS)
		return false;
	memcpy(table->layer, (const char *)slot + head, used(table) - head);
	return sum_of(table) == table->sum;
}

/* is_sound - does the layer lie within the file? */
static bool is_sound(const struct assay_table_layer *l, uint64_t file_bytes)
{
	return l->bits >= ASSAY_BITS_LEAST && l->bits <= ASSAY_BITS_MOST &&
	    (l->bits & (l->bits - 1)) == 0 && l->hashes >= 1 && l->hashes <= ASSAY_BITS_HASHES &&
	    l->offset >= ASSAY_TABLE_DATA && l->offset % 4096 == 0 && l->offset <= file_bytes &&
	    l->bits / 8 <= file_bytes - l->offset;
}

/* why_not - neither slot is good: what is it? */
static enum assay_status why_not(const void *slots, struct assay_err *err)
{
	struct assay_table head;

	memcpy(&head, slots, offsetof(struct assay_table, layer));
	if (memcmp(head.magic, magic, sizeof magic) != 0)
		return assay_err_set(err, ASSAY_E_SYNTAX, "is no filter, or its header is damaged");
	if (head.order != ORDER)
		return assay_err_set(
		    err, ASSAY_E_UNSUP, "was made on a machine of another kind or is damaged");
	if (head.version > ASSAY_TABLE_VERSION)
		return assay_err_set(err, ASSAY_E_UNSUP,
		    "was made by a newer assay (version %u of the file, this one knows %u)",
		    head.version, ASSAY_TABLE_VERSION);
	return assay_err_set(err, ASSAY_E_SYNTAX, "has a damaged header");
}

/* assay_table_load - see table.h */
enum assay_status assay_table_load(
    struct assay_table *table, const void *slots, uint64_t file_bytes, struct assay_err *err)
{
	const char *first = slots, *second = first + ASSAY_TABLE_SLOT;
	struct assay_table other;
	const bool one = copy(table, first), two = copy(&other, second);

	if (!one && !two)
		return why_not(slots, err);
	if (two && (!one || other.seq > table->seq))
		memcpy(table, &other, used(&other));
	if (memchr(table->field, '\0', sizeof table->field) == NULL || table->rate == 0)
		return assay_err_set(err, ASSAY_E_SYNTAX, "has a damaged header");
	for (uint32_t i = 0; i < table->layers; i++)
		if (!is_sound(&table->layer[i], file_bytes))
			return assay_err_set(err, ASSAY_E_SYNTAX,
			    "is damaged: layer %u of %u does not lie within its %llu bytes", i + 1,
			    table->layers, (unsigned long long)file_bytes);
	return ASSAY_OK;
}

/* seq_at - of one slot; somebody may be writing it */
static uint64_t seq_at(const void *slots, uint64_t slot)
{
	const struct assay_table *t = (const void *)((const char *)slots + slot);

	return __atomic_load_n(&t->seq, __ATOMIC_ACQUIRE);
}

/* assay_table_seq - see table.h */
uint64_t assay_table_seq(const void *slots)
{
	const uint64_t one = seq_at(slots, 0), two = seq_at(slots, ASSAY_TABLE_SLOT);

	return one > two ? one : two;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* put - into one slot; its number last, for those who look */
static void put(struct assay_table *table, char *slot)
{
	struct assay_table *to = (struct assay_table *)(void *)slot;
	const size_t before = offsetof(struct assay_table, seq);
	const size_t behind = before + sizeof table->seq;

	memcpy(slot, table, before);
	memcpy(slot + behind, (const char *)table + behind, used(table) - behind);
	__atomic_store_n(&to->seq, table->seq, __ATOMIC_RELEASE);
}

/* assay_table_save - see table.h */
void assay_table_save(struct assay_table *table, void *slots)
{
	table->seq++;
	table->sum = sum_of(table);
	put(table, (char *)slots + table->seq % 2 * ASSAY_TABLE_SLOT);
}

/* assay_table_fill - see table.h */
void assay_table_fill(struct assay_table *table, void *slots)
{
	assay_table_save(table, slots);
	assay_table_save(table, slots);
}
