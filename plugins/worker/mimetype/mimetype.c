/*
 * mimetype - what a payload really is, and which worker is made for it
 *
 * Worker and dispatcher in one plugin. The worker gives the detected type, words for people and
 * the usual extension. The dispatcher holds the table type -> workers ([mimetype] route) and
 * compares it with the detected type and with every type that was declared for the payload: a
 * mail sent as application/octet-stream is a mail, and what is declared as one is taken apart by
 * a reader that believes the declaration. Fails at start only, when libmagic has no database.
 */
#include <stdlib.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include "detect.h"

#define ROUTE_DEFAULT                                                                              \
	"message/rfc822=smtp, message/global=smtp, message/news=smtp, "                            \
	"message/rfc822-headers=smtp, "                                                            \
	"text/rfc822-headers=smtp, "                                                               \
	"image/*=exif?, audio/*=exif?, video/*=exif?, application/pdf=exif?, text/rtf=exif?, "     \
	"application/msword=exif?, application/vnd.ms-excel*=exif?, "                              \
	"application/vnd.ms-powerpoint*=exif?, application/vnd.ms-outlook=exif?, "                 \
	"application/vnd.openxmlformats-officedocument.*=exif?, "                                  \
	"application/vnd.oasis.opendocument.*=exif?, application/postscript=exif?, "               \
	"application/x-ms-shortcut=exif?, application/x-dosexec=exif?, "                           \
	"application/zip=decompress?, application/gzip=decompress?, "                              \
	"application/x-bzip2=decompress?, application/x-xz=decompress?, "                          \
	"application/zstd=decompress?, application/x-lz4=decompress?, "                            \
	"application/x-lzma=decompress?, application/*lzip=decompress?, "                          \
	"application/x-compress=decompress?, application/x-7z-compressed=decompress?, "            \
	"application/vnd.rar=decompress?, application/vnd.ms-cab-compressed=decompress?, "         \
	"application/x-tar=decompress?, application/x-*tar=decompress?, "                          \
	"application/x-iso9660-image=decompress?, application/x-cpio=decompress?, "                \
	"application/x-archive=decompress?, application/x-xar=decompress?, "                       \
	"application/x-rpm=decompress?, application/vnd.debian.binary-package=decompress?, "       \
	"application/x-msi=decompress?, application/x-arj=decompress?, "                           \
	"application/x-ace*=decompress?, "                                                         \
	"application/vnd.ms-htmlhelp=decompress?, application/x-ms-wim=decompress?, "              \
	"application/x-lzh-compressed=decompress?, application/java-archive=decompress?, "         \
	"application/vnd.android.package-archive=decompress?, "                                    \
	"application/vnd.openxmlformats-officedocument.*=decompress?, "                            \
	"application/vnd.ms-*.macroenabled.12=decompress?, "                                       \
	"application/vnd.ms-visio.drawing=decompress?, "                                           \
	"application/vnd.ms-xpsdocument=decompress?, "                                             \
	"application/vnd.oasis.opendocument.*=decompress?, application/epub+zip=decompress?, "     \
	"application/x-dosexec=decompress?, application/octet-stream=decompress?, "                \
	"application/vnd.ms-tnef=tnef?, application/ms-tnef=tnef?, "                               \
	"message/*=iocextract?, text/*=iocextract?, "                                              \
	"application/x-dosexec=pe?, application/x-executable=elf?, "                               \
	"application/x-pie-executable=elf?, application/x-sharedlib=elf?, "                        \
	"application/x-object=elf?, application/x-coredump=elf?, "                                 \
	"application/x-mach-binary=macho?, "                                                       \
	"text/*=b64decode?, application/octet-stream=xordecode?, "                                 \
	"application/*=entropy?+ssdeep?+tlsh?, *=clamav?"

struct wanted {
	const char *worker;
	bool wish; /* only if it is loaded */
};

struct route {
	struct route *next;
	const char *glob;
	const struct wanted *wanted; /* a NULL worker ends it */
};

/* The last answer: dispatcher and worker ask about the same payload one after the other. */
struct memo {
	char sha256[65];
	char declared[128];
	bool root;
	struct assay_detect_type type;
};

struct mimetype {
	struct assay_arena *arena;
	const char *database;
	struct assay_detect *detect;
	struct route *routes, **end;
	struct assay_named *named; /* workers that must be loaded */
	size_t n_named;
	struct memo memo;
};

static const struct assay_opt options[] = {
	{ "more_routes", ASSAY_OPT_LIST, "", 0, 0, NULL,
	    "routes of your own, asked before those of route" },
	{ "route", ASSAY_OPT_LIST, ROUTE_DEFAULT, 0, 0, NULL,
	    "which workers a type goes to: TYPE-GLOB=worker+worker; with ? behind it only if it is "
	    "loaded" },
	{ "database", ASSAY_OPT_STR, "", 0, 0, NULL,
	    "libmagic's compiled database; empty: the system's" },
	{ NULL, ASSAY_OPT_BOOL, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "mimetype", ASSAY_STR, ASSAY_TECHNICAL, "detected MIME type, lower case" },
	{ "description", ASSAY_STR | ASSAY_NULL, ASSAY_PERSONAL,
	    "the type in words; may quote titles and authors of documents" },
	{ "extension", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL,
	    "usual file name extension of the detected type" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "type", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "mimetype", "detected MIME type" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* split_workers - "a+b?" as a list */
static const struct wanted *split_workers(struct assay_arena *arena, struct assay_slice text)
{
	struct wanted *list = assay_arena_calloc(arena, text.n + 1, sizeof(*list));
	struct assay_slice name;
	size_t n = 0;

	while (assay_slice_split(&text, '+', &name)) {
		name = assay_slice_trim(name);
		list[n].wish = assay_slice_ends(name, "?");
		name.n -= list[n].wish;
		if (name.n > 0)
			list[n++].worker = assay_arena_memdup0(arena, name.p, name.n);
	}
	list[n].worker = NULL;
	return list;
}

/* add_named - the workers of a route that must be loaded */
static void add_named(struct mimetype *m, const struct route *route, const char *option)
{
	for (const struct wanted *w = route->wanted; w->worker != NULL; w++) {
		if (w->wish)
			continue;
		m->named = assay_xrealloc(m->named, (m->n_named + 2) * sizeof(*m->named));
		m->named[m->n_named++] = (struct assay_named){ w->worker, option, NULL };
		m->named[m->n_named] = (struct assay_named){ NULL, NULL, NULL };
	}
}

/* read_routes - the table from an option */
static enum assay_status read_routes(
    struct mimetype *m, const struct assay_opts *opts, const char *option, struct assay_err *err)
{
	const char *const *list = assay_opt_list(opts, option);

	for (; *list != NULL; list++) {
		const struct assay_slice s = assay_slice_str(*list);
		const size_t eq = assay_slice_find(s, '=');
		const struct assay_slice glob = assay_slice_trim(assay_slice_head(s, eq));
		struct route *r = assay_arena_zalloc(m->arena, sizeof(*r));

		r->glob = assay_arena_memdup0(m->arena, glob.p, glob.n);
		r->wanted = split_workers(m->arena, assay_slice_from(s, eq + 1));
		if (eq == s.n || glob.n == 0 || r->wanted[0].worker == NULL)
			return assay_err_set(err, ASSAY_E_CONF,
			    "[mimetype] %s: \"%s\" is not of the form TYPE-GLOB=worker+worker",
			    option, *list);
		add_named(m, r, option);
		*m->end = r;
		m->end = &r->next;
	}
	return ASSAY_OK;
}

/* mimetype_close - frees everything */
static void mimetype_close(void *state)
{
	struct mimetype *m = state;

	assay_detect_free(&m->detect);
	assay_arena_free(&m->arena);
	free(m->named);
	free(m);
}

/* mimetype_open - reads the options */
static enum assay_status mimetype_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct mimetype *m = assay_xcalloc(1, sizeof(*m));
	const char *database = assay_opt_str(opts, "database");
	enum assay_status status;

	m->arena = assay_arena_new();
	m->database = database[0] != 0 ? assay_opt_path(opts, "database") : NULL;
	m->end = &m->routes;
	status = read_routes(m, opts, "more_routes", err);
	if (status == ASSAY_OK)
		status = read_routes(m, opts, "route", err);
	if (status != ASSAY_OK)
		mimetype_close(m);
	else
		*state = m;
	return status;
}

/* mimetype_warm - loads libmagic's database */
static enum assay_status mimetype_warm(void *state, struct assay_err *err)
{
	struct mimetype *m = state;

	return assay_detect_new(m->database, &m->detect, err);
}

/* detect - the type of a payload, from the memo when it was asked for just now */
static const struct assay_detect_type *detect(
    struct mimetype *m, const struct assay_payload *payload)
{
	const char *sha256 = assay_payload_digest(payload, ASSAY_SHA256);
	const struct assay_detect_hint hint = {
		.declared = assay_payload_content_type(payload),
		.extension = assay_payload_extension(payload),
		.root = assay_payload_depth(payload) == 0,
	};
	struct memo *memo = &m->memo;
	const char *declared = hint.declared != NULL ? hint.declared : "";
	const size_t n = strnlen(declared, sizeof(memo->declared) - 1);

	if (memo->root == hint.root && strcmp(memo->sha256, sha256) == 0 &&
	    strlen(memo->declared) == n && memcmp(memo->declared, declared, n) == 0)
		return &memo->type;
	memo->type = assay_detect_type(m->detect, assay_payload_bytes(payload), &hint);
	memcpy(memo->sha256, sha256, sizeof(memo->sha256));
	memcpy(memo->declared, declared, n);
	memo->declared[n] = 0;
	memo->root = hint.root;
	return &memo->type;
}

/* mimetype_scan - the worker */
static enum assay_status mimetype_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct assay_detect_type *type = detect(state, payload);
	json_t *out = assay_result_json(result);

	(void)err;
	json_object_set_new_nocheck(out, "mimetype", assay_json_str(type->mimetype));
	json_object_set_new_nocheck(out, "description", assay_json_str(type->description));
	json_object_set_new_nocheck(out, "extension", assay_json_str(type->extension));
	return ASSAY_OK;
}

/* fits - does the glob match the detected type or a declared one? */
static bool fits(const char *glob, const char *detected, const json_t *occurrences)
{
	size_t i;
	json_t *place;

	if (assay_slice_glob(assay_slice_str(detected), glob))
		return true;
	json_array_foreach((json_t *)occurrences, i, place)
	{
		const char *declared = json_string_value(json_object_get(place, "content_type"));

		if (declared != NULL && assay_slice_glob(assay_slice_str(declared), glob))
			return true;
	}
	return false;
}

/* choose_all - adds the workers of a route */
static void choose_all(struct assay_plan *plan, const struct route *route)
{
	for (const struct wanted *w = route->wanted; w->worker != NULL; w++) {
		if (w->wish)
			assay_plan_wish(plan, w->worker);
		else
			assay_plan_add(plan, w->worker);
		assay_plan_meta(plan, "route", route->glob);
	}
}

/* mimetype_choose - the dispatcher: every route that fits, in the order of the option */
static enum assay_status mimetype_choose(void *state, const struct assay_payload *payload,
    struct assay_plan *plan, struct assay_err *err)
{
	const struct mimetype *m = state;
	const char *extension = assay_payload_extension(payload);
	const char *detected = detect(state, payload)->mimetype;
	const json_t *occurrences = assay_payload_occurrences(payload);
	const bool eml = extension != NULL && strcmp(extension, "eml") == 0;

	(void)err;
	for (const struct route *r = m->routes; r != NULL; r = r->next)
		if (fits(r->glob, detected, occurrences) ||
		    /* A mail reader opens it as a mail, whatever it looks like. */
		    (eml && assay_slice_glob(ASSAY_SLICE_LIT("message/rfc822"), r->glob)))
			choose_all(plan, r);
	return ASSAY_OK;
}

/* mimetype_names - who must be loaded */
static const struct assay_named *mimetype_names(void *state)
{
	const struct mimetype *m = state;

	return m->named;
}

static const struct assay_worker worker = { .scan = mimetype_scan };
static const struct assay_dispatcher dispatcher = {
	.choose = mimetype_choose,
	.names = mimetype_names,
};

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "mimetype",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "detected type of every payload; chooses workers by type",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = mimetype_open,
	.warm = mimetype_warm,
	.close = mimetype_close,
	.worker = &worker,
	.dispatcher = &dispatcher,
};
