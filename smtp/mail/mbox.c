/*
 * mail/mbox.c - see mbox.h
 *
 * Looks for "From " at line starts only. Touches the input only; cannot fail: what is no mbox has
 * no messages.
 */
#include "base/buf.h"
#include "base/slice.h"

#include "mail/date.h"
#include "mail/header.h"
#include "mail/mbox.h"

#define FROM_MAX 1024
#define HEADER_LINES 10000

/* line_next - offset behind the line that begins at pos */
static size_t line_next(struct assay_slice s, size_t pos)
{
	const char *lf = pos < s.n ? memchr(s.p + pos, '\n', s.n - pos) : NULL;

	return lf != NULL ? (size_t)(lf - s.p) + 1 : s.n;
}

/* blank_at - length of an empty line at pos, 0 when it is none */
static size_t blank_at(struct assay_slice s, size_t pos)
{
	if (pos < s.n && s.p[pos] == '\n')
		return 1;
	return pos + 1 < s.n && s.p[pos] == '\r' && s.p[pos + 1] == '\n' ? 2 : 0;
}

/* behind_blank - does an empty line (or the start) stand before pos? */
static bool behind_blank(struct assay_slice s, size_t pos)
{
	if (pos == 0 || (pos == 1 && s.p[0] == '\n'))
		return true;
	if (pos < 2 || s.p[pos - 1] != '\n')
		return false;
	if (s.p[pos - 2] == '\n')
		return true;
	return s.p[pos - 2] == '\r' && (pos == 2 || s.p[pos - 3] == '\n');
}

/* field_name - of the header field that begins at pos, or NONE */
static struct assay_slice field_name(struct assay_slice s, size_t pos)
{
	size_t start = pos;

	while (pos < s.n && pos - start < 100 && (unsigned char)s.p[pos] > ' ' && s.p[pos] != ':')
		pos++;
	if (pos == start || pos >= s.n || s.p[pos] != ':')
		return ASSAY_SLICE_NONE;
	return assay_slice(s.p + start, pos - start);
}

/* words - how many words the line has, at most three are counted */
static size_t words(struct assay_slice line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.n && n < 3; i++)
		if (!assay_ascii_is_space((unsigned char)line.p[i]) &&
		    (i == 0 || assay_ascii_is_space((unsigned char)line.p[i - 1])))
			n++;
	return n;
}

/* assay_mbox_from - sender and date of a From_ line */
bool assay_mbox_from(struct assay_slice line, struct assay_slice *sender, int64_t *utc_ms)
{
	size_t end;

	*sender = ASSAY_SLICE_NONE;
	*utc_ms = 0;
	if (!assay_slice_starts(line, "From "))
		return false;
	line = assay_slice_trim(assay_slice_from(assay_slice_head(line, FROM_MAX), 5));
	for (end = 0; end < line.n && !assay_ascii_is_space((unsigned char)line.p[end]);)
		end++;
	*sender = assay_slice_head(line, end);
	return assay_date_parse(assay_slice_from(line, end), utc_ms) == ASSAY_OK;
}

/* is_from - is the line at pos one that begins a message? */
static bool is_from(struct assay_slice s, size_t pos)
{
	struct assay_slice line = assay_slice_from(s, pos), sender;
	bool dated;
	int64_t utc_ms;
	size_t next;

	if (!assay_slice_starts(line, "From "))
		return false;
	next = line_next(s, pos);
	line = assay_slice_trim(assay_slice(s.p + pos, next - pos));
	if (line.n > FROM_MAX)
		return false;
	dated = assay_mbox_from(assay_slice(s.p + pos, next - pos), &sender, &utc_ms);
	/* Some writers leave out the empty line before it; then what follows must be a header. */
	if (!behind_blank(s, pos))
		return (dated || assay_slice_is(sender, "-")) &&
		    assay_header_known(field_name(s, next));
	return dated || (words(line) <= 2 && field_name(s, next).p != NULL);
}

/* next_from - the first From_ line at or behind pos, s.n when there is none */
static size_t next_from(struct assay_slice s, size_t pos)
{
	if ((pos == 0 || s.p[pos - 1] == '\n') && is_from(s, pos))
		return pos;
	for (pos = line_next(s, pos); pos < s.n; pos = line_next(s, pos))
		if (s.p[pos] == 'F' && is_from(s, pos))
			return pos;
	return s.n;
}

/* content_length - of the header at pos; *body is where the body begins. False when not said */
static bool content_length(struct assay_slice s, size_t pos, uint64_t *length, size_t *body)
{
	static const char field[] = "content-length:";
	bool said = false;

	for (size_t n = 0; n < HEADER_LINES && pos < s.n; n++) {
		size_t next = line_next(s, pos), blank = blank_at(s, pos);
		struct assay_slice line = assay_slice(s.p + pos, next - pos);

		if (blank > 0) {
			*body = pos + blank;
			return said;
		}
		if (assay_slice_casestarts(line, field))
			said = assay_slice_u64(
			    assay_slice_trim(assay_slice_from(line, sizeof(field) - 1)), length);
		pos = next;
	}
	return false;
}

/* end_by_length - where Content-Length ends the message at pos; 0 unless a From_ line or the end
 * (*next) stands there, an empty line between allowed */
static size_t end_by_length(struct assay_slice s, size_t pos, size_t *next)
{
	uint64_t length;
	size_t body, end;

	if (!content_length(s, pos, &length, &body) || length > s.n - body)
		return 0;
	end = body + (size_t)length;
	*next = pos = end;
	if (end == s.n || (is_from(s, end) && s.p[end - 1] == '\n'))
		return end;
	/* One line end may belong to the body, one is the empty line. */
	for (int i = 0; i < 2; i++) {
		*next = pos += blank_at(s, pos);
		if (pos == s.n || (pos > end && is_from(s, pos)))
			return end;
	}
	return 0;
}

/* assay_mbox_looks - does it begin like an mbox? */
bool assay_mbox_looks(struct assay_slice bytes)
{
	size_t pos = 0, n;

	while ((n = blank_at(bytes, pos)) > 0)
		pos += n;
	return is_from(bytes, pos) && field_name(bytes, line_next(bytes, pos)).p != NULL;
}

/* assay_mbox_open - at the start of bytes */
void assay_mbox_open(struct assay_mbox *mbox, struct assay_slice bytes)
{
	if (bytes.p == NULL)
		bytes = ASSAY_SLICE_LIT("");
	*mbox = (struct assay_mbox){ .bytes = bytes };
	mbox->pos = next_from(bytes, 0);
}

/* assay_mbox_next - the next message */
bool assay_mbox_next(struct assay_mbox *mbox, struct assay_mbox_message *message)
{
	struct assay_slice s = mbox->bytes;
	size_t end, next;

	if (mbox->pos >= s.n)
		return false;
	*message = (struct assay_mbox_message){ .from_offset = mbox->pos,
		.offset = line_next(s, mbox->pos) };
	message->from_length = message->offset - message->from_offset;
	end = end_by_length(s, message->offset, &next);
	message->by_length = end > 0;
	if (end == 0) {
		end = next = next_from(s, message->offset);
		/* The empty line before the next From_ line is the mbox's, not the message's. */
		if (next < s.n && end > message->offset && behind_blank(s, end))
			end -= end >= message->offset + 2 && s.p[end - 2] == '\r' ? 2 : 1;
	}
	message->length = end - message->offset;
	mbox->pos = next;
	return true;
}

/* quoted_line - is it >From, >>From, ...? */
static bool quoted_line(struct assay_slice line)
{
	size_t n = 0;

	while (n < line.n && line.p[n] == '>')
		n++;
	return n > 0 && assay_slice_starts(assay_slice_from(line, n), "From ");
}

/* assay_mbox_quoted - how many lines are quoted */
size_t assay_mbox_quoted(struct assay_slice message)
{
	size_t n = 0;

	for (size_t pos = 0; pos < message.n;) {
		size_t next = line_next(message, pos);

		n += quoted_line(assay_slice(message.p + pos, next - pos));
		pos = next;
	}
	return n;
}

/* assay_mbox_unquote - the message with one `>` taken off each quoted line */
bool assay_mbox_unquote(struct assay_slice message, struct assay_buf *out)
{
	for (size_t pos = 0; pos < message.n;) {
		size_t next = line_next(message, pos);
		struct assay_slice line = assay_slice(message.p + pos, next - pos);

		if (!assay_buf_add_slice(out, assay_slice_from(line, quoted_line(line) ? 1 : 0)))
			return false;
		pos = next;
	}
	return true;
}
