/*
 * core/lookup_wire.c - see lookup_wire.h. All it reads is what a client sent.
 */
#include "core/lookup_wire.h"

#include "base/buf.h"
#include "base/slice.h"

#define DIGITS 5u /* of a length, at most */

/* ---- requests -------------------------------------------------------------------------------- */

/* netstring - the bytes of one; *used with its frame */
static enum assay_status netstring(struct assay_slice in, size_t *used, struct assay_slice *bytes)
{
	size_t digits = 0, n = 0;

	while (
	    digits < in.n && digits <= DIGITS && assay_ascii_is_digit((unsigned char)in.p[digits]))
		n = n * 10 + (size_t)(in.p[digits++] - '0');
	if (digits > DIGITS || n > ASSAY_LOOKUP_BYTES || (digits > 1 && in.p[0] == '0'))
		return ASSAY_E_SYNTAX;
	if (digits == in.n)
		return ASSAY_END;
	if (in.p[digits] != ':')
		return ASSAY_E_SYNTAX;
	if (in.n - digits - 1 <= n)
		return ASSAY_END;
	if (in.p[digits + 1 + n] != ',')
		return ASSAY_E_SYNTAX;
	*bytes = assay_slice(in.p + digits + 1, n);
	*used = digits + n + 2;
	return ASSAY_OK;
}

/* decode - %XX; what is no such thing stays as it is */
static struct assay_slice decode(struct assay_slice text, char room[ASSAY_LOOKUP_BYTES])
{
	size_t n = 0;

	for (size_t i = 0; i < text.n && n < ASSAY_LOOKUP_BYTES; i++) {
		int high = -1, low = -1;

		if (text.p[i] == '%' && i + 2 < text.n) {
			high = assay_ascii_hex((unsigned char)text.p[i + 1]);
			low = assay_ascii_hex((unsigned char)text.p[i + 2]);
		}
		if (high >= 0 && low >= 0) {
			room[n++] = (char)(high * 16 + low);
			i += 2;
		} else {
			room[n++] = text.p[i];
		}
	}
	return assay_slice(room, n);
}

/* line - a request of tcp_table */
static enum assay_status line(struct assay_slice in, char room[ASSAY_LOOKUP_BYTES], size_t *used,
    struct assay_lookup_request *request)
{
	const size_t end = assay_slice_find(in, '\n');
	struct assay_slice text = assay_slice_head(in, end);

	if (end == in.n)
		return in.n >= ASSAY_LOOKUP_BYTES ? ASSAY_E_SYNTAX : ASSAY_END;
	if (end >= ASSAY_LOOKUP_BYTES)
		return ASSAY_E_SYNTAX;
	*used = end + 1;
	if (assay_slice_ends(text, "\r"))
		text.n--;
	*request = (struct assay_lookup_request){ .tcp = true, .verb = ASSAY_LOOKUP_OTHER };
	if (!assay_slice_starts(text, "get "))
		return ASSAY_OK;
	request->verb = ASSAY_LOOKUP_GET;
	request->key = decode(assay_slice_from(text, 4), room);
	return ASSAY_OK;
}

/* assay_lookup_next - see lookup_wire.h */
enum assay_status assay_lookup_next(struct assay_slice in, char room[ASSAY_LOOKUP_BYTES],
    size_t *used, struct assay_lookup_request *request)
{
	struct assay_slice bytes = ASSAY_SLICE_NONE;
	enum assay_status status;
	size_t space;

	*used = 0;
	*request = (struct assay_lookup_request){ .tcp = false };
	if (in.n == 0)
		return ASSAY_END;
	if (assay_ascii_is_alpha((unsigned char)in.p[0]))
		return line(in, room, used, request);
	if (!assay_ascii_is_digit((unsigned char)in.p[0]))
		return ASSAY_E_SYNTAX;
	status = netstring(in, used, &bytes);
	if (status != ASSAY_OK)
		return status;
	space = assay_slice_find(bytes, ' ');
	if (space == 0 || space == bytes.n)
		return ASSAY_E_SYNTAX;
	request->map = assay_slice_head(bytes, space);
	request->key = assay_slice_from(bytes, space + 1);
	return ASSAY_OK;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* add_encoded - for tcp_table */
static void add_encoded(struct assay_buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c <= ' ' || c >= 0x7f || c == '%')
			(void)assay_buf_printf(out, "%%%02X", c);
		else
			(void)assay_buf_add_char(out, (char)c);
	}
}

/* add_line - of tcp_table, which knows one kind of failure */
static void add_line(struct assay_buf *out, enum assay_lookup_answer answer, const char *text)
{
	if (answer == ASSAY_LOOKUP_FOUND)
		(void)assay_buf_add_str(out, "200 ");
	else if (answer == ASSAY_LOOKUP_NOTFOUND)
		(void)assay_buf_add_str(out, "500 ");
	else
		(void)assay_buf_add_str(out, "400 ");
	add_encoded(out, answer == ASSAY_LOOKUP_NOTFOUND ? "not found" : text);
	(void)assay_buf_add_char(out, '\n');
}

/* assay_lookup_add - see lookup_wire.h */
void assay_lookup_add(
    struct assay_buf *out, bool tcp, enum assay_lookup_answer answer, const char *text)
{
	static const char *const words[] = { [ASSAY_LOOKUP_FOUND] = "OK ",
		[ASSAY_LOOKUP_NOTFOUND] = "NOTFOUND ",
		[ASSAY_LOOKUP_TEMP] = "TEMP ",
		[ASSAY_LOOKUP_PERM] = "PERM " };

	if (tcp) {
		add_line(out, answer, text);
		return;
	}
	if (answer == ASSAY_LOOKUP_NOTFOUND)
		text = "";
	(void)assay_buf_printf(
	    out, "%zu:%s%s,", strlen(words[answer]) + strlen(text), words[answer], text);
}
