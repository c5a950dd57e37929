/*
 * gmime_leaves.c - GMime's own view of messages: path, type and SHA-256 of every leaf
 *
 * For tests/corpus/completeness.py. One process reads a mail each, so that a mail that crashes or
 * hangs GMime costs its own lines only. Knows nothing of assay.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmime/gmime.h>

/* print_leaf - the decoded bytes of one part */
static void print_leaf(const char *path, GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *out = g_mime_stream_mem_new();
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	char *name = g_mime_content_type_get_mime_type(type);
	GByteArray *bytes;

	if (content != NULL)
		g_mime_data_wrapper_write_to_stream(content, out);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(out));
	if (bytes->len > 0) {
		char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);

		printf("%s\t%s\t%s\n", path, name, sum);
		g_free(sum);
	}
	g_free(name);
	g_object_unref(out);
}

/* print_tree - all leaves, into attached messages too; depth is bounded */
static void print_tree(const char *path, GMimeObject *object, int depth)
{
	if (object == NULL || depth > 50)
		return;
	if (GMIME_IS_MULTIPART(object)) {
		GMimeMultipart *multipart = GMIME_MULTIPART(object);

		for (int i = 0; i < g_mime_multipart_get_count(multipart); i++)
			print_tree(path, g_mime_multipart_get_part(multipart, i), depth + 1);
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));

		if (inner != NULL)
			print_tree(path, g_mime_message_get_mime_part(inner), depth + 1);
	} else if (GMIME_IS_PART(object)) {
		print_leaf(path, GMIME_PART(object));
	}
}

/* print_message - in a process of its own, for ten seconds at most */
static void print_message(const char *path)
{
	const pid_t child = fork();

	if (child == 0) {
		GMimeStream *in = g_mime_stream_fs_open(path, 0, 0, NULL);

		alarm(10);
		if (in != NULL) {
			GMimeParser *parser = g_mime_parser_new_with_stream(in);
			GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

			if (message != NULL)
				print_tree(path, g_mime_message_get_mime_part(message), 0);
		}
		fflush(stdout);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
}

/* main - the messages named on the command line */
int main(int argc, char **argv)
{
	g_mime_init();
	for (int i = 1; i < argc; i++)
		print_message(argv[i]);
	return EXIT_SUCCESS;
}
