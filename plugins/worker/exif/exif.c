/*
 * exif - metadata of pictures, documents, sound and programs, by exiftool
 *
 * One exiftool is kept beside each scan process (-stay_open) by the helper, which gives it the
 * bytes as a file of a fixed name, kills it when it is late and starts another. No name, option or
 * word of a mail reaches its command line. Where exiftool is missing each call is an errors[]
 * entry.
 */
#include <stdlib.h>

#include <assay/plugin.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include "tags.h"

#define OUTPUT_MAX ((uint64_t)4 << 20)

struct exif {
	size_t tags_max;
	const char *argv[8];
	struct assay_program program[2];
};

static const struct assay_opt options[] = {
	{ "exiftool", ASSAY_OPT_STR, "exiftool", 0, 0, NULL,
	    "the program: absolute, or looked up in PATH at start" },
	{ "timeout", ASSAY_OPT_TIME, "10s", 10, 3600000, NULL,
	    "for one payload; then exiftool is killed and another started" },
	{ "memory", ASSAY_OPT_SIZE, "1G", 64 << 20, INT64_MAX, NULL, "address space of exiftool" },
	{ "tags_max", ASSAY_OPT_INT, "300", 1, 100000, NULL, "tags of one payload" },
	{ NULL, ASSAY_OPT_INT, NULL, 0, 0, NULL, NULL },
};

static const struct assay_field fields[] = {
	{ "tags[].name", ASSAY_STR, ASSAY_TECHNICAL, "name of the tag, as exiftool has it" },
	{ "tags[].group", ASSAY_STR | ASSAY_NULL, ASSAY_TECHNICAL,
	    "where it is from: EXIF, XMP, PDF, ...; ExifTool: what exiftool says itself" },
	{ "tags[].value", ASSAY_STR, ASSAY_PERSONAL, "its value, as exiftool prints it" },
	{ "tags[].value_int", ASSAY_INT, ASSAY_PERSONAL, "the value, when it is a whole number" },
	{ "authors[]", ASSAY_STR, ASSAY_PERSONAL, "authors, artists, who saved it last" },
	{ "software[]", ASSAY_STR, ASSAY_TECHNICAL, "programs that made it" },
	{ NULL, 0, ASSAY_TECHNICAL, NULL },
};

static const struct assay_fact facts[] = {
	{ "exif_author", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "authors[]",
	    "author in a payload's metadata" },
	{ "exif_software", ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, "software[]",
	    "program that made a payload, by its metadata" },
	{ NULL, ASSAY_FACT_PAYLOAD, ASSAY_COMPARE_GLOB, NULL, NULL },
};

/* exif_open - the command line */
static enum assay_status exif_open(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	struct exif *e = assay_xcalloc(1, sizeof *e);
	size_t n = 0;

	(void)err;
	e->tags_max = (size_t)assay_opt_int(opts, "tags_max");
	e->argv[n++] = assay_opt_str(opts, "exiftool");
	/* No configuration file: it could hold Perl. */
	e->argv[n++] = "-config";
	e->argv[n++] = "";
	e->argv[n++] = "-stay_open";
	e->argv[n++] = "True";
	e->argv[n++] = "-@";
	e->argv[n++] = "-";
	e->program[0] = (struct assay_program){
		.name = "exiftool",
		.mode = ASSAY_PROGRAM_STAY,
		.argv = e->argv,
		/* What it says of the file in our directory, and its own version, is no metadata.
		 */
		.ask = "-j\n-G\n-charset\nUTF8\n--System:all\n--ExifToolVersion\npayload\n-execute%"
		       "n\n",
		.marker = "{ready%n}\n",
		.timeout_ms = (unsigned)assay_opt_int(opts, "timeout"),
		.memory = (uint64_t)assay_opt_int(opts, "memory"),
		.output_max = OUTPUT_MAX,
	};
	*state = e;
	return ASSAY_OK;
}

/* exif_programs - one */
static const struct assay_program *exif_programs(void *state)
{
	return ((const struct exif *)state)->program;
}

/* keep - the lists into the result */
static void keep(struct assay_result *result, const struct assay_tags *tags)
{
	json_t *json = assay_result_json(result);

	json_object_set_new_nocheck(json, "tags", tags->tags);
	json_object_set_new_nocheck(json, "authors", tags->authors);
	json_object_set_new_nocheck(json, "software", tags->software);
	if (tags->n > tags->most)
		assay_result_limit(result, "exif_tags", tags->n, tags->most, false);
	if (tags->cut > 0)
		assay_result_limit(result, "exif_values", tags->cut, 0, false);
}

/* exif_scan - ask, read, keep */
static enum assay_status exif_scan(void *state, const struct assay_payload *payload,
    struct assay_result *result, struct assay_err *err)
{
	const struct exif *e = state;
	const struct assay_run_input in = { .bytes = assay_payload_bytes(payload) };
	struct assay_tags tags = { .most = e->tags_max };
	struct assay_run_output out;
	struct assay_slice said;
	enum assay_status status;

	if (in.bytes.n == 0)
		return ASSAY_OK;
	status = assay_result_run(result, 0, &in, &out, err);
	if (status != ASSAY_OK)
		return status;
	said = assay_slice_head(assay_slice_trim(out.errors), 200);
	if (out.exit != 0)
		return assay_err_set(err, ASSAY_E_PLUGIN, "exiftool ended on this payload%s%.*s",
		    said.n > 0 ? ": " : "", (int)said.n, said.p);
	/* It knows nothing of it. */
	if (assay_slice_trim(out.out).n == 0)
		return ASSAY_OK;
	tags.tags = json_array();
	tags.authors = json_array();
	tags.software = json_array();
	if (assay_tags_read(out.out, &tags)) {
		keep(result, &tags);
		return ASSAY_OK;
	}
	json_decref(tags.tags);
	json_decref(tags.authors);
	json_decref(tags.software);
	return assay_err_set(err, ASSAY_E_PLUGIN, "exiftool's answer is no list of tags");
}

static const struct assay_worker worker = { .scan = exif_scan, .pure = true };

const struct assay_plugin assay_plugin = {
	ASSAY_PLUGIN_HEAD,
	.name = "exif",
	.version = ASSAY_VERSION,
	.licence = "GPL-2.0-or-later",
	.summary = "metadata of pictures, documents and programs, by exiftool",
	.options = options,
	.fields = fields,
	.facts = facts,
	.open = exif_open,
	.close = free,
	.worker = &worker,
	.programs = exif_programs,
};
