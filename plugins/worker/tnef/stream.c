/*
 * tnef/stream.c - see stream.h
 */
#include "base/slice.h"

#include "stream.h"

#define SIGNATURE 0x223e9f78u
#define SEVERAL 0x1000u

/* u16 - little-endian; 0 past the end */
static uint16_t u16(struct assay_slice s, size_t at)
{
	if (at + 2 > s.n)
		return 0;
	return (uint16_t)((unsigned char)s.p[at] | (unsigned char)s.p[at + 1] << 8);
}

/* assay_stream_u32 - see stream.h */
uint32_t assay_stream_u32(struct assay_slice s, size_t at)
{
	return at + 4 > s.n ? 0 : (uint32_t)u16(s, at) | (uint32_t)u16(s, at + 2) << 16;
}

/* ---- attributes ------------------------------------------------------------------------------ */

/* assay_stream_init - see stream.h */
bool assay_stream_init(struct assay_stream *stream, struct assay_slice bytes)
{
	*stream = (struct assay_stream){ .rest = assay_slice_from(bytes, 6) };
	return bytes.n >= 6 && assay_stream_u32(bytes, 0) == SIGNATURE;
}

/* sum - the checksum: all bytes */
static uint16_t sum(struct assay_slice s)
{
	unsigned value = 0;

	for (size_t i = 0; i < s.n; i++)
		value += (unsigned char)s.p[i];
	return (uint16_t)value;
}

/* assay_stream_next - see stream.h */
bool assay_stream_next(struct assay_stream *stream, struct assay_stream_attribute *a)
{
	const struct assay_slice s = stream->rest;
	uint32_t size;

	if (s.n == 0 || stream->cut)
		return false;
	/* Anything else is what somebody appended. */
	if (s.n < 9 || (s.p[0] != 1 && s.p[0] != 2)) {
		stream->cut = true;
		return false;
	}
	size = assay_stream_u32(s, 5);
	a->attachment = s.p[0] == 2;
	a->id = assay_stream_u32(s, 1);
	a->data = assay_slice_head(assay_slice_from(s, 9), size);
	stream->rest = assay_slice_from(assay_slice_from(s, 9), size);
	if (a->data.n < size || stream->rest.n < 2)
		stream->cut = true;
	else if (u16(stream->rest, 0) != sum(a->data))
		stream->bad_checksums++;
	stream->rest = assay_slice_from(stream->rest, 2);
	return true;
}

/* ---- properties ------------------------------------------------------------------------------ */

/* assay_stream_props_init - see stream.h */
void assay_stream_props_init(struct assay_stream_props *props, struct assay_slice data)
{
	*props = (struct assay_stream_props){ .rest = assay_slice_from(data, 4),
		.left = assay_stream_u32(data, 0) };
}

/* take - bytes and their padding to four off the front; false: there are fewer */
static bool take(struct assay_stream_props *props, uint32_t n, struct assay_slice *bytes)
{
	const struct assay_slice s = props->rest;

	*bytes = assay_slice_head(s, n);
	props->rest = assay_slice_from(assay_slice_from(s, n), (4 - n % 4) % 4);
	props->cut = props->cut || bytes->n < n;
	return !props->cut;
}

/* take_u32 - a number off the front */
static bool take_u32(struct assay_stream_props *props, uint32_t *value)
{
	struct assay_slice bytes;

	if (!take(props, 4, &bytes))
		return false;
	*value = assay_stream_u32(bytes, 0);
	return true;
}

/* fixed_size - of a type's value; 0: it says its length itself, or is not known */
static uint32_t fixed_size(uint16_t type)
{
	switch (type) {
	case 0x02: /* two bytes and two of padding */
	case ASSAY_STREAM_LONG:
	case 0x04:
	case 0x0a:
	case 0x0b:
		return 4;
	case 0x05:
	case 0x06:
	case 0x07:
	case 0x14:
	case 0x40:
		return 8;
	case 0x48:
		return 16;
	default:
		return 0;
	}
}

/* has_size - does a value say its length? */
static bool has_size(uint16_t type)
{
	return type == ASSAY_STREAM_STRING8 || type == ASSAY_STREAM_UNICODE ||
	    type == ASSAY_STREAM_OBJECT || type == ASSAY_STREAM_BINARY;
}

/* take_name - of a named property: a GUID, then a number or a name */
static bool take_name(struct assay_stream_props *props)
{
	struct assay_slice bytes;
	uint32_t kind, n;

	return take(props, 16, &bytes) && take_u32(props, &kind) && take_u32(props, &n) &&
	    (kind == 0 || take(props, n, &bytes));
}

/* take_values - all of them; the first is kept */
static bool take_values(
    struct assay_stream_props *props, struct assay_stream_prop *prop, bool several)
{
	const uint32_t fixed = fixed_size(prop->type);
	uint32_t count = 1, size = fixed;
	struct assay_slice value;

	if (fixed == 0 && !has_size(prop->type)) {
		props->cut = true;
		return false;
	}
	if ((several || fixed == 0) && !take_u32(props, &count))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (fixed == 0 && !take_u32(props, &size))
			return false;
		if (!take(props, size, &value)) {
			prop->value = i == 0 ? value : prop->value;
			return i == 0;
		}
		prop->value = i == 0 ? value : prop->value;
	}
	return true;
}

/* assay_stream_prop_next - see stream.h */
bool assay_stream_prop_next(struct assay_stream_props *props, struct assay_stream_prop *prop)
{
	uint32_t tag;

	if (props->left == 0 || props->cut || !take_u32(props, &tag))
		return false;
	props->left--;
	*prop = (struct assay_stream_prop){ .type = (uint16_t)(tag & 0xffff & ~SEVERAL),
		.id = (uint16_t)(tag >> 16),
		.value = { "", 0 } };
	if (prop->id >= 0x8000 && !take_name(props))
		return false;
	return take_values(props, prop, (tag & SEVERAL) != 0);
}
