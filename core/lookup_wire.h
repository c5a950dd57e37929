/*
 * core/lookup_wire.h - what Postfix says to a table it looks up, and what it is told
 *
 * Two protocols, told apart by the first byte of each request:
 *
 *	socketmap_table(5)	"LEN:NAME KEY,"		"LEN:OK VALUE," "9:NOTFOUND ," "LEN:TEMP
 *why," tcp_table(5)		"get KEY\n"		"200 VALUE\n" "500 not found\n" "400 why\n"
 *
 * In the second, bytes of KEY and VALUE may stand as %XX, and the table has no name. Linear;
 *touches nothing but what it is given. A request is at most ASSAY_LOOKUP_BYTES long.
 */
#ifndef ASSAY_LOOKUP_WIRE_H
#define ASSAY_LOOKUP_WIRE_H

#include <assay/types.h>

struct assay_buf;

#define ASSAY_LOOKUP_BYTES 4096u

enum assay_lookup_verb { ASSAY_LOOKUP_GET, ASSAY_LOOKUP_OTHER /* tcp: no command we know */ };

struct assay_lookup_request {
	bool tcp;
	enum assay_lookup_verb verb;
	struct assay_slice map; /* socketmap: the table's name; tcp: absent */
	struct assay_slice key; /* any bytes; in `in` or in `room` */
};

/* The request at the begin of `in`, and how long it is. ASSAY_END: the rest is not there yet.
 * E_SYNTAX: neither protocol, or too long: what follows cannot be understood either. */
ASSAY_MUST_CHECK enum assay_status assay_lookup_next(struct assay_slice in,
    char room[ASSAY_LOOKUP_BYTES], size_t *used, struct assay_lookup_request *request);

enum assay_lookup_answer {
	ASSAY_LOOKUP_FOUND,    /* text: the value */
	ASSAY_LOOKUP_NOTFOUND, /* text: not said */
	ASSAY_LOOKUP_TEMP,     /* text: why; ask again later */
	ASSAY_LOOKUP_PERM      /* text: why; the configuration is wrong */
};

/* Appends the answer. `text` is one printable line. */
void assay_lookup_add(
    struct assay_buf *out, bool tcp, enum assay_lookup_answer answer, const char *text);

#endif
