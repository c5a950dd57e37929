/*
 * gmime - a second opinion on the structure; see gmime.h
 *
 * The only file that knows GMime. A new parser per mail, no warning callback, nothing that formats
 * headers (get_boundary, to_string). Memory: one copy of the message and what GMime makes of a tame
 * one. Cannot fail: no message from GMime means no second opinion.
 */
#include <string.h>

#include <gmime/gmime.h>

#include "base/arena.h"
#include "base/slice.h"

#include "gmime.h"
#include "scan.h"

#define GMIME_FIELDS 20000 /* lines with a colon */
#define GMIME_LINES 20000  /* delimiter candidates */
#define GMIME_WORK 1000000 /* candidates times levels */
#define GMIME_NAME 1000    /* bytes of a line in which a colon makes it a field */

/* mask_line - renames a field that is not about content; true when it looked like a field */
static bool mask_line(char *line, size_t n, bool first)
{
	struct assay_slice s = assay_slice(line, n < GMIME_NAME ? n : GMIME_NAME);

	if (n == 0 || memchr(line, ':', s.n) == NULL)
		return false;
	if (line[0] != ' ' && line[0] != '\t' && !assay_slice_starts(s, "--") &&
	    !assay_slice_casestarts(s, "content-") && !assay_slice_casestarts(s, "mime-") &&
	    !(first && assay_slice_starts(s, "From ")))
		line[0] = 'X';
	return true;
}

/* mask_messages - "message/" becomes "xessage/": attached messages are read in their turn */
static void mask_messages(char *p, size_t n)
{
	char *end = p + n;

	while ((p = memchr(p, '/', (size_t)(end - p))) != NULL) {
		if (p - (end - n) >= 7 && assay_slice_caseis(assay_slice(p - 7, 7), "message"))
			p[-7] = 'x';
		p++;
	}
}

/* mask_charsets - what names a charset of a name: it would be converted, and converters are files.
 * Everywhere, so that a boundary and its delimiters stay alike. */
static void mask_charsets(char *p, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (p[i] == '?' && p[i - 1] == '=')
			p[i] = 'x';
		else if (p[i] == '*' && i >= 4 &&
		    assay_slice_caseis(assay_slice(p + i - 4, 4), "name"))
			p[i] = 'x';
	}
}

/* mask - the copy GMime may see; NULL when there are too many fields */
static char *mask(struct assay_slice bytes)
{
	char *copy = g_malloc(bytes.n);
	size_t at = 0, fields = 0;

	memcpy(copy, bytes.p, bytes.n);
	while (at < bytes.n && fields <= GMIME_FIELDS) {
		char *lf = memchr(copy + at, '\n', bytes.n - at);
		size_t end = lf != NULL ? (size_t)(lf - copy) : bytes.n;

		fields += mask_line(copy + at, end - at, at == 0);
		at = end + 1;
	}
	if (fields > GMIME_FIELDS) {
		g_free(copy);
		return NULL;
	}
	mask_messages(copy, bytes.n);
	mask_charsets(copy, bytes.n);
	return copy;
}

/* long_header - is there a header beyond its limits? GMime grows its buffer by constant steps */
static bool long_header(const struct assay_walk *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->part[i]->header.cut_field || w->part[i]->header.cut_bytes)
			return true;
	return false;
}

/* tame - may GMime read it? */
static bool tame(const struct assay_scan *scan)
{
	const struct assay_walk *w = &scan->walk;

	return scan->bytes.n <= scan->conf->second_reader_max && !w->cut_parts && !w->cut_depth &&
	    !w->cut_lines && w->lines.n <= GMIME_LINES &&
	    w->lines.n * (w->deepest + 1) <= GMIME_WORK && !long_header(w);
}

/* field_start - the offset of a part's first field; the content's when it has none */
static gint64 field_start(GMimeObject *object, gint64 content)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(object);
	GMimeHeader *first = g_mime_header_list_get_count(list) > 0
	    ? g_mime_header_list_get_header_at(list, 0)
	    : NULL;
	gint64 offset = first != NULL ? g_mime_header_get_offset(first) : -1;

	return offset >= 0 && offset <= content ? offset : content;
}

/* compare_leaf - one leaf of GMime's: known, or added */
static void compare_leaf(GMimeObject *parent, GMimeObject *object, gpointer user)
{
	struct assay_scan *scan = user;
	GMimeDataWrapper *content;
	GMimeStream *stream;
	gint64 start, end, fields;
	struct assay_slice body;
	struct assay_part *part;

	(void)parent;
	if (!GMIME_IS_PART(object))
		return;
	content = g_mime_part_get_content(GMIME_PART(object));
	stream = content != NULL ? g_mime_data_wrapper_get_stream(content) : NULL;
	if (stream == NULL)
		return;
	start = stream->bound_start;
	end = stream->bound_end >= 0 ? stream->bound_end : (gint64)scan->bytes.n;
	if (start < 0 || end <= start || (size_t)end > scan->bytes.n)
		return;
	body = assay_slice(scan->bytes.p + start, (size_t)(end - start));
	if (assay_slice_trim(assay_slice_head(body, 100)).n == 0 ||
	    assay_walk_knows(&scan->walk, body))
		return;
	fields = field_start(object, start);
	part = assay_walk_add(&scan->walk, NULL,
	    assay_slice(scan->bytes.p + fields, (size_t)(end - fields)), "readers-differ");
	if (part == NULL)
		return;
	part->blob = fields == start;
	part->body = body;
	assay_defect_add(&scan->defects, "readers-differ", body.p, part->place, ASSAY_SLICE_NONE);
}

/* read_copy - GMime over the masked copy */
static void read_copy(struct assay_scan *scan, char *copy, size_t n)
{
	const char *charsets[] = { "utf-8", NULL };
	GMimeParserOptions *options = g_mime_parser_options_new();
	GByteArray *array = g_byte_array_new_take((guint8 *)copy, n);
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(array);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message;

	g_mime_parser_set_persist_stream(parser, TRUE);
	/* Bytes beyond ASCII in a name: nothing else is tried. */
	g_mime_parser_options_set_fallback_charsets(options, charsets);
	message = g_mime_parser_construct_message(parser, options);
	if (message != NULL && scan != NULL)
		g_mime_message_foreach(message, compare_leaf, scan);
	if (message != NULL)
		g_object_unref(message);
	g_object_unref(parser);
	g_object_unref(stream);
	g_mime_parser_options_free(options);
}

/* assay_gmime_warm - one small mail through everything */
void assay_gmime_warm(void)
{
	static const char mail[] =
	    "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
	    "--b\nContent-Type: text/plain; charset=utf-8\n\nx\n--b--\n";

	g_mime_init();
	read_copy(NULL, g_memdup2(mail, sizeof(mail) - 1), sizeof(mail) - 1);
}

/* assay_gmime_compare - the second opinion, if the mail is tame */
void assay_gmime_compare(struct assay_scan *scan)
{
	char *copy = scan->bytes.n > 0 && tame(scan) ? mask(scan->bytes) : NULL;

	if (copy != NULL)
		read_copy(scan, copy, scan->bytes.n);
	else if (scan->bytes.n > 0)
		assay_result_limit(scan->result, "second_reader", scan->bytes.n,
		    scan->conf->second_reader_max, false);
}
