/*
 * clamav/look.c - see look.h. Touches one directory below the current one. libclamav calls back
 * with each layer it unpacks, each name it finds and each thing it complains of; all of it is a
 * stranger's and bounded here.
 */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/slice.h"

#include "look.h"
#include "verdict.h"

#define DIR_TEXT 40u
#define NAME_MAX_BYTES ((size_t)1000)
/* libclamav cuts a zip's member that is too large, without a word, to a multiple of its buffer. */
#define CUT_SLACK ((uint64_t)64 * 1024)
#define OPEN_DIRS 8

/* One scan. */
struct look {
	const struct assay_clamav_how *how;
	struct assay_clamav_verdict verdict;
	json_t *layers;
	size_t nlayers;
	uint64_t most;       /* size of the largest member that may have been cut */
	bool encrypted;      /* a member it could not look into */
	char type[64];       /* of the payload itself */
	char complaint[160]; /* the first error it told */
};

/* ---- what libclamav tells -------------------------------------------------------------------- */

/* cut_text - up to n bytes of a C string */
static json_t *cut_text(const char *s)
{
	return s != NULL ? assay_json_text(s, strnlen(s, NAME_MAX_BYTES)) : json_null();
}

/* heard_layer - libclamav's callback: something that is about to be scanned; level 0 is the payload
 * itself */
static cl_error_t heard_layer(int fd, const char *type, const char **ancestors, size_t parent,
    const char *name, size_t size, const char *bytes, uint32_t level, uint32_t attributes,
    void *context)
{
	struct look *look = context;
	json_t *row;

	(void)fd;
	(void)ancestors;
	(void)parent;
	(void)bytes;
	if (level == 0) {
		(void)snprintf(look->type, sizeof look->type, "%s", type != NULL ? type : "");
		return CL_CLEAN;
	}
	if (size + CUT_SLACK > look->verdict.file_max && size > look->most)
		look->most = size;
	if (look->nlayers++ >= look->how->layers_max)
		return CL_CLEAN;
	row = json_object();
	json_object_set_new_nocheck(row, "level", json_integer(level));
	json_object_set_new_nocheck(row, "type", cut_text(type));
	json_object_set_new_nocheck(row, "name", cut_text(name));
	json_object_set_new_nocheck(row, "size", json_integer((json_int_t)size));
	json_object_set_new_nocheck(
	    row, "normalized", json_boolean((attributes & LAYER_ATTRIBUTES_NORMALIZED) != 0));
	json_object_set_new_nocheck(
	    row, "decrypted", json_boolean((attributes & LAYER_ATTRIBUTES_DECRYPTED) != 0));
	json_array_append_new(look->layers, row);
	return CL_CLEAN;
}

/* heard_member - libclamav's callback: a row of an archive's list, also of those that it skips */
static cl_error_t heard_member(const char *container, unsigned long packed, const char *name,
    unsigned long size, int encrypted, unsigned number, void *context)
{
	struct look *look = context;

	(void)container;
	(void)packed;
	(void)name;
	(void)number;
	look->encrypted |= encrypted != 0;
	if (size > look->verdict.file_max && size > look->most)
		look->most = size;
	return CL_CLEAN;
}

/* heard_name - a signature, a heuristic or a limit */
static void heard_name(int fd, const char *name, void *context)
{
	struct look *look = context;

	(void)fd;
	if (name != NULL)
		assay_clamav_verdict_add(&look->verdict, name, strnlen(name, NAME_MAX_BYTES));
}

/* is_about_shape - said of pictures that are no good, which is no failure to look at them */
static bool is_about_shape(const char *text)
{
	static const char *const parsers[] = { "JPEG:", "GIF:", "PNG:", "TIFF:" };

	for (size_t i = 0; i < sizeof parsers / sizeof parsers[0]; i++)
		if (strncmp(text, parsers[i], strlen(parsers[i])) == 0)
			return true;
	return false;
}

/* heard_complaint - the first error is kept: a file that could not be written stands nowhere else.
 * Warnings are about the shape of files */
static void heard_complaint(enum cl_msg severity, const char *full, const char *text, void *context)
{
	struct look *look = context;

	(void)full;
	if (look == NULL || severity != CL_MSG_ERROR || look->complaint[0] != '\0' ||
	    is_about_shape(text))
		return;
	(void)snprintf(
	    look->complaint, sizeof look->complaint, "%.*s", (int)strcspn(text, "\n"), text);
}

/* ---- its directory --------------------------------------------------------------------------- */

/* dir_name - of this process: without a sandbox the place is everybody's */
static void dir_name(char name[DIR_TEXT])
{
	(void)snprintf(name, DIR_TEXT, "assay-clamav-%ld", (long)getpid());
}

/* remove_one - whatever it is */
static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)at;
	if (flag == FTW_DP || flag == FTW_D || flag == FTW_DNR)
		(void)rmdir(path);
	else
		(void)unlink(path);
	return 0;
}

/* drop_dir - with what an error may have left there */
static void drop_dir(const char *name)
{
	if (rmdir(name) != 0 && errno != ENOENT)
		(void)nftw(name, remove_one, OPEN_DIRS, FTW_DEPTH | FTW_PHYS);
}

/* make_dir - empty and ours */
static enum assay_status make_dir(const char *name, struct assay_err *err)
{
	if (mkdir(name, 0700) == 0)
		return ASSAY_OK;
	if (errno == EACCES || errno == EPERM)
		return assay_err_set(err, ASSAY_E_PLUGIN,
		    "libclamav needs files, and there is no private directory for them: run as "
		    "root, allow user namespaces, or set [clamav] mode = clamd");
	return assay_err_set(
	    err, ASSAY_E_PLUGIN, "cannot make a directory for libclamav: %s", strerror(errno));
}

/* ---- the scan -------------------------------------------------------------------------------- */

/* settle - limits and directory into this process' copy of the engine */
static void settle(struct assay_clamav_how *how, uint64_t file_max, uint64_t scan_max)
{
	const struct {
		enum cl_engine_field field;
		uint64_t value;
	} rows[] = { { CL_ENGINE_MAX_FILESIZE, file_max }, { CL_ENGINE_MAX_SCANSIZE, scan_max },
		{ CL_ENGINE_MAX_FILES, how->files_max },
		{ CL_ENGINE_MAX_RECURSION, how->depth_max },
		{ CL_ENGINE_MAX_SCANTIME, how->timeout_ms } };
	char dir[DIR_TEXT];

	if (how->ready == getpid())
		return;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		(void)cl_engine_set_num(how->engine, rows[i].field,
		    rows[i].value < INT64_MAX ? (long long)rows[i].value : INT64_MAX);
	dir_name(dir);
	(void)cl_engine_set_str(how->engine, CL_ENGINE_TMPDIR, dir);
	cl_engine_set_clcb_file_inspection(how->engine, heard_layer);
	cl_engine_set_clcb_meta(how->engine, heard_member);
	cl_engine_set_clcb_virus_found(how->engine, heard_name);
	cl_set_clcb_msg(heard_complaint);
	how->ready = getpid();
}

/* scan - the bytes where they are */
static cl_error_t scan(struct assay_clamav_how *how, struct assay_slice bytes, struct look *look)
{
	/* It changes what it is given. */
	struct cl_scan_options options = how->options;
	unsigned long scanned = 0;
	const char *name = NULL;
	cl_fmap_t *map = cl_fmap_open_memory(bytes.p, bytes.n);
	cl_error_t rc;

	if (map == NULL)
		return CL_EMAP;
	rc = cl_scanmap_callback(map, NULL, &name, &scanned, how->engine, &options, look);
	cl_fmap_close(map);
	return rc;
}

/* keep - what it told, into the result */
static void keep(struct look *look, struct assay_result *result)
{
	json_t *json = assay_result_json(result);

	assay_clamav_verdict_keep(&look->verdict);
	json_object_set_new_nocheck(
	    json, "type", look->type[0] != '\0' ? cut_text(look->type) : json_null());
	json_object_set_new_nocheck(json, "encrypted", json_boolean(look->encrypted));
	json_object_set_new_nocheck(json, "layers", look->layers);
	json_object_set_new_nocheck(json, "layer_count", json_integer((json_int_t)look->nlayers));
	if (look->nlayers > look->how->layers_max)
		assay_result_limit(
		    result, "clamav_layers", look->nlayers, look->how->layers_max, false);
	if (look->most > 0)
		assay_result_limit(
		    result, "max_member_bytes", look->most, look->verdict.file_max, true);
}

/* judge - a code that says that not everything was looked at */
static enum assay_status judge(
    cl_error_t rc, const struct look *look, struct assay_result *result, struct assay_err *err)
{
	switch (rc) {
	case CL_CLEAN:
	case CL_VIRUS:
	case CL_VERIFIED:
		break;
	case CL_ETIMEOUT:
		assay_result_limit(result, "clamav_timeout", look->how->timeout_ms + 1,
		    look->how->timeout_ms, true);
		break;
	default:
		return assay_err_set(err, ASSAY_E_PLUGIN, "libclamav: %s%s%s", cl_strerror(rc),
		    look->complaint[0] != '\0' ? ": " : "", look->complaint);
	}
	if (look->complaint[0] != '\0')
		assay_result_error(result, "libclamav: %s", look->complaint);
	return ASSAY_OK;
}

/* assay_clamav_look - see look.h */
enum assay_status assay_clamav_look(struct assay_clamav_how *how,
    const struct assay_payload *payload, struct assay_result *result, struct assay_err *err)
{
	struct look look = {
		.how = how,
		.verdict = { .result = result,
		    .file_max = assay_result_allowed(result, "max_member_bytes"),
		    .scan_max = assay_result_allowed(result, "max_unpacked_bytes"),
		    .files_max = how->files_max,
		    .depth_max = how->depth_max,
		    .timeout_ms = how->timeout_ms },
	};
	enum assay_status st;
	char dir[DIR_TEXT];
	cl_error_t rc;

	dir_name(dir);
	st = make_dir(dir, err);
	if (st != ASSAY_OK)
		return st;
	settle(how, look.verdict.file_max, look.verdict.scan_max);
	look.layers = json_array();
	assay_clamav_verdict_begin(&look.verdict);
	rc = scan(how, assay_payload_bytes(payload), &look);
	drop_dir(dir);
	keep(&look, result);
	return judge(rc, &look, result, err);
}
