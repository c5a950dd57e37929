/*
 * tnef/rtf.c - see rtf.h
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include "rtf.h"
#include "stream.h"

#define WINDOW 4096u
#define HEAD 16u
#define LZFU 0x75465a4cu
#define MELA 0x414c454du

/* [MS-OXRTFCP] 2.1.2.1 */
static const char words[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    "\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    "\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

struct window {
	char p[WINDOW];
	unsigned at;
};

/* emit - one byte, into the window as well */
static bool emit(struct window *w, char c, struct assay_buf *out)
{
	w->p[w->at] = c;
	w->at = (w->at + 1) % WINDOW;
	return assay_buf_add_char(out, c);
}

/* copy - a piece of the window; false: out is full */
static bool copy(struct window *w, unsigned from, unsigned n, struct assay_buf *out)
{
	for (unsigned i = 0; i < n; i++)
		if (!emit(w, w->p[(from + i) % WINDOW], out))
			return false;
	return true;
}

/* lzfu - a flag byte, then eight bytes or references */
static enum assay_status lzfu(struct assay_slice in, struct assay_buf *out, struct assay_err *err)
{
	struct window w = { .at = sizeof(words) - 1 };
	size_t i = 0;

	memcpy(w.p, words, sizeof(words) - 1);
	while (i < in.n) {
		const unsigned flags = (unsigned char)in.p[i++];

		for (unsigned bit = 0; bit < 8 && i < in.n; bit++) {
			unsigned ref;
			bool room;

			if ((flags >> bit & 1) == 0) {
				room = emit(&w, in.p[i++], out);
			} else {
				if (in.n - i < 2)
					return assay_err_set(err, ASSAY_E_SYNTAX, "RTF is cut off");
				ref = (unsigned)(unsigned char)in.p[i] << 8 |
				    (unsigned char)in.p[i + 1];
				i += 2;
				/* A reference to where we stand is the end. */
				if (ref >> 4 == w.at)
					return ASSAY_OK;
				room = copy(&w, ref >> 4, (ref & 15) + 2, out);
			}
			if (!room)
				return assay_err_set(err, ASSAY_E_LIMIT, "RTF is too large");
		}
	}
	return assay_err_set(err, ASSAY_E_SYNTAX, "RTF is cut off");
}

/* assay_rtf_unpack - see rtf.h */
enum assay_status assay_rtf_unpack(
    struct assay_slice in, struct assay_buf *out, struct assay_err *err)
{
	const uint32_t kind = assay_stream_u32(in, 8);
	const struct assay_slice rest = assay_slice_from(in, HEAD);

	if (in.n < HEAD || (kind != LZFU && kind != MELA))
		return assay_err_set(err, ASSAY_E_SYNTAX, "no compressed RTF");
	if (kind == LZFU)
		return lzfu(rest, out, err);
	if (!assay_buf_add_slice(out, assay_slice_head(rest, assay_stream_u32(in, 4))))
		return assay_err_set(err, ASSAY_E_LIMIT, "RTF is too large");
	return ASSAY_OK;
}
