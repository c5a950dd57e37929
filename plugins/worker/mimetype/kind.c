/*
 * kind - the types we know by name; see kind.h
 *
 * A table and a linear search: it is looked at once per payload.
 */
#include <stddef.h>
#include <string.h>

#include "kind.h"

#define OOXML "application/vnd.openxmlformats-officedocument."
#define ODF "application/vnd.oasis.opendocument."

static const struct assay_kind kinds[] = {
	{ "text/plain", "txt", "plain text" },
	{ "text/html", "html", "HTML document" },
	{ "message/rfc822", "eml", "mail message" },
	{ "image/png", "png", "PNG image" },
	{ "image/jpeg", "jpg", "JPEG image" },
	{ "image/gif", "gif", "GIF image" },
	{ "image/bmp", "bmp", "BMP image" },
	{ "image/tiff", "tif", "TIFF image" },
	{ "image/webp", "webp", "WebP image" },
	{ "image/svg+xml", "svg", "SVG image" },
	{ "image/vnd.microsoft.icon", "ico", "icon" },
	{ "application/pdf", "pdf", "PDF document" },
	{ "application/zip", "zip", "zip archive" },
	{ "application/gzip", "gz", "gzip compressed data" },
	{ "application/x-bzip2", "bz2", "bzip2 compressed data" },
	{ "application/x-xz", "xz", "xz compressed data" },
	{ "application/zstd", "zst", "zstandard compressed data" },
	{ "application/x-7z-compressed", "7z", "7-zip archive" },
	{ "application/vnd.rar", "rar", "RAR archive" },
	{ "application/vnd.ms-cab-compressed", "cab", "Microsoft cabinet archive" },
	{ "application/x-tar", "tar", "tar archive" },
	{ "application/x-arj", "arj", "ARJ archive" },
	{ "application/x-lzh-compressed", "lzh", "LHA archive" },
	{ "application/x-iso9660-image", "iso", "ISO 9660 image" },
	{ "application/x-ace-compressed", "ace", "ACE archive" },
	{ "application/java-archive", "jar", "Java archive" },
	{ "application/vnd.android.package-archive", "apk", "Android package" },
	{ "application/x-dosexec", "exe", "DOS or Windows executable" },
	{ "application/x-executable", NULL, "ELF executable" },
	{ "application/x-sharedlib", "so", "ELF shared object" },
	{ "application/x-ms-shortcut", "lnk", "Windows shortcut" },
	{ "application/vnd.ms-htmlhelp", "chm", "compiled HTML help" },
	{ "application/msword", "doc", "Microsoft Word document" },
	{ "application/vnd.ms-excel", "xls", "Microsoft Excel workbook" },
	{ "application/vnd.ms-powerpoint", "ppt", "Microsoft PowerPoint presentation" },
	{ "application/vnd.ms-outlook", "msg", "Outlook message" },
	{ "application/vnd.ms-tnef", "dat", "TNEF container" },
	{ "application/onenote", "one", "OneNote section" },
	{ "application/x-ole-storage", NULL, "OLE compound document" },
	{ "application/x-msi", "msi", "Windows installer package" },
	{ "text/rtf", "rtf", "rich text document" },
	{ OOXML "wordprocessingml.document", "docx", "Word document (OOXML)" },
	{ OOXML "spreadsheetml.sheet", "xlsx", "Excel workbook (OOXML)" },
	{ OOXML "presentationml.presentation", "pptx", "PowerPoint presentation (OOXML)" },
	{ "application/vnd.ms-word.document.macroenabled.12", "docm", "Word document with macros" },
	{ "application/vnd.ms-excel.sheet.macroenabled.12", "xlsm", "Excel workbook with macros" },
	{ "application/vnd.ms-excel.sheet.binary.macroenabled.12", "xlsb",
	    "Excel binary workbook" },
	{ "application/vnd.ms-powerpoint.presentation.macroenabled.12", "pptm",
	    "PowerPoint presentation with macros" },
	{ "application/vnd.ms-visio.drawing", "vsdx", "Visio drawing (OOXML)" },
	{ "application/vnd.ms-xpsdocument", "xps", "XPS document" },
	{ ODF "text", "odt", "OpenDocument text" },
	{ ODF "spreadsheet", "ods", "OpenDocument spreadsheet" },
	{ ODF "presentation", "odp", "OpenDocument presentation" },
	{ ODF "graphics", "odg", "OpenDocument drawing" },
	{ "application/epub+zip", "epub", "EPUB book" },
	{ "text/calendar", "ics", "calendar entry" },
	{ "text/vcard", "vcf", "address card" },
	{ "text/csv", "csv", "comma separated values" },
	{ "text/xml", "xml", "XML document" },
	{ "application/json", "json", "JSON data" },
	{ "application/javascript", "js", "JavaScript program" },
	{ "text/x-shellscript", "sh", "shell script" },
	{ "text/x-python", "py", "Python script" },
	{ "text/x-perl", "pl", "Perl script" },
	{ "text/x-php", "php", "PHP script" },
	{ "text/x-msdos-batch", "bat", "DOS batch file" },
	{ "application/pgp-encrypted", "pgp", "PGP message" },
	{ "application/pgp-signature", "sig", "PGP signature" },
	{ "application/pgp-keys", "asc", "PGP key" },
	{ "application/pgp", "asc", "PGP signed text" },
	{ "application/pkcs7-mime", "p7m", "S/MIME message" },
	{ "application/pkcs7-signature", "p7s", "S/MIME signature" },
	{ "application/x-pem-file", "pem", "PEM encoded data" },
	{ "audio/mpeg", "mp3", "MPEG audio" },
	{ "audio/x-wav", "wav", "WAVE audio" },
	{ "video/mp4", "mp4", "MPEG-4 video" },
	{ "application/octet-stream", NULL, "data" },
	{ "application/x-empty", NULL, "empty" },
};

/* What other versions of libmagic, or other people, call the same thing. */
static const struct {
	const char *alias, *mimetype;
} aliases[] = {
	{ "inode/x-empty", "application/x-empty" },
	{ "application/vnd.microsoft.portable-executable", "application/x-dosexec" },
	{ "application/x-ms-dos-executable", "application/x-dosexec" },
	{ "application/x-msdownload", "application/x-dosexec" },
	{ "application/x-pie-executable", "application/x-executable" },
	{ "application/x-rar", "application/vnd.rar" },
	{ "application/x-rar-compressed", "application/vnd.rar" },
	{ "application/x-gzip", "application/gzip" },
	{ "application/x-zstd", "application/zstd" },
	{ "application/x-zip-compressed", "application/zip" },
	{ "application/CDFV2", "application/x-ole-storage" },
	{ "application/cdfv2", "application/x-ole-storage" },
	{ "application/x-lha", "application/x-lzh-compressed" },
	{ "application/x-lharc", "application/x-lzh-compressed" },
	{ "application/x-java-applet", "application/java-vm" },
	{ "image/x-ms-bmp", "image/bmp" },
	{ "image/x-icon", "image/vnd.microsoft.icon" },
	{ "text/x-vcard", "text/vcard" },
	{ "application/xml", "text/xml" },
	{ "application/rtf", "text/rtf" },
	{ "text/javascript", "application/javascript" },
	{ "application/ms-tnef", "application/vnd.ms-tnef" },
	{ "text/PGP", "application/pgp-encrypted" },
};

/* assay_kind_find - see kind.h */
const struct assay_kind *assay_kind_find(const char *mimetype)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		if (strcmp(aliases[i].alias, mimetype) == 0)
			mimetype = aliases[i].mimetype;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].mimetype, mimetype) == 0)
			return &kinds[i];
	return NULL;
}
