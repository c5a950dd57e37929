/*
 * core/compare.c - see compare.h. Pure: reads what it is given.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/compare.h"

/* ---- networks -------------------------------------------------------------------------------- */

/* take_address - as 16 bytes; *bits: how many its prefix may count */
static bool take_address(struct assay_slice text, unsigned char address[16], unsigned *bits)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char copy[64];

	if (text.n == 0 || text.n >= sizeof copy || memchr(text.p, '\0', text.n) != NULL)
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	*bits = 128;
	if (memchr(text.p, ':', text.n) != NULL)
		return inet_pton(AF_INET6, copy, address) == 1;
	memcpy(address, mapped, sizeof mapped);
	*bits = 32;
	return inet_pton(AF_INET, copy, address + 12) == 1;
}

/* assay_compare_net - see compare.h */
enum assay_status assay_compare_net(
    struct assay_slice text, struct assay_net *net, struct assay_err *err)
{
	const size_t slash = assay_slice_find(text, '/');
	unsigned most;
	uint64_t bits;

	if (!take_address(assay_slice_head(text, slash), net->from, &most))
		return assay_err_set(
		    err, ASSAY_E_CONF, "write an address, or a network as 192.0.2.0/24");
	bits = most;
	if (slash < text.n &&
	    (!assay_slice_u64(assay_slice_from(text, slash + 1), &bits) || bits > most))
		return assay_err_set(err, ASSAY_E_CONF, "no such prefix length");
	memcpy(net->to, net->from, sizeof net->to);
	for (size_t i = (128 - most) + bits; i < 128; i++) {
		net->from[i / 8] = (unsigned char)(net->from[i / 8] & ~(0x80u >> i % 8));
		net->to[i / 8] = (unsigned char)(net->to[i / 8] | 0x80u >> i % 8);
	}
	return ASSAY_OK;
}

/* in_net - is the text an address in it? */
static bool in_net(const struct assay_net *net, struct assay_slice text)
{
	unsigned char address[16];
	unsigned bits;

	return take_address(text, address, &bits) && memcmp(address, net->from, 16) >= 0 &&
	    memcmp(address, net->to, 16) <= 0;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

/* take_number - 10M, 64K, 512B, 1024 */
static bool take_number(struct assay_slice text, uint64_t *number)
{
	static const struct {
		char unit;
		unsigned shift;
	} units[] = { { 'b', 0 }, { 'k', 10 }, { 'm', 20 }, { 'g', 30 }, { 't', 40 } };
	unsigned shift = 0;

	for (size_t i = 0; text.n > 0 && i < sizeof units / sizeof units[0]; i++)
		if (assay_ascii_lower(text.p[text.n - 1]) == units[i].unit) {
			shift = units[i].shift;
			text.n--;
			break;
		}
	if (!assay_slice_u64(text, number) || *number > (uint64_t)INT64_MAX >> shift)
		return false;
	*number <<= shift;
	return true;
}

/* assay_compare_span - see compare.h */
enum assay_status assay_compare_span(
    struct assay_slice text, struct assay_span *span, struct assay_err *err)
{
	const bool less = text.n > 0 && text.p[0] == '<', more = text.n > 0 && text.p[0] == '>';
	const bool sign = less || more, equal = sign && text.n > 1 && text.p[1] == '=';
	uint64_t number;
	int64_t n;

	if (!take_number(assay_slice_trim(assay_slice_from(text, (size_t)sign + equal)), &number))
		return assay_err_set(err, ASSAY_E_CONF, "a size is written as >10M, <=64K or 512");
	n = (int64_t)number;
	*span = (struct assay_span){ INT64_MIN, INT64_MAX };
	if (!less)
		span->from = n + (more && !equal && n < INT64_MAX);
	if (!more)
		span->to = n - (less && !equal);
	return ASSAY_OK;
}

/* ---- any ------------------------------------------------------------------------------------- */

/* has_wildcard - a star or a question mark? */
static bool has_wildcard(struct assay_slice text)
{
	return assay_slice_find(text, '*') < text.n || assay_slice_find(text, '?') < text.n;
}

/* kind_of - which comparison does for this pattern; takes the stars at its ends off */
static enum assay_compare_kind kind_of(struct assay_slice *text)
{
	const struct assay_slice behind = assay_slice_from(*text, 1);
	const struct assay_slice before = assay_slice_head(*text, text->n > 0 ? text->n - 1 : 0);

	if (!has_wildcard(*text))
		return ASSAY_COMPARES_TEXT;
	if (text->p[0] == '*' && !has_wildcard(behind)) {
		*text = behind;
		return ASSAY_COMPARES_END;
	}
	if (text->p[text->n - 1] == '*' && !has_wildcard(before)) {
		*text = before;
		return ASSAY_COMPARES_BEGIN;
	}
	return ASSAY_COMPARES_GLOB;
}

/* assay_compare_read - see compare.h */
enum assay_status assay_compare_read(struct assay_arena *arena, enum assay_fact_compare how,
    struct assay_slice text, struct assay_compare *compare, struct assay_err *err)
{
	*compare = (struct assay_compare){ .kind = ASSAY_COMPARES_TEXT, .text = "" };
	if (how == ASSAY_COMPARE_NET && !has_wildcard(text)) {
		compare->kind = ASSAY_COMPARES_NET;
		return assay_compare_net(text, &compare->net, err);
	}
	if (how == ASSAY_COMPARE_SIZE) {
		compare->kind = ASSAY_COMPARES_SPAN;
		return assay_compare_span(text, &compare->span, err);
	}
	if (how == ASSAY_COMPARE_FLAG && !assay_slice_caseis(text, "yes") &&
	    !assay_slice_caseis(text, "no"))
		return assay_err_set(err, ASSAY_E_CONF, "write yes or no");
	if (how == ASSAY_COMPARE_ADDRESS && text.n > 1 && text.p[0] == '@' && !has_wildcard(text)) {
		compare->kind = ASSAY_COMPARES_DOMAIN;
		text = assay_slice_from(text, 1);
	} else {
		compare->kind = kind_of(&text);
	}
	compare->text = assay_arena_memdup0(arena, text.p, text.n);
	compare->n = text.n;
	return ASSAY_OK;
}

/* in_domain - what follows the last @ is the domain or below it */
static bool in_domain(struct assay_slice domain, struct assay_slice address)
{
	size_t at = address.n;

	while (at > 0 && address.p[at - 1] != '@')
		at--;
	if (at == 0)
		return false;
	address = assay_slice_from(address, at);
	if (address.n == domain.n)
		return assay_slice_caseeq(address, domain);
	return address.n > domain.n && address.p[address.n - domain.n - 1] == '.' &&
	    assay_slice_caseeq(assay_slice_from(address, address.n - domain.n), domain);
}

/* assay_compare_text - see compare.h */
bool assay_compare_text(const struct assay_compare *compare, struct assay_slice value)
{
	const struct assay_slice text = assay_slice(compare->text, compare->n);

	switch (compare->kind) {
	case ASSAY_COMPARES_TEXT:
		return assay_slice_caseeq(text, value);
	case ASSAY_COMPARES_BEGIN:
		return value.n >= text.n &&
		    assay_slice_caseeq(assay_slice_head(value, text.n), text);
	case ASSAY_COMPARES_END:
		return value.n >= text.n &&
		    assay_slice_caseeq(assay_slice_from(value, value.n - text.n), text);
	case ASSAY_COMPARES_GLOB:
		return assay_slice_glob(value, compare->text);
	case ASSAY_COMPARES_DOMAIN:
		return in_domain(text, value);
	case ASSAY_COMPARES_NET:
		return in_net(&compare->net, value);
	case ASSAY_COMPARES_SPAN:
		break;
	}
	return false;
}

/* assay_compare_fits - see compare.h */
bool assay_compare_fits(const struct assay_compare *compare, const json_t *value)
{
	if (compare->kind == ASSAY_COMPARES_SPAN)
		return json_is_integer(value) && json_integer_value(value) >= compare->span.from &&
		    json_integer_value(value) <= compare->span.to;
	return json_is_string(value) &&
	    assay_compare_text(
		compare, assay_slice(json_string_value(value), json_string_length(value)));
}
