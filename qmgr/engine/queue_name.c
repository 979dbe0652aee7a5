/* SPDX-License-Identifier: Apache-2.0 */
#include "qmgr/engine/queue_name.h"

struct queue_name
queue_name_split(struct span name)
{
	struct queue_name out = { 0 };
	struct span left = { 0 };
	ptrdiff_t at = span_find(name, '@');

	if (at >= 0) {
		left = span_make(name.p, (size_t)at);
		name = span_from(name, (size_t)at + 1);
	}
	out.tenant = left;
	at = span_find(left, ':');
	if (at >= 0) {
		out.campaign = span_make(left.p, (size_t)at);
		out.tenant = span_from(left, (size_t)at + 1);
	}
	out.domain = name;
	at = span_find(name, '!');
	if (at >= 0) {
		out.domain = span_make(name.p, (size_t)at);
		out.routing_domain = span_from(name, (size_t)at + 1);
	}
	return out;
}

struct span
queue_name_target(struct span name)
{
	struct queue_name n = queue_name_split(name);

	return n.routing_domain.len != 0 ? n.routing_domain : n.domain;
}
