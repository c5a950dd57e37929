/*
 * tnef/stream.h - the two layers of a TNEF stream: attributes, and MAPI properties inside them
 *
 * [MS-OXTNEF] 2.1. Readers over borrowed bytes of a stranger: every length is checked against what
 * is there, nothing is allocated, each byte is looked at once. What is cut off ends the walk and is
 * told.
 */
#ifndef ASSAY_TNEF_STREAM_H
#define ASSAY_TNEF_STREAM_H

#include <assay/types.h>

struct assay_stream {
	struct assay_slice rest;
	bool cut;               /* the last one was longer than what is left */
	uint32_t bad_checksums; /* of attributes */
};

/* False: the bytes do not begin as TNEF does. */
bool assay_stream_init(struct assay_stream *stream, struct assay_slice bytes);

/* Whole numbers of [MS-OXTNEF] 2.1.3.3: type in the upper half. */
enum assay_stream_id {
	ASSAY_STREAM_SUBJECT = 0x00018004,
	ASSAY_STREAM_MESSAGE_ID = 0x00018009,
	ASSAY_STREAM_TITLE = 0x00018010,
	ASSAY_STREAM_BODY = 0x0002800c,
	ASSAY_STREAM_DATA = 0x0006800f,
	ASSAY_STREAM_METAFILE = 0x00068011,
	ASSAY_STREAM_CLASS = 0x00078008,
	ASSAY_STREAM_TRANSPORT_NAME = 0x00069001,
	ASSAY_STREAM_REND_DATA = 0x00069002,  /* the next attachment begins */
	ASSAY_STREAM_PROPS = 0x00069003,      /* properties of the message */
	ASSAY_STREAM_ATTACHMENT = 0x00069005, /* properties of the attachment */
	ASSAY_STREAM_CODEPAGE = 0x00069007
};

struct assay_stream_attribute {
	bool attachment; /* of an attachment, not of the message */
	uint32_t id;
	struct assay_slice data; /* when cut: as much as there is */
};
bool assay_stream_next(struct assay_stream *stream, struct assay_stream_attribute *attribute);

/* ---- properties ------------------------------------------------------------------------------ */

#define ASSAY_STREAM_STRING8 0x1e
#define ASSAY_STREAM_UNICODE 0x1f
#define ASSAY_STREAM_OBJECT 0x0d
#define ASSAY_STREAM_BINARY 0x102
#define ASSAY_STREAM_LONG 0x03

struct assay_stream_props {
	struct assay_slice rest;
	uint32_t left;
	bool cut;
};
void assay_stream_props_init(struct assay_stream_props *props, struct assay_slice data);

struct assay_stream_prop {
	uint16_t type;            /* without the bit for several values */
	uint16_t id;              /* 0x8000 and above: named, which we know none of */
	struct assay_slice value; /* the first one, without its length; of numbers the bytes */
};
bool assay_stream_prop_next(struct assay_stream_props *props, struct assay_stream_prop *prop);

/* Little-endian, 0 past the end. */
uint32_t assay_stream_u32(struct assay_slice s, size_t at);

#endif
