/* rooms: text base */
/*
 * fuzz target of base64, qp, uu, yenc: what is encoded comes back, readings agree where they must,
 * blocks lie in the text and move forward, nothing exceeds its maximum.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/base64.h"
#include "text/qp.h"
#include "text/uu.h"
#include "text/yenc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* base64_holds - round trip, and STOP is the beginning of CHUNKS */
static void base64_holds(struct assay_slice in)
{
	struct assay_buf a, b;
	struct assay_base64 ra, rb;

	assay_buf_init(&a, in.n * 2 + 8);
	assay_buf_init(&b, in.n * 2 + 8);
	ASSAY_ASSERT(assay_base64_encode(in, &a));
	assay_base64_decode(assay_buf_slice(&a), ASSAY_BASE64_STOP, &b, &rb);
	ASSAY_ASSERT(assay_slice_eq(assay_buf_slice(&b), in));
	ASSAY_ASSERT(rb.junk == 0 && rb.stray == 0 && !rb.continues && !rb.cut);
	assay_buf_clear(&a);
	assay_buf_clear(&b);
	assay_base64_decode(in, ASSAY_BASE64_CHUNKS, &a, &ra);
	assay_base64_decode(in, ASSAY_BASE64_STOP, &b, &rb);
	ASSAY_ASSERT(ra.n == a.n && rb.n == b.n && ra.first <= ra.n && a.n <= in.n);
	ASSAY_ASSERT(ra.continues == rb.continues && ra.rest == rb.rest && ra.rest <= in.n);
	ASSAY_ASSERT(
	    ra.first == rb.n && memcmp(assay_buf_slice(&a).p, assay_buf_slice(&b).p, b.n) == 0);
	ASSAY_ASSERT(ra.continues || ra.n == rb.n);
	assay_buf_clear(&b);
	assay_base64_decode(in, ASSAY_BASE64_IGNORE, &b, &rb);
	ASSAY_ASSERT(ra.padded || assay_slice_eq(assay_buf_slice(&a), assay_buf_slice(&b)));
	assay_buf_release(&a);
	assay_buf_release(&b);
	/* A maximum gives the beginning of the whole. */
	assay_buf_init(&b, in.n / 2);
	assay_base64_decode(in, ASSAY_BASE64_CHUNKS, &b, &rb);
	ASSAY_ASSERT(b.n <= in.n / 2 && rb.n == b.n && rb.cut == (ra.n > in.n / 2));
	assay_buf_release(&b);
}

/* qp_holds - never longer than its input, text without '=' stays; encoded bytes come back */
static void qp_holds(struct assay_slice in, unsigned flags)
{
	struct assay_buf a, b;
	struct assay_qp r;

	assay_buf_init(&a, in.n * 3 + 1);
	assay_buf_init(&b, in.n + 1);
	assay_qp_decode(in, flags, &b, &r);
	ASSAY_ASSERT(b.n <= in.n && r.n == b.n && !r.cut);
	if (flags == 0 && assay_slice_find(in, '=') == in.n)
		ASSAY_ASSERT(assay_slice_eq(in, assay_buf_slice(&b)));
	for (size_t i = 0; i < in.n; i++)
		(void)assay_buf_printf(&a, "=%02X", (unsigned)(unsigned char)in.p[i]);
	assay_buf_clear(&b);
	assay_qp_decode(assay_buf_slice(&a), flags, &b, &r);
	ASSAY_ASSERT(assay_slice_eq(in, assay_buf_slice(&b)) && r.invalid == 0);
	assay_buf_release(&a);
	assay_buf_release(&b);
}

/* uu_holds - blocks in order, inside the text */
static void uu_holds(struct assay_slice in)
{
	struct assay_uu_block b;
	struct assay_buf out;
	size_t at = 0, last = 0;

	assay_buf_init(&out, in.n + 64);
	while (assay_uu_next(in, &at, &b, &out)) {
		ASSAY_ASSERT(b.start >= last && b.start < b.end && b.end <= in.n && at == b.end);
		ASSAY_ASSERT(
		    b.name.n == 0 || (b.name.p >= in.p && b.name.p + b.name.n <= in.p + in.n));
		last = at;
	}
	ASSAY_ASSERT(at == in.n);
	assay_buf_release(&out);
}

/* yenc_holds - blocks in order, inside the text, never longer than it */
static void yenc_holds(struct assay_slice in)
{
	struct assay_yenc_block b;
	struct assay_buf out;
	size_t at = 0, last = 0;

	assay_buf_init(&out, in.n);
	while (assay_yenc_next(in, &at, &b, &out)) {
		ASSAY_ASSERT(b.start >= last && b.start < b.end && b.end <= in.n && at == b.end);
		ASSAY_ASSERT(!b.cut && (!b.crc_ok || b.crc == b.crc_declared));
		last = at;
	}
	ASSAY_ASSERT(at == in.n);
	assay_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct assay_slice in = { (const char *)data, size };

	base64_holds(in);
	qp_holds(in, 0);
	qp_holds(in, ASSAY_QP_HEADER);
	qp_holds(in, ASSAY_QP_STRIP);
	uu_holds(in);
	yenc_holds(in);
	return 0;
}
