/*
 * clamav/database.c - see database.h. Reads the files of one directory; libclamav reads them again.
 * What libclamav says while it loads is kept: its first sentence is the best reason there is.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/io.h"
#include "base/slice.h"

#include "database.h"

#define NAME_MAX_BYTES 256u
#define CHUNK ((size_t)64 * 1024)

/* One file of the directory. */
struct file {
	char name[NAME_MAX_BYTES];
	struct stat st;
	bool official; /* .cvd or .cld */
	unsigned version;
	int64_t built_ms;
};

struct listing {
	struct file *file;
	size_t n;
};

/* ---- the directory --------------------------------------------------------------------------- */

/* ends - with this suffix */
static bool ends(const char *name, const char *suffix)
{
	const size_t n = strlen(name), k = strlen(suffix);

	return n > k && strcmp(name + n - k, suffix) == 0;
}

/* is_database - by its name, as libclamav does it: freshclam keeps other things there as well */
static bool is_database(const char *name)
{
	static const char *const suffixes[] = { ".cvd", ".cld", ".cud", ".db", ".hdb", ".hdu",
		".hsb", ".hsu", ".mdb", ".mdu", ".msb", ".msu", ".imp", ".ndb", ".ndu", ".ldb",
		".ldu", ".sdb", ".zmd", ".rmd", ".pdb", ".gdb", ".wdb", ".cbc", ".cdb", ".fp",
		".sfp", ".ftm", ".cfg", ".cat", ".crb", ".ign", ".ign2", ".idb", ".ioc", ".yar",
		".yara", ".pwdb" };

	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
		if (name[0] != '.' && ends(name, suffixes[i]))
			return true;
	return false;
}

/* rank - what others depend on is loaded before them */
static int rank(const struct file *f)
{
	if (ends(f->name, ".ign") || ends(f->name, ".ign2") || ends(f->name, ".cfg"))
		return 0;
	if (ends(f->name, ".crb") || ends(f->name, ".cat"))
		return 1;
	return f->official ? 2 : 3;
}

/* by_rank - and by name: the same files give the same order */
static int by_rank(const void *a, const void *b)
{
	const int x = rank(a), y = rank(b);

	return x != y ? x - y
		      : strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

/* list - the database files of a directory; false: it cannot be read */
static bool list(const char *dir, struct listing *l)
{
	DIR *stream = opendir(dir);
	const struct dirent *entry;

	*l = (struct listing){ .n = 0 };
	if (stream == NULL)
		return false;
	l->file = assay_xcalloc(ASSAY_CLAMAV_FILES, sizeof *l->file);
	while (l->n < ASSAY_CLAMAV_FILES && (entry = readdir(stream)) != NULL) {
		struct file *f = &l->file[l->n];

		if (!is_database(entry->d_name) ||
		    fstatat(dirfd(stream), entry->d_name, &f->st, 0) != 0 ||
		    !S_ISREG(f->st.st_mode))
			continue;
		(void)snprintf(f->name, sizeof f->name, "%.255s", entry->d_name);
		f->official = ends(f->name, ".cvd") || ends(f->name, ".cld");
		l->n++;
	}
	(void)closedir(stream);
	qsort(l->file, l->n, sizeof *l->file, by_rank);
	return true;
}

/* hex - of a digest, `n` characters and NUL */
static void hex(EVP_MD_CTX *md, char *out, size_t n)
{
	unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };

	(void)EVP_DigestFinal_ex(md, digest, NULL);
	for (size_t i = 0; i < n / 2; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* new_digest - SHA-256; memory is there or we are not */
static EVP_MD_CTX *new_digest(void)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	ASSAY_ASSERT(md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
	return md;
}

/* assay_clamav_database_stamp - see database.h */
void assay_clamav_database_stamp(const char *dir, char stamp[ASSAY_CLAMAV_STAMP])
{
	struct listing l;
	EVP_MD_CTX *md;

	stamp[0] = '\0';
	if (!list(dir, &l))
		return;
	if (l.n == 0) {
		free(l.file);
		return;
	}
	md = new_digest();
	for (size_t i = 0; i < l.n; i++) {
		const struct stat *st = &l.file[i].st;
		char line[NAME_MAX_BYTES + 100];
		int n = snprintf(line, sizeof line, "%s %lld %lld.%09ld %llu\n", l.file[i].name,
		    (long long)st->st_size, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
		    (unsigned long long)st->st_ino);

		(void)EVP_DigestUpdate(md, line, (size_t)n);
	}
	hex(md, stamp, ASSAY_CLAMAV_STAMP - 1);
	EVP_MD_CTX_free(md);
	free(l.file);
}

/* ---- what is in it --------------------------------------------------------------------------- */

/* add_bytes - of one file to the digest; what cannot be read will not load either */
static void add_bytes(EVP_MD_CTX *md, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *chunk = assay_xmalloc(CHUNK);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, chunk, CHUNK)) > 0)
		(void)EVP_DigestUpdate(md, chunk, (size_t)n);
	free(chunk);
	assay_io_close(&fd);
}

/* read_heads - version and time of ClamAV's own files */
static void read_heads(const char *dir, struct listing *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct file *f = &l->file[i];
		char path[4096 + NAME_MAX_BYTES];
		struct cl_cvd *head;

		(void)snprintf(path, sizeof path, "%s/%s", dir, f->name);
		head = f->official ? cl_cvdhead(path) : NULL;
		if (head == NULL)
			continue;
		f->version = head->version;
		f->built_ms = (int64_t)head->stime * 1000;
		cl_cvdfree(head);
	}
}

/* is_superseded - by the same name with the other ending, in a newer version */
static bool is_superseded(const struct listing *l, const struct file *f)
{
	const size_t stem = strlen(f->name) - 4;

	for (size_t i = 0; f->official && i < l->n; i++) {
		const struct file *other = &l->file[i];

		if (other == f || !other->official || strlen(other->name) != stem + 4 ||
		    memcmp(other->name, f->name, stem) != 0)
			continue;
		if (other->version > f->version ||
		    (other->version == f->version && ends(other->name, ".cld")))
			return true;
	}
	return false;
}

/* name_it - id and age, of what was loaded; `others` is how many are not ClamAV's */
static void name_it(struct assay_clamav_database *db, const struct listing *l, const bool *loaded,
    size_t others, EVP_MD_CTX *md)
{
	char digest[13];
	size_t at = 0;
	int n;

	for (size_t i = 0; i < l->n; i++) {
		const struct file *f = &l->file[i];

		if (!loaded[i] || !f->official)
			continue;
		n = snprintf(db->id + at, sizeof db->id - at, "%s%.*s %u", at > 0 ? ", " : "",
		    (int)(strlen(f->name) - 4), f->name, f->version);
		at += n > 0 && (size_t)n < sizeof db->id - at ? (size_t)n : 0;
		if (f->built_ms > db->built_ms)
			db->built_ms = f->built_ms;
	}
	if (others == 0)
		return;
	hex(md, digest, 12);
	(void)snprintf(db->id + at, sizeof db->id - at, "%s%zu %s%s (%s)", at > 0 ? ", " : "",
	    others, at > 0 ? "other" : "file", others == 1 ? "" : "s", digest);
}

/* ---- loading --------------------------------------------------------------------------------- */

/* The first complaint of libclamav about a file: its callback has no argument of ours there. */
static char complaint[200];

/* hear - errors only: warnings are about age, which we tell ourselves */
static void hear(enum cl_msg severity, const char *full, const char *text, void *context)
{
	(void)full;
	(void)context;
	if (severity == CL_MSG_ERROR && complaint[0] == '\0')
		(void)snprintf(complaint, sizeof complaint, "%.*s", (int)strcspn(text, "\n"), text);
}

/* note_broken - the first one by name */
static void note_broken(struct assay_clamav_database *db, const char *name, cl_error_t rc)
{
	if (db->nbroken++ > 0)
		return;
	(void)snprintf(db->broken, sizeof db->broken, "%.80s: %.190s", name,
	    complaint[0] != '\0' ? complaint : cl_strerror(rc));
	assay_err_make_printable(db->broken);
}

/* load_one - a file; true: its signatures are there */
static bool load_one(
    const char *dir, const struct file *f, unsigned options, struct assay_clamav_database *db)
{
	char path[4096 + NAME_MAX_BYTES];
	unsigned before = db->signatures;
	cl_error_t rc;

	(void)snprintf(path, sizeof path, "%s/%s", dir, f->name);
	complaint[0] = '\0';
	rc = cl_load(path, db->engine, &db->signatures, options);
	if (rc == CL_SUCCESS)
		return true;
	db->signatures = before;
	note_broken(db, f->name, rc);
	return false;
}

/* load_each - all files, in their order */
static void load_each(
    const char *dir, const struct listing *l, unsigned options, struct assay_clamav_database *db)
{
	bool *loaded = assay_xcalloc(l->n + 1, sizeof *loaded);
	EVP_MD_CTX *md = new_digest();
	size_t others = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct file *f = &l->file[i];
		char path[4096 + NAME_MAX_BYTES];

		loaded[i] = !is_superseded(l, f) && load_one(dir, f, options, db);
		if (!loaded[i] || f->official)
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", dir, f->name);
		(void)EVP_DigestUpdate(md, f->name, strlen(f->name) + 1);
		add_bytes(md, path);
		others++;
	}
	name_it(db, l, loaded, others, md);
	EVP_MD_CTX_free(md);
	free(loaded);
}

/* assay_clamav_database_load - see database.h */
enum assay_status assay_clamav_database_load(
    const char *dir, unsigned options, struct assay_clamav_database *db, struct assay_err *err)
{
	struct listing l;
	cl_error_t rc;

	*db = (struct assay_clamav_database){ .signatures = 0 };
	cl_set_clcb_msg(hear);
	rc = cl_init(CL_INIT_DEFAULT);
	if (rc != CL_SUCCESS)
		return assay_err_set(
		    err, ASSAY_E_PLUGIN, "libclamav does not start: %s", cl_strerror(rc));
	assay_clamav_database_stamp(dir, db->stamp);
	db->engine = cl_engine_new();
	if (db->engine == NULL)
		return assay_err_set(err, ASSAY_E_PLUGIN, "libclamav makes no engine");
	if (strlen(dir) < 4096 && list(dir, &l)) {
		read_heads(dir, &l);
		load_each(dir, &l, options, db);
		free(l.file);
	}
	if (db->signatures == 0)
		assay_clamav_database_release(db);
	return ASSAY_OK;
}

/* assay_clamav_database_release - the engine; the words stay */
void assay_clamav_database_release(struct assay_clamav_database *db)
{
	if (db->engine != NULL)
		(void)cl_engine_free(db->engine);
	db->engine = NULL;
}
