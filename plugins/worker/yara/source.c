/*
 * source - the rule files named in the configuration, read; see source.h
 *
 * Touches the file system at start only. Anything that cannot be read is an error: a rule that
 * silently is not there is worse than no start.
 */
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "base/map.h"
#include "base/slice.h"

#include "source.h"

#define SOURCE_FILES 10000u
#define SOURCE_BYTES ((size_t)32 * 1024 * 1024)
#define SOURCE_TOTAL ((size_t)256 * 1024 * 1024)
#define SOURCE_DEPTH 16

struct reader {
	struct assay_source_list *list;
	size_t cap, total;
	struct assay_err *err;
};

/* is_rules - a file name we take in a directory */
static bool is_rules(const char *name)
{
	const struct assay_slice s = assay_slice_str(name);

	return name[0] != '.' && (assay_slice_ends(s, ".yar") || assay_slice_ends(s, ".yara"));
}

/* read_one - adds one file */
static enum assay_status read_one(struct reader *r, const char *path, const char *space)
{
	struct assay_source_list *list = r->list;
	struct assay_buf buf;
	enum assay_status status;

	if (list->n == SOURCE_FILES)
		return assay_err_set(r->err, ASSAY_E_CONF,
		    "%s: more than %u rule files; merge some of them", path, SOURCE_FILES);
	assay_buf_init(&buf, SOURCE_BYTES);
	status = assay_io_read_file(path, &buf, r->err);
	if (status == ASSAY_OK && (r->total += buf.n) > SOURCE_TOTAL)
		status = assay_err_set(r->err, ASSAY_E_CONF,
		    "%s: more than %zu MiB of rules in all", path, SOURCE_TOTAL >> 20);
	if (status == ASSAY_OK) {
		if (list->n == r->cap) {
			struct assay_source *old = list->source;

			r->cap = r->cap * 2 + 16;
			list->source = assay_arena_calloc(list->arena, r->cap, sizeof(*old));
			if (old != NULL)
				memcpy(list->source, old, list->n * sizeof(*old));
		}
		list->source[list->n++] = (struct assay_source){
			.path = assay_arena_strdup(list->arena, path),
			.space = assay_arena_strdup(list->arena, space),
			.text = assay_slice(
			    assay_arena_memdup0(list->arena, buf.n > 0 ? buf.p : "", buf.n), buf.n),
		};
	}
	assay_buf_release(&buf);
	return status == ASSAY_OK ? ASSAY_OK : ASSAY_E_CONF;
}

static enum assay_status read_dir(
    struct reader *r, const char *path, const char *space, unsigned depth);

/* read_entry - one name in a directory */
static enum assay_status read_entry(
    struct reader *r, const char *dir, const char *space, const char *name, unsigned depth)
{
	const char *path = assay_arena_printf(r->list->arena, "%s/%s", dir, name);
	const char *below =
	    assay_arena_printf(r->list->arena, "%s%s%s", space, space[0] != 0 ? "/" : "", name);
	struct stat st;

	if (name[0] == '.' || lstat(path, &st) != 0)
		return ASSAY_OK;
	if (S_ISDIR(st.st_mode))
		return depth > 0 ? read_dir(r, path, below, depth - 1) : ASSAY_OK;
	return is_rules(name) ? read_one(r, path, below) : ASSAY_OK;
}

/* by_entry - bytewise, not by the locale */
static int by_entry(const void *a, const void *b)
{
	return strcmp((*(struct dirent *const *)a)->d_name, (*(struct dirent *const *)b)->d_name);
}

/* read_dir - all rule files below a directory, in order of name */
static enum assay_status read_dir(
    struct reader *r, const char *path, const char *space, unsigned depth)
{
	struct dirent **entry;
	enum assay_status status = ASSAY_OK;
	const int n = scandir(path, &entry, NULL, NULL);

	if (n < 0)
		return assay_err_set(r->err, ASSAY_E_CONF, "%s: %s", path, strerror(errno));
	qsort(entry, (size_t)n, sizeof(struct dirent *), by_entry);
	for (int i = 0; i < n; i++) {
		if (status == ASSAY_OK)
			status = read_entry(r, path, space, entry[i]->d_name, depth);
		free(entry[i]);
	}
	free(entry);
	return status;
}

/* base_name - behind the last slash */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* read_path - a file or a directory that was named */
static enum assay_status read_path(struct reader *r, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return assay_err_set(r->err, ASSAY_E_CONF,
		    "%s: %s; correct [yara] rules or create it", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return read_dir(r, path, "", SOURCE_DEPTH);
	return read_one(r, path, base_name(path));
}

/* read_glob - all names that match a pattern; none is an error */
static enum assay_status read_glob(struct reader *r, const char *pattern)
{
	enum assay_status status = ASSAY_OK;
	glob_t g;

	if (glob(pattern, GLOB_NOSORT, NULL, &g) != 0)
		return assay_err_set(
		    r->err, ASSAY_E_CONF, "%s: no such rule files; correct [yara] rules", pattern);
	qsort(g.gl_pathv, g.gl_pathc, sizeof(char *), assay_slice_by_text);
	for (size_t i = 0; i < g.gl_pathc && status == ASSAY_OK; i++)
		status = read_path(r, g.gl_pathv[i]);
	globfree(&g);
	return status;
}

/* unique_spaces - files of the same name in different places get their path as name space */
static void unique_spaces(struct assay_source_list *list)
{
	struct assay_map seen;

	assay_map_init(&seen, list->arena);
	for (size_t i = 0; i < list->n; i++) {
		struct assay_source *s = &list->source[i];

		if (!assay_map_add(&seen, assay_slice_str(s->space), s))
			s->space = assay_arena_printf(list->arena, "%s#%zu", s->path, i);
	}
}

/* assay_source_read - see source.h */
enum assay_status assay_source_read(struct assay_arena *arena, const char *base,
    const char *const *names, struct assay_source_list *list, struct assay_err *err)
{
	struct reader r = { .list = list, .err = err };
	enum assay_status status = ASSAY_OK;

	*list = (struct assay_source_list){ .arena = arena };
	for (; status == ASSAY_OK && *names != NULL; names++) {
		const char *path = (*names)[0] == '/' || base == NULL
		    ? *names
		    : assay_arena_printf(arena, "%s/%s", base, *names);

		status = strpbrk(path, "*?[") != NULL ? read_glob(&r, path) : read_path(&r, path);
	}
	unique_spaces(list);
	return status;
}
