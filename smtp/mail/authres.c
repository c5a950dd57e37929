/*
 * mail/authres.c - see authres.h
 *
 * A value is a row of `;`-separated results: method=result, comments, ptype.property=value. Touches
 * memory only; cannot fail: what is not understood is passed over.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

#include "text/utf8.h"

#include "mail/authres.h"
#include "mail/header.h"
#include "mail/lex.h"

#define FIELD "Authentication-Results"

/* One method=result with its properties; slices into the field. */
struct resinfo {
	struct assay_slice method, result;
	struct assay_slice mailfrom, helo, header_d, header_i, header_s, header_from, policy;
	struct assay_slice comment;
};

struct reader {
	struct assay_arena *arena;
	struct assay_authres *out;
	struct assay_lex lex;
};

/* token_end - offset behind a word or a quoted string */
static size_t token_end(struct reader *rd, size_t pos)
{
	struct assay_slice s = rd->lex.s;
	size_t end;

	while (pos < s.n && !assay_ascii_is_space((unsigned char)s.p[pos]) && s.p[pos] != ';' &&
	    s.p[pos] != '(') {
		if (s.p[pos] == '"' && (end = assay_lex_quoted(&rd->lex, pos)) > 0)
			pos = end;
		else
			pos++;
	}
	return pos;
}

/* unquoted - a value without its quotes */
static struct assay_slice unquoted(struct assay_slice s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return assay_slice(s.p + 1, s.n - 2);
	return s;
}

/* host - what follows the @, or all of it */
static struct assay_slice host(struct assay_slice s)
{
	size_t at = assay_slice_find(s, '@');

	return at < s.n ? assay_slice_from(s, at + 1) : s;
}

/* set_property - ptype.property=value */
static void set_property(struct resinfo *info, struct assay_slice name, struct assay_slice value)
{
	const struct {
		const char *name;
		struct assay_slice *to;
	} known[] = { { "smtp.mailfrom", &info->mailfrom }, { "smtp.mail", &info->mailfrom },
		{ "smtp.envelope-from", &info->mailfrom }, { "smtp.helo", &info->helo },
		{ "header.d", &info->header_d }, { "header.i", &info->header_i },
		{ "header.s", &info->header_s }, { "header.from", &info->header_from },
		{ "policy.dmarc", &info->policy },
		{ "policy.published-domain-policy", &info->policy } };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (assay_slice_caseis(name, known[i].name) && known[i].to->n == 0)
			*known[i].to = unquoted(value);
}

/* take_pair - `name=value`, white space around `=` allowed (RFC 8601 2.2) */
static void take_pair(struct reader *rd, struct resinfo *info)
{
	struct assay_slice s = rd->lex.s, word, value;
	size_t start = rd->lex.pos, eq;

	rd->lex.pos = token_end(rd, start);
	word = assay_slice(s.p + start, rd->lex.pos - start);
	eq = assay_slice_find(word, '=');
	value = assay_slice_from(word, eq + 1);
	if (eq >= word.n || value.n == 0) {
		size_t pos = assay_lex_space(s, rd->lex.pos);

		if (eq >= word.n && (pos >= s.n || s.p[pos] != '='))
			return;
		if (eq >= word.n)
			pos = assay_lex_space(s, pos + 1);
		rd->lex.pos = token_end(rd, pos);
		value = assay_slice(s.p + pos, rd->lex.pos - pos);
	}
	word = assay_slice_trim(assay_slice_head(word, eq));
	if (info->method.n > 0) {
		set_property(info, word, value);
		return;
	}
	/* The version behind the method ("spf/1") says nothing today. */
	info->method = assay_slice_head(word, assay_slice_find(word, '/'));
	info->result = value;
}

/* read_resinfo - one result up to its `;` */
static void read_resinfo(struct reader *rd, struct resinfo *info)
{
	struct assay_slice s = rd->lex.s;

	*info = (struct resinfo){ 0 };
	for (;;) {
		size_t end;

		rd->lex.pos = assay_lex_space(s, rd->lex.pos);
		if (rd->lex.pos >= s.n)
			return;
		if (s.p[rd->lex.pos] == ';') {
			rd->lex.pos++;
			return;
		}
		end = s.p[rd->lex.pos] == '(' ? assay_lex_comment(&rd->lex, rd->lex.pos) : 0;
		if (end > 0) {
			if (info->comment.n == 0)
				info->comment =
				    assay_slice(s.p + rd->lex.pos + 1, end - rd->lex.pos - 2);
			rd->lex.pos = end;
		} else if (s.p[rd->lex.pos] == '(') {
			rd->lex.pos++;
		} else {
			take_pair(rd, info);
		}
	}
}

/* lower - a copy in the arena */
static struct assay_slice lower(struct reader *rd, struct assay_slice s)
{
	return assay_lex_lower(rd->arena, assay_slice_head(s, assay_utf8_cut(s, 1000)));
}

/* comment_policy - "p=REJECT" in the comment of opendmarc and Gmail */
static struct assay_slice comment_policy(struct assay_slice comment)
{
	struct assay_slice rest = comment, word;

	while (assay_slice_split(&rest, ' ', &word))
		if (assay_slice_casestarts(word, "p="))
			return assay_slice_from(word, 2);
	return ASSAY_SLICE_NONE;
}

/* keep_dkim - one signature's result */
static void keep_dkim(struct reader *rd, const struct resinfo *info)
{
	struct assay_authres *out = rd->out;
	struct assay_authres_dkim *dkim;

	out->dkim_total++;
	if (out->ndkim >= ASSAY_AUTHRES_DKIM)
		return;
	dkim = &out->dkim[out->ndkim++];
	dkim->result = lower(rd, info->result);
	dkim->domain = lower(rd, host(info->header_d.n > 0 ? info->header_d : info->header_i));
	/* Exchange writes header.d=none when nothing is signed. */
	if (assay_slice_is(dkim->domain, "none"))
		dkim->domain = ASSAY_SLICE_LIT("");
	dkim->selector = lower(rd, info->header_s);
}

/* keep - one result where it belongs; the first of its method counts, each dkim does */
static void keep(struct reader *rd, const struct resinfo *info)
{
	struct assay_authres *out = rd->out;

	if (assay_slice_caseis(info->method, "dkim")) {
		keep_dkim(rd, info);
	} else if (assay_slice_caseis(info->method, "spf") && out->spf_result.n == 0) {
		out->spf_result = lower(rd, info->result);
		out->spf_domain =
		    lower(rd, host(info->mailfrom.n > 0 ? info->mailfrom : info->helo));
	} else if (assay_slice_caseis(info->method, "dmarc") && out->dmarc_result.n == 0) {
		out->dmarc_result = lower(rd, info->result);
		out->dmarc_domain = lower(rd, host(info->header_from));
		out->dmarc_policy =
		    lower(rd, info->policy.n > 0 ? info->policy : comment_policy(info->comment));
	} else if (assay_slice_caseis(info->method, "arc") && out->arc_result.n == 0) {
		out->arc_result = lower(rd, info->result);
	}
}

/* read_id - the authserv-id at the front of a value */
static struct assay_slice read_id(struct reader *rd)
{
	struct assay_slice s = rd->lex.s;
	size_t start;

	assay_lex_skip(&rd->lex);
	start = rd->lex.pos;
	rd->lex.pos = token_end(rd, start);
	return unquoted(assay_slice(s.p + start, rd->lex.pos - start));
}

/* assay_authres_id - the authserv-id of one field's value */
struct assay_slice assay_authres_id(struct assay_arena *arena, struct assay_slice raw)
{
	struct reader rd = { .arena = arena };

	rd.lex = assay_lex(assay_header_unfold(arena, raw));
	return read_id(&rd);
}

/* read_field - one field, if it bears our id */
static bool read_field(struct reader *rd, struct assay_slice raw, struct assay_slice id)
{
	struct resinfo info;
	struct assay_slice found;

	rd->lex = assay_lex(assay_header_unfold(rd->arena, raw));
	found = read_id(rd);
	if (assay_slice_is(id, ASSAY_AUTHRES_NO_ID)) {
		if (assay_slice_find(found, '=') >= found.n)
			return false;
		rd->lex.pos = 0;
	} else if (!assay_slice_caseeq(found, id)) {
		return false;
	} else {
		/* A version number may follow the id. */
		read_resinfo(rd, &info);
	}
	while (rd->lex.pos < rd->lex.s.n) {
		read_resinfo(rd, &info);
		keep(rd, &info);
	}
	return true;
}

/* assay_authres_read - the first run of fields that bear the id */
bool assay_authres_read(struct assay_arena *arena, const struct assay_header *header,
    struct assay_slice authserv_id, struct assay_authres *authres)
{
	struct assay_slice none = ASSAY_SLICE_LIT("");
	struct reader rd = { .arena = arena, .out = authres };
	bool found = false;

	*authres = (struct assay_authres){ .authserv_id = authserv_id,
		.spf_result = none,
		.spf_domain = none,
		.dmarc_result = none,
		.dmarc_policy = none,
		.dmarc_domain = none,
		.arc_result = none };
	if (authserv_id.n == 0)
		return false;
	for (size_t i = 0; i < header->n; i++) {
		const struct assay_header_field *f = &header->field[i];

		if (found && assay_slice_caseis(f->name, "Received"))
			break;
		if (!assay_slice_caseis(f->name, FIELD))
			continue;
		if (read_field(&rd, f->value, authserv_id))
			found = true;
		else if (found)
			break;
	}
	return found;
}
