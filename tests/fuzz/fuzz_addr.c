/* rooms: mail text base */
/*
 * fuzz target: address lists; texts are UTF-8, parts make up the whole, limits hold
 */
#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/utf8.h"

#include "mail/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* is_text - what may go into a report */
static void is_text(struct assay_slice s)
{
	ASSAY_ASSERT(s.p != NULL && assay_utf8_is_valid(s));
	ASSAY_ASSERT(memchr(s.p, '\0', s.n) == NULL);
}

/* check - one mailbox */
static void check(const struct assay_addr *a)
{
	is_text(a->addr);
	is_text(a->local);
	is_text(a->domain);
	is_text(a->name);
	is_text(a->group);
	is_text(a->raw);
	ASSAY_ASSERT(!a->null || a->addr.n == 0);
	ASSAY_ASSERT(a->addr.n >= a->local.n && memcmp(a->addr.p, a->local.p, a->local.n) == 0);
	if (a->domain.n > 0) {
		ASSAY_ASSERT(a->addr.n == a->local.n + 1 + a->domain.n);
		ASSAY_ASSERT(assay_slice_ends(a->addr, a->domain.p));
	}
}

/* simple_at - letters@letters stand somewhere, with nothing odd in the whole input */
static bool simple_at(struct assay_slice s)
{
	for (size_t i = 1; i + 1 < s.n; i++)
		if (s.p[i] == '@' && assay_ascii_is_alnum((unsigned char)s.p[i - 1]) &&
		    assay_ascii_is_alnum((unsigned char)s.p[i + 1]))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_slice raw = assay_slice((const char *)data, size);
	struct assay_addr_list list, few;
	struct assay_addr one;
	bool found = false;

	assay_addr_parse(arena, raw, 0, &list);
	ASSAY_ASSERT(list.n <= list.total && list.n <= ASSAY_ADDR_MAX);
	for (size_t i = 0; i < list.n; i++) {
		check(&list.addr[i]);
		found = found || assay_slice_find(list.addr[i].addr, '@') < list.addr[i].addr.n;
	}
	/* An address in every list that has one. */
	ASSAY_ASSERT(found || !simple_at(raw) || list.total > list.n);
	assay_addr_parse(arena, raw, 2, &few);
	ASSAY_ASSERT(few.n <= 2 && few.n <= list.n);
	for (size_t i = 0; i < few.n; i++)
		ASSAY_ASSERT(assay_slice_eq(few.addr[i].addr, list.addr[i].addr));
	assay_addr_one(arena, raw, &one);
	check(&one);
	/* Linear: a bounded number of copies, whatever the input. */
	ASSAY_ASSERT(assay_arena_used(arena) < (size + 100) * 1000);
	assay_arena_free(&arena);
	return 0;
}
