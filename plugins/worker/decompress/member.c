/*
 * decompress/member.c - see member.h
 *
 * A member's name is data: its last part names the child, the whole of it stands in the row. What
 * a damaged member gave before it broke is a child as well, so that the others have a look at it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"
#include "text/charset.h"

#include "member.h"

#define NAME_MAX_BYTES ((size_t)4096)
#define OVER_MAX 3u     /* members that are too large */
#define LISTING_MS 1000 /* for the rows behind what does not fit */

static const char *const kinds[] = { "file", "dir", "symlink", "hardlink", "device", "other" };

/* assay_members_init - see member.h */
void assay_members_init(struct assay_members *m)
{
	m->rows = json_array();
	m->locked =
	    assay_arena_calloc(assay_payload_arena(m->payload), m->rows_max, sizeof(*m->locked));
}

/* ---- names ----------------------------------------------------------------------------------- */

/* charset_of - what names are written in that are no UTF-8 */
static const char *charset_of(const struct assay_members *m, const struct assay_unpack *u)
{
	if (m->charset != NULL)
		return m->charset;
	switch (assay_unpack_format(u)) {
	case ASSAY_UNPACK_ZIP:
	case ASSAY_UNPACK_RAR:
		return "ibm437";
	case ASSAY_UNPACK_LHA:
		return "shift_jis";
	default:
		return "windows-1252";
	}
}

/* text_of - a name as UTF-8, in the arena; NULL stays NULL */
static const char *text_of(
    const struct assay_members *m, const struct assay_unpack *u, const char *name)
{
	struct assay_slice raw = assay_slice_head(assay_slice_str(name), NAME_MAX_BYTES), label;
	struct assay_charset_guess guess;
	struct assay_buf text;
	const char *copy;

	if (name == NULL)
		return NULL;
	/* Valid UTF-8 would also be clean in most other charsets. */
	label = assay_slice_str(charset_of(m, u));
	assay_buf_init(&text, 4 * NAME_MAX_BYTES);
	assay_charset_decode_guess(ASSAY_SLICE_LIT("utf-8"), raw, &text, &guess);
	if (guess.replaced > 0 || !guess.declared) {
		assay_buf_clear(&text);
		assay_charset_decode_guess(label, raw, &text, &guess);
	}
	copy = assay_arena_memdup0(assay_payload_arena(m->payload), text.p, text.n);
	assay_buf_release(&text);
	return copy;
}

/* last_part - behind the last slash of either kind; NULL when nothing is there */
static const char *last_part(const char *name)
{
	const char *part = name;

	for (const char *p = name; p != NULL && *p != 0; p++)
		if (*p == '/' || *p == '\\')
			part = p + 1;
	return part != NULL && *part != 0 ? part : NULL;
}

/* unpacked_name - the payload's own name without the ending of a compressed file: "a.tgz" holds
 * "a.tar" */
static const char *unpacked_name(const struct assay_members *m)
{
	const char *name = assay_payload_filename(m->payload), *ext;
	struct assay_arena *arena = assay_payload_arena(m->payload);
	size_t n;

	if (name == NULL || (ext = strrchr(name, '.')) == NULL || ext == name)
		return NULL;
	n = (size_t)(ext - name);
	if (ext[1] == 't' && ext[2] != 0 && ext[3] != 0 && ext[4] == 0)
		return assay_arena_printf(arena, "%.*s.tar", (int)n, name);
	return assay_arena_memdup0(arena, name, n);
}

/* name_of - of a member; libarchive says "data" for a compressed file without a name */
static const char *name_of(const struct assay_members *m, const struct assay_unpack *u,
    const struct assay_unpack_member *member)
{
	if (assay_unpack_format(u) == ASSAY_UNPACK_RAW &&
	    (member->name == NULL || strcmp(member->name, "data") == 0))
		return unpacked_name(m);
	return text_of(m, u, member->name);
}

/* ---- budgets --------------------------------------------------------------------------------- */

/* spend - no more is unpacked; the rest is listed while that takes no time */
static void spend(struct assay_members *m, struct assay_unpack *u)
{
	m->spent = true;
	m->partial = true;
	assay_unpack_hurry(u, assay_clock_mono_ms() + LISTING_MS);
}

/* over - note the limit that `cap` bytes of a member come from */
static void over(struct assay_members *m, struct assay_unpack *u, uint64_t cap, int64_t declared)
{
	const uint64_t most = assay_result_allowed(m->result, "max_member_bytes");
	const uint64_t ratio = assay_result_allowed(m->result, "max_ratio");
	const uint64_t bare = assay_result_allowed(m->result, "ratio_free");
	const uint64_t n = assay_payload_bytes(m->payload).n + 1;
	const uint64_t size =
	    declared > 0 && (uint64_t)declared > cap ? (uint64_t)declared : cap + 1;
	uint64_t room = ratio <= UINT64_MAX / n ? ratio * (n - 1) : UINT64_MAX;

	room = room > bare ? room : bare;
	m->partial = true;
	/* A smaller one may still fit, but finding out is what a bomb is made for. */
	if (++m->over > OVER_MAX)
		spend(m, u);
	if (cap >= most)
		assay_result_limit(m->result, "max_member_bytes", size, most, true);
	else if (cap <= room && room - cap <= m->made)
		assay_result_limit(m->result, "max_ratio", (m->made + size) / n, ratio, true);
	else
		assay_result_limit(m->result, "max_unpacked_bytes", size, cap, true);
}

/* ---- a member -------------------------------------------------------------------------------- */

/* fail - why a member's content is not there; what is locked, or made in a way that another program
 * may know, may be had later */
static void fail(struct assay_members *m, json_t *row, bool locked, const struct assay_err *err)
{
	if (err->code == ASSAY_E_UNSUP && row != NULL)
		m->unsupported++;
	else
		m->partial = m->partial || !locked;
	if (row != NULL)
		json_object_set_new_nocheck(row, "error", assay_json_str(err->text));
}

/* keep - bytes of a member as a child; when there may be none, nothing more is unpacked */
static void keep(
    struct assay_members *m, const struct assay_child *told, uint64_t number, json_t *row)
{
	struct assay_arena *arena = assay_payload_arena(m->payload);
	struct assay_child child = *told;
	const struct assay_payload *payload;

	child.place = assay_arena_printf(arena, "%llu", (unsigned long long)number);
	payload = assay_result_child(m->result, &child);
	if (payload == NULL) {
		m->spent = true;
		m->partial = true;
		return;
	}
	m->files++;
	m->made += told->bytes.n;
	if (row != NULL)
		json_object_set_new_nocheck(
		    row, "payload_id", assay_json_str(assay_payload_id(payload)));
}

/* unpack - the content of a member; false: it could not be had whole */
static bool unpack(struct assay_members *m, struct assay_unpack *u,
    const struct assay_unpack_member *member, json_t *row)
{
	const bool secret = member->encrypted || m->suspect;
	struct assay_unpack_bytes bytes = { NULL, 0 };
	struct assay_err err = { .text = "" };
	enum assay_status status;
	uint64_t cap, total;

	assay_result_budget(m->result, &cap, &total);
	status = assay_unpack_content(u, cap, &bytes, &err);
	if (status != ASSAY_OK)
		fail(m, row, secret, &err);
	if (row != NULL && (status == ASSAY_OK || bytes.n > 0))
		json_object_set_new_nocheck(row, "size", json_integer((json_int_t)bytes.n));
	/* Nobody can say whether it is damage or the wrong key. */
	if (status == ASSAY_OK || (status == ASSAY_E_SYNTAX && bytes.n > 0 && !secret)) {
		keep(m,
		    &(struct assay_child){ .bytes = { bytes.p != NULL ? bytes.p : "", bytes.n },
			.heap = bytes.p != NULL,
			.filename = last_part(name_of(m, u, member)) },
		    m->n, row);
		if (m->spent)
			spend(m, u);
		return status == ASSAY_OK;
	}
	free(bytes.p);
	if (status == ASSAY_E_LIMIT)
		over(m, u, cap, member->size);
	if (status == ASSAY_E_FULL)
		assay_result_error(
		    m->result, "member %llu: %s", (unsigned long long)m->n, err.text);
	return false;
}

/* new_row - what is known of a member before it is unpacked */
static json_t *new_row(
    struct assay_members *m, struct assay_unpack *u, const struct assay_unpack_member *member)
{
	json_t *row = json_object();

	json_object_set_new_nocheck(row, "name", assay_json_str(name_of(m, u, member)));
	json_object_set_new_nocheck(row, "type", assay_json_str(kinds[member->kind]));
	json_object_set_new_nocheck(row, "size", json_null());
	json_object_set_new_nocheck(
	    row, "size_declared", member->size >= 0 ? json_integer(member->size) : json_null());
	json_object_set_new_nocheck(
	    row, "mtime", member->has_mtime ? assay_json_time(member->mtime_ms) : json_null());
	json_object_set_new_nocheck(row, "link", assay_json_str(text_of(m, u, member->link)));
	json_object_set_new_nocheck(row, "encrypted", json_boolean(member->encrypted));
	json_object_set_new_nocheck(row, "payload_id", json_null());
	json_object_set_new_nocheck(row, "error", json_null());
	json_array_append_new(m->rows, row);
	return row;
}

/* lock - it is encrypted; passwords are tried later, on what has a row */
static void lock(struct assay_members *m, json_t *row)
{
	m->encrypted = true;
	m->partial = m->partial || row == NULL;
	if (row == NULL)
		return;
	json_object_set_new_nocheck(row, "encrypted", json_true());
	m->locked[m->nlocked++] = (struct assay_member_locked){ m->n, row };
}

/* assay_members_add - see member.h */
void assay_members_add(
    struct assay_members *m, struct assay_unpack *u, const struct assay_unpack_member *member)
{
	json_t *row = NULL;

	m->n++;
	if (json_array_size(m->rows) < m->rows_max)
		row = new_row(m, u, member);
	if (member->encrypted && member->kind != ASSAY_UNPACK_DIR)
		lock(m, row);
	else if (member->kind == ASSAY_UNPACK_FILE && m->spent)
		fail(m, row, false, &(struct assay_err){ .text = "not unpacked: a limit was met" });
	else if (member->kind == ASSAY_UNPACK_FILE && !unpack(m, u, member, row) && m->suspect)
		lock(m, row);
}

/* assay_members_open - see member.h */
bool assay_members_open(struct assay_members *m, struct assay_unpack *u,
    const struct assay_unpack_member *member, const struct assay_member_locked *locked)
{
	const uint64_t n = m->n;
	bool good;

	m->n = locked->number;
	good = !m->spent && unpack(m, u, member, locked->row);
	m->n = n;
	json_object_set_new_nocheck(locked->row, "error",
	    good ? json_null() : json_string_nocheck("encrypted: no password fits"));
	return good;
}

/* assay_members_beside - see member.h */
json_t *assay_members_beside(struct assay_members *m, struct assay_slice bytes, const char *place)
{
	const struct assay_payload *child;

	if (bytes.n == 0)
		return json_null();
	child =
	    assay_result_child(m->result, &(struct assay_child){ .bytes = bytes, .place = place });
	return child != NULL ? assay_json_str(assay_payload_id(child)) : json_null();
}

/* row_of - of a member of that name, one that has no payload yet before all others; *number is the
 * member's */
static json_t *row_of(const struct assay_members *m, const char *name, uint64_t *number)
{
	json_t *row, *had = NULL;
	size_t i;

	json_array_foreach(m->rows, i, row)
	{
		const char *own = json_string_value(json_object_get(row, "name"));

		if (own == NULL || strcmp(own, name) != 0)
			continue;
		*number = i + 1;
		if (json_is_null(json_object_get(row, "payload_id")))
			return row;
		had = row;
	}
	return had;
}

/* row_for - a new row for a file of a program; NULL when there are enough */
static json_t *row_for(struct assay_members *m, const char *name, bool secret)
{
	static const char *const unknown[] = { "size_declared", "mtime", "link", "payload_id",
		"error" };
	json_t *row;

	if (json_array_size(m->rows) >= m->rows_max)
		return NULL;
	row = json_object();
	json_object_set_new_nocheck(row, "name", assay_json_str(name));
	json_object_set_new_nocheck(row, "type", assay_json_str(kinds[ASSAY_UNPACK_FILE]));
	json_object_set_new_nocheck(row, "encrypted", json_boolean(secret));
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		json_object_set_new_nocheck(row, unknown[i], json_null());
	json_array_append_new(m->rows, row);
	return row;
}

/* settle - a member whose content is there now is no longer waited for */
static void settle(struct assay_members *m, const json_t *row)
{
	size_t left = 0;

	for (size_t i = 0; i < m->nlocked; i++)
		if (m->locked[i].row != row)
			m->locked[left++] = m->locked[i];
	if (left == m->nlocked && m->unsupported > 0)
		m->unsupported--;
	m->nlocked = left;
}

/* assay_members_adopt - see member.h */
void assay_members_adopt(
    struct assay_members *m, const char *name, struct assay_slice bytes, bool secret)
{
	uint64_t number = 0;
	json_t *row = row_of(m, name, &number);

	if (row != NULL && !json_is_null(json_object_get(row, "payload_id")))
		return;
	if (row != NULL) {
		settle(m, row);
	} else {
		number = ++m->n;
		row = row_for(m, name, secret);
	}
	keep(m, &(struct assay_child){ .bytes = bytes, .filename = last_part(name) }, number, row);
	if (row == NULL)
		return;
	json_object_set_new_nocheck(row, "size", json_integer((json_int_t)bytes.n));
	json_object_set_new_nocheck(row, "error", json_null());
}

/* assay_members_give_up - see member.h */
void assay_members_give_up(struct assay_members *m, const char *why)
{
	for (size_t i = 0; i < m->nlocked; i++)
		if (json_is_null(json_object_get(m->locked[i].row, "error")))
			json_object_set_new_nocheck(m->locked[i].row, "error", assay_json_str(why));
}
