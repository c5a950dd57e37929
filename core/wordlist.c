/*
 * core/wordlist.c - see wordlist.h
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "core/host.h"
#include "core/opts.h"
#include "core/wordlist.h"

#define FACTS "fact"
#define EXTRA_MAX 64u

/* is_wordlist - does the row want words? */
static bool is_wordlist(const struct assay_opt *row)
{
	const struct assay_slice words = assay_slice_str(row->words);

	return row->type == ASSAY_OPT_LIST &&
	    (assay_slice_is(words, FACTS) || assay_slice_starts(words, FACTS "|"));
}

/* names_of - all that may stand there: the row's own, then the vocabulary; NULL ends */
static const char *const *names_of(
    struct assay_arena *arena, const struct assay_host *host, const struct assay_opt *row)
{
	const struct assay_map *all = &assay_host_vocabulary(host)->words;
	const char **names = assay_arena_calloc(arena, all->n + EXTRA_MAX + 1, sizeof *names);
	struct assay_slice rest = assay_slice_str(row->words), word;
	size_t n = 0;

	(void)assay_slice_split(&rest, '|', &word);
	while (n < EXTRA_MAX && assay_slice_split(&rest, '|', &word))
		names[n++] = assay_arena_memdup0(arena, word.p, word.n);
	for (size_t i = 0; i < all->n; i++)
		names[n++] = ((const struct assay_word *)all->entry[i].value)->word;
	return names;
}

/* check_value - one option */
static enum assay_status check_value(struct assay_arena *arena, const struct assay_host *host,
    const struct assay_opts *opts, const struct assay_opt_value *value, struct assay_err *err)
{
	const char *const *names = names_of(arena, host, value->row), *near;
	enum assay_status status;

	for (const char *const *word = value->list; *word != NULL; word++) {
		if (assay_slice_in(assay_slice_str(*word), names))
			continue;
		near = assay_opts_nearest_of(names, assay_slice_str(*word));
		status = assay_err_set(err, ASSAY_E_CONF,
		    "[%s] %s: \"%s\" is no word of facts%s%s%s", opts->section, value->row->name,
		    *word, near != NULL ? "; did you mean \"" : "",
		    near != NULL ? near : "; assay plugins --facts lists them",
		    near != NULL ? "\"?" : "");
		if (value->file != NULL)
			assay_err_prefix(err, "%s:%u", value->file, value->line);
		return status;
	}
	return ASSAY_OK;
}

/* assay_wordlist_check - see wordlist.h */
enum assay_status assay_wordlist_check(const struct assay_host *host, struct assay_err *err)
{
	struct assay_arena *arena = assay_arena_new();
	enum assay_status status = ASSAY_OK;
	const struct assay_loaded *l;

	for (size_t i = 0; status == ASSAY_OK && (l = assay_host_at(host, i)) != NULL; i++)
		for (size_t k = 0; l->opts != NULL && k < l->opts->n && status == ASSAY_OK; k++)
			if (is_wordlist(l->opts->value[k].row))
				status = check_value(arena, host, l->opts, &l->opts->value[k], err);
	assay_arena_free(&arena);
	return status;
}

/* is_worker - is it loaded, and does it look at payloads */
static bool is_worker(const struct assay_host *host, const char *name)
{
	const struct assay_loaded *l = assay_host_find(host, name);

	return l != NULL && l->plugin->worker != NULL;
}

/* value_of - the option that names it, or NULL */
static const struct assay_opt_value *value_of(
    const struct assay_loaded *l, const struct assay_named *named)
{
	return named->option != NULL && l->opts != NULL
	    ? assay_opts_find(l->opts, assay_slice_str(named->option))
	    : NULL;
}

/* refuse_worker - one that is not loaded */
static enum assay_status refuse_worker(
    const struct assay_loaded *l, const struct assay_named *named, struct assay_err *err)
{
	const struct assay_opt_value *value = value_of(l, named);
	enum assay_status status = assay_err_set(err, ASSAY_E_CONF,
	    "there is no worker \"%s\" loaded; add it to [core] plugins, or correct the name",
	    named->worker);

	if (value == NULL)
		assay_err_prefix(err, "%s", named->place != NULL ? named->place : l->name);
	else
		assay_err_prefix(err, "[%s] %s", l->name, named->option);
	if (value != NULL && value->file != NULL)
		assay_err_prefix(err, "%s:%u", value->file, value->line);
	return status;
}

/* assay_wordlist_workers - see wordlist.h */
enum assay_status assay_wordlist_workers(const struct assay_host *host, struct assay_err *err)
{
	const struct assay_loaded *l;

	for (size_t i = 0; (l = assay_host_at(host, i)) != NULL; i++) {
		const struct assay_dispatcher *d = l->plugin->dispatcher;
		const struct assay_named *named =
		    l->opened && d != NULL && d->names != NULL ? d->names(l->state) : NULL;

		for (; named != NULL && named->worker != NULL; named++) {
			const struct assay_opt_value *value = value_of(l, named);

			/* A shipped table does not know what is loaded. */
			if ((value == NULL || value->origin != ASSAY_ORIGIN_DEFAULT) &&
			    !is_worker(host, named->worker))
				return refuse_worker(l, named, err);
		}
	}
	return ASSAY_OK;
}
