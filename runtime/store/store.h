/* store: run folders, written and read, and trained rules as source. */
#ifndef GRADUS_STORE_H
#define GRADUS_STORE_H

#include "runtime/data/safetensors.h"
#include "runtime/meta/meta.h"

/* ---- runfolder.c ---- */

typedef struct RtRunFolder RtRunFolder;

/* Could DIR be made now? false with E0810 if it exists, E0811 if it cannot be. Leaves nothing behind. */
bool rt_run_folder_possible(Rt *rt, const char *dir);
/* Makes DIR with run.json (versions, flags, hashes, seed, CPU) and copies of the sources. NULL with a diagnostic, and then
 * nothing is left of it. */
RtRunFolder *rt_run_folder_new(Rt *rt, const char *dir, const FeExperiment *experiment, const char *command_line);
/* One line of metrics.jsonl, on the disk within a second. false, with a diagnostic, when the disk took no more; from then
 * on the file stays as it is, and training can go on. */
bool rt_run_folder_metric(RtRunFolder *folder, const RtProgress *progress);
/* rule.grad from trained->theta while training goes on, so that a kill leaves it. `first`: takes room on the disk for what
 * is to come, before anything is learned; failing then is a diagnostic. Else false is not the end: the next may fit. */
bool rt_run_folder_best(RtRunFolder *folder, const RtTrained *trained, bool first);
/* rule.grad, weights.safetensors, result.json, all of them replaced as wholes. false with a diagnostic; the rule may be saved
 * even then, and the run counts as one that was not finished. */
bool rt_run_folder_result(RtRunFolder *folder, const RtTrained *trained, bool *rule_saved);
/* The trained rule as text with all its numbers, for when it cannot be saved. */
void rt_run_folder_print(RtRunFolder *folder, const RtTrained *trained, Text *out);
void rt_run_folder_close(RtRunFolder *folder);
void rt_run_folder_discard(RtRunFolder *folder); /* closes and removes it: nothing was trained */

/* ---- runread.c: run folders may come from anywhere: nothing in one is believed, and nothing outside it is read for it ---- */

/* NULL if the file lies in the folder, links followed; else what is wrong. A file that is not there is left to the reader. */
const char *rt_run_outside(Arena *arena, const char *dir, const char *path);

/* What a run folder's result says, for `compare` and `emit`. */
typedef struct RtRunInfo {
	const char *rule_path; /* DIR/rule.grad */
	const char *rule_name;
	bool finished;                 /* else it was killed, and this is its best rule so far */
	int64_t training_evaluations;  /* -1: not known */
	double training_seconds;       /* NaN: not known */
	int horizon_low, horizon_high; /* that it was trained for; zeros if the folder does not say */
	int64_t coordinates;           /* of the (first) objective that it was trained on; 0 likewise */
} RtRunInfo;

bool rt_run_folder_read(Rt *rt, const char *dir, RtRunInfo *out); /* false with a diagnostic */

/* What run.json says. */
typedef struct RtRunRecord {
	const char *experiment;
	const char *rule;
	const char *precision;         /* "f32", "f64" */
	VEC(const char *) sources;     /* paths of the copies, in DIR */
	int horizon_low, horizon_high; /* zeros if it does not say */
} RtRunRecord;

bool rt_run_record(Session *session, const char *dir, RtRunRecord *out); /* false with a diagnostic */
/* Files that sources in DIR import or read weights from are looked up in DIR, and refused where they lie outside. */
void rt_run_confine(Session *session, FeProgram *program, const char *dir);

/* ---- rulefile.c: a trained rule as source that can be read, edited and used ---- */

/* The text of the rule with its learned scalars' values in place and its learned tensors read from `weights` (a relative
 * name); *tensors receives those tensors. theta: [P]; natural: as rt_theta_natural gives. */
void rt_rule_source(Rt *rt, const FeCall *call, const FeRule *rule, const double *natural, const char *weights,
                    Text *out, RtTensors *tensors);
/* Lets `learn W : [...] from "weights.safetensors"` read such files. */
void rt_use_weights(Session *session, FeProgram *program);

#endif
