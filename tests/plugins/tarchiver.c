/*
 * tarchiver - an archiver that keeps payloads as files DIR/SHA256
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/io.h"
#include "testplugin.h"

static const struct assay_opt options[] = {
	{ "dir", ASSAY_OPT_STR, "/tmp", 0, 0, NULL, "an existing directory" },
	{ NULL, ASSAY_OPT_STR, NULL, 0, 0, NULL, NULL },
};

/* open_options - keep the directory */
static enum assay_status open_options(
    const struct assay_opts *opts, void **state, struct assay_err *err)
{
	(void)err;
	*state = (void *)(uintptr_t)assay_opt_str(opts, "dir");
	return ASSAY_OK;
}

/* ref - the file name */
static void ref(void *state, const char *sha256, char *text, size_t size)
{
	(void)snprintf(text, size, "%s/%s", (const char *)state, sha256);
}

/* put - write it whole */
static enum assay_status put(
    void *state, const char *sha256, struct assay_slice bytes, struct assay_err *err)
{
	char path[4096];

	ref(state, sha256, path, sizeof path);
	return assay_io_replace_file(path, 0600, bytes.p, bytes.n, err);
}

/* get - by reference, or by digest */
static enum assay_status get(void *state, const char *name, int *fd, struct assay_err *err)
{
	char path[4096];

	if (strchr(name, '/') != NULL)
		(void)snprintf(path, sizeof path, "%s", name);
	else
		ref(state, name, path, sizeof path);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return assay_err_set(err, errno == ENOENT ? ASSAY_E_NOENT : ASSAY_E_IO, "%s: %s",
		    path, strerror(errno));
	return ASSAY_OK;
}

static const struct assay_archiver archiver = { .ref = ref, .put = put, .get = get };

const struct assay_plugin assay_plugin = { TEST_HEAD("tarchiver", "keeps payloads as files"),
	.options = options, .needs = ASSAY_NEEDS_FILES, .open = open_options,
	.archiver = &archiver };
