/*
 * sqlite/pack.c - see pack.h
 */
#include <stdlib.h>
#include <zstd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "pack.h"

#define LEVEL 3

/* assay_pack - see pack.h */
enum assay_status assay_pack(struct assay_slice json, struct assay_buf *out, struct assay_err *err)
{
	const size_t most = ZSTD_compressBound(json.n);
	ZSTD_CCtx *context = ZSTD_createCCtx();
	char *room = assay_buf_reserve(out, most);
	size_t n = 0;

	if (context != NULL && room != NULL) {
		(void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
		(void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
		n = ZSTD_compress2(context, room, most, json.p, json.n);
	}
	(void)ZSTD_freeCCtx(context);
	if (n == 0 || ZSTD_isError(n))
		return assay_err_set(err, ASSAY_E_LIMIT, "the report cannot be compressed");
	assay_buf_commit(out, n);
	return ASSAY_OK;
}

/* assay_unpack_text - see pack.h */
enum assay_status assay_unpack_text(
    struct assay_slice packed, struct assay_buf *out, struct assay_err *err)
{
	const unsigned long long size = ZSTD_getFrameContentSize(packed.p, packed.n);
	/* Error values are above any size. */
	char *room = size > ASSAY_PACK_MAX ? NULL : assay_buf_reserve(out, (size_t)size);
	const size_t n = room != NULL ? ZSTD_decompress(room, (size_t)size, packed.p, packed.n) : 0;

	if (room == NULL || ZSTD_isError(n))
		return assay_err_set(err, ASSAY_E_IO, "a report in the store is damaged");
	assay_buf_commit(out, n);
	return ASSAY_OK;
}

/* assay_unpack - see pack.h */
enum assay_status assay_unpack(struct assay_slice packed, json_t **json, struct assay_err *err)
{
	struct assay_buf text;
	enum assay_status status;

	*json = NULL;
	assay_buf_init(&text, ASSAY_PACK_MAX);
	status = assay_unpack_text(packed, &text, err);
	if (status == ASSAY_OK)
		*json = json_loadb(text.p, text.n, 0, NULL);
	assay_buf_release(&text);
	if (status == ASSAY_OK && *json == NULL)
		return assay_err_set(err, ASSAY_E_IO, "a report in the store is damaged");
	return status;
}
