/* SPDX-License-Identifier: GPL-2.0-or-later WITH openssl-exception (see LICENSE) */
/*
 * assay/plugin.h - the plugin contract
 *
 * A plugin is a module that exports one object, data not code:
 *
 *	const struct assay_plugin assay_plugin = { ASSAY_PLUGIN_HEAD, .name = "hash", ... };
 *
 * It may serve several classes (worker, dispatcher, archiver, connector, decorator, provider), each
 * with a table of its own. The host checks the head before it looks at anything else, checks and
 * types the options before `open`, and calls one function at a time on one mail at a time: there
 * are no threads and no locks here.
 *
 * Where code runs: `open` and `warm` run once, before the scan processes are forked and sealed.
 * After that, workers, dispatchers and decorators live in a sandbox in which open(2) answers
 * EACCES and the network does not exist: whatever a library loads lazily, load in `warm`.
 *
 * Memory: what is handed to a plugin is borrowed and lives as long as the mail; what it allocates
 * from assay_payload_arena() dies with the mail. Bytes of payloads come from strangers.
 *
 * The ABI grows at the end only. Document: RESULT "the report"; HACKING "How to write a plugin".
 */
#ifndef ASSAY_PLUGIN_H
#define ASSAY_PLUGIN_H

#include <jansson.h>

#include <assay/types.h>

#define ASSAY_ABI 1u
#ifndef ASSAY_BUILD
#define ASSAY_BUILD "external" /* what it was built with; must equal the host's */
#endif

struct assay_arena;   /* base/arena.h */
struct assay_door;    /* a provider's way in */
struct assay_opts;    /* options of one plugin, checked and typed */
struct assay_payload; /* one blob: bytes, names, place in the tree, results so far */
struct assay_plan;    /* what a dispatcher chose */
struct assay_result;  /* what a worker found */

/* ---- options -------------------------------------------------------------------------------- */

enum assay_opt_type {
	ASSAY_OPT_BOOL, /* yes | no */
	ASSAY_OPT_INT,
	ASSAY_OPT_SIZE, /* bytes; a unit is required: 10M, 64K, 512B */
	ASSAY_OPT_TIME, /* milliseconds; a unit is required: 500ms, 60s, 2m, 1h, 30d */
	ASSAY_OPT_STR,
	ASSAY_OPT_LIST, /* comma separated, trimmed, no empty entries */
	ASSAY_OPT_ENUM  /* one of `words` */
};

/* A row of the option table; a NULL name ends it. `def` is written as in the file. min and max
 * bound INT, SIZE and TIME when max > min. */
struct assay_opt {
	const char *name;
	enum assay_opt_type type;
	const char *def;
	int64_t min, max;
	const char
	    *words; /* ENUM: "a|b|c". LIST: NULL, or "fact|a|b": words of facts{}, and these */
	const char *help; /* one line */
};

/* Asking for an option that is not in the table, or as another type, aborts. Strings live as long
 * as the process. */
ASSAY_API const char *assay_opt_str(const struct assay_opts *opts, const char *name);
/* BOOL (0, 1), INT, SIZE in bytes, TIME in milliseconds. */
ASSAY_API int64_t assay_opt_int(const struct assay_opts *opts, const char *name);
/* Ends with NULL. */
ASSAY_API const char *const *assay_opt_list(const struct assay_opts *opts, const char *name);
/* The file name as given, or below the directory of the configuration when relative; a relative one
 * from the command line stays as it is. */
ASSAY_API const char *assay_opt_path(const struct assay_opts *opts, const char *name);
/* The same for each word of a LIST; ends with NULL. */
ASSAY_API const char *const *assay_opt_paths(const struct assay_opts *opts, const char *name);
/* A STR as the name of something we keep: a relative one is below the directory for state, except
 * from the command line, where it stays as it is. Nothing is made. */
ASSAY_API const char *assay_opt_state_path(const struct assay_opts *opts, const char *name);
/* A directory for what may be made again (compiled rules); NULL when there is none to write to. */
ASSAY_API const char *assay_opt_cache_dir(const struct assay_opts *opts);
/* E_CONF with where the option was set (FILE:LINE), its value and `why`: for what no row of a table
 * can check. */
ASSAY_API enum assay_status assay_opt_refuse(
    const struct assay_opts *opts, const char *name, const char *why, struct assay_err *err);

/* ---- what a plugin says about its results ---------------------------------------------------- */

/* Paths name a place in the worker's own result: "from[].addr", "date.utc", "matches[].meta[].key".
 * Lists and objects on the way are implied. A member "*" stands for every name that has no row of
 * its own: names that the configuration gives, never those of a mail. */
enum assay_field_type {
	ASSAY_STR = 1,
	ASSAY_INT = 2,
	ASSAY_BOOL = 4,
	ASSAY_REAL = 8,
	ASSAY_OBJECT = 16, /* only to say ASSAY_OBJECT | ASSAY_NULL of one that may be null */
	ASSAY_NULL = 32    /* may be null instead */
};

enum assay_privacy {
	ASSAY_TECHNICAL, /* digests, sizes, types, rule names */
	ASSAY_PERSONAL,  /* addresses, names, subjects, file names, URLs */
	ASSAY_CONTENT    /* bodies, matched strings, raw bytes */
};

/* A row of the field table: what does not fit is dropped by the host and reported as bad_result.
 * The schema of the document is made from these rows. A NULL path ends it. */
struct assay_field {
	const char *path;
	unsigned type; /* of enum assay_field_type, or-ed */
	enum assay_privacy privacy;
	const char *help;
};

enum assay_fact_level { ASSAY_FACT_PAYLOAD, ASSAY_FACT_MESSAGE };

enum assay_fact_compare {
	ASSAY_COMPARE_GLOB,    /* * and ?, ASCII case ignored */
	ASSAY_COMPARE_NET,     /* address or address/prefix */
	ASSAY_COMPARE_SIZE,    /* <10M, >=64K, or a number; values are integers */
	ASSAY_COMPARE_ADDRESS, /* a glob over an address; "@domain" means the domain and below */
	ASSAY_COMPARE_FLAG     /* yes or no */
};

/* A row of the vocabulary that policy, search, seen filters and the manual share. The host fills
 * facts{} of the payload (or of the message) with the values found at `path`. */
struct assay_fact {
	const char *word;
	enum assay_fact_level level;
	enum assay_fact_compare compare;
	const char *path;
	const char *help;
};

/* ---- payloads -------------------------------------------------------------------------------- */

enum assay_digest { ASSAY_MD5, ASSAY_SHA1, ASSAY_SHA256, ASSAY_SHA512, ASSAY_DIGESTS };

ASSAY_API struct assay_slice assay_payload_bytes(const struct assay_payload *payload);
ASSAY_API const char *assay_payload_id(const struct assay_payload *payload);
ASSAY_API const char *assay_payload_path(const struct assay_payload *payload);
/* 0 for the root. */
ASSAY_API unsigned assay_payload_depth(const struct assay_payload *payload);
/* UTF-8; NULL when there is none. extension without the dot, lower case. */
ASSAY_API const char *assay_payload_filename(const struct assay_payload *payload);
ASSAY_API const char *assay_payload_extension(const struct assay_payload *payload);
/* As declared by whoever found it, lower case; NULL when nobody did. */
ASSAY_API const char *assay_payload_content_type(const struct assay_payload *payload);
/* Lower-case hex; computed at most once per payload. */
ASSAY_API const char *assay_payload_digest(
    const struct assay_payload *payload, enum assay_digest digest);
/* A list of {place, parent, path, filename, content_type, disposition, extracted_by}. */
ASSAY_API const json_t *assay_payload_occurrences(const struct assay_payload *payload);
/* What the finder said of it: a list of {key, value}. */
ASSAY_API const char *assay_payload_extra(const struct assay_payload *payload, const char *key);
/* The result of a worker that ran on it before; NULL when it did not run or failed. */
ASSAY_API const json_t *assay_payload_result(
    const struct assay_payload *payload, const char *worker);
/* The i-th text of the message that people read, wherever in it (subject, bodies; UTF-8, or what a
 * text attachment holds): for who looks for passwords. False: no more. */
ASSAY_API bool assay_payload_text(
    const struct assay_payload *payload, size_t i, struct assay_slice *text);
/* What a dispatcher said when it chose this worker (stoQ's dispatch_meta), or NULL. */
ASSAY_API const char *assay_payload_dispatch_meta(
    const struct assay_payload *payload, const char *dispatcher, const char *key);
/* What the door said: members of request_meta (source, envelope, ...), and message_time {utc: ms,
 * source} where the door knows one. */
ASSAY_API const json_t *assay_payload_request(const struct assay_payload *payload);
/* Wall time at which this scan began, ms: the "now" of one report. */
ASSAY_API int64_t assay_payload_scan_time(const struct assay_payload *payload);
/* Dies with the mail. */
ASSAY_API struct assay_arena *assay_payload_arena(const struct assay_payload *payload);

/* ---- a worker's result ----------------------------------------------------------------------- */

/* The result object, made at the first call and owned by the host. A worker that never calls it
 * has "looked, nothing there": null in the report. */
ASSAY_API json_t *assay_result_json(struct assay_result *result);

/* New strings for the document: bytes of any kind become valid UTF-8 without U+0000. */
ASSAY_API json_t *assay_json_text(const char *p, size_t n);
ASSAY_API json_t *assay_json_str(const char *s); /* null when s is NULL */
ASSAY_API json_t *assay_json_time(int64_t wall_ms);
ASSAY_API json_t *assay_json_base64(const char *p, size_t n);
/* For values whose type a stranger chose: sets `value` of the row to the text of a string, number
 * or truth value (null for null, lists and objects), at most `max` bytes of it, and `value_int`
 * where it is a whole number. False: it was cut. */
ASSAY_API bool assay_json_value(json_t *row, const json_t *value, size_t max);

struct assay_child {
	struct assay_slice bytes;
	bool heap;                /* bytes are malloc'd and the host takes them; else they live as
				   * long as the mail (arena, or inside the parent's bytes) */
	bool no_scan, no_archive; /* stoQ's should_scan, should_archive */
	const char *filename;     /* UTF-8 or NULL */
	const char *content_type; /* declared, or NULL */
	const char *disposition;  /* or NULL */
	const char *place;        /* where in the parent: "1.2", a member's number; or NULL */
	const char *const *dispatch_to; /* worker names, NULL ends; or NULL */
	json_t *extra;                  /* list of {key, value}, taken; or NULL */
};

/* Adds a child. Returns its payload (equal bytes: the one that is there already, with one more
 * occurrence), or NULL when a limit forbids it, which is noted in limits[]. Everything but the
 * bytes is copied. */
ASSAY_API const struct assay_payload *assay_result_child(
    struct assay_result *result, const struct assay_child *child);
/* What may still be taken out of this payload: bytes of one member, and in all. For workers that
 * unpack; the host checks again. */
ASSAY_API void assay_result_budget(
    const struct assay_result *result, uint64_t *member, uint64_t *total);

/* unseen: bytes were not looked at; otherwise only what is stored was shortened. */
ASSAY_API void assay_result_limit(
    struct assay_result *result, const char *limit, uint64_t value, uint64_t allowed, bool unseen);
/* A limit of [core] by its name, e.g. "max_mime_parts". */
ASSAY_API uint64_t assay_result_allowed(const struct assay_result *result, const char *limit);
/* An errors[] entry of kind "failed" beside whatever was found. */
ASSAY_API void assay_result_error(struct assay_result *result, const char *fmt, ...)
    ASSAY_PRINTF(2, 3);
/* Adds a text of the message for assay_payload_text; its bytes live as long as the mail. The first
 * ASSAY_TEXTS of a mail are kept. */
#define ASSAY_TEXTS 100u
ASSAY_API void assay_result_text(struct assay_result *result, struct assay_slice text);
/* One more worker for this payload. */
ASSAY_API void assay_result_dispatch(struct assay_result *result, const char *worker);
/* A top-level member of the report that only the root's worker can know: "recipients",
 * "message_time", "direction", "content_sha256". Takes `value`. Ignored below the root. */
ASSAY_API void assay_result_report(struct assay_result *result, const char *member, json_t *value);

/* ---- programs ----------------------------------------------------------------------------------
 *
 * A worker cannot start a program or reach a service; a helper process beside each scan process
 * does it. It runs what stands in the tables of the plugins and nothing else: no argument and no
 * path comes from a mail. Programs run as the user of the scan processes, in a session of their
 * own, with an environment of our making and a private directory that is gone afterwards.
 */

enum assay_program_mode {
	ASSAY_PROGRAM_ONCE,  /* started for each call, in the private directory */
	ASSAY_PROGRAM_STAY,  /* kept: reads `ask` on standard input, answers up to `marker` */
	ASSAY_PROGRAM_SOCKET /* a service at `address`: gets the bytes, answers up to `marker` or
			      * until it hangs up */
};

/* A row of the table; a NULL name ends it. Lives as long as the plugin's state. */
struct assay_program {
	const char *name; /* for messages */
	enum assay_program_mode mode;
	const char *const *argv; /* [0] absolute, or looked up in PATH at start; NULL ends */
	const char *address;     /* SOCKET: "unix:/path", "tcp:host:port" */
	/* Names of environment variables that a call may give values to, all ASSAY_...; NULL ends;
	 * or NULL. Always there: HOME, TMPDIR, PATH, LC_ALL, TZ; with files_max
	 * ASSAY_OUT, the directory for files. */
	const char *const *env;
	/* STAY: what is written for each call, at most 4,096 bytes; STAY, SOCKET: the end of an
	 * answer. "%n" in STAY's becomes a number that nobody can guess, another for each call. */
	const char *ask, *marker;
	bool file;    /* the bytes are the file "payload" in the current directory and standard
		       * input is empty; always so with STAY */
	bool network; /* it may reach the network; otherwise not, where the system can forbid it */
	/* 0: the default. */
	unsigned timeout_ms;  /* of a call, 10 s */
	uint64_t memory;      /* address space of each of its processes, 1 GiB */
	uint64_t output_max;  /* bytes of standard output, 1 MiB */
	uint32_t files_max;   /* ONCE: files taken from ASSAY_OUT and below, none */
	uint64_t files_bytes; /* in all, 64 MiB */
};

struct assay_run_input {
	struct assay_slice before, bytes, after; /* what it gets: one behind the other */
	/* For `env`, in its order: cut at 1,000 bytes; control characters, bidi controls and what
	 * is no UTF-8 become '?'. NULL: not set. Or NULL. */
	const char *const *values;
	unsigned timeout_ms; /* less than the program's; or 0 */
};

/* A file it left in ASSAY_OUT: "a.txt", "dir/b.txt". The name is UTF-8, and data: nothing was ever
 * opened by it on our side. */
struct assay_run_file {
	const char *name;
	struct assay_slice bytes;
};

/* Everything in it lives as long as the mail. */
struct assay_run_output {
	struct assay_slice out;    /* standard output or the service's answer, without the marker */
	struct assay_slice errors; /* the first 4 KiB of standard error */
	int exit;                  /* -1: ended by `signal` (STAY, SOCKET: 0) */
	int signal;
	const struct assay_run_file *files; /* by name within each directory */
	size_t nfiles;
	size_t left_out; /* files over the limits, and what is no plain file */
};

/* Runs row `program` of the plugin's table. ASSAY_OK: it came to its end by itself, whatever its
 * exit code. E_TIMEOUT: killed, with all it had started; the worker's and the mail's own deadline
 * count as well. E_LIMIT: killed for more output or files than allowed. E_NOENT: not installed, the
 * service is not there. E_IO, E_FULL: could not be started. E_DEAD: there is no helper. *out is
 * always set. */
ASSAY_MUST_CHECK ASSAY_API enum assay_status assay_result_run(struct assay_result *result,
    size_t program, const struct assay_run_input *in, struct assay_run_output *out,
    struct assay_err *err);

/* ---- a dispatcher's plan --------------------------------------------------------------------- */

ASSAY_API void assay_plan_add(struct assay_plan *plan, const char *worker);
/* The same, and no error when that worker is not loaded: for tables that are shipped. */
ASSAY_API void assay_plan_wish(struct assay_plan *plan, const char *worker);
/* Told to the worker added last; what is told first is the reason that `assay plugins --why`
 * shows. */
ASSAY_API void assay_plan_meta(struct assay_plan *plan, const char *key, const char *value);
/* stoQ's `save = false`: this payload is not archived. */
ASSAY_API void assay_plan_no_archive(struct assay_plan *plan);

/* ---- a provider's door ------------------------------------------------------------------------
 */

/* What was decided about one message, and what the one who waits for it is to be told. */
struct assay_verdict {
	const char *action;    /* verdict.action: what the policy decided */
	const char *answered;  /* what the MTA shall be told: also a word of verdict.action */
	const char *reply;     /* "550 5.7.1 text", or NULL: the provider's own words */
	const json_t *headers; /* list of {name, value} to be added, or NULL */
	const char *scan_id;
	const char *status; /* "scanned" | "partial" | "unscanned" */
	const char *reason; /* status_reason, or NULL */
	const char *rule;   /* of the policy, or NULL */
	bool enforced;      /* false: observing; nothing of the message may be changed */
};

struct assay_submission {
	struct assay_slice bytes;        /* or */
	int fd;                          /* >= 0: taken; read-only. A memory file that is sealed
					  * (assay_io_seal of base/io.h) is not copied */
	const char *source;              /* "maildir", "mbox", ... */
	const char *source_id;           /* durable name, or NULL */
	const char *filename;            /* as given, or NULL */
	const char *content_type;        /* "message/rfc822" when it is known to be mail; or NULL */
	int64_t message_time_ms;         /* 0: not known */
	json_t *extra;                   /* list of {key, value}, taken; or NULL */
	const char *message_time_source; /* where that time is from: "mbox", "mtime"; or NULL */
	/* Or NULL. Called once: with the verdict's action when the report is where it cannot be
	 * lost (in the service: after the fsync), so that the provider may forget the message; or
	 * with NULL when the door closes before that: the message is still the provider's. Only
	 * from inside assay_submit, assay_door_wait and after run or once have returned; submits
	 * nothing itself. Not called when assay_submit fails. */
	void (*done)(void *arg, const char *action);
	void *done_arg;
	/* For providers with somebody who waits (ASSAY_PROVIDER_INLINE); or NULL. Called just
	 * before `done`, borrowed for the call; not called when the door closes before. */
	void (*verdict)(void *arg, const struct assay_verdict *verdict);
	/* More members of the request, taken; or NULL: queue_id, daemon, envelope {sender {addr},
	 * recipients [{addr}], client {addr, name, helo, tls {...}, auth {...}}} as in the
	 * report's request_meta. */
	json_t *request;
	/* Or NULL: a word why it shall not be scanned, a string literal: "error" (it could not be
	 * received whole), "overload" (its turn did not come in time). Never waits for room. Where
	 * there are no bytes to show, fd is -1 and bytes {NULL, how many there were}. */
	const char *unscanned;
};

/* Scans one message; *verdict is a word of RESULT's verdict.action. With verdict NULL it returns as
 * soon as there is room for more: the scan goes on while others are submitted or waited for. The
 * bytes are copied before it returns; what the submission points to is borrowed for the call.
 * ASSAY_END: the door takes no more. E_FULL, with `unscanned`: not even that fits now. */
ASSAY_MUST_CHECK ASSAY_API enum assay_status assay_submit(struct assay_door *door,
    const struct assay_submission *submission, const char **verdict, struct assay_err *err);
/* Waits until fd (-1: none) is readable, timeout_ms have passed or the door begins to stop, and
 * lets the scans go on meanwhile: a provider waits nowhere else. ASSAY_OK: readable; ASSAY_END:
 * not. A door that still has scans under way may return earlier. It can be called, and mail
 * submitted, while the door is stopping: for sessions that are not over yet. */
ASSAY_MUST_CHECK ASSAY_API enum assay_status assay_door_wait(
    struct assay_door *door, int fd, int64_t timeout_ms, struct assay_err *err);
/* The i-th listening socket (non-blocking, borrowed) of the provider's `sockets`; -1: no more. */
ASSAY_API int assay_door_socket(const struct assay_door *door, size_t i);
/* Would assay_submit return without waiting for others? */
ASSAY_API bool assay_door_room(const struct assay_door *door);
/* An option of [core] by its name: sizes in bytes, times in milliseconds. */
ASSAY_API int64_t assay_door_option(const struct assay_door *door, const char *name);
/* True when the provider shall come to an end. */
ASSAY_API bool assay_door_stopping(const struct assay_door *door);
/* Are the reports kept (the service, `assay import`), so that every message needs a durable name?
 * False: they are only shown (`assay scan`). */
ASSAY_API bool assay_door_keeps(const struct assay_door *door);
/* For `once`: so many bytes of the file at work are read; for people who wait. */
ASSAY_API void assay_door_progress(struct assay_door *door, uint64_t bytes);

/* Foreign bytes that are no mail yet are read in a child process, closed in as scan processes are:
 * it reads `in`, writes `out` (a pipe), has memory, and can do nothing else. */
struct assay_sealed;
struct assay_sealed_work {
	/* Returns 0, or what went wrong as a number up to 63. */
	int (*run)(void *arg, int in, int out);
	void *arg;       /* copied with the process */
	int in;          /* borrowed */
	uint64_t memory; /* bytes of address space, more than the door has */
};
ASSAY_MUST_CHECK ASSAY_API enum assay_status assay_sealed_start(struct assay_door *door,
    const struct assay_sealed_work *work, struct assay_sealed **child, struct assay_err *err);
/* The end of the pipe that is read; the child's. */
ASSAY_API int assay_sealed_out(const struct assay_sealed *child);
/* Hangs up and collects it, with what `run` said. E_DEAD: it crashed or was killed. Accepts NULL,
 * leaves NULL. */
ASSAY_API enum assay_status assay_sealed_end(
    struct assay_sealed **child, int *said, struct assay_err *err);

/* ---- the classes ------------------------------------------------------------------------------
 */

struct assay_worker {
	/* Payload in, result and children out. A failure is an errors[] entry; what was found
	 * before it is kept. */
	enum assay_status (*scan)(void *state, const struct assay_payload *payload,
	    struct assay_result *result, struct assay_err *err);
	const char *const *needs_workers; /* run before on the same payload; NULL ends; or NULL */
	unsigned timeout_ms;              /* 0: [core] worker_timeout */
	bool pure; /* depends on the bytes, the rules and what it asks the host for: may be said
		    * again of the same bytes without a call (core/pure.h) */
};

/* A worker that a dispatcher may add, and where that is said. */
struct assay_named {
	const char *worker; /* NULL ends the list */
	const char *option; /* of the plugin, whose file and line are told; or NULL: */
	const char *place;  /* in words */
};

struct assay_dispatcher {
	enum assay_status (*choose)(void *state, const struct assay_payload *payload,
	    struct assay_plan *plan, struct assay_err *err);
	bool every_round; /* asked again after the chosen workers ran (stoQ's deep dispatcher) */
	/* Or NULL. The workers it may add (not those it may wish), as far as they are known when
	 * it is open or warm: one that is not loaded is refused at start. */
	const struct assay_named *(*names)(void *state);
};

struct assay_decorator {
	/* Adds to `facts` (decorators.<name> of the report); the report is read only. */
	enum assay_status (*decorate)(
	    void *state, const json_t *report, json_t *facts, struct assay_err *err);
};

/* What need not be kept any longer. */
struct assay_retention {
	int64_t before_ms;   /* wall time: older goes; 0: age does not matter */
	uint64_t most_bytes; /* the oldest go until no more than this is left; 0: any size */
};

struct assay_archiver {
	/* A pure function of the configuration and the digest; at most `size` bytes with NUL. */
	void (*ref)(void *state, const char *sha256, char *ref, size_t size);
	enum assay_status (*put)(
	    void *state, const char *sha256, struct assay_slice bytes, struct assay_err *err);
	/* A descriptor with the bytes of a reference or sha256. */
	enum assay_status (*get)(void *state, const char *ref, int *fd, struct assay_err *err);
	/* These two may be NULL. Removes one payload, for `assay forget`; E_NOENT: it is not there.
	 */
	enum assay_status (*erase)(void *state, const char *sha256, struct assay_err *err);
	/* As that of connectors; the time is that of the last `put`. */
	enum assay_status (*expire)(
	    void *state, const struct assay_retention *what, uint64_t *gone, struct assay_err *err);
};

struct assay_record {
	const char *kind; /* "report" | "finding" */
	const char *id;   /* scan_id or finding_id */
	struct assay_slice json;
};

struct assay_connector {
	/* Acknowledged by ASSAY_OK, or called again with the same records. */
	enum assay_status (*save)(
	    void *state, const struct assay_record *records, size_t n, struct assay_err *err);
	enum assay_status (*flush)(void *state, struct assay_err *err);
	/* Stores only, else NULL (`seen` has a query of its own, for `assay seen`). query:
	 * {"match", "want", ...} as core/query.h describes; row is called until it returns false.
	 * fetch: by scan_id or another name the store knows a report by; E_NOENT, or E_USAGE when
	 * several mails have it. */
	enum assay_status (*query)(void *state, const json_t *query,
	    bool (*row)(void *arg, const json_t *row), void *arg, struct assay_err *err);
	enum assay_status (*fetch)(
	    void *state, const char *scan_id, json_t **report, struct assay_err *err);
	bool (*has)(void *state, const char *source_id);
	/* These two may be NULL. Removes the reports of these scans, and what was said of them, for
	 * `assay forget`; ids that are not there are passed over. */
	enum assay_status (*erase)(
	    void *state, const char *const *scan_ids, size_t n, struct assay_err *err);
	/* A short piece (some 100 ms) of the work of removing what is older; *gone is how many were
	 * removed. ASSAY_OK: there may be more; ASSAY_END: nothing is left to do. With nothing to
	 * remove: what `erase` has left to be tidied away. */
	enum assay_status (*expire)(
	    void *state, const struct assay_retention *what, uint64_t *gone, struct assay_err *err);
	/* Or NULL. In the service, every few seconds while there is nothing to save: for what has
	 * to be done by the clock. */
	enum assay_status (*idle)(void *state, struct assay_err *err);
};

enum assay_provider_flag {
	ASSAY_PROVIDER_INLINE = 1 /* somebody's session waits for each verdict */
};

struct assay_provider {
	/* Until assay_door_stopping(). */
	enum assay_status (*run)(void *state, struct assay_door *door, struct assay_err *err);
	/* The given names once, for `assay scan` and `assay import`. */
	enum assay_status (*once)(
	    void *state, struct assay_door *door, const char *const *names, struct assay_err *err);
	unsigned flags; /* of enum assay_provider_flag */
	/* What the service shall listen on for it, or NULL: "unix:/path", "unix:/path mode=0660
	 * group=postfix", "inet:port@host", "inet6:port@host", "systemd:name"; NULL ends. The
	 * parent binds them and keeps them over reloads; in the order of this list the provider
	 * finds them by assay_door_socket. */
	const char *const *(*sockets)(void *state);
};

enum assay_needs {
	/* Workers: the current directory of a scan process is an empty one of its own, in memory,
	 * in which files may be made; all other names mean nothing. What is left there is gone
	 * with the process. Where the system has no such thing, opening answers EACCES. */
	ASSAY_NEEDS_TMP = 1,
	ASSAY_NEEDS_NETWORK = 2, /* drains and doors only */
	ASSAY_NEEDS_FILES = 4    /* doors only */
};

/* ---- the plugin itself ------------------------------------------------------------------------
 */

struct assay_plugin {
	uint32_t abi;
	uint32_t size;
	const char *build;

	const char *name; /* also the section in the configuration and the key in workers{} */
	const char *version;
	const char *licence;
	const char *summary;
	const struct assay_opt *options; /* each of these three may be NULL */
	const struct assay_field *fields;
	const struct assay_fact *facts;
	unsigned needs; /* of enum assay_needs */

	/* Any of these may be NULL. */
	enum assay_status (*open)(
	    const struct assay_opts *opts, void **state, struct assay_err *err);
	enum assay_status (*warm)(void *state, struct assay_err *err);
	void (*close)(void *state);
	/* Names the rules or database in use, for engine.rules[] of the report; NULL: none. */
	const char *(*rules_id)(void *state);

	const struct assay_worker *worker;
	const struct assay_dispatcher *dispatcher;
	const struct assay_decorator *decorator;
	const struct assay_archiver *archiver;
	const struct assay_connector *connector;
	const struct assay_provider *provider;

	/* The programs its worker runs, asked for once, after open; or NULL. */
	const struct assay_program *(*programs)(void *state);

	/* Or NULL. Asked every few seconds in the service by the process that has warmed the
	 * plugin; must not take long. *changed, false before: what `warm` has read is another now,
	 * the service shall reload; said once per change, as the reload may be refused. An error:
	 * what is wrong, for the log and `assay status`, as long as it is said. With ASSAY_OK its
	 * text may be what is in use, in a few words, for `assay status`. */
	enum assay_status (*watch)(void *state, bool *changed, struct assay_err *err);
};

#define ASSAY_PLUGIN_HEAD                                                                          \
	.abi = ASSAY_ABI, .size = sizeof(struct assay_plugin), .build = ASSAY_BUILD

extern ASSAY_API const struct assay_plugin assay_plugin;

#endif
