/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/template/hb.h"
const struct hb_helper hb_helpers[] = { { NULL, NULL, NULL } };
int hb_parse(struct template *t, struct template_error *error) { (void)t; (void)error; return -1; }
int hb_render(struct render *r, const struct template *t) { (void)t; (void)r; return -1; }
