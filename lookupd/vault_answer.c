/* SPDX-License-Identifier: Apache-2.0 */
#include "lookupd/vault_answer.h"

#include <jansson.h>

#include "lib/base/alloc.h"

void
vault_answer_prepare(void)
{
	json_object_seed(0);
}

static const char *
field_find(const json_t *root, bool old, const char *name,
    const json_t **out)
{
	const json_t *data = json_object_get(root, "data");

	if (!old)
		data = json_object_get(data, "data");
	if (!json_is_object(data))
		return "the answer of the Vault holds no secret: check that "
		    "vault_address is that of a Vault";
	*out = json_object_get(data, name);
	if (*out == NULL)
		return "the secret has no such field: set vault_key to one "
		    "that it has";
	return json_is_string(*out) ? NULL : "the secret's field is no text";
}

const char *
vault_answer_read(struct span json, bool old, const char *name, char **out,
    size_t *len_out)
{
	const json_t *field;
	const char *why;
	json_t *root = NULL;

	if (json.len <= VAULT_ANSWER_MAX)
		root = json_loadb(json.p, json.len, JSON_ALLOW_NUL, NULL);
	if (root == NULL)
		return "the answer of the Vault is no JSON of at most 1 MB: "
		    "check that vault_address is that of a Vault";
	why = field_find(root, old, name, &field);
	if (why == NULL) {
		*len_out = json_string_length(field);
		*out = xmemdupz(json_string_value(field), *len_out);
	}
	json_decref(root);
	return why;
}
