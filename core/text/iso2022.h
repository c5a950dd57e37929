/*
 * text/iso2022.h - 7-bit charsets that switch by escape sequences, cut into pieces of 8-bit ones
 *
 * ISO-2022-JP (1, 2, 3), -KR, -CN (RFC 1468, 1554, 1557, 1922) and HZ (RFC 1843). Each piece is
 * handed on as bytes of a charset without state, so that no stateful converter is needed and what a
 * broken mail leaves switched on ends with it. Linear, fixed memory.
 */
#ifndef ASSAY_TEXT_ISO2022_H
#define ASSAY_TEXT_ISO2022_H

#include <assay/types.h>

struct assay_iso2022_sink {
	/* charset: a name label.h knows ("us-ascii", "euc-jp", "gb18030" ...). False stops. */
	bool (*piece)(void *user, const char *charset, struct assay_slice bytes);
	void *user;
};

/* Any of the ISO-2022 family; the escapes themselves say which. */
void assay_iso2022_cut(struct assay_slice in, const struct assay_iso2022_sink *sink);
void assay_iso2022_cut_hz(struct assay_slice in, const struct assay_iso2022_sink *sink);

#endif
