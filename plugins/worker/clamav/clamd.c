/*
 * clamav/clamd.c - see clamd.h. Works on the bytes it is given; opens nothing.
 */
#include <string.h>

#include "base/slice.h"

#include "clamd.h"

#define QUESTION "nIDSESSION\nnVERSION\nnINSTREAM\n"
#define GOODBYE "\0\0\0\0nEND\n"

/* assay_clamd_before - see clamd.h; one chunk, its length in network order */
struct assay_slice assay_clamd_before(uint64_t n, char room[ASSAY_CLAMD_BEFORE])
{
	const size_t head = sizeof QUESTION - 1;

	memcpy(room, QUESTION, head);
	for (size_t i = 0; i < 4; i++)
		room[head + i] = (char)(unsigned char)(n >> (24 - 8 * i));
	return (struct assay_slice){ room, head + 4 };
}

/* assay_clamd_after - the empty chunk that ends the stream, and the session */
struct assay_slice assay_clamd_after(void)
{
	return (struct assay_slice){ GOODBYE, sizeof GOODBYE - 1 };
}

/* skip_number - "2: " in front of an answer, in any order; false: there is none */
static bool skip_number(struct assay_slice *line)
{
	size_t n = 0;

	while (n < line->n && line->p[n] >= '0' && line->p[n] <= '9')
		n++;
	if (n == 0 || !assay_slice_starts(assay_slice_from(*line, n), ": "))
		return false;
	*line = assay_slice_from(*line, n + 2);
	return true;
}

/* cut_end - takes `end` off; false: it does not end so */
static bool cut_end(struct assay_slice *line, const char *end)
{
	const size_t n = strlen(end);

	if (line->n < n || memcmp(line->p + line->n - n, end, n) != 0)
		return false;
	line->n -= n;
	return true;
}

/* read_version - "ClamAV 1.4.6/27104/Thu Nov 20 09:00:00 2025" */
static void read_version(struct assay_slice line, struct assay_clamd_answer *answer)
{
	const char *slash;

	line = assay_slice_from(line, sizeof "ClamAV " - 1);
	slash = line.n > 0 ? memchr(line.p, '/', line.n) : NULL;
	answer->engine = assay_slice_head(line, slash != NULL ? (size_t)(slash - line.p) : line.n);
	if (slash != NULL)
		answer->database = assay_slice_from(line, answer->engine.n + 1);
}

/* read_verdict - "stream: NAME FOUND", "stream: OK", "... ERROR" */
static void read_verdict(struct assay_slice line, struct assay_clamd_answer *answer)
{
	if (assay_slice_starts(line, "INSTREAM size limit exceeded")) {
		answer->kind = ASSAY_CLAMD_TOO_LARGE;
		return;
	}
	if (assay_slice_starts(line, "stream: "))
		line = assay_slice_from(line, sizeof "stream: " - 1);
	if (cut_end(&line, " FOUND") && line.n > 0)
		answer->kind = ASSAY_CLAMD_FOUND;
	else if (assay_slice_is(line, "OK"))
		answer->kind = ASSAY_CLAMD_CLEAN;
	else
		answer->kind = ASSAY_CLAMD_FAILED;
	answer->text = line;
}

/* assay_clamd_read - see clamd.h */
void assay_clamd_read(struct assay_slice said, struct assay_clamd_answer *answer)
{
	struct assay_slice line;

	*answer = (struct assay_clamd_answer){ .kind = ASSAY_CLAMD_NONE };
	while (assay_slice_split(&said, '\n', &line)) {
		line = assay_slice_trim(line);
		if (line.n == 0)
			continue;
		(void)skip_number(&line);
		if (assay_slice_starts(line, "ClamAV "))
			read_version(line, answer);
		else if (answer->kind == ASSAY_CLAMD_NONE || answer->kind == ASSAY_CLAMD_CLEAN)
			read_verdict(line, answer);
	}
}
