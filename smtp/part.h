/*
 * smtp/part.h - one entity of a message, as the walk found it
 *
 * Data only. Slices point into the message (or into a decoded copy in the arena) and live as long
 * as the mail. Parts of the primary reading come in wire order, parents before children; what other
 * readers would see follows, `reading` being a word of defects[].
 */
#ifndef ASSAY_SMTP_PART_H
#define ASSAY_SMTP_PART_H

#include <assay/types.h>

#include "mail/header.h"
#include "mail/param.h"

enum assay_part_coding {
	ASSAY_PART_RAW, /* 7bit, 8bit, binary, absent */
	ASSAY_PART_BASE64,
	ASSAY_PART_QP,
	ASSAY_PART_UU,
	ASSAY_PART_YENC,
	ASSAY_PART_BINHEX,
	ASSAY_PART_GZIP64,
	ASSAY_PART_UNKNOWN,
	ASSAY_PART_CODINGS
};

#define ASSAY_PART_TYPES 4       /* Content-Type fields that are looked at */
#define ASSAY_PART_BOUNDARIES 12 /* readings of the boundary */
#define ASSAY_PART_NAMES 8       /* readings of the file name */

/* What the header fields say of an entity, in all readings. */
struct assay_entity {
	struct assay_param_list *type[ASSAY_PART_TYPES]; /* each Content-Type field, best first */
	size_t ntype;
	struct assay_slice content_type; /* of the best reading, lower case; "" when none */
	struct assay_slice charset;
	struct assay_slice disposition;            /* lower case; "" */
	struct assay_slice content_id;             /* without <> */
	struct assay_slice encoding;               /* as written by the field that counts; "" */
	struct assay_slice name[ASSAY_PART_NAMES]; /* the best first */
	size_t nname;
	struct assay_slice name_raw; /* as written */
	struct assay_slice boundary[ASSAY_PART_BOUNDARIES];
	size_t nboundary;
	enum assay_part_coding coding; /* of the best reading */
	unsigned codings;              /* bit per coding some reader would take */
	bool multipart, message;       /* of the best reading */
};

struct assay_part {
	struct assay_slice bytes; /* header and body */
	struct assay_slice body;
	struct assay_header header;
	struct assay_entity entity;
	const struct assay_part *parent;
	const char
	    *place; /* "1.2" as in IMAP; "0" the message and its header; its only part is "1" */
	const char *reading; /* NULL in the primary reading, else the word of the defect */
	unsigned depth;
	size_t children; /* parts that were split off */
	bool split;      /* parts between its delimiters were split off */
	bool opaque;     /* not split although it should be: a limit */
	bool blob;       /* bytes between parts: no header, only body */
	/* What became of it; see leaf.h and body.h. */
	bool shown; /* chosen as body or body_html */
	const char
	    *payload_id; /* of the first child made of it; NULL: the parent's bytes hold it */
	size_t size;     /* decoded */
};

#endif
