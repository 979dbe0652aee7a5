/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Lua state of a policy and what all files of lib/policy share; nobody
 * outside this folder includes it.
 *
 * Lua leaves C functions by longjmp. So a function that may raise holds
 * nothing on the heap meanwhile: text goes through p->scratch, objects live
 * in userdata with a finaliser, and trees of values are freed before the
 * error is raised.
 */
#ifndef LIB_POLICY_STATE_H
#define LIB_POLICY_STATE_H

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/arena.h"
#include "lib/base/buf.h"
#include "lib/base/map.h"
#include "lib/base/uuid.h"
#include "lib/policy/policy.h"
#include "lib/settings/suite.h"

struct call;
struct door;
struct files;
struct loop;

enum policy_mode {
	MODE_DAEMON, /* scripts come from a bundle */
	MODE_LOADER, /* scripts come from files and fill a bundle */
};

/* What runs now: a declaration is an error anywhere but where it belongs. */
enum policy_phase {
	PHASE_LOAD,     /* the main chunk: kumo.on */
	PHASE_PRE_INIT, /* DNS settings */
	PHASE_INIT,     /* spools, logs, listeners */
	PHASE_EVENT,    /* everything else */
};

struct policy {
	lua_State *L;
	struct loop *loop;
	enum policy_mode mode;
	enum policy_phase phase;

	size_t memory, memory_max;
	bool out_of_memory; /* seen since the call began */
	uint64_t steps, steps_max;
	int64_t slice_us, spent_us, time_max_us;
	bool too_long;

	struct bundle bundle;      /* scripts; in a loader: so far */
	struct suite *suite;       /* of a loader: what is declared */
	struct problems *problems; /* of a loader */
	bool validation_failed;

	struct map events; /* name -> struct event_handlers */
	struct map calls;  /* id -> call under way that waits */
	uint64_t last_call;
	struct call *running;
	struct buf scratch;
	struct arena arena; /* of scratch_arena() */
	struct uuid_maker uuids; /* of messages that scripts make */
	uint32_t epoch;    /* of the configuration */
	struct door *door; /* of the daemon; NULL: none */
	struct files *files; /* of a loader that used some */
};

struct event_handlers {
	int *refs; /* in the registry, in the order they came */
	size_t n;
};

/* The policy that a state belongs to. */
struct policy *policy_of(lua_State *L);

/* ---- state.c ------------------------------------------------------------ */

struct policy *state_new(struct loop *loop, enum policy_mode mode);
void state_free(struct policy **p);
/* Each call of a script: a fresh budget of steps; time adds up over slices. */
void budget_begin(struct policy *p);
void slice_begin(struct policy *p, lua_State *co);
void slice_end(struct policy *p);
/*
 * Work of C functions counts, too: to be called between its pieces, raises
 * when the script's time is over. When that will be, by clock_mono_us().
 */
void budget_check(lua_State *L);
int64_t budget_until(const struct policy *p);
/*
 * Memory outside of Lua that counts as the script's. NULL when it has no more;
 * unlike Lua's own this frees no garbage first.
 */
void *state_take(struct policy *p, size_t size);
void state_give(struct policy *p, void *memory);

/*
 * Memory that objects hold outside of Lua counts like Lua's own: taken before
 * or right after it is allocated, given back by the object's finaliser. Taking
 * raises when there is no more, garbage collected first.
 */
void memory_take(lua_State *L, size_t size);
void memory_give(lua_State *L, size_t size);
/*
 * Count an arena that grew: *counted is what of it was taken so far. Given
 * back by arena_uncount, which frees it, too.
 */
void arena_count(lua_State *L, const struct arena *a, size_t *counted);
void arena_uncount(lua_State *L, struct arena *a, size_t *counted);
/*
 * As p->scratch, for what needs an arena: empty, and valid until the next such
 * call. So nothing in between may call a script, and tables are read raw. What
 * was large is given back by scratch_arena_done, or by the next call.
 */
struct arena *scratch_arena(lua_State *L);
void scratch_arena_done(lua_State *L);
/* A field of the table at index on top, no metamethod called; its type. */
int raw_getfield(lua_State *L, int index, const char *key);

/* ---- where.c ------------------------------------------------------------ */

/* The script line that called us: full file name and line; false: none. */
bool where_script(lua_State *L, const char **file_out, int *line_out);
/* Raise "FILE:LINE: text". */
int where_error(lua_State *L, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Problems found under the script's line: one line of text each, raised. */
int where_problems(lua_State *L, struct problems *problems);
/* Lua cuts long file names in its messages: append them whole. */
void where_expand(lua_State *co, struct span message, struct buf *out);
void where_expand_name(struct span message, const char *name, struct buf *out);

/* ---- error.c ------------------------------------------------------------ */

void error_register(lua_State *L);
int kumo_reject(lua_State *L);
int kumo_disconnect(lua_State *L);
/* What a failed thread left on its top. */
void error_take(struct policy *p, lua_State *co, int status,
    struct policy_error *out);
/* One line: controls become blanks. Heap. */
char *error_line(struct span text);

/* ---- call.c ------------------------------------------------------------- */

/*
 * An event under way: a coroutine per handler. push puts the arguments on
 * co and says how many; finish gets the values of the handler that answered
 * on top of co (n of them, 0: none answered) or an error, which it does not
 * keep. A call that was cancelled gets neither, only drop.
 */
struct call_ops {
	int (*push)(struct call *call, lua_State *co);
	void (*finish)(struct call *call, lua_State *co, int n,
	    const struct policy_error *error);
	void (*drop)(struct call *call);
};

struct call {
	struct policy *policy;
	const struct call_ops *ops;
	uint64_t id;
	const struct event_handlers *handlers;
	size_t next; /* handler */
	bool chain;  /* a handler without answer lets the next one try */
	lua_State *co;
	int ref;     /* table in the registry: the coroutine, the shells */
	bool waiting;
	bool at_once; /* it may not wait */
	bool lasting; /* a task: its budget begins anew after each wait */
	int64_t spent_us;
	uint64_t steps;
	struct shell *shells; /* userdata that point at the caller's structs */
};

/* Embedded in userdata that must not outlive the call. */
struct shell {
	struct shell *next;
	void *thing; /* NULL once the call is over */
};

/* As call_start, of handlers that must not wait: always over. */
void call_start_at_once(struct policy *p, struct call *call,
    const char *event);
/* 0 when it is over already. The call is embedded in the caller's own. */
uint64_t call_start(struct policy *p, struct call *call, const char *event);
/*
 * Sleep until call_resume: `return call_wait(L)` as a C function's last act,
 * which gives no result.
 */
int call_wait(lua_State *L);
/* As call_wait; k goes on with the function's stack when it was resumed. */
int call_wait_then(lua_State *L, lua_KFunction k, lua_KContext context);
/* May this thread wait? If not, raises. */
struct call *call_waitable(lua_State *L);
void call_resume(struct call *call);
/* A new shell userdata of that type on L's top, empty when the call is over. */
void shell_push(lua_State *L, struct call *call, const char *type,
    void *thing);
/* The live thing at index, or an error. */
void *shell_check(lua_State *L, int index, const char *type);
/*
 * Run the function on p->L, below its n arguments; nothing may wait. 0 with
 * `results` values in their place, or -1 with the error and nothing.
 */
int call_plain(struct policy *p, int n_args, int results,
    struct policy_error *error);

/* ---- other files: each puts what it has into the table on top ------------ */

int kumo_spawn_task(lua_State *L); /* tasks.c */
void kumo_open(lua_State *L);      /* kumo.c: preloads the module */
void kumo_objects(lua_State *L);   /* object.c */
void kumo_declarations(lua_State *L); /* declare.c */
void kumo_absent(lua_State *L);    /* absent.c */
void address_register(lua_State *L);
void message_register(lua_State *L);
void meta_register(lua_State *L);
void modules_open(struct policy *p);  /* module.c: require, io, dofile */
/*
 * Of a loader: take modules into the bundle that the scripts name in a plain
 * require '...' and that did not run yet, say inside a handler.
 */
void modules_follow(struct policy *p);

/* key_names.c, in a loader: key files into suite.script_keys. */
void key_names_made(struct policy *p, const struct egress_path *path);
void key_names_search(struct policy *p);

/* What a file has: a loader reads it. NULL with errno, in a daemon 0. */
const struct chunk *module_file(struct policy *p, const char *path);

/* Load a script as a chunk on top; -1 with the error. */
int module_load_text(struct policy *p, const char *name, struct span text,
    struct policy_error *error);

#endif
