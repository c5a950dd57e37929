/*
 * command - see command.h. A word is copied into memory as long as the rest of the text, so nothing
 * has to be counted twice.
 */
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

#include "command.h"

#define WORDS_MAX 64u

/* take_word - one word off the front, quotes taken away; NULL when there is none, or at a colon
 * behind a word where that ends the list */
static const char *take_word(struct assay_arena *arena, struct assay_slice *rest, bool *colon)
{
	char *word, *to;
	bool quoted = false;

	*rest = assay_slice_trim(*rest);
	if (rest->n == 0)
		return NULL;
	word = to = assay_arena_zalloc(arena, rest->n + 1);
	for (; rest->n > 0; *rest = assay_slice_from(*rest, 1)) {
		char c = rest->p[0];

		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if (!quoted && assay_ascii_is_space(c))
			break;
		if (!quoted && colon != NULL && c == ':') {
			*colon = true;
			*rest = assay_slice_from(*rest, 1);
			break;
		}
		*to++ = c;
	}
	return quoted ? NULL : word;
}

/* take_words - up to the colon, or all that are left; false when they are too many or a quote does
 * not end */
static bool take_words(
    struct assay_arena *arena, struct assay_slice *rest, bool *colon, const char *const **words)
{
	const char **list = assay_arena_calloc(arena, WORDS_MAX + 1, sizeof *list);
	const char *word;
	size_t n = 0;

	*words = list;
	while (n < WORDS_MAX && (colon == NULL || !*colon) &&
	    (word = take_word(arena, rest, colon)) != NULL)
		if (word[0] != '\0' || colon == NULL)
			list[n++] = word;
	return colon != NULL ? *colon : rest->n == 0;
}

/* is_name - may stand in a report and in a message */
static bool is_name(const char *name)
{
	return assay_slice_is_plain(assay_slice_str(name), "_-.") && strlen(name) < 64;
}

/* assay_command_read - see command.h */
enum assay_status assay_command_read(struct assay_arena *arena, const char *text,
    struct assay_command *command, struct assay_err *err)
{
	struct assay_slice rest = assay_slice_str(text);
	const char *const *head;
	bool colon = false;

	if (take_words(arena, &rest, &colon, &head) && head[0] != NULL && is_name(head[0]) &&
	    take_words(arena, &rest, NULL, &command->argv) && command->argv[0] != NULL) {
		command->name = head[0];
		command->types = head + 1;
		return ASSAY_OK;
	}
	return assay_err_set(err, ASSAY_E_CONF,
	    "[exec] commands: \"%s\" is not of the form NAME [TYPE-GLOB ...]: PROGRAM [ARGUMENT "
	    "...]",
	    text);
}

/* assay_command_wants - see command.h */
bool assay_command_wants(
    const struct assay_command *command, const char *detected, const char *declared)
{
	if (command->types[0] == NULL)
		return true;
	for (const char *const *glob = command->types; *glob != NULL; glob++)
		if ((detected != NULL && assay_slice_glob(assay_slice_str(detected), *glob)) ||
		    (declared != NULL && assay_slice_glob(assay_slice_str(declared), *glob)))
			return true;
	return false;
}
