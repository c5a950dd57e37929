/*
 * sqlite/glob.c - see glob.h
 */
#include "base/slice.h"
#include "glob.h"

/* matches - for sqlite; text is read before its length, as sqlite wants it */
static void matches(sqlite3_context *context, int n, sqlite3_value **value)
{
	const char *pattern = (const char *)sqlite3_value_text(value[0]);
	const char *text = (const char *)sqlite3_value_text(value[1]);
	const int length = sqlite3_value_bytes(value[1]);

	(void)n;
	sqlite3_result_int(context,
	    pattern != NULL && text != NULL &&
		assay_slice_glob(assay_slice(text, (size_t)length), pattern));
}

/* assay_glob_register - see glob.h */
int assay_glob_register(sqlite3 *db)
{
	return sqlite3_create_function_v2(db, "assay_glob", 2,
	    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL, matches, NULL, NULL, NULL);
}
