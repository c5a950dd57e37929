/*
 * filedir/fileinfo.c - see fileinfo.h. Touches no file.
 */
#include <stdio.h>
#include <string.h>

#include <assay/plugin.h>

#include "base/slice.h"
#include "fileinfo.h"

/* What is read: a member, or a member of a member. */
static const struct row {
	const char *group, *member, *key;
} rows[] = {
	{ NULL, "timestamp", "timestamp" },
	{ NULL, "flow_id", "flow_id" },
	{ NULL, "community_id", "community_id" },
	{ NULL, "in_iface", "in_iface" },
	{ NULL, "vlan", "vlan" },
	{ NULL, "src_ip", "src_ip" },
	{ NULL, "src_port", "src_port" },
	{ NULL, "dest_ip", "dest_ip" },
	{ NULL, "dest_port", "dest_port" },
	{ NULL, "proto", "proto" },
	{ NULL, "app_proto", "app_proto" },
	{ "http", "hostname", "http.hostname" },
	{ "http", "http_port", "http.http_port" },
	{ "http", "url", "http.url" },
	{ "http", "http_user_agent", "http.http_user_agent" },
	{ "http", "http_content_type", "http.http_content_type" },
	{ "http", "http_refer", "http.http_refer" },
	{ "http", "http_method", "http.http_method" },
	{ "http", "protocol", "http.protocol" },
	{ "http", "status", "http.status" },
	{ "http", "redirect", "http.redirect" },
	{ "http", "xff", "http.xff" },
	{ "smtp", "helo", "smtp.helo" },
	{ "smtp", "mail_from", "smtp.mail_from" },
	{ "smtp", "rcpt_to", "smtp.rcpt_to" },
	{ "email", "from", "email.from" },
	{ "email", "to", "email.to" },
	{ "email", "cc", "email.cc" },
	{ "email", "subject", "email.subject" },
	{ "email", "attachment", "email.attachment" },
	{ "ftp_data", "command", "ftp_data.command" },
	{ "ftp_data", "filename", "ftp_data.filename" },
	{ "smb", "filename", "smb.filename" },
	{ "smb", "share", "smb.share" },
	{ "nfs", "filename", "nfs.filename" },
	{ "fileinfo", "filename", "fileinfo.filename" },
	{ "fileinfo", "magic", "fileinfo.magic" },
	{ "fileinfo", "state", "fileinfo.state" },
	{ "fileinfo", "gaps", "fileinfo.gaps" },
	{ "fileinfo", "size", "fileinfo.size" },
	{ "fileinfo", "tx_id", "fileinfo.tx_id" },
	{ "fileinfo", "file_id", "fileinfo.file_id" },
	{ "fileinfo", "sid", "fileinfo.sid" },
	{ "fileinfo", "md5", "fileinfo.md5" },
	{ "fileinfo", "sha1", "fileinfo.sha1" },
	{ "fileinfo", "sha256", "fileinfo.sha256" },
};

/* assay_fileinfo_init - nothing known */
void assay_fileinfo_init(struct assay_fileinfo *info)
{
	info->extra = json_array();
	info->filename[0] = '\0';
	info->found = false;
}

/* assay_fileinfo_release - accepts what was stolen from */
void assay_fileinfo_release(struct assay_fileinfo *info)
{
	json_decref(info->extra);
	info->extra = NULL;
}

/* assay_fileinfo_steal - the list is the caller's */
json_t *assay_fileinfo_steal(struct assay_fileinfo *info)
{
	json_t *extra = info->extra;

	info->extra = NULL;
	return extra;
}

/* head - so much of a UTF-8 text as may be kept, no half a character */
static size_t head(const char *p, size_t n)
{
	if (n <= ASSAY_FILEINFO_VALUE)
		return n;
	n = ASSAY_FILEINFO_VALUE;
	while (n > 0 && ((unsigned char)p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* add - one entry, unless it stands there already */
static void add(struct assay_fileinfo *info, const char *key, const char *p, size_t n)
{
	json_t *value = assay_json_text(p, head(p, n)), *entry;
	size_t i;

	json_array_foreach(info->extra, i, entry)
	{
		if (strcmp(json_string_value(json_object_get(entry, "key")), key) == 0 &&
		    json_equal(json_object_get(entry, "value"), value))
			break;
	}
	if (i < json_array_size(info->extra) || i >= ASSAY_FILEINFO_ENTRIES) {
		json_decref(value);
		return;
	}
	entry = json_object();
	(void)json_object_set_new(entry, "key", json_string(key));
	(void)json_object_set_new(entry, "value", value);
	(void)json_array_append_new(info->extra, entry);
}

/* add_scalar - text, number or truth; nothing else is looked at */
static void add_scalar(struct assay_fileinfo *info, const char *key, const json_t *value)
{
	char text[32];

	if (json_is_string(value)) {
		add(info, key, json_string_value(value), json_string_length(value));
	} else if (json_is_integer(value)) {
		(void)snprintf(text, sizeof text, "%lld", (long long)json_integer_value(value));
		add(info, key, text, strlen(text));
	} else if (json_is_boolean(value)) {
		(void)snprintf(text, sizeof text, "%s", json_is_true(value) ? "true" : "false");
		add(info, key, text, strlen(text));
	}
}

/* add_row - a value, or each of a list */
static void add_row(struct assay_fileinfo *info, const struct row *row, const json_t *record)
{
	const json_t *value;

	if (row->group != NULL)
		record = json_object_get(record, row->group);
	value = json_object_get(record, row->member);
	if (!json_is_array(value)) {
		add_scalar(info, row->key, value);
		return;
	}
	for (size_t i = 0; i < json_array_size(value) && i < ASSAY_FILEINFO_LIST; i++)
		add_scalar(info, row->key, json_array_get(value, i));
}

/* name_it - as the record does; a NUL ends no name of ours */
static void name_it(struct assay_fileinfo *info, const json_t *record)
{
	const json_t *name = json_object_get(json_object_get(record, "fileinfo"), "filename");
	const char *p = json_string_value(name);

	if (p != NULL)
		(void)snprintf(
		    info->filename, sizeof info->filename, "%.*s", (int)head(p, strlen(p)), p);
}

/* assay_fileinfo_add - see fileinfo.h */
bool assay_fileinfo_add(struct assay_fileinfo *info, struct assay_slice text)
{
	json_t *record = json_loadb(text.p, text.n, JSON_ALLOW_NUL, NULL);
	const bool is = json_is_object(json_object_get(record, "fileinfo"));

	if (is) {
		if (!info->found)
			name_it(info, record);
		info->found = true;
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
			add_row(info, &rows[i], record);
	}
	json_decref(record);
	return is;
}
