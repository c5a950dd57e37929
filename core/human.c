/*
 * core/human.c - see human.h. Touches nothing but its arguments.
 */
#include <stdio.h>

#include "core/human.h"

/* assay_human_size - powers of 1024 */
const char *assay_human_size(char text[ASSAY_HUMAN_TEXT], uint64_t bytes)
{
	static const char *const unit[] = { "KiB", "MiB", "GiB" };
	double value = (double)bytes;

	(void)snprintf(text, ASSAY_HUMAN_TEXT, "%llu B", (unsigned long long)bytes);
	for (size_t i = 0; i < 3 && value >= 1024; i++) {
		value /= 1024;
		(void)snprintf(text, ASSAY_HUMAN_TEXT, "%.1f %s", value, unit[i]);
	}
	return text;
}

/* assay_human_age - two units at most */
const char *assay_human_age(char text[ASSAY_HUMAN_TEXT], int64_t ms)
{
	long long s = ms > 0 ? ms / 1000 : 0;

	if (s < 10)
		(void)snprintf(text, ASSAY_HUMAN_TEXT, "%.1f s", ms > 0 ? (double)ms / 1000 : 0.0);
	else if (s < 120)
		(void)snprintf(text, ASSAY_HUMAN_TEXT, "%lld s", s);
	else if (s < 2 * 3600)
		(void)snprintf(text, ASSAY_HUMAN_TEXT, "%lld min", s / 60);
	else if (s < 48 * 3600)
		(void)snprintf(text, ASSAY_HUMAN_TEXT, "%lld h %lld min", s / 3600, s % 3600 / 60);
	else
		(void)snprintf(
		    text, ASSAY_HUMAN_TEXT, "%lld d %lld h", s / 86400, s % 86400 / 3600);
	return text;
}
