/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/web/field.h"

#include <string.h>

#include "lib/base/text.h"

bool
web_is_token(struct span s)
{
	size_t i;
	char c;

	for (i = 0; i < s.len; i++) {
		c = ascii_lower(s.p[i]);
		if (!ascii_digit(c) && !(c >= 'a' && c <= 'z') &&
		    (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
			return false;
	}
	return s.len != 0;
}

bool
web_is_value(struct span s)
{
	size_t i;

	for (i = 0; i < s.len; i++) {
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') ||
		    s.p[i] == 0x7f)
			return false;
	}
	return true;
}

/* The end of a quoted text that begins at `at`, behind its last quote. */
static size_t
quoted_end(struct span s, size_t at)
{
	for (at++; at < s.len && s.p[at] != '"'; at++) {
		if (s.p[at] == '\\')
			at++;
	}
	return at < s.len ? at + 1 : s.len;
}

struct span
web_parameter(struct span s, const char *name)
{
	struct span part;
	ptrdiff_t equals;
	size_t at = 0, end;

	while (at < s.len) {
		for (end = at; end < s.len && s.p[end] != ';';)
			end = s.p[end] == '"' ? quoted_end(s, end) : end + 1;
		part = span_make(s.p + at, end - at);
		equals = span_find(part, '=');
		/* The first part is no parameter. */
		if (at > 0 && equals != -1 && span_ieq_str(span_trim(
		    span_make(part.p, (size_t)equals)), name)) {
			part = span_trim(span_from(part, (size_t)equals + 1));
			if (part.len > 1 && part.p[0] == '"' &&
			    part.p[part.len - 1] == '"')
				part = span_make(part.p + 1, part.len - 2);
			return part;
		}
		at = end + 1;
	}
	return span_of(NULL);
}

/* IANA's registry of HTTP status codes, in order. */
static const struct {
	unsigned status;
	const char *phrase;
} reasons[] = {
	{ 100, "Continue" }, { 101, "Switching Protocols" },
	{ 102, "Processing" }, { 103, "Early Hints" },
	{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" },
	{ 203, "Non Authoritative Information" }, { 204, "No Content" },
	{ 205, "Reset Content" }, { 206, "Partial Content" },
	{ 207, "Multi-Status" }, { 208, "Already Reported" },
	{ 226, "IM Used" },
	{ 300, "Multiple Choices" }, { 301, "Moved Permanently" },
	{ 302, "Found" }, { 303, "See Other" }, { 304, "Not Modified" },
	{ 305, "Use Proxy" }, { 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" }, { 401, "Unauthorized" },
	{ 402, "Payment Required" }, { 403, "Forbidden" },
	{ 404, "Not Found" }, { 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" }, { 407, "Proxy Authentication Required" },
	{ 408, "Request Timeout" }, { 409, "Conflict" }, { 410, "Gone" },
	{ 411, "Length Required" }, { 412, "Precondition Failed" },
	{ 413, "Payload Too Large" }, { 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" }, { 416, "Range Not Satisfiable" },
	{ 417, "Expectation Failed" }, { 418, "I'm a teapot" },
	{ 421, "Misdirected Request" }, { 422, "Unprocessable Entity" },
	{ 423, "Locked" }, { 424, "Failed Dependency" }, { 425, "Too Early" },
	{ 426, "Upgrade Required" }, { 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 451, "Unavailable For Legal Reasons" },
	{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
	{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" }, { 505, "HTTP Version Not Supported" },
	{ 506, "Variant Also Negotiates" }, { 507, "Insufficient Storage" },
	{ 508, "Loop Detected" }, { 510, "Not Extended" },
	{ 511, "Network Authentication Required" },
};

const char *
web_reason(unsigned status)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].phrase;
	}
	return NULL;
}
