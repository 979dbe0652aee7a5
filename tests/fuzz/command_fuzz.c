/* SPDX-License-Identifier: Apache-2.0 */
/* One command line through the parser of its verb. */
#include <assert.h>

#include "lib/base/text.h"
#include "lib/mail/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct command c;
	struct command_helo helo;
	struct command_mail mail;
	struct command_rcpt rcpt;
	struct command_bdat bdat;
	struct command_auth auth;

	if (command_parse(span_make(data, size), &c) != NULL)
		return 0;
	assert(text_is_utf8(c.arg));
	switch (c.verb) {
	case VERB_HELO:
	case VERB_EHLO:
		if (command_helo_parse(c.arg, &helo) == NULL)
			assert(helo.name.len <= 255);
		break;
	case VERB_MAIL:
		if (command_mail_parse(c.arg, &mail) == NULL)
			assert(!mail.from.has_8bit || mail.smtputf8);
		break;
	case VERB_RCPT:
		if (command_rcpt_parse(c.arg, false, &rcpt) == NULL)
			assert(!rcpt.to.has_8bit && rcpt.to.text.len > 0);
		command_rcpt_parse(c.arg, true, &rcpt);
		break;
	case VERB_BDAT:
		command_bdat_parse(c.arg, &bdat);
		break;
	case VERB_AUTH:
		if (command_auth_parse(c.arg, &auth) == NULL)
			assert(auth.mechanism.len <= 20);
		break;
	default:
		break;
	}
	return 0;
}
