/* Signals: Ctrl-C saves first and leaves at once the second time; a fault of our own leaves a report. The handlers can
 * be told nothing but through variables of the program. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/command.h"

static volatile sig_atomic_t interrupted;
static const Cmd *failing;
static char report_path[64];

static void on_interrupt(int signal_number) {
	(void)signal_number;
	if (interrupted) {
		_exit(CMD_INTERRUPTED);
	}
	interrupted = 1;
}

const volatile sig_atomic_t *cmd_catch_interrupts(void) {
	struct sigaction action = {0};
	action.sa_handler = on_interrupt;
	action.sa_flags = SA_RESTART;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return &interrupted;
}

static void put(int to, const char *text) {
	for (size_t left = strlen(text); left > 0;) {
		ssize_t wrote = write(to, text, left);
		if (wrote <= 0) {
			return;
		}
		text += wrote;
		left -= (size_t)wrote;
	}
}

/* Only calls that a handler may make. */
static void on_fault(int signal_number) {
	(void)signal_number;
	int report = open(report_path, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (report >= 0) {
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
		close(report);
	}
	put(STDERR_FILENO, "gradus: this is a bug in gradus, not in your program.");
	if (report >= 0) {
		put(STDERR_FILENO, " What is needed to see it again is in ");
		put(STDERR_FILENO, report_path);
		put(STDERR_FILENO, ": please send it.");
	}
	put(STDERR_FILENO, "\n");
	_exit(CMD_BUG);
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

void cmd_catch_bugs(const Cmd *cmd) {
	failing = cmd;
	snprintf(report_path, sizeof report_path, "gradus-bug-%ld.txt", (long)getpid());
	struct sigaction action = {0};
	action.sa_handler = on_fault;
	action.sa_flags = (int)SA_RESETHAND;
	sigemptyset(&action.sa_mask);
	sigaction(SIGABRT, &action, NULL);
#ifndef SANITIZED /* else the sanitizer's own report says more */
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
	sigaction(SIGILL, &action, NULL);
#endif
}
