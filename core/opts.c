/*
 * core/opts.c - see opts.h. Knows the seven types of an option and their bounds; reads no file.
 * What is broken in a table or asked for wrongly by our own code aborts.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include "core/opts.h"

/* A unit and how many of the base unit it is. */
struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit size_units[] = { { "T", (int64_t)1 << 40 }, { "G", (int64_t)1 << 30 },
	{ "M", (int64_t)1 << 20 }, { "K", (int64_t)1 << 10 }, { "B", 1 }, { NULL, 0 } };
static const struct unit time_units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 },
	{ "s", 1000 }, { "ms", 1 }, { NULL, 0 } };

/* units_of - the table of a type, NULL when numbers of it are bare */
static const struct unit *units_of(enum assay_opt_type type)
{
	if (type == ASSAY_OPT_SIZE)
		return size_units;
	return type == ASSAY_OPT_TIME ? time_units : NULL;
}

/* add_number - as one would write it: the largest unit that leaves no rest */
static void add_number(struct assay_buf *out, enum assay_opt_type type, int64_t number)
{
	const struct unit *u = units_of(type);

	while (u != NULL && u->name != NULL && (number == 0 || number % u->factor != 0))
		u++;
	if (u == NULL || u->name == NULL)
		(void)assay_buf_printf(out, "%lld", (long long)number);
	else
		(void)assay_buf_printf(out, "%lld%s", (long long)(number / u->factor), u->name);
}

/* number_text - add_number in the arena */
static const char *number_text(struct assay_arena *arena, enum assay_opt_type type, int64_t number)
{
	struct assay_buf buf;
	const char *text;

	assay_buf_init(&buf, 64);
	add_number(&buf, type, number);
	text = assay_arena_strdup(arena, buf.p);
	assay_buf_release(&buf);
	return text;
}

/* check_bounds - min and max of the row */
static enum assay_status check_bounds(
    struct assay_arena *arena, const struct assay_opt *row, int64_t number, struct assay_err *err)
{
	if (row->max <= row->min || (number >= row->min && number <= row->max))
		return ASSAY_OK;
	return assay_err_set(err, ASSAY_E_CONF, "must be %s %s",
	    number < row->min ? "at least" : "at most",
	    number_text(arena, row->type, number < row->min ? row->min : row->max));
}

/* read_digits - the number at the front of text, which is left at what follows it */
static bool read_digits(struct assay_slice *text, int64_t *number)
{
	bool minus = text->n > 0 && text->p[0] == '-';
	struct assay_slice digits = assay_slice_from(*text, minus);
	uint64_t value;
	size_t n = 0;

	while (n < digits.n && assay_ascii_is_digit(digits.p[n]))
		n++;
	if (!assay_slice_u64(assay_slice_head(digits, n), &value) || value > INT64_MAX || n == 0)
		return false;
	*number = minus ? -(int64_t)value : (int64_t)value;
	*text = assay_slice_from(digits, n);
	return true;
}

/* set_number - INT, SIZE, TIME */
static enum assay_status set_number(struct assay_arena *arena, struct assay_opt_value *v,
    struct assay_slice text, struct assay_err *err)
{
	const struct unit *u = units_of(v->row->type);
	int64_t number;

	if (!read_digits(&text, &number))
		return assay_err_set(err, ASSAY_E_CONF, "must be a number%s",
		    u == size_units       ? " with a unit: 512B, 64K, 10M, 2G"
			: u == time_units ? " with a unit: 500ms, 60s, 2m, 1h, 30d"
					  : "");
	text = assay_slice_trim(text);
	if (u == NULL && text.n > 0)
		return assay_err_set(err, ASSAY_E_CONF, "must be a whole number without a unit");
	while (u != NULL && u->name != NULL && !assay_slice_caseis(text, u->name))
		u++;
	if (u != NULL && u->name == NULL && (text.n > 0 || number != 0))
		return assay_err_set(err, ASSAY_E_CONF,
		    v->row->type == ASSAY_OPT_SIZE ? "needs a unit: B, K, M, G or T, as in 10M"
						   : "needs a unit: ms, s, m, h or d, as in 60s");
	if (u != NULL && u->name != NULL && __builtin_mul_overflow(number, u->factor, &number))
		return assay_err_set(err, ASSAY_E_CONF, "is too large");
	v->number = number;
	return check_bounds(arena, v->row, number, err);
}

/* set_bool - yes or no */
static enum assay_status set_bool(
    struct assay_opt_value *v, struct assay_slice text, struct assay_err *err)
{
	v->number = assay_slice_caseis(text, "yes");
	if (v->number == 0 && !assay_slice_caseis(text, "no"))
		return assay_err_set(err, ASSAY_E_CONF, "must be yes or no");
	return ASSAY_OK;
}

/* set_enum - one of the words */
static enum assay_status set_enum(struct assay_arena *arena, struct assay_opt_value *v,
    struct assay_slice text, struct assay_err *err)
{
	struct assay_slice rest = assay_slice_str(v->row->words), word;

	v->number = 0;
	while (assay_slice_split(&rest, '|', &word)) {
		if (assay_slice_caseeq(word, text)) {
			v->text = assay_arena_memdup0(arena, word.p, word.n);
			return ASSAY_OK;
		}
		v->number++;
	}
	return assay_err_set(err, ASSAY_E_CONF, "must be one of %s", v->row->words);
}

/* set_list - comma separated, trimmed, no empty entries */
static void set_list(struct assay_arena *arena, struct assay_opt_value *v, struct assay_slice text)
{
	struct assay_slice rest = text, word;
	const char **list;
	size_t n = 1, k = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == ',';
	list = assay_arena_calloc(arena, n + 1, sizeof *list);
	while (assay_slice_split(&rest, ',', &word)) {
		word = assay_slice_trim(word);
		if (word.n > 0)
			list[k++] = assay_arena_memdup0(arena, word.p, word.n);
	}
	v->list = list;
}

/* parse - text into v, by the type of its row */
static enum assay_status parse(struct assay_arena *arena, struct assay_opt_value *v,
    struct assay_slice text, struct assay_err *err)
{
	v->text = assay_arena_memdup0(arena, text.p != NULL ? text.p : "", text.n);
	switch (v->row->type) {
	case ASSAY_OPT_BOOL:
		return set_bool(v, text, err);
	case ASSAY_OPT_INT:
	case ASSAY_OPT_SIZE:
	case ASSAY_OPT_TIME:
		return set_number(arena, v, text, err);
	case ASSAY_OPT_ENUM:
		return set_enum(arena, v, text, err);
	case ASSAY_OPT_LIST:
		set_list(arena, v, text);
		return ASSAY_OK;
	case ASSAY_OPT_STR:
		return ASSAY_OK;
	}
	ASSAY_BUG("option %s has no type", v->row->name);
}

/* same_list - equal, word for word */
static bool same_list(const char *const *a, const char *const *b)
{
	for (; *a != NULL && *b != NULL; a++, b++)
		if (strcmp(*a, *b) != 0)
			return false;
	return *a == *b;
}

/* same - do two values of one row mean the same */
static bool same(const struct assay_opt_value *a, const struct assay_opt_value *b)
{
	switch (a->row->type) {
	case ASSAY_OPT_STR:
		return strcmp(a->text, b->text) == 0;
	case ASSAY_OPT_LIST:
		return same_list(a->list, b->list);
	default:
		return a->number == b->number;
	}
}

/* set_default - the table's own value, which must be right */
static void set_default(struct assay_opts *opts, struct assay_opt_value *v)
{
	struct assay_err err;

	if (parse(opts->arena, v, assay_slice_str(v->row->def != NULL ? v->row->def : ""), &err) !=
	    ASSAY_OK)
		ASSAY_BUG("default of [%s] %s: %s", opts->section, v->row->name, err.text);
}

/* assay_opts_new - all at their defaults */
struct assay_opts *assay_opts_new(
    struct assay_arena *arena, const char *section, const struct assay_opt *const *tables)
{
	struct assay_opts *opts = assay_arena_zalloc(arena, sizeof *opts);
	size_t n = 0;

	opts->arena = arena;
	opts->section = section;
	assay_map_init(&opts->by_name, arena);
	for (const struct assay_opt *const *t = tables; *t != NULL; t++)
		for (const struct assay_opt *row = *t; row->name != NULL; row++)
			n++;
	opts->value = assay_arena_calloc(arena, n + 1, sizeof *opts->value);
	for (const struct assay_opt *const *t = tables; *t != NULL; t++) {
		for (const struct assay_opt *row = *t; row->name != NULL; row++) {
			struct assay_opt_value *v = &opts->value[opts->n++];

			v->row = row;
			set_default(opts, v);
			if (!assay_map_add(&opts->by_name, assay_slice_str(row->name), v))
				ASSAY_BUG(
				    "option [%s] %s stands in the table twice", section, row->name);
		}
	}
	return opts;
}

/* assay_opts_find - by name */
struct assay_opt_value *assay_opts_find(const struct assay_opts *opts, struct assay_slice name)
{
	return assay_map_get(&opts->by_name, name);
}

/* assay_opts_set - from text, checked; a refused value leaves the old one */
enum assay_status assay_opts_set(struct assay_opts *opts, struct assay_slice name,
    struct assay_slice text, struct assay_err *err)
{
	struct assay_opt_value *v = assay_opts_find(opts, name);
	struct assay_opt_value wanted, def;
	enum assay_status status;

	if (v == NULL)
		return assay_err_set(err, ASSAY_E_NOENT, "no such option");
	wanted = def = *v;
	status = parse(opts->arena, &wanted, assay_slice_trim(text), err);
	if (status != ASSAY_OK)
		return status;
	set_default(opts, &def);
	wanted.changed = !same(&wanted, &def);
	*v = wanted;
	return ASSAY_OK;
}

/* ---- the nearest name ---- */

#define NEAR_MAX ((size_t)48)

/* distance - how many letters to insert, drop, change or swap (one row of the table at a time) */
static size_t distance(struct assay_slice a, struct assay_slice b)
{
	size_t row[3][NEAR_MAX + 1];

	if (a.n > NEAR_MAX || b.n > NEAR_MAX)
		return NEAR_MAX;
	for (size_t j = 0; j <= b.n; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t d = last[j - 1] + (a.p[i - 1] != b.p[j - 1]);

			if (last[j] + 1 < d)
				d = last[j] + 1;
			if (now[j - 1] + 1 < d)
				d = now[j - 1] + 1;
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1] && before[j - 2] + 1 < d)
				d = before[j - 2] + 1;
			now[j] = d;
		}
	}
	return row[a.n % 3][b.n];
}

/* nearer - is `name` a better guess than the one at *best */
static bool nearer(struct assay_slice wanted, const char *name, size_t *best)
{
	size_t d = distance(wanted, assay_slice_str(name));

	if (d >= *best || d > 1 + wanted.n / 4)
		return false;
	*best = d;
	return true;
}

/* assay_opts_nearest - among the options of a section */
const char *assay_opts_nearest(const struct assay_opts *opts, struct assay_slice name)
{
	size_t best = NEAR_MAX;
	const char *found = NULL;

	for (size_t i = 0; i < opts->n; i++)
		if (nearer(name, opts->value[i].row->name, &best))
			found = opts->value[i].row->name;
	return found;
}

/* assay_opts_nearest_of - among any names */
const char *assay_opts_nearest_of(const char *const *names, struct assay_slice name)
{
	size_t best = NEAR_MAX;
	const char *found = NULL;

	for (; *names != NULL; names++)
		if (nearer(name, *names, &best))
			found = *names;
	return found;
}

/* ---- reading ---- */

/* want - the value, which must exist and be of one of the types in the mask */
static const struct assay_opt_value *want(
    const struct assay_opts *opts, const char *name, unsigned types)
{
	const struct assay_opt_value *v = assay_opts_find(opts, assay_slice_str(name));

	if (v == NULL)
		ASSAY_BUG("nobody declared the option [%s] %s", opts->section, name);
	if ((types & 1u << v->row->type) == 0)
		ASSAY_BUG(
		    "option [%s] %s is %s", opts->section, name, assay_opts_type_name(v->row));
	return v;
}

/* assay_opt_str - text of STR and ENUM */
const char *assay_opt_str(const struct assay_opts *opts, const char *name)
{
	const struct assay_opt_value *v =
	    want(opts, name, 1u << ASSAY_OPT_STR | 1u << ASSAY_OPT_ENUM);

	return v->text;
}

/* assay_opt_int - BOOL, INT, SIZE in bytes, TIME in ms */
int64_t assay_opt_int(const struct assay_opts *opts, const char *name)
{
	return want(opts, name,
	    1u << ASSAY_OPT_BOOL | 1u << ASSAY_OPT_INT | 1u << ASSAY_OPT_SIZE |
		1u << ASSAY_OPT_TIME)
	    ->number;
}

/* assay_opt_list - words of a LIST */
const char *const *assay_opt_list(const struct assay_opts *opts, const char *name)
{
	return want(opts, name, 1u << ASSAY_OPT_LIST)->list;
}

/* assay_opts_where - "FILE:LINE: ", or nothing for what was not written in a file */
const char *assay_opts_where(const struct assay_opts *opts, const struct assay_opt_value *v)
{
	return v->origin == ASSAY_ORIGIN_FILE
	    ? assay_arena_printf(opts->arena, "%s:%u: ", v->file, v->line)
	    : "";
}

/* assay_opt_refuse - the value is wrong, as its owner knows */
enum assay_status assay_opt_refuse(
    const struct assay_opts *opts, const char *name, const char *why, struct assay_err *err)
{
	const struct assay_opt_value *v = want(opts, name, ~0u);

	return assay_err_set(err, ASSAY_E_CONF, "%s[%s] %s = %.120s: %.400s",
	    assay_opts_where(opts, v), opts->section, name, v->text, why);
}

/* assay_opts_enum - which word of an ENUM */
unsigned assay_opts_enum(const struct assay_opts *opts, const char *name)
{
	return (unsigned)want(opts, name, 1u << ASSAY_OPT_ENUM)->number;
}

/* path_of - below dir, unless absolute or from the command line, where people mean the directory
 * they are in */
static const char *path_of(const struct assay_opts *opts, const struct assay_opt_value *v,
    const char *dir, const char *path)
{
	if (path[0] == '/' || path[0] == '\0' || v->origin == ASSAY_ORIGIN_COMMAND || dir == NULL)
		return path;
	return assay_arena_printf(opts->arena, "%s/%s", dir, path);
}

/* assay_opt_path - a STR as file name */
const char *assay_opt_path(const struct assay_opts *opts, const char *name)
{
	const struct assay_opt_value *v = want(opts, name, 1u << ASSAY_OPT_STR);

	return path_of(opts, v, opts->conf_dir, v->text);
}

/* assay_opt_state_path - a STR as the name of something we keep */
const char *assay_opt_state_path(const struct assay_opts *opts, const char *name)
{
	const struct assay_opt_value *v = want(opts, name, 1u << ASSAY_OPT_STR);

	return path_of(opts, v, opts->state_dir, v->text);
}

/* assay_opt_paths - a LIST as file names */
const char *const *assay_opt_paths(const struct assay_opts *opts, const char *name)
{
	const struct assay_opt_value *v = want(opts, name, 1u << ASSAY_OPT_LIST);
	const char **list;
	size_t n = 0;

	while (v->list[n] != NULL)
		n++;
	list = assay_arena_calloc(opts->arena, n + 1, sizeof *list);
	for (size_t i = 0; i < n; i++)
		list[i] = path_of(opts, v, opts->conf_dir, v->list[i]);
	return list;
}

/* make_dirs - mkdir -p, private to us; what fails shows when the directory is used */
static void make_dirs(struct assay_arena *arena, const char *path)
{
	char *copy = assay_arena_strdup(arena, path);

	for (char *p = copy + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		(void)mkdir(copy, 0755);
		*p = '/';
	}
	(void)mkdir(copy, 0700);
}

/* assay_opt_cache_dir - made when it is first asked for */
const char *assay_opt_cache_dir(const struct assay_opts *opts)
{
	if (opts->cache_dir == NULL)
		return NULL;
	make_dirs(opts->arena, opts->cache_dir);
	return access(opts->cache_dir, R_OK | W_OK | X_OK) == 0 ? opts->cache_dir : NULL;
}

/* assay_opts_type_name - for people */
const char *assay_opts_type_name(const struct assay_opt *row)
{
	switch (row->type) {
	case ASSAY_OPT_BOOL:
		return "yes|no";
	case ASSAY_OPT_INT:
		return "number";
	case ASSAY_OPT_SIZE:
		return "size";
	case ASSAY_OPT_TIME:
		return "time";
	case ASSAY_OPT_STR:
		return "text";
	case ASSAY_OPT_LIST:
		return "list";
	case ASSAY_OPT_ENUM:
		return row->words;
	}
	return "?";
}
