/* Another program that is asked for expressions: started, asked, and ended. It is not trusted to do anything: all that is read of it is bounded in
 * length and in time. */
#include "runtime/search/propose.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/engine/engine.h"

struct SearchProposer {
	pid_t pid;
	int to, from; /* ends of pipes */
	char *unread; /* what came behind the last line that was read */
	size_t unread_count;
};

/* ---- start and end ---- */

/* The other process. Nothing that is open here is open there: a file that is locked would stay so if this process is killed. */
static _Noreturn void become(const char *command, int input, int output) {
	enum { MOST_OPEN = 4096 };
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0) {
		for (int fd = STDERR_FILENO + 1; fd < MOST_OPEN; fd++)
			close(fd);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	}
	_exit(127);
}

static bool make_pipe(int ends[2]) {
	if (pipe(ends) != 0)
		return false;
	for (int k = 0; k < 2; k++)
		fcntl(ends[k], F_SETFD, FD_CLOEXEC);
	return true;
}

SearchProposer *search_proposer_start(const char *command, const char **why) {
	int to[2] = {-1, -1}, from[2] = {-1, -1};
	pid_t pid = -1;
	if (make_pipe(to) && make_pipe(from))
		pid = fork();
	if (pid == 0)
		become(command, to[0], from[1]);
	*why = strerror(errno);
	for (int k = 0; k < 2; k++) {
		int here[] = {to[1 - k], from[k]}; /* ours, if k is 0 */
		for (int i = 0; i < 2; i++)
			if (here[i] >= 0 && (k == 1 || pid < 0))
				close(here[i]);
	}
	if (pid < 0)
		return NULL;
	setpgid(pid, pid); /* whichever of the two comes first */
	SearchProposer *p = memory_new(sizeof *p);
	*p = (SearchProposer){.pid = pid, .to = to[1], .from = from[0], .unread = memory_new(SEARCH_LONGEST_ANSWER)};
	fcntl(p->to, F_SETFL, O_NONBLOCK);
	fcntl(p->from, F_SETFL, O_NONBLOCK);
	return p;
}

void search_proposer_end(SearchProposer *p) {
	static const int looks = 20, between = 10; /* so often it is looked whether it has ended by itself; milliseconds */
	if (!p)
		return;
	close(p->to);
	close(p->from);
	bool ended = false;
	for (int k = 0; k < looks && !ended; k++) {
		ended = waitpid(p->pid, NULL, WNOHANG) != 0;
		if (!ended)
			poll(NULL, 0, between);
	}
	kill(-p->pid, SIGKILL); /* all that it has started */
	if (!ended)
		waitpid(p->pid, NULL, 0);
	free(p->unread);
	free(p);
}

/* ---- a request and its answer ---- */

typedef struct Exchange {
	SearchProposer *proposer;
	const SearchAsked *asked;
	Arena *arena;
	SearchAnswer *out;
	char *request;
	size_t length, sent, read; /* bytes */
	bool cut;                  /* what comes next is the rest of a line that is too long */
	bool done, closed;
} Exchange;

static void write_some(Exchange *e) {
	ssize_t sent = write(e->proposer->to, e->request + e->sent, e->length - e->sent);
	if (sent > 0)
		e->sent += (size_t)sent;
	else if (sent < 0 && errno != EAGAIN && errno != EINTR)
		e->sent = e->length; /* it reads no more, and may have answered all the same */
}

static bool is_blank(char c) {
	return c == ' ' || c == '\t' || c == '\r';
}

static void take_line(Exchange *e, const char *line, size_t length) {
	bool too_long = e->cut || length > SEARCH_LONGEST_LINE;
	e->cut = false;
	while (length > 0 && is_blank(line[length - 1]))
		length--;
	while (length > 0 && is_blank(*line)) {
		line++;
		length--;
	}
	if (length == 0 && !too_long) {
		e->done = true;
		return;
	}
	if (e->out->count == e->asked->most) {
		e->out->left_out++;
		return;
	}
	char *text = NULL;
	if (!too_long) {
		text = arena_alloc(e->arena, length + 1);
		memcpy(text, line, length);
		text[length] = '\0';
		for (size_t i = 0; i < length; i++) /* a text ends with its first zero */
			text[i] = text[i] ? text[i] : '?';
	}
	e->out->lines[e->out->count++] = text;
}

/* The lines of what was read; what is behind the last one waits. */
static void take_lines(Exchange *e) {
	SearchProposer *p = e->proposer;
	size_t from = 0;
	while (!e->done) {
		char *end = memchr(p->unread + from, '\n', p->unread_count - from);
		if (!end)
			break;
		take_line(e, p->unread + from, (size_t)(end - (p->unread + from)));
		from = (size_t)(end - p->unread) + 1;
	}
	p->unread_count -= from;
	memmove(p->unread, p->unread + from, p->unread_count);
	if (!e->done && p->unread_count > SEARCH_LONGEST_LINE) {
		e->cut = true;
		p->unread_count = 0;
	}
}

static void read_some(Exchange *e) {
	SearchProposer *p = e->proposer;
	ssize_t got = read(p->from, p->unread + p->unread_count, SEARCH_LONGEST_ANSWER - p->unread_count);
	if (got > 0) {
		e->read += (size_t)got;
		p->unread_count += (size_t)got;
		take_lines(e);
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		e->closed = true;
		if (p->unread_count > 0 || e->cut) /* a last line without its end */
			take_line(e, p->unread, p->unread_count);
		p->unread_count = 0;
	}
}

const char search_proposer_done[] = "it has ended";

static const char *why_closed(const SearchProposer *p, Arena *arena) {
	static const int patience = 100; /* milliseconds, for a process that has closed its output and is about to end */
	int status = 0;
	pid_t ended = waitpid(p->pid, &status, WNOHANG);
	if (ended == 0) {
		poll(NULL, 0, patience);
		ended = waitpid(p->pid, &status, WNOHANG);
	}
	if (ended != p->pid)
		return "it has closed its output";
	if (WIFSIGNALED(status))
		return arena_printf(arena, "it was ended by signal %d", WTERMSIG(status));
	int code = WEXITSTATUS(status);
	return code ? arena_printf(arena, "it ended with exit code %d%s", code, code == 127 ? " (no such command)" : "")
	            : search_proposer_done;
}

/* Until the answer has come to its end, one way or another. false: stopped. */
static bool converse(Exchange *e) {
	static const int between = 50; /* milliseconds between two looks at whether it is to be stopped */
	double until = rt_seconds() + e->asked->patience;
	const SearchProposer *p = e->proposer;
	take_lines(e); /* an answer may have come with the one before */
	while (!e->done && !e->closed && !e->out->ended) {
		if (e->asked->stopped && *e->asked->stopped)
			return false;
		struct pollfd ends[] = {{.fd = p->from, .events = POLLIN}, {.fd = p->to, .events = POLLOUT}};
		if (e->sent == e->length)
			ends[1].fd = -1;
		poll(ends, 2, between);
		if (ends[1].revents)
			write_some(e);
		if (ends[0].revents)
			read_some(e);
		if (e->done || e->closed)
			break;
		if (e->read > SEARCH_LONGEST_ANSWER / 2)
			e->out->ended = "it writes without end";
		else if (rt_seconds() > until)
			e->out->ended = arena_printf(e->arena, "%s within %g s",
			                             e->sent < e->length ? "it has not read its request"
			                             : e->read           ? "the empty line that ends an answer did not come"
			                                                 : "no answer came",
			                             e->asked->patience);
	}
	return true;
}

bool search_proposer_ask(SearchProposer *p, const SearchAsked *asked, Arena *arena, SearchAnswer *out) {
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	*out = (SearchAnswer){.lines = ARENA_ARRAY(arena, const char *, asked->most + 1)};
	Exchange e = {.proposer = p, .asked = asked, .arena = arena, .out = out};
	e.request = arena_printf(arena, "%s\n", asked->request);
	e.length = strlen(e.request);
	sigaction(SIGPIPE, &ignore, &before); /* it may end before it has read all */
	bool ok = converse(&e);
	sigaction(SIGPIPE, &before, NULL);
	if (ok && e.closed)
		out->ended = why_closed(p, arena);
	return ok;
}
