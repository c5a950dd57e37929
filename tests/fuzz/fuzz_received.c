/* rooms: mail text base */
/*
 * fuzz target: Received, Authentication-Results, dates, message ids
 */
#include <arpa/inet.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/utf8.h"

#include "mail/authres.h"
#include "mail/date.h"
#include "mail/header.h"
#include "mail/msgid.h"
#include "mail/received.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* is_text - what may go into a report */
static void is_text(struct assay_slice s)
{
	ASSAY_ASSERT(s.p != NULL && assay_utf8_is_valid(s));
	ASSAY_ASSERT(memchr(s.p, '\0', s.n) == NULL);
}

/* in_time - a date that can be written */
static void in_time(int64_t ms)
{
	ASSAY_ASSERT(ms > INT64_C(-2300000000000) && ms < INT64_C(253500000000000));
}

/* check_received - one field */
static void check_received(struct assay_arena *arena, struct assay_slice raw)
{
	struct assay_received r;
	unsigned char addr[16];

	assay_received_parse(arena, raw, &r);
	is_text(r.from);
	is_text(r.from_ip);
	is_text(r.helo);
	is_text(r.by);
	is_text(r.with);
	is_text(r.id);
	is_text(r.for_);
	is_text(r.date);
	ASSAY_ASSERT(r.from.n <= 1000 && r.by.n <= 1000 && r.with.n <= 1000 && r.id.n <= 1000);
	if (r.from_ip.n > 0)
		ASSAY_ASSERT(inet_pton(AF_INET, r.from_ip.p, addr) == 1 ||
		    inet_pton(AF_INET6, r.from_ip.p, addr) == 1);
	if (r.has_date)
		in_time(r.date_ms);
}

/* check_authres - the input is one field's value, with whatever id it has */
static void check_authres(struct assay_arena *arena, struct assay_slice raw)
{
	struct assay_header_field field = { .name = ASSAY_SLICE_LIT("authentication-results"),
		.value = raw };
	struct assay_header h = { .field = &field, .n = 1 };
	struct assay_slice id = assay_authres_id(arena, raw);
	struct assay_authres a;

	bool found = assay_authres_read(arena, &h, id, &a);

	/* A field whose id is the word for "no id" is nobody's. */
	ASSAY_ASSERT(found == (id.n > 0) || assay_slice_is(id, ASSAY_AUTHRES_NO_ID));
	is_text(a.spf_result);
	is_text(a.spf_domain);
	is_text(a.dmarc_policy);
	is_text(a.arc_result);
	ASSAY_ASSERT(a.ndkim <= ASSAY_AUTHRES_DKIM && a.ndkim <= a.dkim_total);
	for (size_t i = 0; i < a.ndkim; i++) {
		is_text(a.dkim[i].result);
		is_text(a.dkim[i].domain);
		is_text(a.dkim[i].selector);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct assay_arena *arena = assay_arena_new();
	struct assay_slice raw = assay_slice((const char *)data, size);
	struct assay_msgid_list ids;
	int64_t ms;

	check_received(arena, raw);
	check_authres(arena, raw);
	if (assay_date_parse(raw, &ms) == ASSAY_OK)
		in_time(ms);
	else
		ASSAY_ASSERT(ms == 0);
	assay_msgid_parse(arena, raw, 3, &ids);
	ASSAY_ASSERT(ids.n <= 3 && ids.n <= ids.total);
	for (size_t i = 0; i < ids.n; i++)
		is_text(ids.id[i]);
	ASSAY_ASSERT(assay_arena_used(arena) < (size + 100) * 1000);
	assay_arena_free(&arena);
	return 0;
}
