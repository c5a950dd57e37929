/*
 * clamav/verdict.h - what ClamAV said of a payload, from the library or from clamd, as a result
 *
 * One vocabulary for both: a name is a signature's, a heuristic's ("Heuristics..."), or says that a
 * limit was met ("Heuristics.Limits.Exceeded..."): that is no finding but bytes nobody looked at,
 * and goes to limits[]. Only signatures make a payload infected.
 */
#ifndef ASSAY_CLAMAV_VERDICT_H
#define ASSAY_CLAMAV_VERDICT_H

#include <assay/plugin.h>

#define ASSAY_CLAMAV_NAMES 100u /* of one payload that are kept */

struct assay_clamav_verdict {
	struct assay_result *result;
	json_t *signatures; /* [{name, heuristic}] */
	const char *first;  /* name of the first signature, inside `signatures` */
	size_t found;       /* names, those not kept too */
	/* What limits were in force, for limits[]; 0: not known to us (clamd's own). */
	uint64_t file_max, scan_max;
	unsigned files_max, depth_max, timeout_ms;
};

/* Makes the empty list; assay_clamav_verdict_keep hands it to the result. */
void assay_clamav_verdict_begin(struct assay_clamav_verdict *v);
/* A name of n bytes, once each: of a signature, a heuristic or a limit. */
void assay_clamav_verdict_add(struct assay_clamav_verdict *v, const char *name, size_t n);
/* infected, signature, signatures into the result's object; limits[] when names were left out. */
void assay_clamav_verdict_keep(struct assay_clamav_verdict *v);

#endif
