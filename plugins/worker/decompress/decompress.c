/*
 * decompress - archives and compressed files: their members as children, recursively by the engine
 *
 * Reads archives with libarchive, inside the sandbox, in memory: no name of a member reaches a
 * disk. Order of work: every member as it stands; passwords on what is encrypted; what stands
 * before, behind and in between. Each step has the same deadline. What cannot be read is a finding
 * with a reason (`damage`, members[].error), not an error.
 */
#include <stdlib.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/slice.h"

#include "extent.h"
#include "member.h"
#include "password.h"
#include "tools.h"
#include "unpack.h"

#define WRONG_IN_A_ROW 3u /* then a password is none of this archive */

struct decompress {
	const char *const *passwords;
	size_t passwords_max, members_max;
	int64_t timeout_ms;
	const char *charset;
	struct assay_tools tools;
};

/* One payload. */
struct work {
	const struct decompress *conf;
	const struct assay_payload *payload;
	struct assay_slice bytes;
	size_t from; /* where reading begins */
	struct assay_members members;
	int64_t until_ms;
	enum assay_unpack_format format;
	const char *format_name;
	json_t *filters;
	struct assay_err damage; /* text: why the list ends early; or empty */
	bool late;
	const char *password;         /* that worked; or NULL */
	const char *const *passwords; /* to try; NULL: not asked for yet */
	size_t consumed;
	uint64_t produced;
};

static const struct assay_opt options[] = {
	{ "passwords", ASSAY_OPT_LIST,
	    "infected, infect, malware, password, virus, 1234, 12345, 123456", 0, 0, NULL,
	    "tried on encrypted members, beside words of the message" },
	{ "passwords_max", ASSAY_OPT_INT, "300", 0, 10000, NULL, "passwords tried on one archive" },
	{ "members_max", ASSAY_OPT_INT, "1000", 1, 100000, NULL,
	    "members listed of one archive; all are counted" },
	{ "timeout", ASSAY_OPT_TIME, "20s", 10, 3600000, NULL,
	    "for one archive; what was unpacked until then is kept" },
	{ "programs", ASSAY_OPT_BOOL, "yes", 0, 0, NULL,
	    "use 7z and unar, where they are installed, for what libarchive cannot" },
	{ "name_charset", ASSAY_OPT_STR, "", 0, 0, NULL,
	    "of member names that are no UTF-8; empty: as usual for the format" },
	{ NULL, ASSAY_OPT_INT, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "format", ASSAY_STR, ASSAY_TECHNICAL,
	    "zip, 7z, rar, rar5, tar, cpio, ar, cab, iso, lha, xar; of a single compressed file "
	    "how it is compressed" },
	{ "filters[]", ASSAY_STR, ASSAY_TECHNICAL, "compression around it, outermost first" },
	{ "encrypted", ASSAY_BOOL, ASSAY_TECHNICAL, "a member, or the list of them, is encrypted" },
	{ "password_used", ASSAY_STR | ASSAY_NULL, ASSAY_PERSONAL, "the password that worked" },
	{ "complete", ASSAY_BOOL, ASSAY_TECHNICAL, "everything in it became a payload" },
	{ "damage", ASSAY_STR | ASSAY_NULL, ASSAY_PERSONAL, "why it could not be read to its end" },
	{ "member_count", ASSAY_INT, ASSAY_TECHNICAL, "members seen, those not listed too" },
	{ "members[].name", ASSAY_STR | ASSAY_NULL, ASSAY_PERSONAL,
	    "as the archive has it, directories included" },
	{ "members[].type", ASSAY_STR, ASSAY_TECHNICAL,
	    "file, dir, symlink, hardlink, device or other" },
	{ "members[].size", ASSAY_INT | ASSAY_NULL, ASSAY_TECHNICAL, "bytes that came out" },
	{ "members[].size_declared", ASSAY_INT | ASSAY_NULL, ASSAY_TECHNICAL,
	    "as the archive has it" },
	{ "members[].mtime", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "time of last change" },
	{ "members[].link", ASSAY_STR | ASSAY_NULL, ASSAY_PERSONAL, "where a link leads" },
	{ "members[].encrypted", ASSAY_BOOL, ASSAY_TECHNICAL, "the content is encrypted" },
	{ "members[].payload_id", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "the member's payload" },
	{ "members[].error", ASSAY_STR | ASSAY_NULL, ASSAY_PERSONAL,
	    "why there is no payload, or not the whole of it" },
	{ "before.size", ASSAY_INT, ASSAY_TECHNICAL, "bytes in front of the archive" },
	{ "before.payload_id", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "their payload" },
	{ "behind.size", ASSAY_INT, ASSAY_TECHNICAL, "bytes behind the archive" },
	{ "behind.payload_id", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL, "their payload" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "archive", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "format", "format of an archive" },
	{ "archive_encrypted", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_FLAG, "encrypted",
	    "an archive with something encrypted" },
	{ "archive_complete", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_FLAG, "complete",
	    "everything in an archive could be unpacked" },
	{ "archive_password", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "password_used",
	    "password that opened an archive" },
	{ "member", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "members[].name",
	    "name of a member of an archive, with its directories" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* decompress_open - reads the options */
static enum assay_status decompress_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct decompress *d = assay_xcalloc(1, sizeof(*d));
	const char *charset = assay_opt_str(opts, "name_charset");

	(void)err;
	d->passwords = assay_opt_list(opts, "passwords");
	d->passwords_max = (size_t)assay_opt_int(opts, "passwords_max");
	d->members_max = (size_t)assay_opt_int(opts, "members_max");
	d->timeout_ms = assay_opt_int(opts, "timeout");
	assay_tools_init(&d->tools, assay_opt_int(opts, "programs") != 0);
	d->charset = charset[0] != 0 ? charset : NULL;
	*state = d;
	return ASSAY_OK;
}

/* decompress_warm - converters and parsers */
static enum assay_status decompress_warm(void *state, struct assay_err *err)
{
	(void)state;
	(void)err;
	assay_unpack_warm();
	return ASSAY_OK;
}

/* decompress_close - frees the state */
static void decompress_close(void *state)
{
	assay_unpack_cool();
	free(state);
}

/* ---- the members ----------------------------------------------------------------------------- */

/* open_reader - over the payload */
static struct assay_unpack *open_reader(const struct work *w, const char *password, unsigned flags)
{
	return assay_unpack_open(assay_slice_from(w->bytes, w->from),
	    &(struct assay_unpack_options){
		.password = password, .until_ms = w->until_ms, .flags = flags });
}

/* note - what kind of archive it is */
static void note(struct work *w, struct assay_unpack *u)
{
	const char *filter;

	w->format = assay_unpack_format(u);
	w->format_name = assay_unpack_format_name(u);
	json_array_clear(w->filters);
	for (int i = 0; (filter = assay_unpack_filter(u, i)) != NULL; i++)
		json_array_append_new(w->filters, assay_json_str(filter));
	w->members.suspect =
	    w->format == ASSAY_UNPACK_RAR5 && assay_extent_rar5_encrypted(w->bytes);
}

/* list - every member, as far as it can be read without a password */
static void list(struct work *w, unsigned flags)
{
	struct assay_unpack *u = open_reader(w, NULL, flags);
	struct assay_unpack_member member;
	enum assay_status status;
	bool first = true;

	for (;; first = false) {
		status = assay_unpack_next(u, &member, &w->damage);
		if (first)
			note(w, u);
		if (status != ASSAY_OK || w->format == ASSAY_UNPACK_NONE)
			break;
		assay_members_add(&w->members, u, &member);
	}
	if (w->format != ASSAY_UNPACK_NONE && assay_unpack_has_encrypted(u))
		w->members.encrypted = true;
	w->consumed = w->bytes.n;
	if (status == ASSAY_END) {
		w->damage.text[0] = 0;
		w->consumed = (size_t)assay_unpack_consumed(u);
		w->produced = assay_unpack_produced(u);
	}
	w->late = status == ASSAY_E_TIMEOUT;
	assay_unpack_close(&u);
}

/* list_all - the whole of it, read another way where the first gives nothing */
static void list_all(struct work *w)
{
	list(w, 0);
	/* A volume of several, or one with much behind it: libarchive does not look for those. */
	if (w->format == ASSAY_UNPACK_NONE && (w->from = assay_extent_zip(w->bytes)) > 0)
		list(w, ASSAY_UNPACK_STREAM);
	/* Its directory is broken or empty; what it does not list may be there. */
	if (w->format == ASSAY_UNPACK_ZIP && w->members.n == 0 && w->from == 0)
		list(w, ASSAY_UNPACK_STREAM);
	/* Anything that begins with a thousand NULs is an empty tar. */
	if (w->format != ASSAY_UNPACK_TAR || w->members.n > 0 || w->damage.text[0] != 0)
		return;
	if (json_array_size(w->filters) > 0)
		list(w, ASSAY_UNPACK_RAW_ONLY);
	else
		w->format = ASSAY_UNPACK_NONE;
}

/* ---- passwords ------------------------------------------------------------------------------- */

/* try_one - a password on all that is still locked; it may open some of them */
static void try_one(struct work *w, const char *password)
{
	struct assay_members *m = &w->members;
	struct assay_unpack *u = open_reader(w, password, 0);
	struct assay_unpack_member member;
	struct assay_err err;
	size_t left = 0, at = 0;
	unsigned wrong = 0;

	for (uint64_t n = 1; at < m->nlocked && wrong < WRONG_IN_A_ROW; n++) {
		if (assay_unpack_next(u, &member, &err) != ASSAY_OK)
			break;
		if (m->locked[at].number != n)
			continue;
		if (assay_members_open(m, u, &member, &m->locked[at])) {
			w->password = w->password != NULL ? w->password : password;
			wrong = 0;
		} else {
			m->locked[left++] = m->locked[at];
			wrong++;
		}
		at++;
	}
	while (at < m->nlocked)
		m->locked[left++] = m->locked[at++];
	m->nlocked = left;
	assay_unpack_close(&u);
}

/* passwords - to be tried, the likeliest first */
static const char *const *passwords(struct work *w)
{
	if (w->passwords == NULL)
		w->passwords =
		    assay_passwords_of(w->payload, w->conf->passwords, w->conf->passwords_max);
	return w->passwords;
}

/* unlock - passwords on what is encrypted, where libarchive can decrypt */
static void unlock(struct work *w)
{
	const char *const *password;

	if (w->members.nlocked == 0 || w->format != ASSAY_UNPACK_ZIP)
		return;
	password = passwords(w);
	for (; *password != NULL && w->members.nlocked > 0 && !w->members.spent; password++) {
		if (assay_clock_mono_ms() > w->until_ms)
			return;
		try_one(w, *password);
	}
}

/* ---- other programs -------------------------------------------------------------------------- */

/* is_encrypted - something in it, or the list of it */
static bool is_encrypted(const struct work *w)
{
	return w->members.encrypted || w->members.suspect || assay_extent_head_encrypted(w->bytes);
}

/* tool_for - who could do what is left to do; ASSAY_TOOLS: nothing is, or nobody */
static enum assay_tool tool_for(const struct work *w)
{
	const bool locked = w->members.nlocked > 0 || assay_extent_head_encrypted(w->bytes);
	const char *name = w->format_name != NULL ? w->format_name : "";

	if (w->late || w->members.spent)
		return ASSAY_TOOLS;
	if (strcmp(name, "7z") == 0 && locked)
		return ASSAY_TOOL_7Z_TRY;
	if ((strcmp(name, "rar") == 0 || strcmp(name, "rar5") == 0) &&
	    (locked || w->members.suspect))
		return ASSAY_TOOL_RAR_TRY;
	return w->members.unsupported > 0 || assay_extent_is_other(name) ? ASSAY_TOOL_7Z
									 : ASSAY_TOOLS;
}

/* not_had - why a program did not help, where nothing better is known */
static void not_had(struct work *w, enum assay_status status, const struct assay_err *why)
{
	if (status == ASSAY_E_TIMEOUT)
		w->late = true;
	if (status == ASSAY_E_LIMIT)
		assay_result_limit(w->members.result, "decompress_programs", ASSAY_TOOLS_BYTES + 1,
		    ASSAY_TOOLS_BYTES, true);
	assay_members_give_up(&w->members, why->text);
	if (w->members.n == 0 && (w->damage.text[0] == 0 || status == ASSAY_END))
		w->damage = *why;
}

/* ask_others - files that another program takes out, with a password or without */
static void ask_others(struct work *w)
{
	struct assay_tools_run run = { .tool = tool_for(w), .payload = w->payload };
	const int64_t left = w->until_ms - assay_clock_mono_ms();
	const bool secret = is_encrypted(w);
	enum assay_status status;
	struct assay_err err;

	if (run.tool == ASSAY_TOOLS || left <= 0)
		return;
	run.timeout_ms = left < 60000 ? (unsigned)left : 60000;
	if (run.tool != ASSAY_TOOL_7Z)
		run.passwords = passwords(w);
	status = assay_tools_run(&w->conf->tools, &run, w->members.result, &err);
	if (status != ASSAY_OK) {
		not_had(w, status, &err);
		return;
	}
	w->password = w->password != NULL ? w->password : run.password;
	w->damage.text[0] = 0;
	for (size_t i = 0; i < run.out.nfiles && !w->members.spent; i++)
		assay_members_adopt(
		    &w->members, run.out.files[i].name, run.out.files[i].bytes, secret);
	if (run.out.left_out > 0)
		w->members.partial = true;
	if (run.out.nfiles + run.out.left_out > ASSAY_TOOLS_FILES)
		assay_result_limit(w->members.result, "decompress_program_files",
		    run.out.nfiles + run.out.left_out, ASSAY_TOOLS_FILES, true);
	if (run.out.exit != 0)
		(void)assay_err_set(&w->damage, ASSAY_E_SYNTAX, "7z could not read all of it");
}

/* ---- the rest of the file -------------------------------------------------------------------- */

/* beside - bytes before or behind as a child; nothing when there are none */
static void beside(struct work *w, struct assay_slice bytes, const char *which)
{
	json_t *out;

	if (bytes.n == 0)
		return;
	out = json_object();
	json_object_set_new_nocheck(out, "size", json_integer((json_int_t)bytes.n));
	json_object_set_new_nocheck(
	    out, "payload_id", assay_members_beside(&w->members, bytes, which));
	json_object_set_new_nocheck(assay_result_json(w->members.result), which, out);
}

/* tail - what the filters give behind the end of the archive in them */
static void tail(struct work *w)
{
	struct assay_unpack *u = open_reader(w, NULL, ASSAY_UNPACK_RAW_ONLY);
	struct assay_unpack_bytes all = { NULL, 0 };
	struct assay_unpack_member member;
	struct assay_err err;
	uint64_t cap, total, most;
	struct assay_slice behind;
	size_t at = 0;

	assay_result_budget(w->members.result, &cap, &total);
	most = w->produced <= UINT64_MAX - cap ? w->produced + cap : UINT64_MAX;
	if (assay_unpack_next(u, &member, &err) == ASSAY_OK &&
	    assay_unpack_content(u, most, &all, &err) == ASSAY_OK && all.n > w->produced) {
		behind = assay_slice_from(assay_slice(all.p, all.n), (size_t)w->produced);
		while (at < behind.n && behind.p[at] == 0)
			at++;
		behind = at < behind.n ? assay_arena_slice(assay_payload_arena(w->payload), behind)
				       : ASSAY_SLICE_NONE;
		beside(w, behind, "behind");
	}
	free(all.p);
	assay_unpack_close(&u);
}

/* surround - what stands before and behind */
static void surround(struct work *w)
{
	struct assay_extent e = assay_extent_find(w->bytes, w->format, w->consumed);

	if (json_array_size(w->filters) > 0 && w->format != ASSAY_UNPACK_RAW) {
		if (w->damage.text[0] == 0 && !w->members.spent &&
		    (w->format == ASSAY_UNPACK_TAR || w->format == ASSAY_UNPACK_CPIO))
			tail(w);
		return;
	}
	if (w->from > 0)
		e.begin = w->from;
	beside(w, assay_slice_head(w->bytes, e.begin), "before");
	beside(w, assay_slice_from(w->bytes, e.end), "behind");
}

/* ---- the result ------------------------------------------------------------------------------ */

/* finish - the result's members */
static void finish(struct work *w)
{
	const struct assay_members *m = &w->members;
	const bool encrypted = is_encrypted(w);
	const bool complete = !m->partial && m->unsupported == 0 && m->nlocked == 0 &&
	    w->damage.text[0] == 0 && !(encrypted && m->n == 0);
	json_t *out = assay_result_json(m->result);

	json_object_set_new_nocheck(out, "format", assay_json_str(w->format_name));
	json_object_set_nocheck(out, "filters", w->filters);
	json_object_set_new_nocheck(out, "encrypted", json_boolean(encrypted));
	json_object_set_new_nocheck(out, "password_used", assay_json_str(w->password));
	json_object_set_new_nocheck(out, "complete", json_boolean(complete));
	json_object_set_new_nocheck(
	    out, "damage", w->damage.text[0] != 0 ? assay_json_str(w->damage.text) : json_null());
	json_object_set_new_nocheck(out, "member_count", json_integer((json_int_t)m->n));
	json_object_set_nocheck(out, "members", m->rows);
	if (m->n > json_array_size(m->rows))
		assay_result_limit(
		    m->result, "decompress_members", m->n, json_array_size(m->rows), false);
	if (w->late)
		assay_result_limit(m->result, "decompress_timeout", (uint64_t)w->conf->timeout_ms,
		    (uint64_t)w->conf->timeout_ms, true);
}

/* claimed - what it begins with, when it cannot be read at all; NULL: it never said it was one */
static const char *claimed(struct work *w)
{
	const char *name = assay_extent_claims(w->bytes);

	if (name != NULL && w->damage.text[0] == 0)
		(void)assay_err_set(
		    &w->damage, ASSAY_E_SYNTAX, "of a kind that cannot be unpacked");
	return name;
}

/* decompress_scan - list, unlock, look around, tell */
static enum assay_status decompress_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct decompress *d = state;
	const uint64_t worker_ms = assay_result_allowed(result, "worker_timeout") / 4 * 3;
	const uint64_t ms =
	    (uint64_t)d->timeout_ms < worker_ms ? (uint64_t)d->timeout_ms : worker_ms;
	struct work w = { .conf = d,
		.payload = payload,
		.bytes = assay_payload_bytes(payload),
		.members = { .payload = payload,
		    .result = result,
		    .charset = d->charset,
		    .rows_max = d->members_max },
		.until_ms = assay_clock_mono_ms() + (int64_t)ms,
		.filters = json_array() };

	(void)err;
	assay_members_init(&w.members);
	list_all(&w);
	if (w.format == ASSAY_UNPACK_NONE)
		w.format_name = claimed(&w);
	if (w.format_name != NULL) {
		unlock(&w);
		ask_others(&w);
		surround(&w);
		finish(&w);
	}
	json_decref(w.members.rows);
	json_decref(w.filters);
	return ASSAY_OK;
}

/* decompress_programs - 7z and unar, as far as they are there */
static const struct assay_program *decompress_programs(void *state)
{
	const struct decompress *d = state;

	return d->tools.row[0].name != NULL ? d->tools.row : NULL;
}

static const struct assay_worker worker = { .scan = decompress_scan };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "decompress",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "members of archives and compressed files, by libarchive",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = decompress_open,
	.warm = decompress_warm,
	.close = decompress_close,
	.worker = &worker,
	.programs = decompress_programs,
};
