/* rooms: mail text base */
/*
 * fuzz target: mbox files; messages lie one behind the other inside the input, and it does not
 * matter in what pieces it is read
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include "mail/mbox.h"
#include "mail/mbox_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of the input, and how much of it is given at once. */
struct input {
	struct assay_slice rest;
	size_t piece;
};

/* next_piece - for the reader */
static enum assay_status next_piece(
    void *arg, char *p, size_t room, size_t *n, struct assay_err *err)
{
	struct input *input = arg;

	(void)err;
	*n = room < input->piece ? room : input->piece;
	*n = *n < input->rest.n ? *n : input->rest.n;
	if (*n > 0)
		memcpy(p, input->rest.p, *n);
	input->rest = assay_slice_from(input->rest, *n);
	return ASSAY_OK;
}

/* check_unquote - one byte less for each quoted line */
static void check_unquote(struct assay_slice message)
{
	struct assay_buf out;

	assay_buf_init(&out, message.n);
	ASSAY_ASSERT(assay_mbox_unquote(message, &out));
	ASSAY_ASSERT(out.n + assay_mbox_quoted(message) == message.n);
	assay_buf_release(&out);
}

/* check_place - inside the input, behind `pos`; returns where it ends */
static uint64_t check_place(
    struct assay_slice bytes, uint64_t pos, const struct assay_mbox_message *m)
{
	ASSAY_ASSERT(m->from_offset >= pos && m->from_offset + m->from.n == m->offset);
	ASSAY_ASSERT(m->offset + m->length <= bytes.n && m->from.n >= 5);
	ASSAY_ASSERT(memcmp(bytes.p + m->from_offset, m->from.p, m->from.n) == 0);
	if (m->bytes.p == NULL)
		return m->offset + m->length;
	ASSAY_ASSERT(m->bytes.n == m->length);
	ASSAY_ASSERT(memcmp(bytes.p + m->offset, m->bytes.p, m->bytes.n) == 0);
	check_unquote(m->bytes);
	return m->offset + m->length;
}

/* walk - all messages; how many, and a digest of their places */
static size_t walk(struct assay_slice bytes, size_t piece, size_t most, uint64_t *places)
{
	struct input input = { bytes, piece };
	const struct assay_mbox_source source = { next_piece, &input };
	struct assay_mbox_reader reader;
	struct assay_mbox_message m;
	uint64_t pos = 0;
	size_t n = 0;

	*places = 0;
	assay_mbox_reader_init(&reader, &source, most);
	for (; assay_mbox_reader_next(&reader, &m, NULL) == ASSAY_OK; n++) {
		pos = check_place(bytes, pos, &m);
		*places = (*places * 31 + m.from_offset) * 31 + m.length;
	}
	assay_mbox_reader_release(&reader);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_slice bytes = assay_slice(size > 0 ? (const char *)data : "", size);
	uint64_t whole, pieces;
	size_t n = walk(bytes, SIZE_MAX, (size_t)64 << 20, &whole);

	ASSAY_ASSERT(walk(bytes, 1000, (size_t)64 << 20, &pieces) == n && whole == pieces);
	(void)walk(bytes, 5000, 2000, &pieces);
	if (assay_mbox_looks(bytes))
		ASSAY_ASSERT(n > 0);
	return 0;
}
