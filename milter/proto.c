/*
 * milter/proto.c - see proto.h. Pure functions on memory.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "proto.h"

/* get_u32 - big-endian */
static uint32_t get_u32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

/* put_u32 - big-endian */
static void put_u32(char p[4], uint32_t v)
{
	p[0] = (char)(v >> 24 & 0xff);
	p[1] = (char)(v >> 16 & 0xff);
	p[2] = (char)(v >> 8 & 0xff);
	p[3] = (char)(v & 0xff);
}

/* assay_proto_next - length, letter, data */
enum assay_status assay_proto_next(
    struct assay_slice *in, struct assay_proto_packet *packet, struct assay_err *err)
{
	uint32_t n;

	if (in->n < ASSAY_PROTO_HEAD)
		return ASSAY_END;
	n = get_u32(in->p);
	if (n == 0 || n > ASSAY_PROTO_MOST)
		return assay_err_set(err, ASSAY_E_SYNTAX, "a packet of %u bytes", n);
	if (in->n - ASSAY_PROTO_HEAD < n)
		return ASSAY_END;
	packet->letter = in->p[ASSAY_PROTO_HEAD];
	packet->data = assay_slice(in->p + ASSAY_PROTO_HEAD + 1, n - 1);
	*in = assay_slice_from(*in, ASSAY_PROTO_HEAD + n);
	return ASSAY_OK;
}

/* ---- the data of a packet -------------------------------------------------------------------- */

/* assay_proto_get_options - version, actions, steps */
enum assay_status assay_proto_get_options(
    struct assay_slice data, struct assay_proto_options *options, struct assay_err *err)
{
	if (data.n < 12)
		return assay_err_set(err, ASSAY_E_SYNTAX, "a negotiation of %zu bytes", data.n);
	options->version = get_u32(data.p);
	options->actions = get_u32(data.p + 4);
	options->steps = get_u32(data.p + 8);
	if (options->version < ASSAY_PROTO_OLDEST)
		return assay_err_set(err, ASSAY_E_SYNTAX, "protocol version %u", options->version);
	return ASSAY_OK;
}

/* assay_proto_string - up to a NUL */
bool assay_proto_string(struct assay_slice *rest, struct assay_slice *string)
{
	size_t n = assay_slice_find(*rest, '\0');

	if (n == rest->n)
		return false;
	*string = assay_slice_head(*rest, n);
	*rest = assay_slice_from(*rest, n + 1);
	return true;
}

/* assay_proto_get_connect - host, family and, with an address, port and address */
enum assay_status assay_proto_get_connect(
    struct assay_slice data, struct assay_proto_connect *connect, struct assay_err *err)
{
	*connect = (struct assay_proto_connect){ .addr = ASSAY_SLICE_LIT("") };
	if (!assay_proto_string(&data, &connect->host) || data.n == 0)
		return assay_err_set(err, ASSAY_E_SYNTAX, "a connect packet without a family");
	connect->family = data.p[0];
	data = assay_slice_from(data, 1);
	if (connect->family == 'U')
		return ASSAY_OK;
	if (memchr("46L", connect->family, 3) == NULL || data.n < 2)
		return assay_err_set(err, ASSAY_E_SYNTAX, "a connect packet of family %u",
		    (unsigned char)connect->family);
	connect->port =
	    (uint16_t)((unsigned)(unsigned char)data.p[0] << 8 | (unsigned char)data.p[1]);
	data = assay_slice_from(data, 2);
	if (!assay_proto_string(&data, &connect->addr))
		return assay_err_set(err, ASSAY_E_SYNTAX, "a connect packet without an address");
	return ASSAY_OK;
}

/* assay_proto_get_strings - one, and what follows it */
enum assay_status assay_proto_get_strings(struct assay_slice data, struct assay_slice *first,
    struct assay_slice *rest, struct assay_err *err)
{
	if (data.n == 0 || data.p[data.n - 1] != '\0' || !assay_proto_string(&data, first))
		return assay_err_set(err, ASSAY_E_SYNTAX, "a command without an end");
	if (rest != NULL)
		*rest = data;
	return ASSAY_OK;
}

/* assay_proto_get_header - name, value */
enum assay_status assay_proto_get_header(struct assay_slice data, struct assay_slice *name,
    struct assay_slice *value, struct assay_err *err)
{
	if (!assay_proto_string(&data, name) || data.n == 0 || data.p[data.n - 1] != '\0')
		return assay_err_set(err, ASSAY_E_SYNTAX, "a header packet without an end");
	*value = assay_slice_head(data, data.n - 1);
	return ASSAY_OK;
}

/* assay_proto_get_macros - the command they belong to, and whole pairs */
enum assay_status assay_proto_get_macros(
    struct assay_slice data, char *letter, struct assay_slice *pairs, struct assay_err *err)
{
	struct assay_slice rest = assay_slice_from(data, 1), name, value;

	if (data.n == 0)
		return assay_err_set(err, ASSAY_E_SYNTAX, "macros of no command");
	*letter = data.p[0];
	*pairs = assay_slice(rest.p, 0);
	while (assay_proto_string(&rest, &name) && assay_proto_string(&rest, &value))
		pairs->n = (size_t)(rest.p - pairs->p);
	return ASSAY_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* begin - the head of a packet with n bytes of data, when all of it fits */
static bool begin(struct assay_buf *out, char letter, size_t n)
{
	char head[ASSAY_PROTO_HEAD + 1];

	if (n >= ASSAY_PROTO_MOST || out->max - out->n < n + sizeof head)
		return false;
	put_u32(head, (uint32_t)n + 1);
	head[ASSAY_PROTO_HEAD] = letter;
	return assay_buf_add(out, head, sizeof head);
}

/* add_string - with its NUL; there is room */
static void add_string(struct assay_buf *out, const char *s)
{
	(void)assay_buf_add(out, s, strlen(s) + 1);
}

/* assay_proto_put - any packet */
bool assay_proto_put(struct assay_buf *out, char letter, struct assay_slice data)
{
	return begin(out, letter, data.n) && (data.n == 0 || assay_buf_add_slice(out, data));
}

/* assay_proto_put_strings - a packet of strings */
bool assay_proto_put_strings(struct assay_buf *out, char letter, const char *const *strings)
{
	size_t n = 0, count = 0;

	for (; strings != NULL && strings[count] != NULL; count++)
		n += strlen(strings[count]) + 1;
	if (!begin(out, letter, n))
		return false;
	for (size_t i = 0; i < count; i++)
		add_string(out, strings[i]);
	return true;
}

/* assay_proto_put_edit - a header that comes or goes */
bool assay_proto_put_edit(struct assay_buf *out, char letter, const struct assay_proto_edit *edit)
{
	size_t n = strlen(edit->name) + strlen(edit->value) + 2;
	char index[4];

	if (!begin(out, letter, n + (edit->index >= 0 ? sizeof index : 0)))
		return false;
	if (edit->index >= 0) {
		put_u32(index, (uint32_t)edit->index);
		(void)assay_buf_add(out, index, sizeof index);
	}
	add_string(out, edit->name);
	add_string(out, edit->value);
	return true;
}

/* assay_proto_put_options - the answer to a negotiation, and its beginning */
bool assay_proto_put_options(struct assay_buf *out, const struct assay_proto_options *options,
    const char *const macros[ASSAY_PROTO_STAGES])
{
	const uint32_t number[3] = { options->version, options->actions, options->steps };
	size_t n = sizeof number;
	char text[4];

	for (int i = 0; i < ASSAY_PROTO_STAGES; i++)
		n += macros[i] != NULL ? sizeof text + strlen(macros[i]) + 1 : 0;
	if (!begin(out, ASSAY_PROTO_OPTIONS, n))
		return false;
	for (int i = 0; i < 3; i++) {
		put_u32(text, number[i]);
		(void)assay_buf_add(out, text, sizeof text);
	}
	for (int i = 0; i < ASSAY_PROTO_STAGES; i++) {
		if (macros[i] == NULL)
			continue;
		put_u32(text, (uint32_t)i);
		(void)assay_buf_add(out, text, sizeof text);
		add_string(out, macros[i]);
	}
	return true;
}
