/* store: run folders, written and read, and trained rules as source. */
#ifndef GRADUS_STORE_H
#define GRADUS_STORE_H

#include "runtime/data/safetensors.h"
#include "runtime/meta/meta.h"

/* ---- runfolder.c ---- */

typedef struct StoreFolder StoreFolder;

/* Could DIR be made now? false with E0810 if it exists, E0811 if it cannot be. Leaves nothing behind. */
bool store_folder_possible(Rt *rt, const char *dir);
/* Makes DIR with run.json (versions, flags, hashes, seed, CPU) and copies of the sources. NULL with a diagnostic, and then
 * nothing is left of it. */
StoreFolder *store_folder_new(Rt *rt, const char *dir, const FeExperiment *experiment, const char *command_line);
/* One line of metrics.jsonl, on the disk within a second. false, with a diagnostic, when the disk took no more; from then
 * on the file stays as it is, and training can go on. */
bool store_folder_metric(StoreFolder *folder, const TrainProgress *progress);
/* rule.grad from trained->theta while training goes on, so that a kill leaves it. `first`: takes room on the disk for what
 * is to come, before anything is learned; failing then is a diagnostic. Else false is not the end: the next may fit. */
bool store_folder_best(StoreFolder *folder, const Trained *trained, bool first);
/* rule.grad, weights.safetensors, result.json, all of them replaced as wholes. false with a diagnostic; the rule may be saved
 * even then, and the run counts as one that was not finished. */
bool store_folder_result(StoreFolder *folder, const Trained *trained, bool *rule_saved);
/* A file of tensors that rule.grad or front.grad reads. */
typedef struct StoreWeights {
	const char *name; /* in the folder */
	const char *bytes;
	size_t length;
} StoreWeights;

typedef VEC(StoreWeights) StoreAllWeights;

/* What a search has found, instead of what a training has learned. */
typedef struct StoreFound {
	const char *rule, *front;       /* rule.grad and front.grad; front: NULL where there is none */
	const StoreAllWeights *weights; /* NULL: they read none */
	const char *rule_name;
	int horizon_low, horizon_high;
	int64_t coordinates, evaluations;
	double seconds, compile_seconds;
	struct json_t *search; /* what else there is to say of it, which becomes the folder's */
} StoreFound;

/* The files of `found` (all else in it is unused) while a search goes on, so that a kill leaves them; `first` as for store_folder_best. */
bool store_folder_so_far(StoreFolder *folder, const StoreFound *found, bool first);
/* rule.grad, front.grad and result.json. false with a diagnostic; *rule_saved as above. */
bool store_folder_found(StoreFolder *folder, const StoreFound *found, bool *rule_saved);
/* The trained rule as text with all its numbers, for when it cannot be saved. */
void store_folder_print(StoreFolder *folder, const Trained *trained, Text *out);
void store_folder_close(StoreFolder *folder);
/* The folder of a run that ended early, to go on in it; run: as StoreRecord has it. Lines of a training are opened by
 * store_checkpoint_load. NULL with a diagnostic: another process writes into it. */
StoreFolder *store_folder_again(Rt *rt, const char *dir, uint64_t run);
void store_folder_discard(StoreFolder *folder); /* closes and removes it: nothing was trained */

/* Length and XXH3 of a file; false if it cannot be read. */
bool store_hash_file(Arena *arena, const char *path, uint64_t *length, uint64_t *hash);
/* Is `name`, as it is called inside a run folder, a part of the run itself? */
bool store_is_own(const char *name);

/* ---- checkpoint.c ---- */

/* Writes all that the training goes on from; the checkpoint before stays until the next. false, without a diagnostic, if the disk does
 * not take it. */
bool store_checkpoint(StoreFolder *folder, Training *training);
/* Puts the last good one in the place of the training's start, and cuts the lines where it was; *restored false: there is none, and
 * the lines are empty. false with E0808: those that there are cannot be used; W0809 where the one before is used instead. */
bool store_checkpoint_load(StoreFolder *folder, Training *training, bool *restored);
void store_checkpoints_remove(StoreFolder *folder); /* the run is finished */

/* ---- runread.c: run folders may come from anywhere: nothing in one is believed, and nothing outside it is read for it ---- */

/* NULL if the file lies in the folder, links followed; else what is wrong. A file that is not there is left to the reader. */
const char *store_outside(Arena *arena, const char *dir, const char *path);

/* May DIR/name be written: is it no link, pipe or device? false with E0812. */
bool store_may_put(Session *session, const char *dir, const char *name);
/* Writes DIR/name, which stays in DIR; `only_new` as for file_put_in. FILE_UNSAFE with E0812, FILE_NOT_PUT with E0811. */
FilePut store_put(Session *session, const char *dir, const char *name, const char *bytes, size_t length, bool only_new);

/* What a run folder's result says, for `compare` and `emit`. */
typedef struct StoreInfo {
	const char *rule_path; /* DIR/rule.grad */
	const char *rule_name;
	bool finished;                 /* else it was killed, and this is its best rule so far */
	int64_t training_evaluations;  /* -1: not known */
	double training_seconds;       /* NaN: not known */
	int horizon_low, horizon_high; /* that it was trained for; zeros if the folder does not say */
	int64_t coordinates;           /* of the (first) objective that it was trained on; 0 likewise */
} StoreInfo;

bool store_folder_read(Rt *rt, const char *dir, StoreInfo *out); /* false with a diagnostic */
/* Has the run come to its end? false with a diagnostic where its result cannot be read. */
bool store_finished(Session *session, const char *dir, bool *finished);

typedef VEC(const char *) StoreTexts;

/* What run.json says. */
typedef struct StoreRecord {
	const char *experiment;
	const char *rule;
	const char *precision;         /* "f32", "f64" */
	StoreTexts sources;            /* paths of the copies, in DIR */
	int horizon_low, horizon_high; /* zeros if it does not say */
	/* How to go on with it: */
	uint64_t run; /* hash of run.json */
	int outer_steps;
	int64_t experiment_seed, problem_seed;
	const char *search; /* as --search said; NULL: as the experiment says */
	int64_t proposals;  /* that another program is asked for; 0: none is */
	bool distilled;     /* from a trained rule */
	bool strict, evaluator;
	StoreTexts learn; /* hyperparameters that are learned as well */
	StoreTexts data;  /* hashes of files of data */
} StoreRecord;

bool store_record(Session *session, const char *dir, StoreRecord *out); /* false with a diagnostic */
/* Are the files of data that tasks have read by now those of the record? false with E0808. */
bool store_same_data(Rt *rt, const char *dir, const StoreRecord *record);
/* Files that sources in DIR import or read weights from are looked up in DIR, and refused where they lie outside. */
void store_confine(Session *session, FeProgram *program, const char *dir);
/* When its sources are loaded: where --choose had made some choices of a rule, the others are called as they were then. */
void store_name_choices(Session *session, const char *dir);

/* ---- rulefile.c: a trained rule as source that can be read, edited and used ---- */

/* The text of the rule with its learned scalars' values in place and its learned tensors read from `weights` (a relative
 * name); *tensors receives those tensors. theta: [P]; natural: as learned_natural gives. */
void store_rule_source(Rt *rt, const FeCall *call, const FeRule *rule, const double *natural, const char *weights,
                       Text *out, Safetensors *tensors);
/* The text of a rule with formulas in the places of its open expressions, arguments of the call as defaults, and another name (NULL: its own).
 * `alone`: without the declarations that it mentions. */
typedef struct StoreFill {
	const Span *holes;
	const char *const *formulas;
	int count;
	const char *name;
	const double
		*learned; /* numbers of `learn` in their places, as learned_natural gives them; NULL: as they are written */
	const char *weights;  /* the file of those that are arrays (a relative name), as for store_rule_source ... */
	Safetensors *tensors; /* ... which receives them; NULL: there are no arrays among what is learned */
	bool alone;
} StoreFill;

void store_filled_source(const Rt *rt, const FeCall *call, const FeRule *rule, const StoreFill *fill, Text *out);
/* Lets `learn W : [...] from "weights.safetensors"` read such files. */
void store_use_weights(Session *session, FeProgram *program);

#endif
