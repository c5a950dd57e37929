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

/* assay_unpack - see pack.h */
enum assay_status assay_unpack(struct assay_slice packed, json_t **json, struct assay_err *err)
{
	const unsigned long long size = ZSTD_getFrameContentSize(packed.p, packed.n);
	char *text;
	size_t n;

	/* Error values are above any size. */
	if (size > ASSAY_PACK_MAX)
		return assay_err_set(err, ASSAY_E_IO, "a report in the store is damaged");
	text = assay_xmalloc((size_t)size + 1);
	n = ZSTD_decompress(text, (size_t)size, packed.p, packed.n);
	*json = ZSTD_isError(n) ? NULL : json_loadb(text, n, 0, NULL);
	free(text);
	if (*json == NULL)
		return assay_err_set(err, ASSAY_E_IO, "a report in the store is damaged");
	return ASSAY_OK;
}
