/*
 * core/container.c - see container.h. Touches one memory file. A container that is broken is a
 * shorter one: what can be believed is kept, the rest is not there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "core/container.h"
#include "core/digest.h"

/* assay_container_put - head and bytes */
enum assay_status assay_container_put(
    int fd, const char *sha256, struct assay_slice bytes, bool message, struct assay_err *err)
{
	uint64_t size = message ? ASSAY_CONTAINER_MESSAGE : bytes.n;
	unsigned char head[ASSAY_CONTAINER_HEAD];
	enum assay_status st;

	memcpy(head, sha256, 64);
	for (size_t i = 0; i < 8; i++)
		head[64 + i] = (unsigned char)(size >> (8 * i));
	st = assay_io_write_full(fd, head, sizeof head, err);
	if (st == ASSAY_OK && !message)
		st = assay_io_write_full(fd, bytes.p, bytes.n, err);
	return st;
}

/* is_of - bytes have the digest that was said: archives are addressed by it */
static bool is_of(const char *sha256, struct assay_slice bytes)
{
	char hex[ASSAY_DIGEST_TEXT];

	assay_digest_hex(ASSAY_SHA256, bytes, hex);
	return memcmp(hex, sha256, 64) == 0;
}

/* size_of - what a head says of the bytes behind it */
static uint64_t size_of(const char *head)
{
	uint64_t size = 0;

	for (size_t i = 0; i < 8; i++)
		size |= (uint64_t)(unsigned char)head[64 + i] << (8 * i);
	return size;
}

/* next - one payload off the front; false when it is broken or a lie */
static bool next(struct assay_slice *rest, struct assay_slice *message, struct assay_kept *kept)
{
	uint64_t size;

	if (rest->n < ASSAY_CONTAINER_HEAD)
		return false;
	memcpy(kept->sha256, rest->p, 64);
	kept->sha256[64] = '\0';
	size = size_of(rest->p);
	*rest = assay_slice_from(*rest, ASSAY_CONTAINER_HEAD);
	if (size == ASSAY_CONTAINER_MESSAGE) {
		/* Once: each further head would have all of it read again. */
		if (message->p == NULL)
			return false;
		kept->bytes = *message;
		*message = ASSAY_SLICE_NONE;
	} else if (size <= rest->n) {
		kept->bytes = assay_slice_head(*rest, (size_t)size);
		*rest = assay_slice_from(*rest, (size_t)size);
	} else {
		return false;
	}
	return is_of(kept->sha256, kept->bytes);
}

/* assay_container_read - payloads until one cannot be believed */
void assay_container_read(struct assay_container *container, struct assay_slice bytes,
    uint32_t count, struct assay_slice message)
{
	*container = (struct assay_container){ .map = { "", 0 } };
	if (count == 0 || count > bytes.n / ASSAY_CONTAINER_HEAD || count > ASSAY_CONTAINER_MOST)
		return;
	container->kept = assay_xcalloc(count, sizeof *container->kept);
	while (container->n < count && next(&bytes, &message, &container->kept[container->n]))
		container->n++;
}

/* assay_container_all - as many as the heads say, as far as they can be believed */
void assay_container_all(struct assay_container *container, struct assay_slice bytes)
{
	struct assay_slice rest = bytes;
	uint32_t count = 0;

	while (rest.n >= ASSAY_CONTAINER_HEAD && count < ASSAY_CONTAINER_MOST &&
	    size_of(rest.p) <= rest.n - ASSAY_CONTAINER_HEAD) {
		rest = assay_slice_from(rest, ASSAY_CONTAINER_HEAD + (size_t)size_of(rest.p));
		count++;
	}
	assay_container_read(container, bytes, count, ASSAY_SLICE_NONE);
}

/* assay_container_open - from a sealed file */
void assay_container_open(
    struct assay_container *container, int fd, uint32_t count, struct assay_slice message)
{
	struct assay_io_map map = { "", 0 };
	struct assay_err err;

	if (fd < 0 || assay_io_map(fd, SIZE_MAX, &map, &err) != ASSAY_OK)
		count = 0;
	assay_container_read(container, assay_slice(map.p, map.n), count, message);
	container->map = map;
}

/* assay_container_close - unmap and free */
void assay_container_close(struct assay_container *container)
{
	assay_io_unmap(&container->map);
	free(container->kept);
	container->kept = NULL;
	container->n = 0;
}
