/* A search under way, and the folder that it leaves: the same for open expressions, choices and learners. */
#ifndef GRADUS_CMD_COURSE_H
#define GRADUS_CMD_COURSE_H

#include "runtime/command/command.h"
#include "runtime/search/search.h"

typedef struct CmdCourse {
	Cmd *cmd;
	const FeExperiment *experiment;
	const char *dir, *plain; /* plain: as it may stand in a terminal; of cmd_course_begin */
	const char *what;        /* is found: "rule", "program" */
	const char *more;        /* that `resume` needs on its command line, with a blank in front; NULL: nothing */
	bool ends;               /* it cannot be gone on with */
	bool resumes;            /* it goes on in its folder */
	StoreFolder *folder;     /* NULL: nothing was found yet */
	bool saved;              /* the best so far lies there */
	bool lost;               /* the disk did not take a better one */
} CmdCourse;

/* Before the search: opens the folder of one that goes on. false with a diagnostic. */
bool cmd_course_begin(CmdCourse *course);
/* The folder, made if there is none yet. false with a diagnostic. */
bool cmd_course_folder(CmdCourse *course);
/* The files of the best so far; the folder is made for them, if there is none yet. Whether the search goes on. */
bool cmd_course_save(CmdCourse *course, const StoreFound *files);
/* What became of saving the best so far: the first time it has to lie there, with a diagnostic; later the search goes on without. Whether it
 * does. */
bool cmd_course_saved(CmdCourse *course, bool saved);
/* SearchOptions.archive; user: what begins with a CmdCourse. */
SearchArchive *cmd_course_archive(void *user, const SearchArchiveRun *run);
/* The end of a search that was interrupted, or whose archive the disk did not take whole: prints `out`, and where the best so far is. */
CmdExit cmd_course_stopped(const CmdCourse *course, bool archive_lost, Text *out);
/* The end of a search without a result: interrupted before there was any, or a failure. What was found before stays, unless it turned out to be
 * nothing. The folder stays open if it stays. */
CmdExit cmd_course_without(CmdCourse *course);

#endif
