/* Signals: Ctrl-C, which training answers by saving, at the latest within a second; a fault of our own, which leaves a
 * report; a file that may not grow. The handlers can be told nothing but through variables of the program, and call
 * only what a handler may. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* SA_ONSTACK, MAP_ANONYMOUS */
#endif
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t minded; /* someone looks at `interrupted` between two steps */
static timer_t patience;
static volatile sig_atomic_t have_patience;
static const char *volatile says = "nothing was saved";
static const Cmd *failing;
static uintptr_t stack_top;
static char report_path[64];

static void put(int to, const char *text) {
	for (size_t left = strlen(text); left > 0;) {
		ssize_t wrote = write(to, text, left);
		if (wrote <= 0)
			return;
		text += wrote;
		left -= (size_t)wrote;
	}
}

/* ---- interrupts ---- */

static void leave(void) {
	put(STDERR_FILENO, "\ngradus: interrupted: ");
	put(STDERR_FILENO, says);
	put(STDERR_FILENO, "\n");
	_exit(CMD_INTERRUPTED);
}

/* Sets the timer that ends the program, or stops it (0). */
static void set_patience(long nanoseconds) {
	if (have_patience)
		timer_settime(patience, 0, &(struct itimerspec){.it_value.tv_nsec = nanoseconds}, NULL);
}

static void on_interrupt(int signal_number) {
	if (!minded || interrupted || signal_number == SIGALRM)
		leave();
	interrupted = 1;
	set_patience(CMD_PATIENCE);
}

static void catch (int signal_number, bool even_if_ignored) {
	struct sigaction action = {0}, before;
	if (!even_if_ignored && sigaction(signal_number, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
		return;
	action.sa_handler = on_interrupt;
	action.sa_flags = SA_RESTART | SA_ONSTACK;
	sigfillset(&action.sa_mask);
	sigaction(signal_number, &action, NULL);
}

const volatile sig_atomic_t *cmd_catch_interrupts(void) {
	struct sigevent event = {0};
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGALRM;
	have_patience = timer_create(CLOCK_MONOTONIC, &event, &patience) == 0;
	minded = true;
	catch (SIGALRM, true);
	catch (SIGINT, true);
	catch (SIGTERM, true);
	catch (SIGHUP, false);
	return &interrupted;
}

void cmd_interrupt_says(const char *what) {
	Text plain = text_new(failing->arena);
	text_plain(&plain, what, strlen(what), false);
	says = text_cstr(&plain);
}

void cmd_interrupt_met(void) {
	set_patience(0);
}

/* ---- our own faults ---- */

/* A limit on memory (ulimit -v) that has been reached: what then fails in a library is no bug. */
static bool memory_is_short(void) {
	struct rlimit limit;
	if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return false;
	size_t piece = (size_t)64 << 20;
	void *got = mmap(NULL, piece, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (got == MAP_FAILED)
		return true;
	munmap(got, piece);
	return false;
}

/* A stack that is full because it is small (ulimit -s) is no bug: as much as systems give by default is enough. */
static bool stack_is_short(const void *fault) {
	const uintptr_t enough = (uintptr_t)8 << 20, at = (uintptr_t)fault;
	struct rlimit limit;
	if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= enough || at >= stack_top)
		return false;
	return stack_top - at + (128u << 10) >= limit.rlim_cur && stack_top - at < 2 * enough;
}

static void write_report(int report) {
	put(report, "gradus " RT_VERSION " failed. The command was:\n");
	put(report, failing->command_line);
	put(report, "\n");
	for (uint32_t i = 1; i < failing->session->sources.count; i++) {
		const Source *source = failing->session->sources.data[i];
		if (source && source->path[0] != '<') {
			put(report, "\n==== ");
			put(report, source->path);
			put(report, "\n");
			put(report, source->text);
		}
	}
}

static void on_fault(int signal_number, siginfo_t *info, void *context) {
	(void)context;
	if (signal_number == SIGBUS && info->si_code == BUS_ADRERR && failing->data) {
		put(STDERR_FILENO, "gradus: a file of data became shorter while it was in use\n");
		_exit(CMD_IO);
	}
	if (memory_is_short()) {
		put(STDERR_FILENO, "gradus: out of memory: the limit of this process is reached (ulimit -v)\n");
		_exit(CMD_IO);
	}
	if (signal_number == SIGSEGV && stack_is_short(info->si_addr)) {
		put(STDERR_FILENO,
		    "gradus: out of stack: the limit of this process is too low (ulimit -s); 8192 kB are enough\n");
		_exit(CMD_IO);
	}
	put(STDERR_FILENO, "gradus: this is a bug in gradus, not in your program.");
	int report = open(report_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (report >= 0) {
		put(STDERR_FILENO, " What is needed to see it again is in ");
		put(STDERR_FILENO, report_path);
		put(STDERR_FILENO, ": please send it.");
	}
	put(STDERR_FILENO, "\n");
	if (report >= 0) {
		write_report(report);
		close(report);
	}
	_exit(CMD_BUG);
}

void cmd_catch_signals(const Cmd *cmd) {
	failing = cmd;
	stack_top = (uintptr_t)cmd;
	snprintf(report_path, sizeof report_path, "gradus-bug-%ld.txt", (long)getpid());
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow (ulimit -f) is an error of write, as a full disk is */
	catch (SIGINT, false);
	struct sigaction action = {0};
	action.sa_sigaction = on_fault;
	action.sa_flags = (int)(SA_RESETHAND | SA_ONSTACK | SA_SIGINFO);
	sigfillset(&action.sa_mask);
	sigaction(SIGABRT, &action, NULL);
#ifndef BASE_SANITIZED /* else the sanitizer's own report says more */
	static char stack[RT_SIGNAL_STACK];
	rt_signal_stack(stack);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
	sigaction(SIGILL, &action, NULL);
#endif
}
