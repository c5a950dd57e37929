/*
 * core/finding.h - a later fact about a report, as a document (assay-finding/1, RESULT)
 *
 * Somebody hunted, scanned again, released, deleted, labelled or erased: that stands in a document
 * of its own, keyed by the scan_id of the report, which is never changed. Findings are also the
 * audit trail. What `note` and `facts` say may be a stranger's text; an "erased" finding says
 * nothing about anybody. Described for others in docs/assay-finding-1.schema.json.
 */
#ifndef ASSAY_FINDING_H
#define ASSAY_FINDING_H

#include <jansson.h>

#include <assay/types.h>

#define ASSAY_FINDING_SCHEMA "assay-finding/1"
#define ASSAY_FINDING_KINDS                                                                        \
	{                                                                                          \
		"hunt", "rescan", "delivered_bad", "released", "deleted", "label", "erased", NULL  \
	}
#define ASSAY_FINDING_LABELS                                                                       \
	{                                                                                          \
		"false_positive", "true_positive", NULL                                            \
	}

/* Everything is borrowed. */
struct assay_finding {
	const char *id; /* a UUID; NULL: a new one. Stores take the same one once */
	const char *scan_id;
	const char *payload_id; /* NULL: the whole report */
	int64_t time_ms;        /* wall time */
	const char *kind;       /* one of ASSAY_FINDING_KINDS */
	const char *by;         /* who or what says so: a user's name, a plugin's */
	const char *note;       /* or NULL */
	const char *label;      /* one of ASSAY_FINDING_LABELS, or NULL */
	const json_t *facts;    /* {word: [values]}, or NULL */
	const json_t *rules;    /* names of rules, or NULL */
};

/* A new document; text is made valid UTF-8. Aborts on a kind or label that
 * is none. */
json_t *assay_finding_json(const struct assay_finding *finding);
/* Is it a finding? E_SYNTAX: what is wrong. Members that are not known are no fault. */
ASSAY_MUST_CHECK enum assay_status assay_finding_check(
    const json_t *finding, struct assay_err *err);

#endif
