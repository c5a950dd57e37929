/*
 * core/opts.h - the options of one section: checked, typed, and where each was set
 *
 * Built once at start from one or several option tables (struct assay_opt of <assay/plugin.h>) and
 * then filled by core/config; read by everybody through assay_opt_str/int/list/path. Lives as long
 * as the arena it was made in. A table with a wrong default or a name twice is a broken promise
 * (ASSAY_BUG); what a user wrote wrong is ASSAY_E_CONF with the reason and the bounds.
 */
#ifndef ASSAY_OPTS_H
#define ASSAY_OPTS_H

#include <assay/plugin.h>

#include "base/map.h"

struct assay_arena;

enum assay_origin { ASSAY_ORIGIN_DEFAULT, ASSAY_ORIGIN_FILE, ASSAY_ORIGIN_COMMAND };

/* One option and its value now. */
struct assay_opt_value {
	const struct assay_opt *row;
	const char *text;        /* as written, white space trimmed; never NULL */
	int64_t number;          /* BOOL, INT, SIZE, TIME; ENUM: index of the word */
	const char *const *list; /* LIST: ends with NULL */
	enum assay_origin origin;
	const char *file; /* ORIGIN_FILE; else NULL */
	unsigned line;
	bool changed; /* differs from the default in meaning */
};

struct assay_opts {
	struct assay_arena *arena;
	const char *section;
	struct assay_opt_value *value; /* in the order of the tables */
	size_t n;
	struct assay_map by_name;
	const char *conf_dir;  /* what relative file names are below; or NULL */
	const char *state_dir; /* what assay_opt_state_path is below; or NULL */
	const char *cache_dir; /* may not exist yet; or NULL */
};

/* All options of the tables (the list of tables ends with NULL) at their defaults. Section and
 * tables are borrowed. */
struct assay_opts *assay_opts_new(
    struct assay_arena *arena, const char *section, const struct assay_opt *const *tables);
/* Sets one option from text; NOENT: no such option. The error says value, reason and bounds, but
 * neither file nor option: the caller does. */
ASSAY_MUST_CHECK enum assay_status assay_opts_set(struct assay_opts *opts, struct assay_slice name,
    struct assay_slice text, struct assay_err *err);
/* The option, or NULL. */
struct assay_opt_value *assay_opts_find(const struct assay_opts *opts, struct assay_slice name);
/* The nearest name by edit distance, NULL when none is near. */
const char *assay_opts_nearest(const struct assay_opts *opts, struct assay_slice name);
/* For any list of names (ends with NULL), as above. */
const char *assay_opts_nearest_of(const char *const *names, struct assay_slice name);
/* Index of the word of an ENUM, e.g. for a switch; aborts as assay_opt_int does. */
unsigned assay_opts_enum(const struct assay_opts *opts, const char *name);
/* "FILE:LINE: " for an error, "" where the value was not written in a file. */
const char *assay_opts_where(const struct assay_opts *opts, const struct assay_opt_value *v);
/* "size", "time", "yes|no", "a|b|c" ... for help texts. */
const char *assay_opts_type_name(const struct assay_opt *row);

#endif
