/*
 * embed.c - scanning from another C program: prints the report of each file it is given
 *
 *	cc embed.c $(pkg-config --cflags --libs assay) -o embed
 *	./embed mail.eml
 *	ASSAY_PLUGINS=build/plugins ./embed mail.eml	where assay is not installed
 *
 * Plugins run in a sandboxed process of their own: whatever the mail does to them, this program
 * goes on. A service would open the scanner once and keep it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <assay/engine.h>

/* show - what comes of one mail; everything in `answer` is gone when this returns */
static void show(void *arg, const struct assay_answer *answer)
{
	const char *name = arg;

	(void)fprintf(stderr, "%s: %s, %s\n", name, answer->status, answer->action);
	(void)printf("%.*s\n", (int)answer->report.n, answer->report.p);
}

/* scan - one file, handed over as a descriptor; bytes in memory go as `.bytes` with `.fd = -1` */
static enum assay_status scan(
    struct assay_scanner *scanner, const char *name, struct assay_err *err)
{
	struct assay_submission submission = {
		.fd = open(name, O_RDONLY | O_CLOEXEC), .source = "embed", .filename = name
	};

	if (submission.fd < 0) {
		perror(name);
		return ASSAY_OK;
	}
	return assay_scanner_scan(scanner, &submission, show, (void *)(uintptr_t)name, err);
}

/* main - open once, scan, close */
int main(int argc, char **argv)
{
	const char *plugin_dirs[] = { getenv("ASSAY_PLUGINS"), NULL };
	struct assay_scanner_options options = { .plugin_dirs = plugin_dirs };
	struct assay_scanner *scanner = NULL;
	struct assay_err err;
	enum assay_status st;

	st = assay_scanner_open(&options, &scanner, &err);
	for (int i = 1; i < argc && st == ASSAY_OK; i++)
		st = scan(scanner, argv[i], &err);
	assay_scanner_close(&scanner);
	if (st != ASSAY_OK)
		(void)fprintf(stderr, "%s\n", err.text);
	return st == ASSAY_OK ? 0 : 1;
}
