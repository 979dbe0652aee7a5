/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/log_templates.h"

#include "lib/template/template.h"

static void
check_one(const char *type, const struct value *text, struct problems *p)
{
	struct template_error error;
	struct template *t = template_compile(TEMPLATE_JINJA, type,
	    span_make(text->u.text.p, text->u.text.len), &error);

	if (t == NULL)
		problem_add(p, text->line, "per_record.%s.template: %s", type,
		    error.text);
	template_free(&t);
}

void
log_templates_check(const struct value *options, struct problems *problems)
{
	const struct value *per_record = value_get(options, "per_record");
	const struct value *text;
	size_t i;

	if (per_record == NULL || per_record->kind != VALUE_MAP)
		return;
	for (i = 0; i < per_record->u.map.n; i++) {
		text = value_get(per_record->u.map.v[i].value, "template");
		if (text != NULL && text->kind == VALUE_TEXT)
			check_one(per_record->u.map.v[i].key, text, problems);
	}
}

void
log_templates_check_yaml(const struct value *yaml, struct problems *problems)
{
	const struct value *logs = value_get(yaml, "logs");
	size_t i;

	for (i = 0; logs != NULL && logs->kind == VALUE_LIST &&
	    i < logs->u.list.n; i++)
		log_templates_check(logs->u.list.v[i], problems);
}
