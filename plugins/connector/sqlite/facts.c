/*
 * sqlite/facts.c - see facts.h
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/slice.h"
#include "facts.h"

#define DIGEST_LEAST 32u

/* A text in all the forms it is kept in. */
struct value {
	char text[ASSAY_FACTS_VALUE], key[ASSAY_FACTS_VALUE];
	unsigned char net[16];
	struct assay_slice shown; /* p NULL: as text */
	size_t n;
	bool has_key, has_net, is_number;
	int64_t number;
};

/* take_net - is the text an address? */
static bool take_net(struct assay_slice text, unsigned char net[16])
{
	char copy[INET6_ADDRSTRLEN + 1];

	if (text.n < 2 || text.n >= sizeof copy ||
	    (text.p[0] != ':' && assay_ascii_hex(text.p[0]) < 0))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (inet_pton(AF_INET6, copy, net) == 1)
		return true;
	memset(net, 0, 10);
	memset(net + 10, 0xff, 2);
	return inet_pton(AF_INET, copy, net + 12) == 1;
}

/* take_text - fills in the forms; cut between characters */
static void take_text(struct value *v, struct assay_slice text)
{
	bool hex = text.n >= DIGEST_LEAST, same = true;

	v->n = text.n < sizeof v->text ? text.n : sizeof v->text;
	while (v->n < text.n && v->n > 0 && ((unsigned char)text.p[v->n] & 0xc0) == 0x80)
		v->n--;
	for (size_t i = 0; i < v->n; i++) {
		v->text[i] = (char)assay_ascii_lower(text.p[i]);
		v->key[v->n - 1 - i] = v->text[i];
		same = same && v->text[i] == text.p[i];
		hex = hex && assay_ascii_hex(text.p[i]) >= 0;
	}
	v->has_key = !hex;
	v->has_net = take_net(assay_slice(v->text, v->n), v->net);
	v->shown = same ? ASSAY_SLICE_NONE : assay_slice_head(text, v->n);
	v->is_number = false;
}

/* bind_value - text or number */
static void bind_value(sqlite3_stmt *stmt, int at, const struct value *v)
{
	if (v->is_number)
		(void)sqlite3_bind_int64(stmt, at, v->number);
	else
		assay_store_bind_text(stmt, at, assay_slice(v->text, v->n));
}

/* id_of - what a prepared and bound query finds; 0: nothing */
static enum assay_status id_of(
    struct assay_store *store, sqlite3_stmt *stmt, int64_t *id, struct assay_err *err)
{
	const enum assay_status status = assay_store_step(store, stmt, err);

	*id = status == ASSAY_OK ? sqlite3_column_int64(stmt, 0) : 0;
	(void)sqlite3_reset(stmt);
	return status == ASSAY_END ? ASSAY_OK : status;
}

/* word_id - of a word, new or not */
static enum assay_status word_id(
    struct assay_store *store, const char *word, int64_t *id, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	enum assay_status status = assay_store_prepared(store, ASSAY_STORE_FIND_WORD, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	assay_store_bind_text(stmt, 1, assay_slice_str(word));
	status = id_of(store, stmt, id, err);
	if (status != ASSAY_OK || *id != 0)
		return status;
	status = assay_store_prepared(store, ASSAY_STORE_ADD_WORD, &stmt, err);
	if (status != ASSAY_OK)
		return status;
	assay_store_bind_text(stmt, 1, assay_slice_str(word));
	status = assay_store_run(store, stmt, err);
	*id = sqlite3_last_insert_rowid(store->db);
	return status;
}

/* value_id - of a value, new or not */
static enum assay_status value_id(struct assay_store *store, int64_t word, const struct value *v,
    int64_t *id, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	enum assay_status status = assay_store_prepared(store, ASSAY_STORE_FIND_VALUE, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	(void)sqlite3_bind_int64(stmt, 1, word);
	bind_value(stmt, 2, v);
	status = id_of(store, stmt, id, err);
	if (status != ASSAY_OK || *id != 0)
		return status;
	status = assay_store_prepared(store, ASSAY_STORE_ADD_VALUE, &stmt, err);
	if (status != ASSAY_OK)
		return status;
	(void)sqlite3_bind_int64(stmt, 1, word);
	bind_value(stmt, 2, v);
	assay_store_bind_text(stmt, 3, v->shown);
	if (v->has_key)
		assay_store_bind_blob(stmt, 4, assay_slice(v->key, v->n));
	if (v->has_net)
		assay_store_bind_blob(stmt, 5, assay_slice((const char *)v->net, 16));
	status = assay_store_run(store, stmt, err);
	*id = sqlite3_last_insert_rowid(store->db);
	return status;
}

/* add_value - one fact */
static enum assay_status add_value(struct assay_store *store, int64_t report, int64_t word,
    const struct value *v, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	int64_t id = 0;
	enum assay_status status = value_id(store, word, v, &id, err);

	if (status == ASSAY_OK)
		status = assay_store_prepared(store, ASSAY_STORE_ADD_FACT, &stmt, err);
	if (status != ASSAY_OK)
		return status;
	(void)sqlite3_bind_int64(stmt, 1, id);
	(void)sqlite3_bind_int64(stmt, 2, report);
	return assay_store_run(store, stmt, err);
}

/* add_list - all values of a word */
static enum assay_status add_list(struct assay_store *store, int64_t report, int64_t word,
    const json_t *values, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	for (size_t i = 0; i < json_array_size(values) && status == ASSAY_OK; i++) {
		const json_t *json = json_array_get(values, i);
		struct value v;

		if (json_is_integer(json)) {
			v.n = 0;
			v.shown = ASSAY_SLICE_NONE;
			v.has_key = v.has_net = false;
			v.is_number = true;
			v.number = json_integer_value(json);
		} else if (json_string_length(json) > 0) {
			take_text(
			    &v, assay_slice(json_string_value(json), json_string_length(json)));
		} else {
			continue;
		}
		status = add_value(store, report, word, &v, err);
	}
	return status;
}

/* assay_facts_add_all - see facts.h */
enum assay_status assay_facts_add_all(
    struct assay_store *store, int64_t report, const json_t *facts, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;
	const char *word;
	json_t *values;

	json_object_foreach((json_t *)(uintptr_t)facts, word, values)
	{
		int64_t id;

		status = word_id(store, word, &id, err);
		if (status == ASSAY_OK)
			status = add_list(store, report, id, values, err);
		if (status != ASSAY_OK)
			break;
	}
	return status;
}

/* assay_facts_add_one - see facts.h */
enum assay_status assay_facts_add_one(struct assay_store *store, int64_t report, const char *word,
    struct assay_slice text, struct assay_err *err)
{
	enum assay_status status;
	struct value v;
	int64_t id;

	if (text.n == 0)
		return ASSAY_OK;
	take_text(&v, text);
	status = word_id(store, word, &id, err);
	return status == ASSAY_OK ? add_value(store, report, id, &v, err) : status;
}
