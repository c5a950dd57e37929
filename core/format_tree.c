/*
 * core/format_tree.c - a report for people: who, what, verdict, and the payloads as a tree
 *
 * About fifteen lines for an ordinary mail: at most TREE_ROWS payloads (a payload in which
 * something was found is shown rather than one without), a few errors and limits. Text of the mail
 * is escaped (text/printable.h) and cut. Parents are believed only when they stand before their
 * children, so that a report cannot lead in circles; nothing recurses.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/slice.h"
#include "text/printable.h"

#include "core/columns.h"
#include "core/format.h"
#include "core/human.h"
#include "core/json.h"
#include "core/report_read.h"

#define TREE_ROWS ((size_t)15)
#define NAME_COLUMNS ((size_t)46) /* of branch and name together */
#define TYPE_COLUMNS ((size_t)26)
#define TEXT_ROOM ((size_t)240)  /* of one escaped text */
#define TEXT_MAX (TEXT_ROOM - 4) /* so that an ellipsis always fits behind it */
#define DRAWN_DEPTH ((size_t)16)
#define RULES_SHOWN 3u
#define FINDINGS_SHOWN ((size_t)20)

/* One payload on its way to a row. */
struct node {
	const json_t *payload;
	struct node *parent, *child, *last_child, *next;
	size_t depth;
	bool found; /* something about it is worth a look */
	bool shown;
};

/* What is drawn, and how. */
struct tree {
	const json_t *report;
	struct assay_buf *out;
	bool colour;
	struct assay_arena *arena;
	struct node *node;
	struct assay_map by_id; /* payload_id -> struct node */
	size_t n, shown;
	size_t name_width, type_width;
};

enum ink { PLAIN, BOLD, DIM, RED, GREEN, YELLOW, CYAN };

/* ink - from here on in this colour */
static void ink(struct tree *t, enum ink which)
{
	static const char *const code[] = { "\033[0m", "\033[1m", "\033[2m", "\033[31m", "\033[32m",
		"\033[33m", "\033[36m" };

	if (t->colour)
		(void)assay_buf_add_str(t->out, code[which]);
}

/* put - our own words */
static void put(struct tree *t, const char *s)
{
	(void)assay_buf_add_str(t->out, s);
}

/* put_inked - our own words or escaped text, in colour */
static void put_inked(struct tree *t, enum ink which, const char *s)
{
	ink(t, which);
	put(t, s);
	ink(t, PLAIN);
}

/* cut_columns - at most so many */
static void cut_columns(char room[TEXT_ROOM], size_t most)
{
	assay_columns_cut(room, TEXT_ROOM, most);
}

/* put_padded - s, and blanks up to a width */
static void put_padded(struct tree *t, const char *s, size_t width)
{
	put(t, s);
	for (size_t n = assay_columns_count(s); n < width; n++)
		(void)assay_buf_add_char(t->out, ' ');
}

/* printable - text of the mail, escaped; "" when it is none */
static const char *printable(const json_t *text, char room[TEXT_ROOM])
{
	return assay_printable_copy(room, TEXT_MAX,
	    assay_slice(
		json_is_string(text) ? json_string_value(text) : "", json_string_length(text)));
}

/* put_texts - "a, b, c +2": at most so many, escaped */
static void put_texts(struct tree *t, const char *before, const json_t *values, size_t most)
{
	size_t n = json_array_size(values), k = 0;
	char room[TEXT_ROOM];

	for (size_t i = 0; i < n && k < most; i++) {
		if (printable(json_array_get(values, i), room)[0] == '\0')
			continue;
		cut_columns(room, 40);
		put(t, k++ == 0 ? before : ", ");
		put(t, room);
	}
	if (k > 0 && n > most)
		(void)assay_buf_printf(t->out, " +%zu", n - most);
}

/* ---- the head: who and what ---- */

/* label - the name of a line */
static void label(struct tree *t, const char *name)
{
	ink(t, DIM);
	put_padded(t, name, 9);
	ink(t, PLAIN);
}

/* put_address - Name <addr> */
static void put_address(struct tree *t, const json_t *entry)
{
	char name[TEXT_ROOM], addr[TEXT_ROOM];

	(void)printable(json_object_get(entry, "name"), name);
	(void)printable(json_object_get(entry, "addr"), addr);
	if (addr[0] == '\0')
		(void)printable(json_object_get(entry, "raw"), addr);
	cut_columns(name, 60);
	cut_columns(addr, 60);
	if (name[0] != '\0') {
		put(t, name);
		put(t, " <");
	}
	put(t, addr);
	if (name[0] != '\0')
		put(t, ">");
}

/* put_addresses - the first two, and how many more */
static void put_addresses(struct tree *t, const char *name, const json_t *list)
{
	size_t n = json_array_size(list);

	if (n == 0)
		return;
	label(t, name);
	for (size_t i = 0; i < n && i < 2; i++) {
		put(t, i > 0 ? ", " : "");
		put_address(t, json_array_get(list, i));
	}
	if (n > 2)
		(void)assay_buf_printf(t->out, " and %zu more", n - 2);
	put(t, "\n");
}

/* put_line - a label and escaped text */
static void put_line(struct tree *t, const char *name, enum ink which, const json_t *text)
{
	char room[TEXT_ROOM];

	if (!json_is_string(text))
		return;
	(void)printable(text, room);
	cut_columns(room, 100);
	label(t, name);
	put_inked(t, which, room[0] != '\0' ? room : "(empty)");
	put(t, "\n");
}

/* verdict_ink - green, yellow, red */
static enum ink verdict_ink(const char *action)
{
	if (strcmp(action, "accept") == 0)
		return GREEN;
	return strcmp(action, "tag") == 0 || strcmp(action, "tempfail") == 0 ? YELLOW : RED;
}

/* put_verdict - what was decided, why, and how complete the look was */
static void put_verdict(struct tree *t)
{
	const json_t *verdict = json_object_get(t->report, "verdict");
	char action[TEXT_ROOM], why[TEXT_ROOM], status[TEXT_ROOM];
	const json_t *rule = json_object_get(verdict, "rule");

	(void)printable(json_object_get(verdict, "action"), action);
	(void)printable(json_is_string(rule) ? rule : json_object_get(verdict, "cause"), why);
	(void)printable(json_object_get(t->report, "status"), status);
	label(t, "Verdict");
	put_inked(t, verdict_ink(action), action[0] != '\0' ? action : "none");
	if (why[0] != '\0')
		(void)assay_buf_printf(t->out, " (%s%s)", json_is_string(rule) ? "rule " : "", why);
	put(t, ", ");
	if (strcmp(status, "scanned") != 0)
		ink(t, RED);
	put(t, status[0] != '\0' ? status : "status unknown");
	if (printable(json_object_get(t->report, "status_reason"), why)[0] != '\0')
		(void)assay_buf_printf(t->out, ": %s", why);
	ink(t, PLAIN);
	(void)assay_buf_printf(t->out, " in %lld ms, %zu payload%s\n",
	    (long long)assay_json_get_int(t->report, "duration_ms", 0), t->n, t->n == 1 ? "" : "s");
}

/* put_date - when, for people */
static void put_date(struct tree *t)
{
	const char *source = json_string_value(assay_report_at(t->report, "message_time.source"));
	char room[TEXT_ROOM];

	(void)printable(assay_report_at(t->report, "message_time.utc"), room);
	if (strlen(room) != sizeof "2026-11-21T12:00:00.000Z" - 1)
		return;
	label(t, "Date");
	/* The file's own time is no date of the message. */
	(void)assay_buf_printf(t->out, "%.10s %.8s UTC%s\n", room, room + 11,
	    source != NULL && strcmp(source, "mtime") == 0 ? " (of the file)" : "");
}

/* put_oddities - a line of what the smtp worker listed about the message */
static void put_oddities(
    struct tree *t, const char *name, enum ink which, const char *list, const char *member)
{
	const json_t *root = assay_report_payload(t->report, 0);
	json_t *texts = assay_report_each(root, list, member);

	if (json_array_size(texts) > 0) {
		label(t, name);
		ink(t, which);
		put_texts(t, "", texts, 4);
		ink(t, PLAIN);
		put(t, "\n");
	}
	json_decref(texts);
}

/* put_head - everything above the tree */
static void put_head(struct tree *t)
{
	const json_t *root = assay_report_payload(t->report, 0);

	put_addresses(t, "From", assay_report_from(t->report));
	put_addresses(t, "To", json_object_get(t->report, "recipients"));
	put_line(t, "Subject", BOLD, assay_report_at(root, "workers.smtp.subject"));
	put_date(t);
	put_oddities(t, "Links", PLAIN, "urls", "host");
	put_oddities(t, "Traits", YELLOW, "traits", "code");
	put_oddities(t, "Defects", CYAN, "defects", "code");
	put_verdict(t);
	put(t, "\n");
}

/* ---- the payloads ---- */

/* fact - the values of a word of one payload */
static const json_t *fact(const struct node *node, const char *word)
{
	return json_object_get(json_object_get(node->payload, "facts"), word);
}

/* is_encrypted - as a worker says */
static bool is_encrypted(const struct node *node)
{
	const char *value = json_string_value(json_array_get(fact(node, "encrypted"), 0));

	return value != NULL && strcmp(value, "yes") == 0;
}

/* is_found - does anything about it deserve a row */
static bool is_found(const struct node *node)
{
	return json_array_size(fact(node, "yara")) > 0 ||
	    json_array_size(fact(node, "clamav")) > 0 || is_encrypted(node) ||
	    json_array_size(assay_report_at(node->payload, "workers.smtp.traits")) > 0;
}

/* link_nodes - parents to children; who stands before its parent is hung below the root */
static void link_nodes(struct tree *t)
{
	assay_map_init(&t->by_id, t->arena);
	for (size_t i = 0; i < t->n; i++) {
		struct node *node = &t->node[i];
		const char *id, *above;

		node->payload = assay_report_payload(t->report, i);
		node->found = is_found(node);
		id = assay_json_get_str(node->payload, "payload_id");
		above = assay_json_get_str(node->payload, "parent");
		if (i > 0) {
			node->parent = assay_map_get(&t->by_id, assay_slice_str(above));
			if (node->parent == NULL)
				node->parent = &t->node[0];
			node->depth = node->parent->depth + 1;
			if (node->parent->last_child != NULL)
				node->parent->last_child->next = node;
			else
				node->parent->child = node;
			node->parent->last_child = node;
		}
		if (id != NULL)
			(void)assay_map_add(&t->by_id, assay_slice_str(id), node);
	}
}

/* show - this row and those above it */
static void show(struct tree *t, struct node *node)
{
	for (; node != NULL && !node->shown; node = node->parent) {
		node->shown = true;
		t->shown++;
	}
}

/* choose_rows - first where something was found, then from the top */
static void choose_rows(struct tree *t)
{
	for (size_t i = 0; i < t->n && t->shown < TREE_ROWS; i++)
		if (t->node[i].found)
			show(t, &t->node[i]);
	for (size_t i = 0; i < t->n && t->shown < TREE_ROWS; i++)
		show(t, &t->node[i]);
}

/* last_shown - is no later sister on show */
static bool last_shown(const struct node *node)
{
	for (node = node->next; node != NULL; node = node->next)
		if (node->shown)
			return false;
	return true;
}

/* branch - the lines left of a name */
static void branch(const struct node *node, struct assay_buf *out)
{
	const struct node *above[DRAWN_DEPTH];
	size_t n = 0;

	if (node->parent == NULL)
		return;
	for (const struct node *a = node->parent; a->parent != NULL; a = a->parent)
		if (n < DRAWN_DEPTH)
			above[n++] = a;
	while (n > 0)
		(void)assay_buf_add_str(out, last_shown(above[--n]) ? "   " : "│  ");
	(void)assay_buf_add_str(out, last_shown(node) ? "└─ " : "├─ ");
}

/* type_length - of the "<type/subtype>" that stands for a missing name, or 0 */
static size_t type_length(const char *path)
{
	const size_t major = strcspn(path, "/>");
	size_t minor;

	if (path[0] != '<' || path[major] != '/')
		return 0;
	minor = strcspn(path + major + 1, "/>");
	return path[major + 1 + minor] == '>' ? major + minor + 2 : 0;
}

/* last_name - the last part of a path; in it a backslash stands before a slash of the name */
static void last_name(const char *path, char name[TEXT_ROOM])
{
	const char *type_end = path;
	size_t n = 0;

	for (; *path != '\0'; path++) {
		if (n == 0 && path >= type_end)
			type_end = path + type_length(path);
		if (*path == '/' && path >= type_end) {
			n = 0;
			continue;
		}
		if (*path == '\\' && path[1] != '\0')
			path++;
		if (n + 1 < TEXT_ROOM)
			name[n++] = *path;
	}
	name[n] = '\0';
}

/* name_of - filename, else the last part of the path, else what it is */
static const char *name_of(const struct node *node, char room[TEXT_ROOM])
{
	const char *path = assay_json_get_str(node->payload, "path");
	char last[TEXT_ROOM];

	if (printable(json_object_get(node->payload, "filename"), room)[0] != '\0')
		return room;
	if (path != NULL && path[0] != '\0') {
		last_name(path, last);
		return assay_printable_copy(room, TEXT_MAX, assay_slice_str(last));
	}
	(void)snprintf(room, TEXT_ROOM, "%s", node->parent == NULL ? "message" : "(unnamed)");
	return room;
}

/* type_of - detected, else declared */
static const char *type_of(const struct node *node, char room[TEXT_ROOM])
{
	const json_t *detected = json_array_get(fact(node, "type"), 0);

	(void)printable(
	    json_is_string(detected) ? detected : json_object_get(node->payload, "content_type"),
	    room);
	cut_columns(room, TYPE_COLUMNS);
	return room;
}

/* put_size - for people, eight columns and flush right */
static void put_size(struct tree *t, int64_t size)
{
	char text[ASSAY_HUMAN_TEXT];

	(void)assay_buf_printf(
	    t->out, "%10s", assay_human_size(text, size > 0 ? (uint64_t)size : 0));
}

/* put_found - "  label a, b, c +2" */
static void put_found(struct tree *t, const char *name, enum ink which, const json_t *values)
{
	char before[32];

	if (json_array_size(values) == 0)
		return;
	(void)snprintf(before, sizeof before, "  %s ", name);
	ink(t, which);
	put_texts(t, before, values, 3);
	ink(t, PLAIN);
}

/* put_codes - traits or defects the smtp worker told of this payload */
static void put_codes(struct tree *t, const struct node *node, const char *list, enum ink which)
{
	json_t *codes = assay_report_each(node->payload, list, "code");

	/* Those of the message itself stand in the head. */
	if (node->parent != NULL)
		put_found(t, list, which, codes);
	json_decref(codes);
}

/* put_findings - what the workers found in this payload */
static void put_findings(struct tree *t, const struct node *node)
{
	const json_t *meta = json_object_get(node->payload, "payload_meta");

	put_found(t, "clamav", RED, fact(node, "clamav"));
	put_found(t, "yara", RED, fact(node, "yara"));
	put_codes(t, node, "traits", YELLOW);
	if (is_encrypted(node)) {
		put(t, "  ");
		put_inked(t, YELLOW, "encrypted");
	}
	put_codes(t, node, "defects", CYAN);
	if (json_is_false(json_object_get(meta, "should_scan"))) {
		put(t, "  ");
		put_inked(t, DIM, "not scanned");
	}
}

/* left_side - branch and name as they will stand, for measuring and printing */
static void left_side(const struct node *node, struct assay_buf *lines, char name[TEXT_ROOM])
{
	size_t used;

	assay_buf_clear(lines);
	branch(node, lines);
	used = lines->n > 0 ? assay_columns_count(lines->p) : 0;
	(void)name_of(node, name);
	cut_columns(name, used + 12 < NAME_COLUMNS ? NAME_COLUMNS - used : 12);
}

/* put_row - one payload */
static void put_row(struct tree *t, const struct node *node, struct assay_buf *lines)
{
	char name[TEXT_ROOM], type[TEXT_ROOM];
	size_t used;

	left_side(node, lines, name);
	used = lines->n > 0 ? assay_columns_count(lines->p) : 0;
	put_inked(t, DIM, lines->n > 0 ? lines->p : "");
	if (node->found || node->parent == NULL)
		ink(t, BOLD);
	put_padded(t, name, t->name_width > used ? t->name_width - used : 0);
	ink(t, PLAIN);
	put(t, "  ");
	put_padded(t, type_of(node, type), t->type_width);
	put_size(t, assay_json_get_int(node->payload, "size", 0));
	put_findings(t, node);
	put(t, "\n");
}

/* after - the next node in the order of drawing: child, sister, the sister of who is above */
static struct node *after(struct node *node)
{
	if (node->child != NULL)
		return node->child;
	while (node != NULL && node->next == NULL)
		node = node->parent;
	return node != NULL ? node->next : NULL;
}

/* measure - how wide name and type must be */
static void measure(struct tree *t, struct assay_buf *lines)
{
	char room[TEXT_ROOM];

	for (size_t i = 0; i < t->n; i++) {
		size_t used, width;

		if (!t->node[i].shown)
			continue;
		left_side(&t->node[i], lines, room);
		used = lines->n > 0 ? assay_columns_count(lines->p) : 0;
		width = used + assay_columns_count(room);
		t->name_width = width > t->name_width ? width : t->name_width;
		width = assay_columns_count(type_of(&t->node[i], room));
		t->type_width = width > t->type_width ? width : t->type_width;
	}
}

/* put_tree - the chosen rows */
static void put_tree(struct tree *t)
{
	struct assay_buf lines;

	if (t->n == 0)
		return;
	t->node = assay_arena_calloc(t->arena, t->n, sizeof *t->node);
	link_nodes(t);
	choose_rows(t);
	assay_buf_init(&lines, 4096);
	measure(t, &lines);
	for (struct node *node = t->node; node != NULL; node = after(node))
		if (node->shown)
			put_row(t, node, &lines);
	assay_buf_release(&lines);
	if (t->shown < t->n)
		(void)assay_buf_printf(t->out, "… and %zu more payloads\n", t->n - t->shown);
}

/* ---- the foot: what was not seen ---- */

/* put_place - the payload an entry speaks of, by its name in the tree */
static void put_place(struct tree *t, const json_t *entry)
{
	const char *id = assay_json_get_str(entry, "payload_id");
	const struct node *node = id != NULL ? assay_map_get(&t->by_id, assay_slice_str(id)) : NULL;
	char room[TEXT_ROOM];

	if (node == NULL)
		return;
	(void)name_of(node, room);
	cut_columns(room, 40);
	(void)assay_buf_printf(t->out, " on %s", room);
}

/* put_error - one entry of errors[] */
static void put_error(struct tree *t, const json_t *entry)
{
	char room[TEXT_ROOM];

	put_inked(t, RED, "! ");
	put(t, printable(json_object_get(entry, "plugin_name"), room));
	put_place(t, entry);
	put(t, ": ");
	put(t, printable(json_object_get(entry, "kind"), room));
	put(t, ": ");
	put(t, printable(json_object_get(entry, "error"), room));
	put(t, "\n");
}

/* put_limit - one entry of limits[] */
static void put_limit(struct tree *t, const json_t *entry)
{
	char room[TEXT_ROOM];

	put_inked(t, YELLOW, "! ");
	put(t, printable(json_object_get(entry, "limit"), room));
	put_place(t, entry);
	(void)assay_buf_printf(t->out, ": %lld, allowed %lld; not all was looked at\n",
	    (long long)assay_json_get_int(entry, "value", 0),
	    (long long)assay_json_get_int(entry, "allowed", 0));
}

/* put_notes - the first few of a list; a limit that only shortened the report is no news here */
static void put_notes(struct tree *t, const char *list, bool error)
{
	const json_t *entries = json_object_get(t->report, list);
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i);
		const char *effect = assay_json_get_str(entry, "effect");

		if (!error && (effect == NULL || strcmp(effect, "unseen") != 0))
			continue;
		if (shown++ < 4)
			(error ? put_error : put_limit)(t, entry);
		else
			more++;
	}
	if (more > 0)
		(void)assay_buf_printf(t->out, "  … and %zu more %s\n", more, list);
}

/* put_finding - when, what, by whom */
static void put_finding(struct tree *t, const json_t *finding)
{
	const json_t *rules = json_object_get(finding, "rules");
	char room[TEXT_ROOM];

	put_inked(t, YELLOW, "+ ");
	put(t, printable(json_object_get(finding, "time"), room));
	put(t, " ");
	put(t, printable(json_object_get(finding, "kind"), room));
	for (size_t i = 0; i < json_array_size(rules) && i < RULES_SHOWN; i++) {
		put(t, i == 0 ? " " : ", ");
		put(t, printable(json_array_get(rules, i), room));
	}
	put_place(t, finding);
	put(t, " by ");
	put(t, printable(json_object_get(finding, "by"), room));
	if (json_is_string(json_object_get(finding, "note"))) {
		put(t, ": ");
		put(t, printable(json_object_get(finding, "note"), room));
	}
	put(t, "\n");
}

/* put_later - what was found later, as `assay show` adds it */
static void put_later(struct tree *t)
{
	const json_t *findings = json_object_get(t->report, "findings");
	const size_t n = json_array_size(findings);

	for (size_t i = 0; i < n && i < FINDINGS_SHOWN; i++)
		put_finding(t, json_array_get(findings, i));
	if (n > FINDINGS_SHOWN)
		(void)assay_buf_printf(t->out, "  … and %zu more findings\n", n - FINDINGS_SHOWN);
}

/* assay_format_tree - the whole picture */
void assay_format_tree(const json_t *report, bool colour, struct assay_buf *out)
{
	struct tree t = { .report = report,
		.out = out,
		.colour = colour,
		.arena = assay_arena_new(),
		.n = assay_report_payload_count(report) };

	put_head(&t);
	put_tree(&t);
	put_notes(&t, "errors", true);
	put_notes(&t, "limits", false);
	put_later(&t);
	assay_arena_free(&t.arena);
}
