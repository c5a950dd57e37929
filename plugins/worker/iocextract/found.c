/*
 * iocextract/found.c - see found.h
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/url.h"

#include "found.h"

static const char *const names[] = { "ipv4", "ipv6", "domain", "url", "email", "md5", "sha1",
	"sha256", "sha512", "mac" };

/* assay_found_name - see found.h */
const char *assay_found_name(enum assay_found_kind kind)
{
	return names[kind];
}

/* ---- what is not wanted ---------------------------------------------------------------------- */

/* address - bytes of an address; false: it is none */
static bool address(enum assay_found_kind kind, struct assay_slice s, unsigned char bytes[16])
{
	char text[64];

	if (s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	return inet_pton(kind == ASSAY_FOUND_IPV4 ? AF_INET : AF_INET6, text, bytes) == 1;
}

/* read_net - ADDRESS or ADDRESS/BITS */
static bool read_net(struct assay_found_rule *rule)
{
	const struct assay_slice s = assay_slice_str(rule->pattern);
	const size_t slash = assay_slice_find(s, '/');
	const unsigned most = rule->kind == ASSAY_FOUND_IPV4 ? 32 : 128;
	uint64_t bits = most;

	if (!address(rule->kind, assay_slice_head(s, slash), rule->net))
		return false;
	if (slash < s.n && (!assay_slice_u64(assay_slice_from(s, slash + 1), &bits) || bits > most))
		return false;
	rule->bits = (unsigned)bits;
	return true;
}

/* read_rule - one "type:pattern" */
static bool read_rule(struct assay_arena *arena, const char *word, struct assay_found_rule *rule)
{
	const struct assay_slice s = assay_slice_str(word);
	const size_t colon = assay_slice_find(s, ':');
	const struct assay_slice pattern = assay_slice_trim(assay_slice_from(s, colon + 1));
	const struct assay_slice kind = assay_slice_trim(assay_slice_head(s, colon));
	unsigned i = 0;

	while (i < ASSAY_FOUND_KINDS && !assay_slice_is(kind, names[i]))
		i++;
	if (i == ASSAY_FOUND_KINDS || pattern.n == 0)
		return false;
	rule->kind = (enum assay_found_kind)i;
	rule->pattern = assay_arena_memdup0(arena, pattern.p, pattern.n);
	return (rule->kind != ASSAY_FOUND_IPV4 && rule->kind != ASSAY_FOUND_IPV6) || read_net(rule);
}

/* assay_found_rules - see found.h */
enum assay_status assay_found_rules(struct assay_arena *arena, const char *const *words,
    struct assay_found_rule **rules, struct assay_err *err)
{
	struct assay_found_rule **end = rules;

	*rules = NULL;
	for (; *words != NULL; words++) {
		struct assay_found_rule *rule = assay_arena_zalloc(arena, sizeof(*rule));

		if (!read_rule(arena, *words, rule))
			return assay_err_set(err, ASSAY_E_CONF,
			    "[iocextract] whitelist: \"%s\" is not of the form TYPE:PATTERN, such "
			    "as "
			    "ipv4:10.0.0.0/8 or domain:example.com",
			    *words);
		*end = rule;
		end = &rule->next;
	}
	return ASSAY_OK;
}

/* in_net - do the first bits agree? */
static bool in_net(const struct assay_found_rule *rule, const unsigned char bytes[16])
{
	const unsigned whole = rule->bits / 8, rest = rule->bits % 8;

	if (memcmp(rule->net, bytes, whole) != 0)
		return false;
	return rest == 0 || ((rule->net[whole] ^ bytes[whole]) >> (8 - rest)) == 0;
}

/* is_below - the domain itself, or a name below it */
static bool is_below(struct assay_slice name, const char *domain)
{
	const size_t n = strlen(domain);

	return assay_slice_caseends(name, domain) && (name.n == n || name.p[name.n - n - 1] == '.');
}

/* unwanted - does a rule say so? */
static bool unwanted(
    const struct assay_found *found, enum assay_found_kind kind, struct assay_slice value)
{
	unsigned char bytes[16] = { 0 };
	const bool net = kind == ASSAY_FOUND_IPV4 || kind == ASSAY_FOUND_IPV6;

	if (found->rules == NULL || (net && !address(kind, value, bytes)))
		return false;
	for (const struct assay_found_rule *r = found->rules; r != NULL; r = r->next) {
		if (r->kind != kind)
			continue;
		if (net                              ? in_net(r, bytes)
			: kind == ASSAY_FOUND_DOMAIN ? is_below(value, r->pattern)
						     : assay_slice_glob(value, r->pattern))
			return true;
	}
	return false;
}

/* ---- the sets -------------------------------------------------------------------------------- */

/* assay_found_init - see found.h */
void assay_found_init(struct assay_found *found, struct assay_arena *arena,
    const struct assay_found_rule *rules, size_t max)
{
	*found = (struct assay_found){ .arena = arena, .rules = rules, .max = max };
	for (unsigned i = 0; i < ASSAY_FOUND_KINDS; i++)
		assay_map_init(&found->set[i], arena);
}

/* assay_found_add - see found.h */
void assay_found_add(
    struct assay_found *found, enum assay_found_kind kind, struct assay_slice value)
{
	struct assay_map *set = &found->set[kind];

	if (value.n == 0 || assay_map_has(set, value) || unwanted(found, kind, value))
		return;
	if (set->n >= found->max)
		found->over++;
	else
		(void)assay_map_add(set, assay_arena_slice(found->arena, value), found);
}

/* assay_found_add_host - see found.h */
void assay_found_add_host(struct assay_found *found, struct assay_slice host)
{
	if (!assay_url_host_is_ip(host)) {
		if (assay_slice_find(host, '.') < host.n &&
		    assay_slice_search(host, ASSAY_SLICE_LIT("..")) == host.n)
			assay_found_add(found, ASSAY_FOUND_DOMAIN, host);
		return;
	}
	assay_found_add(found,
	    assay_slice_find(host, ':') < host.n ? ASSAY_FOUND_IPV6 : ASSAY_FOUND_IPV4, host);
}
