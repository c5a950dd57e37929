/*
 * sqlite/select.c - see select.h
 *
 * Recursion goes as deep as the query nests, ASSAY_SELECT_DEPTH at most.
 */
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "compare.h"
#include "part.h"
#include "select.h"

#define MANY_LEAST 2000
#define MANY_SHARE 33
#define SQL_MAX ((size_t)16 << 20)

enum kind { AND, OR, NOT, SET, TIME };

struct node {
	enum kind kind;
	struct node *first, *next; /* children, and the next child of the parent */
	struct assay_compare set;
	unsigned from, to; /* TIME: parameters */
	int64_t count;     /* of reports, at most many + 1: more, or not known */
	bool drives;       /* reports are looked for by it: it holds for all of them */
};

/* ---- parameters ------------------------------------------------------------------------------ */

/* add - one more parameter; too many of them are told by assay_select_compile */
static unsigned add(struct assay_select *select, struct assay_select_bind bind)
{
	if (select->binds < ASSAY_SELECT_BINDS)
		select->bind[select->binds] = bind;
	return ++select->binds;
}

/* assay_select_text - see select.h */
unsigned assay_select_text(struct assay_select *select, struct assay_slice text)
{
	return add(select, (struct assay_select_bind){ .bytes = text });
}

/* assay_select_blob - see select.h */
unsigned assay_select_blob(struct assay_select *select, struct assay_slice bytes)
{
	return add(select, (struct assay_select_bind){ .is_blob = true, .bytes = bytes });
}

/* assay_select_number - see select.h */
unsigned assay_select_number(struct assay_select *select, int64_t number)
{
	return add(select, (struct assay_select_bind){ .is_number = true, .number = number });
}

/* assay_select_prepare - see select.h */
enum assay_status assay_select_prepare(
    struct assay_select *select, const char *sql, sqlite3_stmt **stmt, struct assay_err *err)
{
	enum assay_status status;
	int n;

	if (select->binds > ASSAY_SELECT_BINDS)
		return assay_err_set(err, ASSAY_E_USAGE,
		    "query: too many comparisons; give many values with --stdin");
	status = assay_store_prepare(select->store, sql, stmt, err);
	if (status != ASSAY_OK)
		return status;
	/* A statement has as many parameters as the highest number it names. */
	n = sqlite3_bind_parameter_count(*stmt);
	for (int i = 0; i < n && i < (int)select->binds; i++) {
		const struct assay_select_bind *bind = &select->bind[i];

		if (bind->is_number)
			(void)sqlite3_bind_int64(*stmt, i + 1, bind->number);
		else if (bind->is_blob)
			assay_store_bind_blob(*stmt, i + 1, bind->bytes);
		else
			assay_store_bind_text(*stmt, i + 1, bind->bytes);
	}
	return ASSAY_OK;
}

/* ---- the tree -------------------------------------------------------------------------------- */

static enum assay_status build(struct assay_select *select, const json_t *json, unsigned depth,
    struct node **node, struct assay_err *err);

/* build_children - of and, or */
static enum assay_status build_children(struct assay_select *select, const json_t *list,
    unsigned depth, struct node *parent, struct assay_err *err)
{
	struct node **end = &parent->first;
	enum assay_status status = ASSAY_OK;

	parent->count = parent->kind == AND ? select->many + 1 : 0;
	for (size_t i = 0; i < json_array_size(list) && status == ASSAY_OK; i++) {
		status = build(select, json_array_get(list, i), depth + 1, end, err);
		if (status != ASSAY_OK)
			break;
		if (parent->kind == OR)
			parent->count += (*end)->count;
		else if ((*end)->count < parent->count)
			parent->count = (*end)->count;
		end = &(*end)->next;
	}
	if (parent->count > select->many + 1)
		parent->count = select->many + 1;
	return status;
}

/* build_leaf - a comparison, or a time */
static enum assay_status build_leaf(
    struct assay_select *select, const json_t *json, struct node *node, struct assay_err *err)
{
	const char *is = json_string_value(json_object_get(json, "is"));
	enum assay_status status = ASSAY_OK;

	if (is != NULL && strcmp(is, "time") == 0) {
		node->kind = TIME;
		node->from =
		    assay_select_number(select, json_integer_value(json_object_get(json, "from")));
		node->to =
		    assay_select_number(select, json_integer_value(json_object_get(json, "to")));
		node->count = select->many + 1;
	} else {
		node->kind = SET;
		status = assay_compare_compile(select, json, &node->set, err);
		node->count = node->set.count;
	}
	return status;
}

/* build - a node and all below it */
static enum assay_status build(struct assay_select *select, const json_t *json, unsigned depth,
    struct node **node, struct assay_err *err)
{
	const json_t *and = json_object_get(json, "and"), * or = json_object_get(json, "or");
	const json_t *not = json_object_get(json, "not");

	*node = assay_arena_zalloc(select->arena, sizeof **node);
	if (depth > ASSAY_SELECT_DEPTH)
		return assay_err_set(err, ASSAY_E_USAGE, "query: nested too deeply");
	if (and != NULL || or != NULL) {
		(*node)->kind = and != NULL ? AND : OR;
		return build_children(select, and != NULL ? and : or, depth, *node, err);
	}
	if (not != NULL) {
		(*node)->kind = NOT;
		(*node)->count = select->many + 1;
		return build(select, not, depth + 1, &(*node)->first, err);
	}
	return build_leaf(select, json, *node, err);
}

/* ---- SQL ------------------------------------------------------------------------------------- */

/* rarest_of - the child that finds the fewest */
static struct node *rarest_of(const struct node *node)
{
	struct node *rarest = node->first;

	for (struct node *n = node->first; n != NULL; n = n->next)
		if (n->count < rarest->count)
			rarest = n;
	return rarest;
}

/* write_drive - SELECTs whose reports hold all that the node finds; the node finds few */
static void write_drive(const struct node *node, struct assay_buf *out)
{
	if (node->kind == SET)
		(void)assay_buf_printf(out, "%s%s", out->n > 0 ? " UNION ALL " : "", node->set.set);
	for (const struct node *n = node->first; n != NULL && node->kind == OR; n = n->next)
		write_drive(n, out);
	if (node->kind == AND)
		write_drive(rarest_of(node), out);
}

/* is_exact - do the SELECTs of write_drive hold nothing else? */
static bool is_exact(const struct node *node)
{
	bool exact = node->kind == SET || node->kind == OR;

	for (const struct node *n = node->first; n != NULL; n = n->next)
		exact &= is_exact(n);
	return exact;
}

/* mark_driver - the node that need not be asked of a report that was found by it */
static void mark_driver(struct node *node)
{
	if (node->kind == AND)
		mark_driver(rarest_of(node));
	else
		node->drives = is_exact(node);
}

/* write_set - does the set have this report? The plus keeps sqlite from driving by it. */
static void write_set(
    const struct assay_select *select, const struct node *node, struct assay_buf *out)
{
	if (node->set.few == 0 || node->count <= select->many) {
		(void)assay_buf_printf(out, "+r.id IN (%s)", node->set.set);
		return;
	}
	for (unsigned i = 0; i < node->set.few; i++)
		(void)assay_buf_printf(out,
		    "%sEXISTS (SELECT 1 FROM fact WHERE value = assay_pick(r.id, ?%u, %u)"
		    " AND report = r.id)",
		    i > 0 ? " OR " : "", node->set.ids, i);
}

/* write_condition - of one report. `driven`: its time is no way to find it */
static void write_condition(
    const struct assay_select *select, const struct node *node, bool driven, struct assay_buf *out)
{
	const char *plus = driven ? "+" : "";

	if (node->drives) {
		(void)assay_buf_add_char(out, '1');
		return;
	}
	switch (node->kind) {
	case SET:
		write_set(select, node, out);
		break;
	case TIME:
		(void)assay_buf_printf(
		    out, "%sr.time >= ?%u AND %sr.time < ?%u", plus, node->from, plus, node->to);
		break;
	case NOT:
		(void)assay_buf_add_str(out, "NOT (");
		write_condition(select, node->first, true, out);
		(void)assay_buf_add_char(out, ')');
		break;
	case AND:
	case OR:
		for (const struct node *n = node->first; n != NULL; n = n->next) {
			if (n != node->first)
				(void)assay_buf_add_str(out, node->kind == AND ? " AND " : " OR ");
			(void)assay_buf_add_char(out, '(');
			write_condition(select, n, driven || node->kind == OR, out);
			(void)assay_buf_add_char(out, ')');
		}
		break;
	}
}

/* write_where - the whole condition */
static void write_where(
    const struct assay_select *select, struct node *root, bool all, struct assay_buf *out)
{
	const bool driven = root != NULL && root->count <= select->many;
	struct assay_buf drive;

	assay_buf_init(&drive, SQL_MAX);
	if (driven) {
		write_drive(root, &drive);
		mark_driver(root);
	}
	(void)assay_buf_add_str(out, all ? "1" : "+r.superseded = 0");
	if (driven)
		(void)assay_buf_printf(out, " AND r.id IN (%s)", drive.p);
	if (root != NULL) {
		(void)assay_buf_add_str(out, " AND (");
		write_condition(select, root, driven, out);
		(void)assay_buf_add_char(out, ')');
	}
	assay_buf_release(&drive);
}

/* find_many - sorting costs per report found, going back in time per report passed: the square
 * root of all is between them */
static enum assay_status find_many(struct assay_select *select, struct assay_err *err)
{
	int64_t reports;
	const enum assay_status status = assay_store_number(select->store,
	    "SELECT (SELECT max(id) FROM report) - (SELECT min(id) FROM report)", &reports, err);

	select->many = MANY_LEAST;
	while (select->many < reports / select->many * MANY_SHARE)
		select->many += select->many / 4;
	return status;
}

/* assay_select_compile - see select.h */
enum assay_status assay_select_compile(
    struct assay_select *select, const json_t *match, bool all, struct assay_err *err)
{
	enum assay_status status = assay_part_load(select->store, err);
	struct node *root = NULL;
	struct assay_buf where;

	if (status == ASSAY_OK)
		status = find_many(select, err);
	if (status == ASSAY_OK && match != NULL && !json_is_null(match))
		status = build(select, match, 0, &root, err);
	if (status != ASSAY_OK)
		return status;
	assay_buf_init(&where, SQL_MAX);
	write_where(select, root, all, &where);
	if (where.full || select->binds > ASSAY_SELECT_BINDS)
		status = assay_err_set(err, ASSAY_E_USAGE,
		    "query: too many comparisons; give many values with --stdin");
	select->where = assay_arena_strdup(select->arena, where.p);
	assay_buf_release(&where);
	return status;
}
