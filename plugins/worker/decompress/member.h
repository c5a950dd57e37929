/*
 * decompress/member.h - the members of one archive: a row for each, a child for what is a file
 *
 * Directories, links and devices have a row only. All budgets are asked for before a member is
 * unpacked and hold for bytes that really come out; what does not fit is noted once for each limit,
 * and the members behind it are still listed for a moment. What is encrypted waits for passwords.
 */
#ifndef ASSAY_DECOMPRESS_MEMBER_H
#define ASSAY_DECOMPRESS_MEMBER_H

#include <assay/plugin.h>

#include "unpack.h"

/* A member that is encrypted: its number, from 1, and its row (borrowed). */
struct assay_member_locked {
	uint64_t number;
	json_t *row;
};

struct assay_members {
	const struct assay_payload *payload;
	struct assay_result *result;
	const char *charset; /* of names that are no UTF-8; NULL: by the format */
	size_t rows_max;
	bool suspect; /* it is known that something is encrypted, not what */

	json_t *rows;
	uint64_t n;         /* members seen */
	uint64_t files;     /* children made */
	uint64_t made;      /* bytes taken out */
	unsigned over;      /* members that did not fit */
	bool spent;         /* a budget is used up: no more is unpacked */
	bool encrypted;     /* something is */
	bool partial;       /* something could not be had */
	size_t unsupported; /* members made in a way that libarchive does not know */
	struct assay_member_locked *locked;
	size_t nlocked;
};

/* The first four are set. Everything else lives in the payload's arena, `rows` is the caller's. */
void assay_members_init(struct assay_members *members);
/* One member as the reader has found it. */
void assay_members_add(struct assay_members *members, struct assay_unpack *unpack,
    const struct assay_unpack_member *member);
/* The content of a locked one, which the reader stands at. False: wrong password, or damaged. */
bool assay_members_open(struct assay_members *members, struct assay_unpack *unpack,
    const struct assay_unpack_member *member, const struct assay_member_locked *locked);
/* A file that another program took out: of a member that has a row and no content yet, or one that
 * was not known. `bytes` live as long as the mail. */
void assay_members_adopt(
    struct assay_members *members, const char *name, struct assay_slice bytes, bool secret);
/* Says of all that is still locked why, where nothing is said yet. */
void assay_members_give_up(struct assay_members *members, const char *why);
/* Bytes before or behind the archive, which lie inside the payload's; the child's id or null. */
json_t *assay_members_beside(
    struct assay_members *members, struct assay_slice bytes, const char *place);

#endif
