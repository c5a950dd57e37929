/*
 * version - the version resource of a Windows program; see version.h
 */
#include "base/buf.h"
#include "base/slice.h"
#include "text/utf8.h"

#include "version.h"

#define HEAD 6 /* length, length of the value, type */

/* A node: the resource, a table in it, a string. Each has a key, a value, and nodes inside. */
struct node {
	struct assay_slice key, value, inside;
	size_t length; /* of all of it, with what makes the next one begin at four bytes */
};

/* u16 - little endian; 0 beyond the end */
static unsigned u16(struct assay_slice s, size_t at)
{
	if (at > s.n || s.n - at < 2)
		return 0;
	return (unsigned char)s.p[at] | (unsigned)(unsigned char)s.p[at + 1] << 8;
}

/* text_at - UTF-16 up to its NUL */
static struct assay_slice text_at(struct assay_slice s, size_t at)
{
	const struct assay_slice rest = assay_slice_from(s, at);
	size_t n = 0;

	while (n + 1 < rest.n && u16(rest, n) != 0)
		n += 2;
	return assay_slice_head(rest, n);
}

/* aligned - the next multiple of four */
static size_t aligned(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* read_node - at the beginning of s; false: there is none. Offsets are aligned from the beginning
 * of each node, which is aligned itself. */
static bool read_node(struct assay_slice s, bool is_string, struct node *node)
{
	const size_t length = u16(s, 0), value = u16(s, 2);
	size_t at;

	if (length < HEAD || length > s.n)
		return false;
	s = assay_slice_head(s, length);
	node->length = aligned(length);
	node->key = text_at(s, HEAD);
	at = aligned(HEAD + node->key.n + 2);
	/* Strings count characters or bytes, as their maker liked; they end with NUL. */
	node->value = is_string ? text_at(s, at) : assay_slice_head(assay_slice_from(s, at), value);
	node->inside = assay_slice_from(s, aligned(at + node->value.n));
	return true;
}

/* read_table - the strings of one language; false: enough */
static bool read_table(struct assay_slice inside, assay_version_string *string, void *user)
{
	struct node node;

	for (; read_node(inside, true, &node); inside = assay_slice_from(inside, node.length))
		if (node.key.n > 0 && !string(user, node.key, node.value))
			return false;
	return true;
}

/* is_strings - "StringFileInfo" */
static bool is_strings(struct assay_slice key)
{
	static const char name[] = "StringFileInfo";

	for (size_t i = 0; i < sizeof(name) - 1; i++)
		if (u16(key, 2 * i) != (unsigned char)name[i])
			return false;
	return true;
}

/* assay_version_read - see version.h */
void assay_version_read(struct assay_slice resource, assay_version_string *string, void *user)
{
	struct node root, info, table;

	if (!read_node(resource, false, &root))
		return;
	for (; read_node(root.inside, false, &info);
	     root.inside = assay_slice_from(root.inside, info.length)) {
		if (!is_strings(info.key))
			continue;
		for (; read_node(info.inside, false, &table);
		     info.inside = assay_slice_from(info.inside, table.length))
			if (!read_table(table.inside, string, user))
				return;
	}
}

/* assay_version_text - see version.h */
void assay_version_text(struct assay_slice utf16, struct assay_buf *out)
{
	for (size_t i = 0; i + 1 < utf16.n && !out->full; i += 2) {
		uint32_t c = u16(utf16, i);
		const uint32_t low = u16(utf16, i + 2);

		if (c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
			i += 2;
		}
		(void)assay_utf8_add(out, c);
	}
}
