/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names (sites, protocols, domains) and blobs (hosts, wire forms, reasons),
 * kept once each. A reference more or less; the text goes with the last.
 */
#ifndef QMGR_ENGINE_NAMES_H
#define QMGR_ENGINE_NAMES_H

#include "qmgr/engine/state.h"

uint32_t name_ref(struct engine *e, struct span text);
void name_unref(struct engine *e, uint32_t name);
struct span name_span(const struct engine *e, uint32_t name);
uint32_t blob_ref(struct engine *e, struct span bytes); /* empty: 0 */
void blob_unref(struct engine *e, uint32_t blob);
struct span blob_span(const struct engine *e, uint32_t blob);

#endif
