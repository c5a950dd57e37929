/*
 * clamav/lazy.c - see lazy.h. Opens converters and keeps them: the modules stay as long.
 */
#include <iconv.h>
#include <stdlib.h>

#include "base/arena.h"

#include "lazy.h"

/* As libclamav calls them: the code pages of Windows, DOS and macOS, those of pages, UTF-16, 32. */
static const char *const names[] = { "UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE",
	"UTF-32BE", "ISO-8859-1", "ISO-8859-2", "ISO-8859-3", "ISO-8859-4", "ISO-8859-5",
	"ISO-8859-6", "ISO-8859-7", "ISO-8859-8", "ISO-8859-9", "ISO-8859-10", "ISO-8859-13",
	"ISO-8859-14", "ISO-8859-15", "ISO-8859-16", "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252",
	"WINDOWS-1253", "WINDOWS-1254", "WINDOWS-1255", "WINDOWS-1256", "WINDOWS-1257",
	"WINDOWS-1258", "CP037", "CP437", "CP500", "CP737", "CP775", "CP850", "CP852", "CP855",
	"CP857", "CP860", "CP861", "CP862", "CP863", "CP864", "CP865", "CP866", "CP869", "CP870",
	"CP874", "CP875", "CP932", "CP936", "CP949", "CP950", "CP1025", "CP1026", "CP1361", "BIG5",
	"EUC-JP", "EUC-KR", "EUC-CN", "GB2312", "GBK", "GB18030", "KOI8-R", "KOI8-U", "MACINTOSH",
	"SHIFT_JIS", "ISO-2022-JP", "ISO-2022-KR", "TIS-620", "UTF-7" };

#define NAMES (sizeof names / sizeof names[0])

struct assay_clamav_lazy {
	iconv_t open[NAMES];
	size_t n;
};

/* assay_clamav_lazy_new - see lazy.h */
struct assay_clamav_lazy *assay_clamav_lazy_new(size_t *missing)
{
	struct assay_clamav_lazy *lazy = assay_xcalloc(1, sizeof *lazy);

	for (size_t i = 0; i < NAMES; i++) {
		iconv_t converter = iconv_open("UTF-8//TRANSLIT", names[i]);

		if (converter != (iconv_t)-1)
			lazy->open[lazy->n++] = converter;
	}
	*missing = NAMES - lazy->n;
	return lazy;
}

/* assay_clamav_lazy_free - closes them */
void assay_clamav_lazy_free(struct assay_clamav_lazy **lazy)
{
	if (*lazy == NULL)
		return;
	while ((*lazy)->n > 0)
		(void)iconv_close((*lazy)->open[--(*lazy)->n]);
	free(*lazy);
	*lazy = NULL;
}
