/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/data/file_type.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"

static const struct file_type plain_text = {
	"Plain text", "txt text log", "text/plain", NULL,
};

static const struct file_type binary = {
	"Binary file", "bin", "application/octet-stream", NULL,
};

bool
file_type_word(const char **list, struct span *word_out)
{
	const char *p = *list;
	size_t n;

	p += strspn(p, " ");
	n = strcspn(p, " ");
	*word_out = span_make(p, n);
	*list = p + n;
	return n > 0;
}

/* ---- magic --------------------------------------------------------------- */

static int
hex_digit(char c)
{
	c = ascii_lower(c);
	return ascii_digit(c) ? c - '0' : c - 'a' + 10;
}

/* How many bytes OFFSET:HEX says and the file has; 0: they differ. */
static size_t
magic_match(struct span magic, struct span bytes)
{
	char *end;
	size_t at = strtoul(magic.p, &end, 10), n = 0;
	const char *p;

	for (p = end + 1; p + 1 < magic.p + magic.len; p += 2, at++) {
		if (at >= bytes.len)
			return 0;
		if (p[0] == '?')
			continue;
		if ((unsigned char)bytes.p[at] !=
		    hex_digit(p[0]) * 16 + hex_digit(p[1]))
			return 0;
		n++;
	}
	return n;
}

static bool
holds(struct span bytes, const char *text)
{
	size_t len = strlen(text);

	return bytes.len >= len &&
	    memmem(bytes.p, bytes.len, text, len) != NULL;
}

/* What a ZIP archive is told by the names in it. */
static const char *
zip_kind(struct span bytes)
{
	static const struct {
		const char *inside, *extension;
	} kinds[] = {
		{ "mimetypeapplication/epub+zip", "epub" },
		{ "mimetypeapplication/vnd.oasis.opendocument.text", "odt" },
		{ "mimetypeapplication/vnd.oasis.opendocument.spreadsheet",
		    "ods" },
		{ "mimetypeapplication/vnd.oasis.opendocument.presentation",
		    "odp" },
		{ "AndroidManifest.xml", "apk" },
		{ "META-INF/MANIFEST.MF", "jar" },
		{ "word/", "docx" }, { "xl/", "xlsx" }, { "ppt/", "pptx" },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if ((i < 6 || holds(bytes, "[Content_Types].xml")) &&
		    holds(bytes, kinds[i].inside))
			return kinds[i].extension;
	}
	return NULL;
}

/* The names of streams in an old Office file are UTF-16. */
static const char *
ole_kind(struct span bytes)
{
	static const struct {
		const char *inside;
		size_t len;
		const char *extension;
	} kinds[] = {
		{ "W\0o\0r\0d\0D\0o\0c\0u\0m\0e\0n\0t", 23, "doc" },
		{ "W\0o\0r\0k\0b\0o\0o\0k", 15, "xls" },
		{ "P\0o\0w\0e\0r\0P\0o\0i\0n\0t", 19, "ppt" },
		{ "_\0_\0p\0r\0o\0p\0e\0r\0t\0i\0e\0s", 23, "msg" },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (memmem(bytes.p, bytes.len, kinds[i].inside,
		    kinds[i].len) != NULL)
			return kinds[i].extension;
	}
	return NULL;
}

/* A text whose first word tells. */
static const char *
text_kind(struct span bytes)
{
	static const struct {
		const char *start, *extension;
	} kinds[] = {
		{ "<!doctype html", "html" }, { "<html", "html" },
		{ "<head", "html" }, { "<body", "html" },
		{ "<?xml", "xml" }, { "<svg", "svg" },
		{ "begin:vcalendar", "ics" }, { "begin:vcard", "vcf" },
		{ "return-path:", "eml" }, { "received:", "eml" },
		{ "delivered-to:", "eml" }, { "mime-version:", "eml" },
		{ "from: ", "eml" }, { "#!/bin/sh", "sh" },
		{ "#!/bin/bash", "sh" }, { "#!/usr/bin/env bash", "sh" },
		{ "#!/usr/bin/perl", "pl" }, { "#!/usr/bin/python", "py" },
		{ "#!/usr/bin/env python", "py" }, { "<?php", "php" },
	};
	struct span s = bytes;
	size_t i;

	if (span_starts(s, "\xef\xbb\xbf"))
		s = span_from(s, 3);
	while (s.len > 0 && memchr(" \t\r\n", s.p[0], 4) != NULL)
		s = span_from(s, 1);
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!span_istarts(s, kinds[i].start))
			continue;
		if (strcmp(kinds[i].extension, "xml") == 0 &&
		    holds(s, "<svg"))
			return "svg";
		return kinds[i].extension;
	}
	return NULL;
}

static const struct file_type *
first_of(const char *extension)
{
	size_t at = 0;

	return extension == NULL ? NULL :
	    file_type_by_extension(span_of(extension), &at);
}

/* Text has no controls but blanks, and is UTF-8 up to where we looked. */
static bool
is_text(struct span s)
{
	size_t i, cut;

	for (i = 0; i < s.len; i++) {
		if ((unsigned char)s.p[i] < 0x20 &&
		    memchr("\t\n\r\f\x1b", s.p[i], 5) == NULL)
			return false;
	}
	for (cut = 0; cut < 4 && cut <= s.len; cut++) {
		if (text_is_utf8(span_make(s.p, s.len - cut)))
			return true;
	}
	return false;
}

const struct file_type *
file_type_of_bytes(struct span bytes)
{
	const struct file_type *best = NULL, *special = NULL;
	size_t i, n, most = 0;
	struct span magic;
	const char *list;

	if (bytes.len > FILE_TYPE_LOOK_MAX)
		bytes.len = FILE_TYPE_LOOK_MAX;
	for (i = 0; file_types[i].name != NULL; i++) {
		list = file_types[i].magic != NULL ? file_types[i].magic : "";
		while (file_type_word(&list, &magic)) {
			n = magic_match(magic, bytes);
			if (n > most) {
				most = n;
				best = &file_types[i];
			}
		}
	}
	if (span_starts(bytes, "PK\x03\x04"))
		special = first_of(zip_kind(bytes));
	else if (span_starts(bytes, "\xd0\xcf\x11\xe0"))
		special = first_of(ole_kind(bytes));
	else if (most < 4)
		special = first_of(text_kind(bytes));
	if (special != NULL)
		return special;
	if (best != NULL)
		return best;
	return is_text(bytes) ? &plain_text : &binary;
}

/* ---- by name ------------------------------------------------------------- */

static bool
has_word(const char *list, struct span word)
{
	struct span at;

	while (file_type_word(&list, &at)) {
		if (span_ieq(at, word))
			return true;
	}
	return false;
}

const struct file_type *
file_type_by_extension(struct span extension, size_t *at)
{
	for (; file_types[*at].name != NULL; (*at)++) {
		if (has_word(file_types[*at].extensions, extension))
			return &file_types[(*at)++];
	}
	return NULL;
}

const struct file_type *
file_type_by_media(struct span media, size_t *at)
{
	for (; file_types[*at].name != NULL; (*at)++) {
		if (has_word(file_types[*at].media, media))
			return &file_types[(*at)++];
	}
	return NULL;
}
