/* rooms: mail text base */
/*
 * fuzz target: mbox files; messages lie one behind the other inside the input
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include "mail/mbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* check_unquote - one byte less for each quoted line */
static void check_unquote(struct assay_slice message)
{
	struct assay_buf out;

	assay_buf_init(&out, message.n);
	ASSAY_ASSERT(assay_mbox_unquote(message, &out));
	ASSAY_ASSERT(out.n + assay_mbox_quoted(message) == message.n);
	assay_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_slice bytes = assay_slice((const char *)data, size);
	struct assay_mbox mbox;
	struct assay_mbox_message m;
	size_t pos = 0, n = 0;

	assay_mbox_open(&mbox, bytes);
	while (assay_mbox_next(&mbox, &m)) {
		ASSAY_ASSERT(m.from_offset >= pos);
		ASSAY_ASSERT(m.from_length >= 5 && m.from_offset + m.from_length == m.offset);
		ASSAY_ASSERT(memcmp(bytes.p + m.from_offset, "From ", 5) == 0);
		pos = m.offset + m.length;
		ASSAY_ASSERT(pos <= size);
		check_unquote(assay_slice(bytes.p + m.offset, m.length));
		n++;
	}
	if (assay_mbox_looks(bytes))
		ASSAY_ASSERT(n > 0);
	return 0;
}
