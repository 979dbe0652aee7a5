/* SPDX-License-Identifier: Apache-2.0 */
/* The msg object as a table; its methods are in lib/policy/message*.c. */
#include "lib/policy/message.h"

#include "lib/policy/addressheader.h"
#include "lib/policy/charset.h"
#include "lib/policy/modules/modules.h"
#include "lib/policy/state.h"

/* Known to policies for KumoMTA, and not here. */
#define ABSENT_TEXTS "(...)", \
    "Not part of this version of Ekiden: calling it is an error."
#define ABSENT(name)                                                           \
	static int                                                             \
	absent_##name(lua_State *L)                                            \
	{                                                                      \
		return where_error(L, "msg:" #name " is not part of this "     \
		    "version of Ekiden");                                      \
	}

ABSENT(arc_seal)
ABSENT(arc_verify)
ABSENT(dkim_sign)
ABSENT(dkim_verify)
ABSENT(import_scheduling_header)
ABSENT(set_due)
ABSENT(set_scheduling)

#define ENCODE "The value is taken as it is, with its folds, and is an error " \
    "if it would end the field.\nWith\n.Va encode\nit is folded at blanks "    \
    "before 75 columns and anywhere before 900 if it is ASCII, and else put "  \
    "into encoded words (RFC 2047)."
#define EMPTY_ENVELOPE "Bad addresses are errors."

static const struct library_function methods[] = {
	{ "add_authentication_results", message_add_authentication_results,
	    "(server_id, results)",
	    "Puts an Authentication-Results field (RFC 8601) in front.\n"
	    "Each result is a table of\n.Va method\nand\n.Va result ,\n"
	    "words, and perhaps of\n.Va method_version , reason\nand\n"
	    ".Va props ,\na table from names such as\n.Ql header.d\n"
	    "to texts." },
	{ "append_header", message_append, "(name, value, encode?)",
	    "Adds a header field behind the others.\n" ENCODE },
	{ "append_text_html", message_append_text_html, "(content) -> bool",
	    "Puts a line end and the content, in UTF-8, before the last\n"
	    ".Ql </body>\nof the HTML text, or behind it all when there is "
	    "none.\nFalse, and nothing done, when the message has no HTML; "
	    "an error when that is not text of a known character set." },
	{ "append_text_plain", message_append_text_plain,
	    "(content) -> bool",
	    "Puts a line end and the content, in UTF-8, behind the plain "
	    "text.\nFalse, and nothing done, when the message has none; an "
	    "error when that is not text of a known character set." },
	{ "arc_seal", absent_arc_seal, ABSENT_TEXTS },
	{ "arc_verify", absent_arc_verify, ABSENT_TEXTS },
	{ "check_fix_conformance", message_check_fix_conformance,
	    "(checks, fixes, settings?) -> string or nil",
	    "Looks for the issues of which\n.Va checks\nnames those that are "
	    "not wanted, separated by\n.Ql | :\nthe result names what there "
	    "is of these, and nothing is changed.\nWithout such, what there "
	    "is of\n.Va fixes\nis repaired, and the result is nil.\nThe "
	    "names are\n"
	    ".Bl -tag -width Ds\n"
	    ".It Sy LINE_TOO_LONG\na line of a body has more than 78 octets\n"
	    ".It Sy MISSING_COLON_VALUE\na header line is a name alone\n"
	    ".It Sy MISSING_DATE_HEADER\n"
	    ".It Sy MISSING_MESSAGE_ID_HEADER\nor there is one that cannot "
	    "be read\n"
	    ".It Sy MISSING_MIME_VERSION\nor it is not 1.0\n"
	    ".It Sy NAME_ENDS_WITH_SPACE\na blank before a colon\n"
	    ".It Sy NEEDS_TRANSFER_ENCODING\na body or a header field has "
	    "bytes beyond ASCII\n"
	    ".It Sy NON_CANONICAL_LINE_ENDINGS\na CR or LF alone\n"
	    ".El\n"
	    ".Pp\n"
	    "Missing fields are added; for any other issue the message is "
	    "rebuilt, which breaks signatures on what was wrong.\nParts and "
	    "fields without fault keep their bytes.\nText in an unknown "
	    "character set is called unknown-8bit, unless the table of "
	    "settings says\n.Va detect_encoding ,\nwhich turns text that is "
	    "not of the set that it claims into UTF-8;\n"
	    ".Va include_encodings\nand\n.Va exclude_encodings\nare lists "
	    "of names that limit the guess." },
	{ "dkim_sign", absent_dkim_sign, ABSENT_TEXTS },
	{ "dkim_verify", absent_dkim_verify, ABSENT_TEXTS },
	{ "from_header", message_from_header, "() -> addressheader or nil",
	    "The addresses of the From field.\nOne that cannot be read is "
	    "an error." },
	{ "get_address_header", message_get_address_header,
	    "(name) -> addressheader or nil",
	    "The addresses of the first field of that name.\nOne that "
	    "cannot be read is an error." },
	{ "get_all_headers", message_get_all, "() -> list",
	    "All header fields in their order, each a list of name and "
	    "decoded value." },
	{ "get_all_named_header_values", message_get_all_named,
	    "(name) -> list",
	    "The decoded values of the fields of that name, of which there "
	    "may be none." },
	{ "get_data", message_get_data, "() -> bytes",
	    "The whole message, header and body." },
	{ "get_first_named_header_value", message_get_first,
	    "(name) -> string or nil",
	    "The decoded value of the first field of that name.\nEncoded "
	    "words that cannot be decoded stay as they are." },
	{ "get_meta", message_get_meta, "(key) -> value or nil",
	    "The metadata under that key." },
	{ "id", message_id, "() -> string",
	    "The message's name in the spool, 32 hexadecimal digits." },
	{ "import_headers", message_import_headers, "(rules)",
	    "Copies header fields into the metadata.\nEach rule is a table:"
	    "\n.Va name\nis whole or ends in\n.Ql * ;\n.Va match\nis\n"
	    ".Ql first , last\n(the default) or\n.Ql all ,\nwhich makes a "
	    "list;\n.Va transform\nsays how the key is made of the name:\n"
	    ".Ql snake_case\n(the default),\n.Ql kebab_case , camel_case\n"
	    "or\n.Ql pascal_case ;\n.Va target\nis the key itself, for a "
	    "whole name; with\n.Va remove\nthe fields go.\nA field follows "
	    "the first rule that its name fits." },
	{ "import_scheduling_header", absent_import_scheduling_header,
	    ABSENT_TEXTS },
	{ "import_x_headers", message_import_x, "(names?, first?)",
	    "Copies the header fields of those names, or all whose names "
	    "begin with X-, into the metadata, under their names in lower "
	    "case with\n.Ql _\nfor\n.Ql - .\nOf several the last counts, or "
	    "with\n.Va first\nthe first." },
	{ "increment_num_attempts", message_increment_num_attempts, "()",
	    "Adds one to what num_attempts says, in memory alone." },
	{ "num_attempts", message_num_attempts, "() -> integer",
	    "How often it was tried to deliver the message; at reception "
	    "none." },
	{ "parse_mime", message_parse_mime, "() -> mimepart",
	    "The message as a tree of parts.\nChanges of the tree change the "
	    "message only by\n.Ql msg:set_data(tostring(part)) ." },
	{ "parse_rfc3464", message_parse_rfc3464, "() -> table or nil",
	    "The message as a report on the delivery of another, with\n"
	    ".Va per_message ,\n.Va per_recipient ,\na list, and\n"
	    ".Va original_message\nif it came back; nil when it is no such "
	    "report.\nOne that lacks what RFC 3464 requires is an error." },
	{ "parse_rfc5965", message_parse_rfc5965, "() -> table or nil",
	    "The message as a report on a complaint, with the members that "
	    "\n.Xr ekiden-logs 5\nlists for\n.Va feedback_report ;\nnil when "
	    "it is no such report.\nOne that lacks what RFC 5965 requires is "
	    "an error." },
	{ "prepend_header", message_prepend, "(name, value, encode?)",
	    "Puts a header field before the others.\n" ENCODE },
	{ "queue_name", message_queue_name, "() -> string",
	    "The name of the queue that the message goes to by its "
	    "metadata and its first recipient." },
	{ "recipient", message_recipient, "() -> address, list or nil",
	    "The recipient of the envelope; a list when there are several." },
	{ "recipient_list", message_recipient_list, "() -> list",
	    "The recipients of the envelope." },
	{ "remove_all_named_headers", message_remove_named, "(name)",
	    "Removes the header fields of that name." },
	{ "remove_x_headers", message_remove_x, "(names?)",
	    "Removes the header fields of those names, or all whose names "
	    "begin with X-." },
	{ "save", message_save, "()",
	    "Does nothing: what a handler leaves behind is stored at its "
	    "end." },
	{ "sender", message_sender, "() -> address",
	    "The sender of the envelope, empty for reports." },
	{ "set_data", message_set_data, "(bytes)",
	    "Replaces the whole message, which should have CRLF as line "
	    "ends." },
	{ "set_due", absent_set_due, ABSENT_TEXTS },
	{ "set_force_sync", message_set_force_sync, "(bool?)",
	    "Changes nothing: every message is on stable storage before it "
	    "is acknowledged." },
	{ "set_meta", message_set_meta, "(key, value)",
	    "Sets the metadata under that key to any value that JSON has; "
	    "nil removes it.\nKeys of one's own should begin with\n"
	    ".Ql x_ ." },
	{ "set_recipient", message_set_recipient, "(address or list)",
	    "Replaces the recipients of the envelope.\n" EMPTY_ENVELOPE },
	{ "set_scheduling", absent_set_scheduling, ABSENT_TEXTS },
	{ "set_sender", message_set_sender, "(address)",
	    "Replaces the sender of the envelope, which may be empty.\n"
	    EMPTY_ENVELOPE },
	{ "shrink", message_save, "()",
	    "Does nothing: memory is given back at the end of the handler." },
	{ "shrink_data", message_save, "()",
	    "Does nothing, as shrink does." },
	{ "to_header", message_to_header, "() -> addressheader or nil",
	    "The addresses of the To field.\nOne that cannot be read is an "
	    "error." },
	{ NULL, NULL, NULL, NULL },
};

static const struct library_type message_type = {
	.name = MESSAGE_TYPE,
	.about = "A message with its envelope and metadata.\nOne that an "
	    "event hands over is gone when the event is over.",
	.methods = methods,
};

void
message_register(lua_State *L)
{
	library_register(L, &message_type);
}

static const struct library_type *const types[] = {
	&message_type, &addressheader_type, &headeraddress_type, NULL,
};

const struct library library_message = {
	.name = "message",
	.title = "messages in events",
	.about = "Events that are about a message hand it to their handlers; "
	    "kumo.make_message makes one.",
	.types = types,
	.prepare = policy_charsets_open,
};
