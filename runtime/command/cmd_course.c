/* What all searches do with their folder: it appears with the first thing that is found, has the best so far, and the archive to go on from. */
#include "runtime/command/cmd_course.h"

#include <string.h>

/* "; to go on: gradus resume DIR", or "" where it does not go on. */
static const char *resume_line(const CmdCourse *course) {
	if (course->ends)
		return "";
	return arena_printf(course->cmd->arena, "; to go on: %s resume %s%s%s", course->cmd->typed, course->plain,
	                    cmd_data_option(course->cmd, course->experiment), course->more ? course->more : "");
}

static void now_saved(CmdCourse *course) {
	course->saved = true;
	cmd_interrupt_says(
		arena_printf(course->cmd->arena, "the best so far is saved in %s%s", course->dir, resume_line(course)));
}

bool cmd_course_begin(CmdCourse *course) {
	Text plain = text_new(course->cmd->arena);
	text_plain(&plain, course->dir, strlen(course->dir), false);
	course->plain = text_cstr(&plain);
	if (!course->resumes)
		return true;
	course->folder = store_folder_again(course->cmd->rt, course->dir, 0);
	if (course->folder)
		now_saved(course);
	return course->folder != NULL;
}

bool cmd_course_folder(CmdCourse *course) {
	Cmd *cmd = course->cmd;
	if (!course->folder)
		course->folder = store_folder_new(cmd->rt, course->dir, course->experiment, cmd->command_line);
	return course->folder != NULL;
}

bool cmd_course_saved(CmdCourse *course, bool saved) {
	Cmd *cmd = course->cmd;
	bool first = !course->saved;
	if (first && saved)
		now_saved(course);
	if (!saved && !first && !course->lost) {
		course->lost = true;
		cmd_progress_end(cmd);
		cmd_say(cmd, "gradus: the best %s so far cannot be saved now in %s; the search goes on", course->what,
		        course->dir);
	}
	return saved || !first;
}

bool cmd_course_save(CmdCourse *course, const StoreFound *files) {
	return cmd_course_folder(course) &&
	       cmd_course_saved(course, store_folder_so_far(course->folder, files, !course->saved));
}

SearchArchive *cmd_course_archive(void *user, const SearchArchiveRun *run) {
	const CmdCourse *course = user;
	Session *session = course->cmd->session;
	return search_archive_open(session, arena_printf(session->arena, "%s/archive.sqlite", course->dir), run);
}

CmdExit cmd_course_stopped(const CmdCourse *course, bool archive_lost, Text *out) {
	text_printf(out, "%s: this is saved in %s%s\n", archive_lost ? "the archive is not whole" : "interrupted",
	            course->plain, resume_line(course));
	CmdExit code = cmd_print(course->cmd, out);
	if (archive_lost)
		return cmd_failed(course->cmd);
	return code == CMD_OK ? CMD_INTERRUPTED : code;
}

CmdExit cmd_course_without(CmdCourse *course) {
	Cmd *cmd = course->cmd;
	bool nothing = false;
	for (uint32_t i = 0; i < cmd->session->diags.count; i++)
		nothing = nothing || cmd->session->diags.data[i]->code == 820;
	if (course->folder && !course->resumes && (nothing || !course->saved)) {
		store_folder_discard(course->folder);
		course->folder = NULL;
	}
	bool kept = course->folder != NULL;
	if (!rt_interrupted(cmd->rt) || cmd->session->error_count) {
		if (kept && !nothing)
			cmd_say(cmd, "gradus: the search broke off; the best until then is saved in %s", course->dir);
		return cmd_failed(cmd);
	}
	fprintf(stderr,
	        kept ? "interrupted: what was found before is saved in %s\n"
	             : "interrupted before anything was found: nothing was saved\n",
	        course->plain);
	return CMD_INTERRUPTED;
}
