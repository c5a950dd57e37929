/*
 * binary/image.h - reading a Mach-O file: what its header and load commands say
 *
 * An own reader. libyara's module macho tells segments only: not the libraries, not the signature,
 * not the identifier; and that of Debian 12 lacks the corrections of later ones. Takes any bytes:
 * every number is checked against the end of the file before it is followed. Linear.
 *
 * Source: mach-o/loader.h, mach-o/fat.h and cs_blobs.h as Apple publishes them.
 */
#ifndef ASSAY_BINARY_IMAGE_H
#define ASSAY_BINARY_IMAGE_H

#include <assay/types.h>

#define ASSAY_IMAGES_MAX 32 /* more architectures than there are */

struct assay_image {
	struct assay_slice bytes; /* of this architecture, to the end of the file at most */
	size_t offset;            /* where they begin in the file */
	bool big, wide;           /* byte order, 64 bits */
	uint32_t cpu, subtype, type, commands, flags;
};

struct assay_command {
	uint32_t id;
	struct assay_slice bytes; /* all of it, id and length included; 8 or more */
};

/* How many images there are, one for each architecture; 0: it is none. *universal: it is a file of
 * several. */
size_t assay_image_read(
    struct assay_slice file, struct assay_image image[ASSAY_IMAGES_MAX], bool *universal);
/* The next load command; *at is 0 before the first. False: there is none, or it is damaged. */
bool assay_image_command(
    const struct assay_image *image, size_t *at, struct assay_command *command);

/* Numbers at an offset of a part of the image, in its byte order; 0 beyond its end. */
uint32_t assay_image_u32(const struct assay_image *image, struct assay_slice s, size_t at);
uint64_t assay_image_u64(const struct assay_image *image, struct assay_slice s, size_t at);
/* 32 or 64 bits, as the image is. */
uint64_t assay_image_word(const struct assay_image *image, struct assay_slice s, size_t at);
/* A string that ends with NUL, or with the part, or after 1,024 bytes; p is NULL when `at` is
 * beyond the end. */
struct assay_slice assay_image_text(struct assay_slice s, uint64_t at);
/* `size` bytes of the image at `at`, fewer at its end; p is NULL when it begins beyond. */
struct assay_slice assay_image_part(struct assay_slice s, uint64_t at, uint64_t size);

/* What a signature says of itself. */
struct assay_image_signature {
	struct assay_slice identifier, team; /* p is NULL: none */
	uint32_t flags;
	bool certified; /* somebody signed; otherwise ad hoc: digests only */
};

/* Reads the part of the image that LC_CODE_SIGNATURE names. False: it is none. */
bool assay_image_signature(struct assay_slice s, struct assay_image_signature *signature);

#endif
