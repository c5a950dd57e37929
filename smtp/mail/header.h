/*
 * mail/header.h - the header block, as it stands on the wire
 *
 * Reads the fields of a message or MIME part out of a byte range. Nothing is decoded or copied:
 * slices point into the input and live as long as it; the arrays live in the arena. A broken block
 * is never an error: what is odd becomes a defect with its offset, and reading goes on
 * (RFC 5322 2.2, 3.6.8, 4.5). Where other readers would begin the body elsewhere, those places
 * are listed in other_body[], so that the caller can extract each reading.
 *
 * Line ends are LF and CRLF. A bare CR ends a line only in mode ASSAY_HEADER_EOL_CR, or in AUTO
 * when the block is written that way.
 */
#ifndef ASSAY_MAIL_HEADER_H
#define ASSAY_MAIL_HEADER_H

#include <assay/types.h>

struct assay_arena;

enum assay_header_eol {
	ASSAY_HEADER_EOL_AUTO,
	ASSAY_HEADER_EOL_LF, /* LF and CRLF */
	ASSAY_HEADER_EOL_CR  /* CR, LF and CRLF */
};

enum assay_header_code {
	ASSAY_HEADER_BLANK_BEFORE, /* empty lines before the first field, which must have a known
				    * name */
	ASSAY_HEADER_JUNK_BEFORE,  /* lines that are no field before it; same */
	ASSAY_HEADER_NO_COLON,     /* a line between fields that is no field */
	ASSAY_HEADER_SPACE_COLON,  /* white space between name and colon */
	ASSAY_HEADER_BAD_NAME,     /* 8-bit or control byte in a name */
	ASSAY_HEADER_BLANK_FOLD,   /* a continuation line of white space only */
	ASSAY_HEADER_NUL,
	ASSAY_HEADER_BARE_CR,
	ASSAY_HEADER_8BIT,     /* bytes above 127 that are not UTF-8 */
	ASSAY_HEADER_NO_END,   /* the input ends without an empty line */
	ASSAY_HEADER_NO_HEADER /* there is no field at all: everything is body */
};

struct assay_header_defect {
	enum assay_header_code code;
	size_t offset; /* into the input */
};

struct assay_header_field {
	struct assay_slice name;  /* as written, without white space at its end */
	struct assay_slice value; /* all after the colon, folded, without the last line end */
	size_t offset, length;    /* of the whole field with its last line end */
	bool cut;                 /* value is shorter than on the wire (limit) */
};

/* Bounds of what is stored; the end of the block is found beyond them. 0 means the default. */
struct assay_header_limits {
	size_t fields; /* 2,000 */
	size_t bytes;  /* 1 MiB, of the block */
	size_t field;  /* 64 KiB, of one field */
};

#define ASSAY_HEADER_OTHERS 4
#define ASSAY_HEADER_DEFECTS 1000

struct assay_header {
	struct assay_slice bytes; /* the input */
	struct assay_header_field *field;
	size_t n;
	struct assay_header_defect *defect;
	size_t ndefect, defect_total; /* stored, met */
	struct assay_slice mbox_line; /* a leading "From " line without its line end, or NONE */
	enum assay_header_eol eol;    /* LF or CR: what was used */
	size_t start;                 /* offset of the first field */
	size_t end;                   /* offset of the empty line (or where the block stops) */
	size_t body;                  /* offset of the body */
	/* Other offsets at which some readers begin the body. */
	size_t other_body[ASSAY_HEADER_OTHERS];
	size_t nother;
	size_t field_total;                    /* met, >= n */
	bool cut_fields, cut_bytes, cut_field; /* which limit was hit */
};

/* Reads the block at the start of bytes. limits may be NULL. Linear. */
void assay_header_read(struct assay_arena *arena, struct assay_slice bytes,
    enum assay_header_eol eol, const struct assay_header_limits *limits,
    struct assay_header *header);
/* The index-th field of that name (ASCII case ignored), or NULL. */
const struct assay_header_field *assay_header_find(
    const struct assay_header *header, const char *name, size_t index);
/* True for names that begin real messages (From, Received, MIME-Version, Content-*, X-*, ...): what
 * tells a header from text with colons in it. */
bool assay_header_known(struct assay_slice name);
/* "header-no-colon", "header-bare-cr": the word for defects[]. */
const char *assay_header_code_name(enum assay_header_code code);

/* Unfolds (RFC 5322 2.2.3: line ends go, the white space stays; a line end without white space
 * behind it becomes a space), trims both ends and makes the bytes UTF-8: as they are where valid,
 * else windows-1252 is taken for the bytes that are not. U+0000 becomes U+FFFD. The result has a
 * NUL behind it. */
struct assay_slice assay_header_unfold(struct assay_arena *arena, struct assay_slice raw);

#endif
