/*
 * text/css.h - URLs in style sheets
 *
 * url(...) and @import "...", CSS escapes decoded. Linear; borrows for the time of the call.
 */
#ifndef ASSAY_TEXT_CSS_H
#define ASSAY_TEXT_CSS_H

#include <assay/types.h>

#define ASSAY_CSS_URL_MAX 65536 /* bytes of a URL that are kept */

struct assay_css_sink {
	/* One URL, escapes decoded, not stripped; may be empty. False stops. */
	bool (*url)(void *user, struct assay_slice url);
	void *user;
};

void assay_css_scan(struct assay_slice css, const struct assay_css_sink *sink);

#endif
