/*
 * sqlite/key.c - see key.h. Touches nothing but what it is given; in SQL a value of a type that
 * nobody keeps fits nothing.
 */
#include <string.h>

#include "base/slice.h"
#include "key.h"

static const char digits[] = "0123456789abcdef";

/* nibble - a digit in lower case, or -1 */
static int nibble(char c)
{
	return c >= 'A' && c <= 'F' ? -1 : assay_ascii_hex((unsigned char)c);
}

/* assay_key_digest - see key.h */
size_t assay_key_digest(struct assay_slice text, unsigned char *bytes)
{
	if (text.n < ASSAY_KEY_DIGEST_LEAST || text.n % 2 != 0 || text.n > ASSAY_KEY_MOST)
		return 0;
	for (size_t i = 0; i < text.n; i += 2) {
		const int high = nibble(text.p[i]), low = nibble(text.p[i + 1]);

		if (high < 0 || low < 0)
			return 0;
		bytes[i / 2] = (unsigned char)(high << 4 | low);
	}
	return text.n / 2;
}

/* is_dash - does a UUID have one here? */
static bool is_dash(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

/* assay_key_uuid_range - see key.h */
bool assay_key_uuid_range(
    struct assay_slice begin, unsigned char low[ASSAY_KEY_UUID], unsigned char high[ASSAY_KEY_UUID])
{
	size_t n = 0;

	if (begin.n > ASSAY_KEY_UUID_TEXT)
		return false;
	memset(low, 0, ASSAY_KEY_UUID);
	memset(high, 0xff, ASSAY_KEY_UUID);
	for (size_t i = 0; i < begin.n; i++) {
		const int digit = nibble(begin.p[i]);

		if (is_dash(i) != (begin.p[i] == '-') || (!is_dash(i) && digit < 0))
			return false;
		if (is_dash(i))
			continue;
		low[n / 2] = (unsigned char)(low[n / 2] | digit << (n % 2 == 0 ? 4 : 0));
		high[n / 2] =
		    (unsigned char)(high[n / 2] & (n % 2 == 0 ? digit << 4 | 0xf : digit | 0xf0));
		n++;
	}
	return true;
}

/* assay_key_uuid - see key.h */
bool assay_key_uuid(struct assay_slice text, unsigned char bytes[ASSAY_KEY_UUID])
{
	unsigned char high[ASSAY_KEY_UUID];

	return text.n == ASSAY_KEY_UUID_TEXT && assay_key_uuid_range(text, bytes, high);
}

/* assay_key_uuid_text - see key.h */
void assay_key_uuid_text(
    const unsigned char bytes[ASSAY_KEY_UUID], char text[ASSAY_KEY_UUID_TEXT + 1])
{
	for (size_t i = 0, n = 0; i < ASSAY_KEY_UUID_TEXT; i++) {
		if (is_dash(i)) {
			text[i] = '-';
			continue;
		}
		text[i] = digits[n % 2 == 0 ? bytes[n / 2] >> 4 : bytes[n / 2] & 0xf];
		n++;
	}
	text[ASSAY_KEY_UUID_TEXT] = '\0';
}

/* assay_key_hex - see key.h */
size_t assay_key_hex(struct assay_slice bytes, char text[ASSAY_KEY_MOST + 1])
{
	const size_t n = bytes.n < ASSAY_KEY_MOST / 2 ? bytes.n : ASSAY_KEY_MOST / 2;

	for (size_t i = 0; i < n; i++) {
		text[2 * i] = digits[(unsigned char)bytes.p[i] >> 4];
		text[2 * i + 1] = digits[(unsigned char)bytes.p[i] & 0xf];
	}
	text[2 * n] = '\0';
	return 2 * n;
}

/* assay_key_bind_id - see key.h */
void assay_key_bind_id(sqlite3_stmt *stmt, int at, struct assay_slice text)
{
	unsigned char bytes[ASSAY_KEY_UUID];

	if (text.p == NULL)
		return;
	if (assay_key_uuid(text, bytes))
		(void)sqlite3_bind_blob(stmt, at, bytes, sizeof bytes, SQLITE_TRANSIENT);
	else
		(void)sqlite3_bind_text64(stmt, at, text.p, text.n, SQLITE_STATIC, SQLITE_UTF8);
}

/* ---- in SQL ---------------------------------------------------------------------------------- */

/* text_of - a value's text, that of bytes in `room`; p NULL: it has none. Read before its length,
 * as sqlite wants it */
static struct assay_slice text_of(sqlite3_value *value, char room[ASSAY_KEY_MOST + 1])
{
	const char *text;

	if (sqlite3_value_type(value) == SQLITE_BLOB) {
		text = sqlite3_value_blob(value);
		return assay_slice(room,
		    assay_key_hex(assay_slice(text, (size_t)sqlite3_value_bytes(value)), room));
	}
	text = (const char *)sqlite3_value_text(value);
	return assay_slice(text, (size_t)sqlite3_value_bytes(value));
}

/* sql_glob - assay_glob(pattern, text) */
static void sql_glob(sqlite3_context *context, int n, sqlite3_value **value)
{
	const char *pattern = (const char *)sqlite3_value_text(value[0]);
	char room[ASSAY_KEY_MOST + 1];
	const struct assay_slice text = text_of(value[1], room);

	(void)n;
	sqlite3_result_int(
	    context, pattern != NULL && text.p != NULL && assay_slice_glob(text, pattern));
}

/* sql_ends - assay_ends(pattern, key) */
static void sql_ends(sqlite3_context *context, int n, sqlite3_value **value)
{
	const char *pattern = (const char *)sqlite3_value_text(value[0]);
	const char *key = sqlite3_value_blob(value[1]);
	const int length = sqlite3_value_bytes(value[1]);
	char text[ASSAY_KEY_MOST];

	(void)n;
	if (length > (int)sizeof text || pattern == NULL || key == NULL) {
		sqlite3_result_int(context, 0);
		return;
	}
	for (int i = 0; i < length; i++)
		text[i] = key[length - 1 - i];
	sqlite3_result_int(context, assay_slice_glob(assay_slice(text, (size_t)length), pattern));
}

/* sql_key - assay_key(text) */
static void sql_key(sqlite3_context *context, int n, sqlite3_value **value)
{
	const char *text = (const char *)sqlite3_value_text(value[0]);
	unsigned char bytes[ASSAY_KEY_MOST / 2];
	const size_t length =
	    assay_key_digest(assay_slice(text, (size_t)sqlite3_value_bytes(value[0])), bytes);

	(void)n;
	if (length > 0)
		sqlite3_result_blob(context, bytes, (int)length, SQLITE_TRANSIENT);
	else
		sqlite3_result_value(context, value[0]);
}

/* sql_id - assay_id(text) */
static void sql_id(sqlite3_context *context, int n, sqlite3_value **value)
{
	const char *text = (const char *)sqlite3_value_text(value[0]);
	unsigned char bytes[ASSAY_KEY_UUID];

	(void)n;
	if (assay_key_uuid(assay_slice(text, (size_t)sqlite3_value_bytes(value[0])), bytes))
		sqlite3_result_blob(context, bytes, sizeof bytes, SQLITE_TRANSIENT);
	else
		sqlite3_result_value(context, value[0]);
}

/* sql_id_text - assay_id_text(id) */
static void sql_id_text(sqlite3_context *context, int n, sqlite3_value **value)
{
	char text[ASSAY_KEY_UUID_TEXT + 1];

	(void)n;
	if (sqlite3_value_type(value[0]) != SQLITE_BLOB ||
	    sqlite3_value_bytes(value[0]) != (int)ASSAY_KEY_UUID) {
		sqlite3_result_value(context, value[0]);
		return;
	}
	assay_key_uuid_text(sqlite3_value_blob(value[0]), text);
	sqlite3_result_text(context, text, ASSAY_KEY_UUID_TEXT, SQLITE_TRANSIENT);
}

/* assay_key_register - see key.h */
int assay_key_register(sqlite3 *db)
{
	static const struct {
		const char *name;
		int n;
		void (*call)(sqlite3_context *context, int n, sqlite3_value **value);
	} functions[] = { { "assay_glob", 2, sql_glob }, { "assay_ends", 2, sql_ends },
		{ "assay_key", 1, sql_key }, { "assay_id", 1, sql_id },
		{ "assay_id_text", 1, sql_id_text } };
	int code = SQLITE_OK;

	for (size_t i = 0; i < sizeof functions / sizeof functions[0] && code == SQLITE_OK; i++)
		code = sqlite3_create_function_v2(db, functions[i].name, functions[i].n,
		    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL, functions[i].call,
		    NULL, NULL, NULL);
	return code;
}
