/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/vault_answer.h"

#include "lib/base/alloc.h"
#include "lib/data/json_read.h"
#include "lib/settings/value.h"

static const char *
field_find(const struct value *root, bool old, const char *name,
    const struct value **out)
{
	const struct value *data = value_get(root, "data");

	if (data != NULL && !old)
		data = value_get(data, "data");
	if (data == NULL || data->kind != VALUE_MAP)
		return "the answer of the Vault holds no secret: check that "
		    "vault_address is that of a Vault";
	*out = value_get(data, name);
	if (*out == NULL)
		return "the secret has no such field: set vault_key to one "
		    "that it has";
	return (*out)->kind == VALUE_TEXT ? NULL :
	    "the secret's field is no text";
}

const char *
vault_answer_read(struct span json, bool old, const char *name, char **out,
    size_t *len_out)
{
	const struct value *field;
	struct value *root = NULL;
	struct data_error error;
	const char *why;

	if (json.len <= VAULT_ANSWER_MAX)
		root = json_read_value(json, 0, &error);
	if (root == NULL)
		return "the answer of the Vault is no JSON of at most 1 MB: "
		    "check that vault_address is that of a Vault";
	why = field_find(root, old, name, &field);
	if (why == NULL) {
		*len_out = field->u.text.len;
		*out = xmemdupz(field->u.text.p, *len_out);
	}
	value_free(&root);
	return why;
}
