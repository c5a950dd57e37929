/*
 * maildir/notice.c - see notice.h. Writes standard error through base/log.h; cannot fail.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "notice.h"

#define EVERY_MS (3600 * (int64_t)1000)

/* assay_notice_tell - see notice.h */
void assay_notice_tell(struct assay_notice *notice, const char *fmt, ...)
{
	const int64_t now_ms = assay_clock_mono_ms();
	char text[900], more[64] = "";
	va_list ap;

	if (notice->told_ms != 0 && now_ms - notice->told_ms < EVERY_MS) {
		notice->untold++;
		return;
	}
	if (notice->untold > 0)
		(void)snprintf(
		    more, sizeof more, " (and %lu more like it since then)", notice->untold);
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	assay_log(ASSAY_LOG_WARNING, "maildir: %s%s", text, more);
	/* Never 0, which means never. */
	notice->told_ms = now_ms != 0 ? now_ms : 1;
	notice->untold = 0;
}

/* assay_notice_clear - see notice.h */
void assay_notice_clear(struct assay_notice *notice)
{
	*notice = (struct assay_notice){ 0 };
}
