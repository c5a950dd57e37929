/*
 * text/domain.c - see domain.h. The only place that knows libpsl.
 */
#include <libpsl.h>

#include "base/slice.h"
#include "text/domain.h"

#define NAME_MAX_LEN 253

static psl_ctx_t *latest; /* NULL: the library's own */

/* current - the list in use */
static const psl_ctx_t *current(void)
{
	return latest != NULL ? latest : psl_builtin();
}

/* assay_domain_warm - see domain.h */
void assay_domain_warm(void)
{
	if (latest == NULL)
		latest = psl_latest(NULL);
}

/* assay_domain_cool - for leak checkers; psl_latest may have given the library's own */
void assay_domain_cool(void)
{
	if (latest != psl_builtin())
		psl_free(latest);
	latest = NULL;
}

/* lower_copy - host as libpsl wants it, without a trailing dot; false when that is no name */
static bool lower_copy(struct assay_slice host, char text[NAME_MAX_LEN + 1])
{
	size_t n = host.n;

	if (n > 0 && host.p[n - 1] == '.')
		n--;
	if (n == 0 || n > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (host.p[i] == '\0' || host.p[i] == ':')
			return false;
		text[i] = (char)assay_ascii_lower((unsigned char)host.p[i]);
	}
	text[n] = '\0';
	/* The last label of a name is never a number; that of an IPv4 address is. */
	return !assay_ascii_is_digit((unsigned char)text[n - 1]) ||
	    strspn(text, "0123456789.") != n;
}

/* assay_domain_registrable - the part somebody registered */
struct assay_slice assay_domain_registrable(struct assay_slice host)
{
	char text[NAME_MAX_LEN + 1];
	const char *tail;

	if (!lower_copy(host, text))
		return host;
	tail = psl_registrable_domain(current(), text);
	return tail != NULL ? assay_slice_from(host, (size_t)(tail - text)) : host;
}

/* may_be_suffix - has the last label two bytes at least, and no digits but those of an A-label?
 * Much of what has dots in a text has not. */
static bool may_be_suffix(struct assay_slice host)
{
	bool digit = false;
	size_t n = host.n > 0 && host.p[host.n - 1] == '.' ? host.n - 1 : host.n, i = n;

	for (; i > 0 && host.p[i - 1] != '.'; i--)
		digit = digit || assay_ascii_is_digit((unsigned char)host.p[i - 1]);
	return n - i >= 2 && (!digit || assay_slice_casestarts(assay_slice_from(host, i), "xn--"));
}

/* assay_domain_is_known - a name below a suffix that exists? */
bool assay_domain_is_known(struct assay_slice host)
{
	const psl_ctx_t *list = current();
	char text[NAME_MAX_LEN + 1];
	const char *suffix;

	if (!may_be_suffix(host) || !lower_copy(host, text))
		return false;
	suffix = psl_unregistrable_domain(list, text);
	return suffix != NULL && suffix != text &&
	    psl_is_public_suffix2(list, suffix, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
}
