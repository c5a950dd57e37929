/*
 * loop - the yardstick: what the raw libraries need for the same mails
 *
 *	loop [-y RULES] < LIST		scan the files named in LIST, one per line
 *	loop -c RULES DIR		compile the rules in DIR into the file RULES
 *
 * For each mail: read it, parse it with GMime, decode every leaf, take four digests of the mail
 * and of each leaf, scan all of them with YARA, and write one JSON document with headers, parts,
 * digests and matches. One thread, no checks, no limits: this is what assay is measured against.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <gmime/gmime.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <yara.h>

static const char *const strings[] = { "filename", "filepath", "extension", "filetype", "owner",
	"group", "md5", "unpack_parent", "unpack_source", NULL };

static const char *const digest_names[] = { "md5", "sha1", "sha256", "sha512" };

static EVP_MD *digests[4];
static EVP_MD_CTX *digest_ctx;
static YR_RULES *rules;
static YR_SCANNER *scanner;

/* die - one line, and out */
static _Noreturn void die(const char *what, const char *name)
{
	fprintf(stderr, "loop: %s %s\n", what, name);
	exit(1);
}

/* add_file - one rule file, in a name space of its own */
static void add_file(YR_COMPILER *compiler, const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (f == NULL || yr_compiler_add_file(compiler, f, name, path) != 0)
		die("cannot compile", path);
	fclose(f);
}

/* compile - a directory of rules into one file */
static void compile(const char *out, const char *dir)
{
	struct dirent **entry;
	const int n = scandir(dir, &entry, NULL, alphasort);
	YR_COMPILER *compiler;

	yr_compiler_create(&compiler);
	for (size_t i = 0; strings[i] != NULL; i++)
		yr_compiler_define_string_variable(compiler, strings[i], "");
	for (int i = 0; i < n; i++)
		if (strstr(entry[i]->d_name, ".yar") != NULL)
			add_file(compiler, dir, entry[i]->d_name);
	yr_compiler_get_rules(compiler, &rules);
	if (yr_rules_save(rules, out) != ERROR_SUCCESS)
		die("cannot write", out);
}

/* on_message - adds the name of a rule that matched */
static int on_message(YR_SCAN_CONTEXT *context, int message, void *data, void *user)
{
	(void)context;
	if (message == CALLBACK_MSG_RULE_MATCHING)
		json_array_append_new(user, json_string(((YR_RULE *)data)->identifier));
	return CALLBACK_CONTINUE;
}

/* examine - digests and matches of some bytes */
static json_t *examine(const char *p, size_t n)
{
	json_t *out = json_object(), *matches;

	for (int i = 0; i < 4; i++) {
		unsigned char md[EVP_MAX_MD_SIZE];
		char hex[2 * EVP_MAX_MD_SIZE + 1];
		unsigned len;

		EVP_DigestInit_ex(digest_ctx, digests[i], NULL);
		EVP_DigestUpdate(digest_ctx, p, n);
		EVP_DigestFinal_ex(digest_ctx, md, &len);
		for (unsigned k = 0; k < len; k++)
			snprintf(hex + 2 * k, 3, "%02x", md[k]);
		json_object_set_new(out, digest_names[i], json_string(hex));
	}
	json_object_set_new(out, "size", json_integer((json_int_t)n));
	if (scanner == NULL)
		return out;
	matches = json_array();
	yr_scanner_set_callback(scanner, on_message, matches);
	yr_scanner_scan_mem(scanner, (const uint8_t *)p, n);
	json_object_set_new(out, "yara", matches);
	return out;
}

/* headers - all headers of an object, decoded where GMime does */
static json_t *headers(GMimeObject *object)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(object);
	const int n = g_mime_header_list_get_count(list);
	json_t *out = json_array();

	for (int i = 0; i < n; i++) {
		GMimeHeader *h = g_mime_header_list_get_header_at(list, i);
		const char *value = g_mime_header_get_value(h);
		json_t *text = json_string(value != NULL ? value : "");

		json_array_append_new(out,
		    json_pack("{s:s, s:o}", "name", g_mime_header_get_name(h), "value",
			text != NULL ? text : json_string("(not UTF-8)")));
	}
	return out;
}

static void walk(GMimeObject *object, json_t *parts);

/* leaf - decodes one part and examines it */
static void leaf(GMimePart *part, json_t *parts)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	const char *name = g_mime_part_get_filename(part);
	GMimeStream *stream;
	GByteArray *bytes;
	json_t *out;

	if (content == NULL)
		return;
	stream = g_mime_stream_mem_new();
	g_mime_data_wrapper_write_to_stream(content, stream);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	out = examine((const char *)bytes->data, bytes->len);
	if (name != NULL)
		json_object_set_new(out, "filename", json_string(name));
	json_array_append_new(parts, out);
	g_object_unref(stream);
}

/* walk - every leaf below an object */
static void walk(GMimeObject *object, json_t *parts)
{
	if (GMIME_IS_MULTIPART(object)) {
		const int n = g_mime_multipart_get_count(GMIME_MULTIPART(object));

		for (int i = 0; i < n; i++)
			walk(g_mime_multipart_get_part(GMIME_MULTIPART(object), i), parts);
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *m = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));

		if (m != NULL && g_mime_message_get_mime_part(m) != NULL)
			walk(g_mime_message_get_mime_part(m), parts);
	} else if (GMIME_IS_PART(object)) {
		leaf(GMIME_PART(object), parts);
	}
}

/* mail - everything for one message */
static void mail(const char *p, size_t n)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(p, n);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
	json_t *out = examine(p, n), *parts = json_array();
	char *text;

	if (message != NULL) {
		json_object_set_new(out, "headers", headers(GMIME_OBJECT(message)));
		if (g_mime_message_get_mime_part(message) != NULL)
			walk(g_mime_message_get_mime_part(message), parts);
		g_object_unref(message);
	}
	json_object_set_new(out, "parts", parts);
	text = json_dumps(out, JSON_COMPACT);
	if (text != NULL)
		puts(text);
	free(text);
	json_decref(out);
	g_object_unref(parser);
	g_object_unref(stream);
}

/* read_file - all of it, malloc'd */
static char *read_file(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *p;

	if (f == NULL || fstat(fileno(f), &st) != 0)
		die("cannot read", path);
	p = malloc((size_t)st.st_size + 1);
	if (p == NULL)
		die("out of memory for", path);
	*n = fread(p, 1, (size_t)st.st_size, f);
	fclose(f);
	return p;
}

int main(int argc, char **argv)
{
	char path[4096];

	yr_initialize();
	if (argc == 4 && strcmp(argv[1], "-c") == 0) {
		compile(argv[2], argv[3]);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "-y") == 0) {
		if (yr_rules_load(argv[2], &rules) != ERROR_SUCCESS)
			die("cannot load", argv[2]);
		yr_scanner_create(rules, &scanner);
		yr_scanner_set_flags(scanner, SCAN_FLAGS_REPORT_RULES_MATCHING);
	}
	g_mime_init();
	digest_ctx = EVP_MD_CTX_new();
	for (int i = 0; i < 4; i++)
		digests[i] = EVP_MD_fetch(NULL, digest_names[i], NULL);
	while (fgets(path, sizeof(path), stdin) != NULL) {
		size_t n;
		char *p;

		path[strcspn(path, "\n")] = 0;
		p = read_file(path, &n);
		mail(p, n);
		free(p);
	}
	return 0;
}
