/*
 * core/fields.h - what a plugin may say: its field table as a tree, and the check against it
 *
 * Made once from struct assay_field rows; a table that contradicts itself is refused at start.
 * The check drops what does not fit (unknown member, wrong type, null where none is allowed) and
 * leaves the rest, in one linear pass whose depth is that of the table. A plugin without a table
 * may say nothing but {} and null.
 */
#ifndef ASSAY_FIELDS_H
#define ASSAY_FIELDS_H

#include <assay/plugin.h>

struct assay_arena;

/* A place in the result. `list` counts the [] behind the name. */
struct assay_field_node {
	const char *name; /* NULL: the result itself */
	unsigned list;
	unsigned type; /* of the innermost value; ASSAY_OBJECT when there are members */
	enum assay_privacy privacy;
	const char *help;
	struct assay_field_node *member, *next; /* in the order of the table */
};

ASSAY_MUST_CHECK enum assay_status assay_fields_new(struct assay_arena *arena,
    const struct assay_field *rows, struct assay_field_node **root, struct assay_err *err);

/* What was dropped: how many values, and the path of the first (empty: none). */
struct assay_fields_dropped {
	size_t n;
	char first[120];
	const char *why; /* "is not declared", "has the wrong type" ... */
};

/* Changes `value` (an object or null) in place. */
void assay_fields_check(
    const struct assay_field_node *root, json_t *value, struct assay_fields_dropped *dropped);
/* The member of a node, or NULL. */
const struct assay_field_node *assay_fields_member(
    const struct assay_field_node *node, const char *name);
/* The node a path names ("from[].addr"), lists counting as what is in them; NULL when there is
 * none. */
const struct assay_field_node *assay_fields_at(
    const struct assay_field_node *node, const char *path);

#endif
