/*
 * decompress/tools.c - see tools.h. The scripts are for a POSIX shell: builtins only, so that no
 * password becomes an argument of a program.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#include "tools.h"

#define MEMORY ((uint64_t)1 << 30)
#define WORDS_BYTES ((size_t)64 * 1024)
#define EXIT_LARGE 4
#define TRIES_7Z 100u /* some 20 to 200 ms each: its key is made slow to compute */
#define TRIES_RAR 20u /* some 200 to 400 ms each */

/* Words up to an empty line become $w1, $w2 ...; the rest is the payload. */
#define READ_WORDS                                                                                 \
	"IFS=; n=0\n"                                                                              \
	"while read -r w && [ -n \"$w\" ]; do n=$((n + 1)); eval \"w$n=\\$w\"; done\n"             \
	"cat >payload || exit 3\n"
/* $w of each until one fits; what a wrong one left is removed. 153: killed for too large a file. */
#define EACH_WORD                                                                                  \
	"i=0\n"                                                                                    \
	"while [ $i -lt $n ]; do\n"                                                                \
	"i=$((i + 1)); eval \"w=\\$w$i\"\n"                                                        \
	"attempt >said 2>&1; r=$?\n"                                                               \
	"[ $r -eq 0 ] && { echo $i; exit 0; }\n"                                                   \
	"[ $r -eq 153 ] && exit 4\n"                                                               \
	"rm -rf \"${ASSAY_OUT:?}\"/* \"$ASSAY_OUT\"/.[!.]* \"$ASSAY_OUT\"/..?*\n"                  \
	"done\n"                                                                                   \
	"exit 1\n"
#define FIND_7Z "z=7z; command -v 7z >/dev/null || z=7zz\n"

static const char *const sevenz[] = { "sh", "-c",
	FIND_7Z "exec $z x -y -bso0 -bsp0 -o\"$ASSAY_OUT\" payload", NULL };
static const char *const sevenz_try[] = { "sh", "-c",
	FIND_7Z READ_WORDS "attempt() { printf '%s\\n' \"$w\" | "
			   "$z x -y -bso0 -bsp0 -o\"$ASSAY_OUT\" payload; }\n" EACH_WORD,
	NULL };
/* unar empties the terminal's queue before it asks: the word is said again until it listens. */
static const char *const rar_try[] = { "sh", "-c",
	READ_WORDS
	"attempt() { while sleep 0.05; do printf '%s\\n' \"$w\" || return; done | "
	"script -qec 'exec unar -f -D -o \"$ASSAY_OUT\" payload' /dev/null; }\n" EACH_WORD,
	NULL };

/* is_there - a program in PATH */
static bool is_there(const char *name)
{
	const char *path = getenv("PATH");
	struct assay_slice rest, dir;
	char file[512];

	rest = assay_slice_str(path != NULL ? path : "/usr/local/bin:/usr/bin:/bin");
	while (assay_slice_split(&rest, ':', &dir))
		if (dir.n > 0 && dir.p[0] == '/' &&
		    snprintf(file, sizeof(file), "%.*s/%s", (int)dir.n, dir.p, name) <
			(int)sizeof(file) &&
		    access(file, X_OK) == 0)
			return true;
	return false;
}

/* add - a row */
static void add(
    struct assay_tools *tools, enum assay_tool tool, const char *name, const char *const *argv)
{
	size_t n = 0;

	while (tools->row[n].name != NULL)
		n++;
	tools->row[n] = (struct assay_program){
		.name = name,
		.mode = ASSAY_PROGRAM_ONCE,
		.argv = argv,
		.file = tool == ASSAY_TOOL_7Z,
		.timeout_ms = 20000,
		.memory = MEMORY,
		.files_max = ASSAY_TOOLS_FILES,
		.files_bytes = ASSAY_TOOLS_BYTES,
	};
	tools->at[tool] = (int)n;
}

/* assay_tools_init - see tools.h */
void assay_tools_init(struct assay_tools *tools, bool wanted)
{
	*tools = (struct assay_tools){ .at = { -1, -1, -1 } };
	if (wanted && (is_there("7z") || is_there("7zz"))) {
		add(tools, ASSAY_TOOL_7Z, "7z", sevenz);
		add(tools, ASSAY_TOOL_7Z_TRY, "7z", sevenz_try);
	}
	if (wanted && is_there("unar") && is_there("script"))
		add(tools, ASSAY_TOOL_RAR_TRY, "unar", rar_try);
}

/* is_typed - can it be typed on a terminal */
static bool is_typed(const char *word)
{
	for (const char *p = word; *p != 0; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return word[0] != 0;
}

/* put_words - as the scripts read them; `kept` gets them in their order */
static void put_words(const struct assay_tools_run *run, struct assay_buf *out, const char **kept)
{
	const size_t most = run->tool == ASSAY_TOOL_RAR_TRY ? TRIES_RAR : TRIES_7Z;
	const char *const *word = run->passwords;
	size_t n = 0;

	for (; *word != NULL && n < most; word++) {
		if (!is_typed(*word))
			continue;
		kept[n++] = *word;
		(void)assay_buf_add_str(out, *word);
		(void)assay_buf_add_char(out, '\n');
	}
	kept[n] = NULL;
	(void)assay_buf_add_char(out, '\n');
}

/* judge - which word it was */
static enum assay_status judge(struct assay_tools_run *run, const char *const *kept)
{
	const struct assay_slice said = assay_slice_trim(run->out.out);
	uint64_t at;

	if (run->out.signal == SIGXFSZ || run->out.exit == EXIT_LARGE)
		return ASSAY_E_LIMIT;
	if (run->tool == ASSAY_TOOL_7Z)
		return run->out.nfiles > 0 || run->out.exit == 0 ? ASSAY_OK : ASSAY_END;
	if (run->out.exit != 0 || !assay_slice_u64(said, &at) || at == 0 || at > TRIES_7Z)
		return ASSAY_END;
	for (size_t i = 0; i < at; i++)
		if (kept[i] == NULL)
			return ASSAY_END;
	run->password = kept[at - 1];
	return ASSAY_OK;
}

/* assay_tools_run - see tools.h */
enum assay_status assay_tools_run(const struct assay_tools *tools, struct assay_tools_run *run,
    struct assay_result *result, struct assay_err *err)
{
	struct assay_run_input in = { .bytes = assay_payload_bytes(run->payload),
		.timeout_ms = run->timeout_ms };
	const char *kept[TRIES_7Z + 1] = { NULL };
	struct assay_buf words;
	enum assay_status status;

	if (tools->at[run->tool] < 0)
		return assay_err_set(err, ASSAY_E_NOENT, "%s is not installed",
		    run->tool == ASSAY_TOOL_RAR_TRY ? "unar" : "7z");
	assay_buf_init(&words, WORDS_BYTES);
	if (run->tool != ASSAY_TOOL_7Z) {
		put_words(run, &words, kept);
		in.before = assay_buf_slice(&words);
	}
	status = assay_result_run(result, (size_t)tools->at[run->tool], &in, &run->out, err);
	assay_buf_release(&words);
	if (status == ASSAY_OK)
		status = judge(run, kept);
	if (status == ASSAY_E_LIMIT)
		(void)assay_err_set(
		    err, status, "larger than %llu bytes", (unsigned long long)ASSAY_TOOLS_BYTES);
	if (status == ASSAY_END)
		(void)assay_err_set(err, ASSAY_END,
		    run->tool == ASSAY_TOOL_7Z ? "7z found nothing in it"
					       : "encrypted: no password fits");
	return status;
}
