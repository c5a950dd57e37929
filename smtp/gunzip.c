/*
 * gunzip - zlib's inflate over one gzip member; see gunzip.h
 *
 * Output is bounded by the buffer. A damaged member gives what came out before the damage.
 */
#include <zlib.h>

#include "base/buf.h"

#include "gunzip.h"

/* assay_gunzip - inflates until the end, the damage or the maximum */
bool assay_gunzip(struct assay_slice in, struct assay_buf *out)
{
	z_stream z = { 0 };
	int status = Z_OK;

	if (in.n < 18 || in.n > UINT32_MAX || inflateInit2(&z, 15 + 16) != Z_OK)
		return false;
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.n;
	while (status == Z_OK) {
		char piece[4096];

		z.next_out = (Bytef *)piece;
		z.avail_out = sizeof(piece);
		status = inflate(&z, Z_NO_FLUSH);
		if (!assay_buf_add(out, piece, sizeof(piece) - z.avail_out))
			break;
	}
	inflateEnd(&z);
	return out->n > 0;
}
