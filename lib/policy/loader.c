/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/policy/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/policy/state.h"

/*
 * "FILE:LINE: text" as a problem of that place. The file's name may hold
 * colons: the last ":digits: " before the text that names an existing place
 * is taken, so the first one that fits from the left with digits.
 */
static void
add_located(struct problems *p, struct span line)
{
	char file[4096];
	const char *was = p->file;
	uint64_t number;
	size_t i, k;

	for (i = 0; i + 3 < line.len && i < sizeof(file); i++) {
		if (line.p[i] != ':')
			continue;
		for (k = i + 1; k < line.len && ascii_digit(line.p[k]); k++)
			;
		if (k == i + 1 || k + 1 >= line.len || line.p[k] != ':' ||
		    text_u64(span_make(line.p + i + 1, k - i - 1), 1, 1000000,
		    &number) == -1)
			continue;
		memcpy(file, line.p, i);
		file[i] = '\0';
		p->file = file;
		problem_add(p, (int)number, "%.*s",
		    (int)(line.len - k - 2), line.p + k + 2);
		p->file = was;
		return;
	}
	problem_add(p, 0, "%.*s", (int)line.len, line.p);
}

/* Each line of the error is a problem of its own. */
static void
add_error(struct problems *p, const struct policy_error *e)
{
	struct span left = span_of(e->text);
	ptrdiff_t end;

	if (e->kind == POLICY_REJECTED || e->kind == POLICY_DISCONNECTED) {
		problem_add(p, 0, "kumo.reject was called while the policy "
		    "was loaded: %u %s", e->code, e->text);
		return;
	}
	while ((end = span_find(left, '\n')) != -1) {
		add_located(p, span_make(left.p, (size_t)end));
		left = span_from(left, (size_t)end + 1);
	}
	add_located(p, left);
	if (e->traceback != NULL)
		log_debug("%s", e->traceback);
}

static int
run_handlers(struct policy *p, const char *event, enum policy_phase phase)
{
	const struct event_handlers *h = map_get(&p->events, span_of(event));
	struct policy_error error;
	size_t i;
	int status = 0;

	p->phase = phase;
	for (i = 0; h != NULL && i < h->n; i++) {
		lua_rawgeti(p->L, LUA_REGISTRYINDEX, h->refs[i]);
		if (call_plain(p, 0, 0, &error) == 0)
			continue;
		add_error(p->problems, &error);
		policy_error_free(&error);
		status = -1;
	}
	return status;
}

/* The main chunk is the first of the bundle. */
static int
read_main(struct policy *p, const char *path)
{
	struct buf text = { .base = NULL };
	struct stat st;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1) {
		problem_add(p->problems, 0, "%s", strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		while ((n = read(fd, buf_reserve(&text, 65536), 65536)) > 0 &&
		    buf_len(&text) <= BUNDLE_CHUNK_MAX)
			buf_commit(&text, (size_t)n);
	}
	close(fd);
	if (n == 0)
		bundle_add(&p->bundle, path, buf_span(&text));
	else
		problem_add(p->problems, 0, "this is no readable script of at "
		    "most %d bytes", BUNDLE_CHUNK_MAX);
	buf_free(&text);
	return n == 0 ? 0 : -1;
}

static int
run_main(struct policy *p, const char *path)
{
	struct policy_error error;
	const struct chunk *main;

	p->phase = PHASE_LOAD;
	if (read_main(p, path) == -1)
		return -1;
	main = &p->bundle.v[0];
	if (module_load_text(p, main->name, span_make(main->p, main->len),
	    &error) == 0 && call_plain(p, 0, 0, &error) == 0)
		return 0;
	add_error(p->problems, &error);
	policy_error_free(&error);
	return -1;
}

static int
run_validation(struct policy *p)
{
	int status = run_handlers(p, "validate_config", PHASE_EVENT);

	if (p->validation_failed) {
		problem_add(p->problems, 0, "the policy's validate_config "
		    "says that validation failed");
		return -1;
	}
	return status;
}

int
policy_declare(struct suite *suite, bool validate, struct problems *problems)
{
	struct policy *p = state_new(NULL, MODE_LOADER);
	const char *was = problems->file;
	int status;

	p->suite = suite;
	p->problems = problems;
	problems->file = suite->policy;
	status = run_main(p, suite->policy);
	if (status == 0)
		status = run_handlers(p, "pre_init", PHASE_PRE_INIT);
	if (status == 0)
		status = run_handlers(p, "init", PHASE_INIT);
	if (status == 0 && validate)
		status = run_validation(p);
	if (status == 0) {
		modules_follow(p);
		key_names_search(p);
	}
	problems->file = was;
	bundle_free(&suite->bundle);
	suite->bundle = p->bundle;
	memset(&p->bundle, 0, sizeof(p->bundle));
	state_free(&p);
	return status;
}
