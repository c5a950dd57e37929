/* rooms: text base */
/*
 * fuzz target of url, domain: hits lie in the text in order, are what was asked for, and can be
 * taken apart; normal forms of hosts stay as they are when normalised again.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/domain.h"
#include "text/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct assay_slice text;
	size_t last, count;
	unsigned flags;
};

static bool hit(void *user, const struct assay_url_hit *h)
{
	struct seen *s = user;
	struct assay_url_parts parts;
	const struct assay_slice tail = assay_domain_registrable(h->host);

	ASSAY_ASSERT(h->raw.n > 0 && h->offset >= s->last && h->offset + h->raw.n <= s->text.n);
	ASSAY_ASSERT(h->raw.p == s->text.p + h->offset);
	s->last = h->offset + h->raw.n;
	s->count++;
	ASSAY_ASSERT(h->url.n > 0 && h->url.n <= ASSAY_URL_MAX && h->url.p[h->url.n] == '\0');
	ASSAY_ASSERT(h->host.n < ASSAY_URL_HOST_MAX && h->host.p[h->host.n] == '\0');
	ASSAY_ASSERT(tail.n <= h->host.n);
	ASSAY_ASSERT(!h->defanged || (s->flags & ASSAY_URL_DEFANGED) != 0);
	ASSAY_ASSERT(h->kind != ASSAY_URL_EMAIL || (s->flags & ASSAY_URL_EMAILS) != 0);
	if (h->kind == ASSAY_URL_URL)
		ASSAY_ASSERT(assay_url_split(h->url, &parts));
	return true;
}

/* host_holds - normal forms are fixed points */
static void host_holds(struct assay_slice in)
{
	char host[ASSAY_URL_HOST_MAX], again[ASSAY_URL_HOST_MAX];
	size_t n = assay_url_host(in, host);

	ASSAY_ASSERT(n == strlen(host));
	if (n == 0 || memchr(host, ':', n) != NULL)
		return;
	ASSAY_ASSERT(assay_url_host(assay_slice(host, n), again) > 0);
	ASSAY_ASSERT(assay_domain_registrable(assay_slice(host, n)).n > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct assay_slice in = { (const char *)data, size };
	struct assay_buf b;

	for (unsigned flags = 0; flags < 8; flags++) {
		struct seen s = { .text = in, .flags = flags };
		const struct assay_url_sink sink = { hit, &s };

		ASSAY_ASSERT(assay_url_scan(in, flags, &sink) == s.count);
	}
	host_holds(in);
	assay_buf_init(&b, size);
	ASSAY_ASSERT(assay_url_strip(in, &b));
	ASSAY_ASSERT(assay_slice_find(assay_buf_slice(&b), '\n') == b.n);
	assay_buf_release(&b);
	return 0;
}
