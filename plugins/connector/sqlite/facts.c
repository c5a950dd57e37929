/*
 * sqlite/facts.c - see facts.h. Fails as the store fails; a value of another type is left out.
 */
#include <arpa/inet.h>
#include <string.h>

#include "base/err.h"
#include "base/slice.h"
#include "facts.h"
#include "part.h"

/* A text in all the forms it is kept in. */
struct value {
	struct assay_slice text; /* as it came, cut */
	unsigned char digest[ASSAY_FACTS_VALUE / 2];
	char key[ASSAY_FACTS_VALUE];
	unsigned char net[16];
	size_t ndigest; /* > 0: it is one, and has no key */
	bool has_net, is_number;
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
	size_t n = text.n < ASSAY_FACTS_VALUE ? text.n : ASSAY_FACTS_VALUE;

	while (n < text.n && n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	v->text = assay_slice_head(text, n);
	v->ndigest = assay_key_digest(v->text, v->digest);
	for (size_t i = 0; i < n; i++)
		v->key[n - 1 - i] = (char)assay_ascii_lower(text.p[i]);
	v->has_net = take_net(v->text, v->net);
	v->is_number = false;
}

/* take_number - an integer */
static void take_number(struct value *v, int64_t number)
{
	v->text = ASSAY_SLICE_NONE;
	v->ndigest = 0;
	v->has_net = false;
	v->is_number = true;
	v->number = number;
}

/* bind_place - part and word, for a statement about values */
static enum assay_status bind_place(const struct assay_facts_of *of, int64_t word,
    enum assay_store_statement which, sqlite3_stmt **stmt, struct assay_err *err)
{
	const enum assay_status status = assay_store_prepared(of->store, which, stmt, err);

	if (status == ASSAY_OK) {
		(void)sqlite3_bind_int64(*stmt, 1, of->part);
		(void)sqlite3_bind_int64(*stmt, 2, word);
	}
	return status;
}

/* bind_value - text, digest or number */
static void bind_value(sqlite3_stmt *stmt, int at, const struct value *v)
{
	if (v->is_number)
		(void)sqlite3_bind_int64(stmt, at, v->number);
	else if (v->ndigest > 0)
		assay_store_bind_blob(stmt, at, assay_slice((const char *)v->digest, v->ndigest));
	else
		assay_store_bind_text(stmt, at, v->text);
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

/* word_id - of a word; 0: there is none, and it shall not be made */
static enum assay_status word_id(
    const struct assay_facts_of *of, const char *word, int64_t *id, struct assay_err *err)
{
	struct assay_store *store = of->store;
	sqlite3_stmt *stmt;
	enum assay_status status = assay_store_prepared(store, ASSAY_STORE_FIND_WORD, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	assay_store_bind_text(stmt, 1, assay_slice_str(word));
	status = id_of(store, stmt, id, err);
	if (status != ASSAY_OK || *id != 0 || of->drop)
		return status;
	status = assay_store_prepared(store, ASSAY_STORE_ADD_WORD, &stmt, err);
	if (status != ASSAY_OK)
		return status;
	assay_store_bind_text(stmt, 1, assay_slice_str(word));
	status = assay_store_run(store, stmt, err);
	*id = sqlite3_last_insert_rowid(store->db);
	return status;
}

/* ---- in -------------------------------------------------------------------------------------- */

/* One more way to find a value: a row of ending or net. */
struct form {
	enum assay_store_statement which;
	struct assay_slice bytes;
};

/* add_form - of a value */
static enum assay_status add_form(const struct assay_facts_of *of, int64_t word, int64_t id,
    const struct form *form, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	const enum assay_status status = bind_place(of, word, form->which, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	assay_store_bind_blob(stmt, 3, form->bytes);
	(void)sqlite3_bind_int64(stmt, 4, id);
	return assay_store_run(of->store, stmt, err);
}

/* new_value - with all its forms */
static enum assay_status new_value(const struct assay_facts_of *of, int64_t word,
    const struct value *v, int64_t *id, struct assay_err *err)
{
	const struct form ending = { ASSAY_STORE_ADD_ENDING, assay_slice(v->key, v->text.n) };
	const struct form net = { ASSAY_STORE_ADD_NET, assay_slice((const char *)v->net, 16) };
	sqlite3_stmt *stmt;
	enum assay_status status = bind_place(of, word, ASSAY_STORE_ADD_VALUE, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	*id = of->store->parts->next_value++;
	bind_value(stmt, 3, v);
	(void)sqlite3_bind_int64(stmt, 4, *id);
	status = assay_store_run(of->store, stmt, err);
	if (status == ASSAY_OK && !v->is_number && v->ndigest == 0)
		status = add_form(of, word, *id, &ending, err);
	if (status == ASSAY_OK && v->has_net)
		status = add_form(of, word, *id, &net, err);
	return status;
}

/* find_value - 0: it is not there */
static enum assay_status find_value(const struct assay_facts_of *of, int64_t word,
    const struct value *v, int64_t *id, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	const enum assay_status status = bind_place(of, word, ASSAY_STORE_FIND_VALUE, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	bind_value(stmt, 3, v);
	return id_of(of->store, stmt, id, err);
}

/* bind_fact - a value of the report */
static enum assay_status bind_fact(const struct assay_facts_of *of, int64_t value,
    enum assay_store_statement which, sqlite3_stmt **stmt, struct assay_err *err)
{
	const enum assay_status status = assay_store_prepared(of->store, which, stmt, err);

	if (status == ASSAY_OK) {
		(void)sqlite3_bind_int64(*stmt, 1, value);
		(void)sqlite3_bind_int64(*stmt, 2, of->report);
	}
	return status;
}

/* add_value - one fact */
static enum assay_status add_value(
    const struct assay_facts_of *of, int64_t word, const struct value *v, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	int64_t id = 0;
	enum assay_status status = find_value(of, word, v, &id, err);

	if (status == ASSAY_OK && id == 0)
		status = new_value(of, word, v, &id, err);
	if (status == ASSAY_OK)
		status = bind_fact(of, id, ASSAY_STORE_ADD_FACT, &stmt, err);
	return status == ASSAY_OK ? assay_store_run(of->store, stmt, err) : status;
}

/* ---- out ------------------------------------------------------------------------------------- */

/* old_value - takes away what nobody has any longer */
static enum assay_status old_value(const struct assay_facts_of *of, int64_t word,
    const struct value *v, int64_t id, struct assay_err *err)
{
	struct assay_store *store = of->store;
	sqlite3_stmt *stmt;
	enum assay_status status = bind_place(of, word, ASSAY_STORE_DROP_VALUE, &stmt, err);

	if (status != ASSAY_OK)
		return status;
	bind_value(stmt, 3, v);
	status = assay_store_run(store, stmt, err);
	if (status == ASSAY_OK && !v->is_number && v->ndigest == 0) {
		status = bind_place(of, word, ASSAY_STORE_DROP_ENDING, &stmt, err);
		if (status != ASSAY_OK)
			return status;
		assay_store_bind_blob(stmt, 3, assay_slice(v->key, v->text.n));
		status = assay_store_run(store, stmt, err);
	}
	if (status == ASSAY_OK && v->has_net) {
		status = bind_place(of, word, ASSAY_STORE_DROP_NET, &stmt, err);
		if (status != ASSAY_OK)
			return status;
		assay_store_bind_blob(stmt, 3, assay_slice((const char *)v->net, 16));
		(void)sqlite3_bind_int64(stmt, 4, id);
		status = assay_store_run(store, stmt, err);
	}
	return status;
}

/* drop_value - one fact; the value too when it was the last */
static enum assay_status drop_value(
    const struct assay_facts_of *of, int64_t word, const struct value *v, struct assay_err *err)
{
	sqlite3_stmt *stmt;
	int64_t id = 0, any = 0;
	enum assay_status status = find_value(of, word, v, &id, err);

	if (status != ASSAY_OK || id == 0)
		return status;
	status = bind_fact(of, id, ASSAY_STORE_DROP_FACT, &stmt, err);
	if (status == ASSAY_OK)
		status = assay_store_run(of->store, stmt, err);
	if (status == ASSAY_OK)
		status = assay_store_prepared(of->store, ASSAY_STORE_HAS_FACT, &stmt, err);
	if (status != ASSAY_OK)
		return status;
	(void)sqlite3_bind_int64(stmt, 1, id);
	status = id_of(of->store, stmt, &any, err);
	return status == ASSAY_OK && any == 0 ? old_value(of, word, v, id, err) : status;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* put - in or out */
static enum assay_status put(
    const struct assay_facts_of *of, int64_t word, const struct value *v, struct assay_err *err)
{
	return of->drop ? drop_value(of, word, v, err) : add_value(of, word, v, err);
}

/* put_list - all values of a word */
static enum assay_status put_list(
    const struct assay_facts_of *of, int64_t word, const json_t *values, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;

	for (size_t i = 0; i < json_array_size(values) && status == ASSAY_OK; i++) {
		const json_t *json = json_array_get(values, i);
		struct value v;

		if (json_is_integer(json))
			take_number(&v, json_integer_value(json));
		else if (json_string_length(json) > 0)
			take_text(
			    &v, assay_slice(json_string_value(json), json_string_length(json)));
		else
			continue;
		status = put(of, word, &v, err);
	}
	return status;
}

/* assay_facts_all - see facts.h */
enum assay_status assay_facts_all(
    const struct assay_facts_of *of, const json_t *facts, struct assay_err *err)
{
	enum assay_status status = ASSAY_OK;
	const char *word;
	json_t *values;

	json_object_foreach((json_t *)(uintptr_t)facts, word, values)
	{
		int64_t id;

		status = word_id(of, word, &id, err);
		if (status == ASSAY_OK && id != 0)
			status = put_list(of, id, values, err);
		if (status != ASSAY_OK)
			break;
	}
	return status;
}

/* assay_facts_one - see facts.h */
enum assay_status assay_facts_one(const struct assay_facts_of *of, const char *word,
    struct assay_slice text, struct assay_err *err)
{
	enum assay_status status;
	struct value v;
	int64_t id;

	if (text.n == 0)
		return ASSAY_OK;
	take_text(&v, text);
	status = word_id(of, word, &id, err);
	return status == ASSAY_OK && id != 0 ? put(of, id, &v, err) : status;
}
