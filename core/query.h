/*
 * core/query.h - what `assay search` is asked, as a tree a store understands
 *
 *	query   = and { "or" and }		and  = not { [ "and" ] not }
 *	not     = "not" not | "(" query ")" | term
 *	term    = WORD ":" VALUE | TEXT		a VALUE or TEXT with spaces stands in "..."
 *
 * WORD is a word of the vocabulary (compared as that declares: core/facts.h), one of those of the
 * store (verdict, rule, queue_id, scan_id, finding: the kind of one), since, until, date (A..B),
 * body or text. The tree for struct assay_connector.query, member "match" (all text lower case, as
 * stores compare it):
 *
 *	{"and": [..]} {"or": [..]} {"not": node}
 *	{"word", "is": "glob", "value"}		* and ?, else equal
 *	{"word", "is": "domain", "value"}	an address in that domain or below
 *	{"word", "is": "net", "from", "to"}	16 bytes each, hex, IPv4 as ::ffff:0:0/96
 *	{"word", "is": "size", "from", "to"}	both meant
 *	{"word", "is": "one_of", "values"}	equal to one
 *	{"is": "time", "from", "to"}		of the message, ms, [from, to)
 *	{"is": "text", "in": "all" | "body", "value"}	a part of the text
 *	{"is": "mail", "value"}			all reports of the mail of that scan_id (no term)
 *
 * The whole query a connector gets, all members but "want" may be missing:
 *
 *	{"match": node, "want", "word", "all": superseded and repeated reports too, "limit"}
 *	want "reports": a row is a report, newest first; "count": one row {"count"}; "values": rows
 *	{"value"} of "word"; "counts": rows {"value", "count"} of mails by "word" (or by day, month,
 *	hour), most (latest) first; "findings": the findings of the reports, the first first
 *
 * Linear; nesting, terms and bytes are bounded below.
 */
#ifndef ASSAY_QUERY_H
#define ASSAY_QUERY_H

#include <jansson.h>

#include <assay/types.h>

struct assay_vocabulary;

#define ASSAY_QUERY_DEPTH 32u
#define ASSAY_QUERY_TERMS 200u
#define ASSAY_QUERY_BYTES ((size_t)64 * 1024)
#define ASSAY_QUERY_VALUE 2048u

struct assay_query_context {
	const struct assay_vocabulary *vocabulary;
	int64_t now_ms; /* what 30d is before */
};

/* New reference in *match; NULL for a query without terms: everything. E_USAGE: what is wrong and
 * where, with the nearest word. */
ASSAY_MUST_CHECK enum assay_status assay_query_parse(struct assay_slice text,
    const struct assay_query_context *context, json_t **match, struct assay_err *err);
/* {"word", "is": "one_of"} of lines; empty lines are left out. E_USAGE: no such word. */
ASSAY_MUST_CHECK enum assay_status assay_query_lines(const char *word, struct assay_slice lines,
    const struct assay_query_context *context, json_t **match, struct assay_err *err);
/* Is it a word whose values can be listed or counted (of the vocabulary or of the store)? E_USAGE
 * otherwise. */
ASSAY_MUST_CHECK enum assay_status assay_query_word(
    const char *word, const struct assay_query_context *context, struct assay_err *err);

#endif
