/*
 * core/policyopts.c - see policyopts.h. Data only: what a row says here is what `assay config
 * --explain`, assay.conf(5) and the shipped assay.conf say.
 */
#include "core/policyopts.h"

#define FAILURE "accept|tag|quarantine|tempfail|reject"

const struct assay_opt assay_policy_rows[] = {
	{ "enforce", ASSAY_OPT_BOOL, "no", 0, 0, NULL,
	    "Do what is decided; no: observe, every mail is accepted unchanged and its report says "
	    "what would have been done" },
	{ "on_error", ASSAY_OPT_ENUM, "tempfail", 0, 0, FAILURE,
	    "Mail that could not be taken in or kept" },
	{ "on_overload", ASSAY_OPT_ENUM, "tempfail", 0, 0, FAILURE,
	    "Mail for which no scan process was free in time" },
	{ "on_timeout", ASSAY_OPT_ENUM, "tempfail", 0, 0, FAILURE,
	    "Mail whose scan did not end in time" },
	{ "on_crash", ASSAY_OPT_ENUM, "tempfail", 0, 0, FAILURE,
	    "Mail on which the scan process died again and again" },
	{ "on_limit", ASSAY_OPT_ENUM, "tag", 0, 0, FAILURE,
	    "Mail with bytes that were not looked at, as a limit was met (effect \"unseen\")" },
	{ "on_worker_failed", ASSAY_OPT_ENUM, "tag", 0, 0, FAILURE,
	    "Mail on which a worker failed; one of required_workers makes it at least tempfail" },
	{ "required_workers", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "Plugins without whose result no mail goes on" },
	{ "on_give_up", ASSAY_OPT_ENUM, "tag", 0, 0, "accept|tag|quarantine|reject",
	    "Mail that we have put off often or long enough because of one of the above" },
	{ "give_up_tries", ASSAY_OPT_INT, "3", 1, 1000, NULL,
	    "How often one mail is put off by us" },
	{ "give_up_after", ASSAY_OPT_TIME, "2h", 1000, INT64_MAX, NULL,
	    "How long one mail is put off by us" },
	{ "exempt_networks", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "Clients whose mail is not scanned, as ADDRESS or ADDRESS/BITS" },
	{ "exempt_auth", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "Logged-in users whose mail is not scanned; *: all of them" },
	{ "exempt_daemons", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "Names of daemons of the mail server whose mail is not scanned" },
	{ "exempt_senders", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "Envelope senders whose mail is not scanned, as user@domain, @domain (and below), a "
	    "pattern, or <> for the empty sender" },
	{ "exempt_rcpts", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "Recipients whose mail is not scanned, where all of a mail are among them" },
	{ "exempt_size", ASSAY_OPT_SIZE, "0B", 0, INT64_MAX, NULL,
	    "Mail larger than this is not scanned; 0B: any size is" },
	{ "headers", ASSAY_OPT_ENUM, "tag", 0, 0, "never|tag|always",
	    "When the headers below are added: to mail that is tagged or quarantined, or to all "
	    "that goes on" },
	{ "header_verdict", ASSAY_OPT_STR, "X-Assay-Verdict", 0, 0, NULL,
	    "Header with what was decided and why; empty: none" },
	{ "header_scan_id", ASSAY_OPT_STR, "X-Assay-Scan-Id", 0, 0, NULL,
	    "Header with the scan_id of the report; empty: none" },
	{ "header_status", ASSAY_OPT_STR, "", 0, 0, NULL,
	    "Header with scanned, partial or unscanned, for Sieve; empty: none" },
	{ "reply_reject", ASSAY_OPT_STR, "550 5.7.1 Message refused by content policy (%{scan_id})",
	    0, 0, NULL,
	    "What a sender is told whose mail is rejected and whose rule has no reply" },
	{ "reply_tempfail", ASSAY_OPT_STR,
	    "451 4.7.1 Message could not be examined, try again later (%{scan_id})", 0, 0, NULL,
	    "What a sender is told whose mail is put off and whose rule has no reply" },
	{ NULL, 0, NULL, 0, 0, NULL, NULL },
};
