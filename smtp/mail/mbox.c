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

#define NAME_MAX_LOOK 100
/* What a line says is known when this much of the file stands behind its begin: a From_ line, and
 * the name of the field below it. */
#define LOOK (ASSAY_MBOX_FROM + NAME_MAX_LOOK + 4)
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

	while (pos < s.n && pos - start < NAME_MAX_LOOK && (unsigned char)s.p[pos] > ' ' &&
	    s.p[pos] != ':')
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
	line = assay_slice_trim(assay_slice_from(assay_slice_head(line, ASSAY_MBOX_FROM), 5));
	for (end = 0; end < line.n && !assay_ascii_is_space((unsigned char)line.p[end]);)
		end++;
	*sender = assay_slice_head(line, end);
	return assay_date_parse(assay_slice_from(line, end), utc_ms) == ASSAY_OK;
}

/* from_line - the line at pos with its end, when it is short enough; else NONE */
static struct assay_slice from_line(struct assay_slice s, size_t pos)
{
	struct assay_slice line = assay_slice_head(assay_slice_from(s, pos), ASSAY_MBOX_FROM);
	size_t end = assay_slice_find(line, '\n');

	if (end < line.n)
		return assay_slice_head(line, end + 1);
	return line.n < ASSAY_MBOX_FROM ? line : ASSAY_SLICE_NONE;
}

/* is_from - is the line at pos one that begins a message? */
static bool is_from(struct assay_slice s, size_t pos)
{
	struct assay_slice line, sender;
	bool dated;
	int64_t utc_ms;
	size_t next;

	if (!assay_slice_starts(assay_slice_from(s, pos), "From "))
		return false;
	line = from_line(s, pos);
	if (line.p == NULL)
		return false;
	next = pos + line.n;
	dated = assay_mbox_from(line, &sender, &utc_ms);
	/* Some writers leave out the empty line before it; then what follows must be a header. */
	if (!behind_blank(s, pos))
		return (dated || assay_slice_is(sender, "-")) &&
		    assay_header_known(field_name(s, next));
	return dated || (words(assay_slice_trim(line)) <= 2 && field_name(s, next).p != NULL);
}

/* unsure - is too little of the file here to say what begins at pos? */
static bool unsure(const struct assay_mbox_window *window, size_t pos)
{
	return window->more && window->bytes.n - pos < LOOK;
}

/* assay_mbox_seek - the first From_ line at or behind *pos */
enum assay_mbox_step assay_mbox_seek(const struct assay_mbox_window *window, size_t *pos)
{
	const struct assay_slice s = window->bytes;
	size_t at = *pos;

	if (at > 0 && s.p[at - 1] != '\n')
		at = line_next(s, at);
	while (at < s.n && !unsure(window, at)) {
		if (s.p[at] == 'F' && is_from(s, at)) {
			*pos = at;
			return ASSAY_MBOX_FOUND;
		}
		at = line_next(s, at);
	}
	*pos = at;
	return window->more ? ASSAY_MBOX_MORE : ASSAY_MBOX_END;
}

/* content_length - of the header at pos; *body is where the body begins. END when not said */
static enum assay_mbox_step content_length(
    const struct assay_mbox_window *window, size_t pos, uint64_t *length, size_t *body)
{
	static const char field[] = "content-length:";
	const struct assay_slice s = window->bytes;
	bool said = false;

	for (size_t n = 0; n < HEADER_LINES && pos < s.n; n++) {
		size_t next = line_next(s, pos), blank = blank_at(s, pos);
		struct assay_slice line = assay_slice(s.p + pos, next - pos);

		if (unsure(window, pos))
			return ASSAY_MBOX_MORE;
		if (s.p[pos] == 'F' && is_from(s, pos))
			break; /* another message: whoever has no bodies is read once, too */
		if (blank > 0) {
			*body = pos + blank;
			return said ? ASSAY_MBOX_FOUND : ASSAY_MBOX_END;
		}
		if (assay_slice_casestarts(line, field))
			said = assay_slice_u64(
			    assay_slice_trim(assay_slice_from(line, sizeof(field) - 1)), length);
		pos = next;
	}
	return pos == s.n && window->more ? ASSAY_MBOX_MORE : ASSAY_MBOX_END;
}

/* lands - does a message that ends at bounds->end have a From_ line or the end of the file behind
 * it, an empty line between allowed? bounds->next is there then */
static bool lands(const struct assay_mbox_window *window, struct assay_mbox_bounds *bounds)
{
	const struct assay_slice s = window->bytes;
	size_t pos = bounds->end;

	bounds->next = pos;
	if (pos == s.n || (is_from(s, pos) && s.p[pos - 1] == '\n'))
		return true;
	/* One line end may belong to the body, one is the empty line. */
	for (int i = 0; i < 2; i++) {
		bounds->next = pos += blank_at(s, pos);
		if (pos == s.n || (pos > bounds->end && is_from(s, pos)))
			return true;
	}
	return false;
}

/* end_by_length - where Content-Length ends the message. END: nowhere, or where no other begins */
static enum assay_mbox_step end_by_length(
    const struct assay_mbox_window *window, struct assay_mbox_bounds *bounds)
{
	uint64_t length;
	size_t body, room;
	enum assay_mbox_step step = content_length(window, bounds->begin, &length, &body);

	if (step != ASSAY_MBOX_FOUND)
		return step;
	/* A length that leads beyond what a window may hold cannot be tried. */
	room = window->more ? window->most : window->bytes.n;
	if (body > room || length > room - body)
		return ASSAY_MBOX_END;
	bounds->end = body + (size_t)length;
	if (window->more &&
	    (bounds->end > window->bytes.n || window->bytes.n - bounds->end < LOOK + 4))
		return ASSAY_MBOX_MORE;
	bounds->by_length = lands(window, bounds);
	return bounds->by_length ? ASSAY_MBOX_FOUND : ASSAY_MBOX_END;
}

/* assay_mbox_bounds - of the message whose From_ line is at pos */
enum assay_mbox_step assay_mbox_bounds(const struct assay_mbox_window *window, size_t pos,
    bool lengths, struct assay_mbox_bounds *bounds)
{
	const struct assay_slice s = window->bytes;
	enum assay_mbox_step step = ASSAY_MBOX_END;

	*bounds = (struct assay_mbox_bounds){ .begin = line_next(s, pos) };
	if (lengths)
		step = end_by_length(window, bounds);
	if (step != ASSAY_MBOX_END)
		return step;
	bounds->next = bounds->begin;
	step = assay_mbox_seek(window, &bounds->next);
	/* Also at the end of the file: when it grows, the message shall be the same. */
	bounds->end = bounds->next - assay_mbox_blank_before(s, bounds->begin, bounds->next);
	return step == ASSAY_MBOX_MORE ? step : ASSAY_MBOX_FOUND;
}

/* assay_mbox_blank_before - the empty line that ends a message is the mbox's, not the message's */
size_t assay_mbox_blank_before(struct assay_slice s, size_t begin, size_t end)
{
	if (end <= begin || !behind_blank(s, end))
		return 0;
	return end >= begin + 2 && s.p[end - 2] == '\r' ? 2 : 1;
}

/* assay_mbox_looks - does it begin like an mbox? */
bool assay_mbox_looks(struct assay_slice bytes)
{
	size_t pos = 0, n;

	while ((n = blank_at(bytes, pos)) > 0)
		pos += n;
	return is_from(bytes, pos) && field_name(bytes, line_next(bytes, pos)).p != NULL;
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
