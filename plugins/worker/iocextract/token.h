/*
 * iocextract/token.h - addresses and digests in a text
 *
 * IPv4 and IPv6 addresses, also defanged (1[.]2.3[.]4, 2001[:]db8::1), MAC addresses and hex
 * digests of the usual lengths, each with nothing around it that makes it part of something else
 * (a version with five numbers, a longer digest, a UUID). One pass, linear: at each place at most
 * some hundred bytes are read ahead. Any bytes.
 */
#ifndef ASSAY_IOCEXTRACT_TOKEN_H
#define ASSAY_IOCEXTRACT_TOKEN_H

#include <assay/types.h>

#include "found.h"

/* Calls hit for each, as we write it: lower case, refanged, addresses in their shortest form, MAC
 * addresses with colons. The value is borrowed for the call. */
void assay_token_scan(struct assay_slice text,
    void (*hit)(void *user, enum assay_found_kind kind, struct assay_slice value), void *user);

#endif
