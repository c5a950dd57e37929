/*
 * text/qp.h - quoted-printable (RFC 2045 6.7) and the Q encoding of headers (RFC 2047 4.2)
 *
 * Takes any bytes: an escape that is none is kept literally and counted; lower case hex is taken;
 * a soft break may have white space before the line end, which may be CRLF, LF or CR; a lone '='
 * at the end is one, too. Line ends are kept as they are. Linear.
 */
#ifndef ASSAY_TEXT_QP_H
#define ASSAY_TEXT_QP_H

#include <assay/types.h>

struct assay_buf;

#define ASSAY_QP_HEADER 1u /* '_' is a space, there are no soft breaks */
#define ASSAY_QP_STRIP 2u  /* delete white space before line ends, as RFC 2045 rule 3 says */

struct assay_qp {
	size_t n;        /* bytes written */
	size_t invalid;  /* '=' that are no escape, kept literally */
	size_t soft;     /* soft line breaks */
	size_t trailing; /* white space bytes before hard line ends: readers differ on them */
	bool cut;        /* out was full */
};

void assay_qp_decode(
    struct assay_slice in, unsigned flags, struct assay_buf *out, struct assay_qp *r);

#endif
