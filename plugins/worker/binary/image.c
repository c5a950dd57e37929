/*
 * image - reading a Mach-O file; see image.h
 */
#include "base/slice.h"

#include "image.h"

#define MAGIC_32 0xfeedface
#define MAGIC_64 0xfeedfacf
#define MAGIC_FAT 0xcafebabe
#define MAGIC_FAT_64 0xcafebabf
#define MAGIC_SIGNATURE 0xfade0cc0
#define MAGIC_DIRECTORY 0xfade0c02
#define MAGIC_CMS 0xfade0b01
#define HEADER_32 28
#define HEADER_64 32
#define HEADER_BLOB 8
#define TEXT_MAX 1024
#define BLOBS_MAX 32
#define VERSION_TEAM 0x20200 /* of a code directory, from which on it has a team */

/* big - 32 bits, most significant first; 0 beyond the end */
static uint32_t big(struct assay_slice s, size_t at)
{
	const unsigned char *p;

	if (at > s.n || s.n - at < 4)
		return 0;
	p = (const unsigned char *)s.p + at;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* assay_image_u32 - see image.h */
uint32_t assay_image_u32(const struct assay_image *image, struct assay_slice s, size_t at)
{
	const uint32_t value = big(s, at);

	return image->big ? value : __builtin_bswap32(value);
}

/* assay_image_u64 - see image.h */
uint64_t assay_image_u64(const struct assay_image *image, struct assay_slice s, size_t at)
{
	const uint64_t a = assay_image_u32(image, s, at), b = assay_image_u32(image, s, at + 4);

	return image->big ? a << 32 | b : b << 32 | a;
}

/* assay_image_word - see image.h */
uint64_t assay_image_word(const struct assay_image *image, struct assay_slice s, size_t at)
{
	return image->wide ? assay_image_u64(image, s, at) : assay_image_u32(image, s, at);
}

/* assay_image_part - see image.h */
struct assay_slice assay_image_part(struct assay_slice s, uint64_t at, uint64_t size)
{
	if (at >= s.n)
		return ASSAY_SLICE_NONE;
	return assay_slice_head(assay_slice_from(s, (size_t)at), size < s.n ? (size_t)size : s.n);
}

/* assay_image_text - see image.h */
struct assay_slice assay_image_text(struct assay_slice s, uint64_t at)
{
	s = assay_image_part(s, at, TEXT_MAX);
	return assay_slice_head(s, assay_slice_find(s, 0));
}

/* ---- images ---------------------------------------------------------------------------------- */

/* read_one - the header of one architecture; false: it is none */
static bool read_one(struct assay_slice file, uint64_t offset, uint64_t size, struct assay_image *i)
{
	const struct assay_slice s = assay_image_part(file, offset, size);
	const uint32_t magic = big(s, 0), swapped = __builtin_bswap32(magic);

	*i = (struct assay_image){ .bytes = s, .offset = (size_t)offset };
	i->big = magic == MAGIC_32 || magic == MAGIC_64;
	i->wide = magic == MAGIC_64 || swapped == MAGIC_64;
	if ((!i->big && swapped != MAGIC_32 && swapped != MAGIC_64) ||
	    s.n < (i->wide ? HEADER_64 : HEADER_32))
		return false;
	i->cpu = assay_image_u32(i, s, 4);
	i->subtype = assay_image_u32(i, s, 8);
	i->type = assay_image_u32(i, s, 12);
	i->commands = assay_image_u32(i, s, 16);
	i->flags = assay_image_u32(i, s, 24);
	return true;
}

/* assay_image_read - see image.h */
size_t assay_image_read(
    struct assay_slice file, struct assay_image image[ASSAY_IMAGES_MAX], bool *universal)
{
	const uint32_t magic = big(file, 0), count = big(file, 4);
	const size_t step = magic == MAGIC_FAT_64 ? 32 : 20;
	size_t n = 0;

	*universal = magic == MAGIC_FAT || magic == MAGIC_FAT_64;
	if (!*universal)
		return read_one(file, 0, file.n, &image[0]) ? 1 : 0;
	/* Java's classes begin with the same bytes; what follows is 45 or more there. */
	for (size_t i = 0; i < count && count <= ASSAY_IMAGES_MAX; i++) {
		const size_t at = 8 + i * step;
		const bool wide = magic == MAGIC_FAT_64;
		const uint64_t offset = wide
		    ? (uint64_t)big(file, at + 8) << 32 | big(file, at + 12)
		    : big(file, at + 8);
		const uint64_t size = wide ? (uint64_t)big(file, at + 16) << 32 | big(file, at + 20)
					   : big(file, at + 12);

		if (read_one(file, offset, size, &image[n]))
			n++;
	}
	return n;
}

/* assay_image_command - see image.h */
bool assay_image_command(const struct assay_image *image, size_t *at, struct assay_command *command)
{
	const size_t here = *at > 0 ? *at : image->wide ? HEADER_64 : HEADER_32;
	const uint32_t size = assay_image_u32(image, image->bytes, here + 4);

	if (here > image->bytes.n || size < 8 || size > image->bytes.n - here)
		return false;
	command->id = assay_image_u32(image, image->bytes, here);
	command->bytes = assay_slice(image->bytes.p + here, size);
	*at = here + size;
	return true;
}

/* ---- signatures ------------------------------------------------------------------------------ */

/* read_directory - a code directory: who it is, and whose */
static void read_directory(struct assay_slice s, struct assay_image_signature *signature)
{
	const uint32_t team = big(s, 8) >= VERSION_TEAM ? big(s, 48) : 0;

	signature->flags = big(s, 12);
	signature->identifier = assay_image_text(s, big(s, 20));
	signature->team = team > 0 ? assay_image_text(s, team) : ASSAY_SLICE_NONE;
}

/* assay_image_signature - see image.h */
bool assay_image_signature(struct assay_slice s, struct assay_image_signature *signature)
{
	const uint32_t blobs = big(s, 8);

	*signature = (struct assay_image_signature){ .flags = 0 };
	if (big(s, 0) != MAGIC_SIGNATURE)
		return false;
	for (uint32_t i = 0; i < blobs && i < BLOBS_MAX; i++) {
		const uint32_t at = big(s, 12 + (size_t)8 * i + 4);
		const struct assay_slice blob = assay_image_part(s, at, big(s, (size_t)at + 4));

		/* The first directory is the one that old systems read, too. */
		if (big(blob, 0) == MAGIC_DIRECTORY && signature->identifier.p == NULL)
			read_directory(blob, signature);
		else if (big(blob, 0) == MAGIC_CMS)
			signature->certified = blob.n > HEADER_BLOB;
	}
	return true;
}
