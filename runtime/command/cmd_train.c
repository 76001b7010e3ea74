/* gradus train: fills the holes of a rule as an experiment says, and leaves a run folder. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/command/limits.h"
#include "runtime/compare/compare.h"
#include "runtime/meta/meta.h"

typedef struct Course {
	Cmd *cmd;
	const FeExperiment *experiment;
	StoreFolder *folder; /* made when training is about to begin */
	const Trained *best; /* not saved yet; NULL: nothing new */
	double saved;        /* when the best was last saved */
	bool learned;        /* what was saved is more than the start */
	bool metrics_full;   /* the disk did not take a line */
	bool best_lost;      /* ... or the best so far */
	bool begun;          /* the folder holds a best rule, and room for the result */
	/* How to go on with a run; NULL: it is a new one. */
	const StoreRecord *record;
	double next;     /* when a checkpoint is due */
	bool state_lost; /* the disk did not take one */
} Course;

/* Saves the best so far, at most every so often: a kill loses no more than that. */
static void save_best(Course *training) {
	static const double every = 1; /* seconds */
	Cmd *cmd = training->cmd;
	double now = rt_seconds();
	if (!training->best || now - training->saved < every)
		return;
	if (store_folder_best(training->folder, training->best, false)) {
		training->learned = training->learned || training->best->best_step > 0;
	} else if (!training->best_lost) {
		training->best_lost = true;
		cmd_progress_end(cmd);
		cmd_say(cmd, "gradus: the best rule so far cannot be saved now in %s; training goes on", cmd->options.out);
	}
	training->best = NULL;
	training->saved = rt_seconds();
}

static bool on_best(void *user, const Trained *so_far) {
	Course *training = user;
	Cmd *cmd = training->cmd;
	training->best = so_far;
	if (training->begun) {
		save_best(training);
		return true;
	}
	if (!training->folder)
		training->folder = store_folder_new(cmd->rt, cmd->options.out, training->experiment, cmd->command_line);
	if (!training->folder || !store_folder_best(training->folder, so_far, true))
		return false;
	training->begun = true;
	training->best = NULL;
	training->saved = rt_seconds();
	cmd_interrupt_says(arena_printf(cmd->arena, "the best rule so far is saved in %s", cmd->options.out));
	return true;
}

/* Writes a checkpoint where one is due: a kill loses no more than what came after it. */
static void on_kept(void *user, Training *state, bool stops) {
	Course *training = user;
	double now = rt_seconds();
	if (training->next == 0)
		training->next = now + cmd_checkpoint_every;
	if (!stops && now < training->next)
		return;
	if (!store_checkpoint(training->folder, state) && !training->state_lost) {
		training->state_lost = true;
		cmd_progress_end(training->cmd);
		cmd_say(training->cmd, "gradus: no checkpoint can be saved now in %s; training goes on",
		        training->cmd->options.out);
	}
	double after = rt_seconds();
	training->next = after + fmax(cmd_checkpoint_every, cmd_checkpoint_rest * (after - now));
}

/* A run that goes on: the last checkpoint takes the place of the start. */
static bool on_restore(void *user, Training *state, bool *restored) {
	Course *training = user;
	Cmd *cmd = training->cmd;
	const char *dir = cmd->options.out;
	if (!training->record)
		return true;
	if (!store_same_data(cmd->rt, dir, training->record))
		return false;
	training->folder = store_folder_again(cmd->rt, dir, training->record->run);
	training->learned = true; /* whatever becomes of it, the folder stays */
	if (!training->folder || !store_checkpoint_load(training->folder, state, restored))
		return false;
	if (*restored)
		cmd_say(cmd, "going on after step %d", train_so_far(state)->steps);
	else
		cmd_say(cmd, "there is no checkpoint yet: the training begins again");
	return !*restored || on_best(training, train_so_far(state));
}

static void on_progress(void *user, const TrainProgress *p) {
	Course *training = user;
	Cmd *cmd = training->cmd;
	if (!training->metrics_full && !store_folder_metric(training->folder, p))
		training->metrics_full = true;
	save_best(training);
	Arena *arena = arena_new();
	const char *best = isfinite(p->best_score) ? arena_printf(arena, "  best on select %s (step %d)",
	                                                          cmd_number(arena, p->best_score, 4), p->best_step)
	                                           : "";
	const char *lost =
		p->nonfinite ? arena_printf(arena, "  not finite %.3g %%", 100.0 * (double)p->nonfinite / (double)p->pieces)
					 : "";
	const char *train =
		p->last.pieces ? arena_printf(arena, "train %s", cmd_number(arena, p->last.score, 4)) : "all was tried";
	const char *seed = p->seeds > 1 ? arena_printf(arena, "seed %lld  ", (long long)p->seed) : "";
	cmd_progress(cmd, p->step == p->steps, "%sstep %d/%d  %s%s%s  %s left", seed, p->step, p->steps, train, best, lost,
	             cmd_time(arena, p->eta));
	arena_free(arena);
}

static bool opened_already(const FeExperiment *experiment, Name wanted) {
	for (uint32_t k = 0; k < experiment->open.count; k++)
		if (experiment->open.data[k] == wanted)
			return true;
	return false;
}

/* Does the word begin with the name of a parameter of this rule, and a point? Then it is of the rule that the parameter is. */
static bool of_parameter(Cmd *cmd, const AstDecl *decl, const char *word, size_t length) {
	for (uint32_t k = 0; k < decl->params.count; k++) {
		const char *name = session_text(cmd->session, decl->params.data[k].name.name);
		if (strlen(name) == length && strncmp(name, word, length) == 0)
			return true;
	}
	return false;
}

/* --learn RULE.NAME: the rule must be the one that is trained, or a parameter of it that is a rule, and the name one of its
 * hyperparameters. */
static CmdExit open_hypers(Cmd *cmd, FeExperiment *experiment) {
	const AstDecl *decl = experiment->train.decl;
	const char *rule = session_text(cmd->session, decl->name.name);
	for (uint32_t i = 0; i < cmd->options.learn.count; i++) {
		const char *word = cmd->options.learn.data[i];
		const char *dot = strchr(word, '.');
		size_t length = dot ? (size_t)(dot - word) : 0;
		bool whole = dot && strlen(rule) == length && strncmp(rule, word, length) == 0;
		if (whole && strchr(dot + 1, '.')) { /* RULE.base.lr */
			word = dot + 1;
			dot = strchr(word, '.');
			length = (size_t)(dot - word);
			whole = false;
		}
		if (!whole && dot && of_parameter(cmd, decl, word, length)) {
			Name within = session_name(cmd->session, word);
			if (opened_already(experiment, within))
				return cmd_usage(cmd, "%s is learned twice", word);
			vec_push(cmd->session->arena, &experiment->open, within);
			continue;
		}
		if (!whole)
			return cmd_usage(cmd, "--learn takes %s.NAME for this experiment, not `%s`", rule, word);
		Name wanted = session_name(cmd->session, dot + 1);
		VEC(Name) names = {0};
		bool found = false;
		for (uint32_t k = 0; k < decl->params.count; k++) {
			found = found || decl->params.data[k].name.name == wanted;
			vec_push(cmd->arena, &names, decl->params.data[k].name.name);
		}
		if (!found) {
			Name nearest = name_nearest(cmd->session->names, wanted, names.data, names.count);
			return cmd_usage(cmd, "%s has no hyperparameter `%s`%s%s%s", rule, dot + 1,
			                 nearest ? "; did you mean `" : "", nearest ? session_text(cmd->session, nearest) : "",
			                 nearest ? "`?" : "");
		}
		if (opened_already(experiment, wanted))
			return cmd_usage(cmd, "%s.%s is learned twice", rule, dot + 1);
		vec_push(cmd->session->arena, &experiment->open, wanted);
	}
	return CMD_OK;
}

CmdExit cmd_find_experiment(Cmd *cmd, const char *form, FeExperiment *experiment) {
	CmdExit code = cmd_load_words(cmd);
	if (code != CMD_OK)
		return code;
	const AstDecl *decl = NULL;
	if (cmd->words.count == 0) {
		decl = cmd_only(cmd, AST_EXPERIMENT, "experiment", form);
	} else if (cmd->words.count > 1) {
		cmd_usage(cmd, "one experiment at a time, not `%s` too", cmd->words.data[1]);
	} else {
		decl = fe_find(cmd->program, session_name(cmd->session, cmd->words.data[0]));
		if (!decl || decl->kind != AST_EXPERIMENT) {
			const char *candidates =
				fe_candidates(cmd->program, session_name(cmd->session, cmd->words.data[0]), AST_EXPERIMENT);
			cmd_usage(cmd, "no experiment `%s`%s%s", cmd->words.data[0], candidates ? "; " : "",
			          candidates ? candidates : "");
			decl = NULL;
		}
	}
	if (!decl)
		return CMD_USAGE;
	if (!fe_experiment_any(cmd->program, decl, experiment))
		return cmd_failed(cmd);
	if (cmd->options.steps > 0)
		experiment->outer_steps = (int)cmd->options.steps;
	if (cmd->options.seed >= 0)
		experiment->seed = (uint64_t)cmd->options.seed;
	return CMD_OK;
}

static CmdExit find_experiment(Cmd *cmd, FeExperiment *experiment) {
	if (cmd->words.count == 1 && cmd_is_folder(cmd->words.data[0])) {
		const char *run = cmd->words.data[0];
		return cmd_usage(
			cmd, "%s is a folder, and `train` begins in one that does not exist: `%s resume %s` goes on with it", run,
			cmd->typed, run);
	}
	CmdExit code = cmd_find_experiment(cmd, "gradus train FILE NAME -o DIR", experiment);
	return code != CMD_OK || experiment->learner ? code : open_hypers(cmd, experiment);
}

/* The learned scalars by name, if they are few. */
static void put_learned(Cmd *cmd, const Trained *trained, Text *out) {
	const FeRule *rule = trained->tasks[0]->rule;
	int shown = 0;
	for (uint32_t i = 0; i < rule->learned.count && shown < CMD_SHOWN_LEARNED; i++) {
		const FeSlot *slot = &rule->learned.data[i].slot;
		if (slot->type.rank == 0) {
			text_printf(out, "  %s = %s\n", session_text(cmd->session, slot->name),
			            cmd_number(cmd->arena, trained->natural[slot->offset], 6));
			shown++;
		}
	}
}

static void put_summary(Cmd *cmd, const Trained *trained, const char *dir, Text *out) {
	Arena *arena = cmd->arena;
	if (isfinite(trained->best_score)) {
		const FeExperiment *x = trained->experiment;
		const char *steps = x->select_horizon == x->horizon_high
		                        ? ""
		                        : arena_printf(arena, " over %s steps", cmd_count(arena, x->select_horizon));
		text_printf(out, "score on %d select problem%s%s: %s at the start, %s at step %d of %d\n", x->select_problems,
		            x->select_problems == 1 ? "" : "s", steps, cmd_number(arena, trained->start_score, 5),
		            cmd_number(arena, trained->best_score, 5), trained->best_step, trained->steps);
		if (trained->start_lost || trained->best_lost) {
			text_printf(out, "  without the runs that were not finite: %s at the start, %s at step %d\n",
			            cmd_count(arena, trained->start_lost), cmd_count(arena, trained->best_lost),
			            trained->best_step);
		}
	} else {
		text_printf(out, "%d outer steps\n", trained->steps);
	}
	put_learned(cmd, trained, out);
	text_printf(out, "%s learned number%s; %s evaluations; %s of %s meta-gradients not finite\n",
	            cmd_count(arena, trained->count), trained->count == 1 ? "" : "s",
	            cmd_count(arena, trained->evaluations), cmd_count(arena, trained->nonfinite),
	            cmd_count(arena, trained->pieces));
	text_printf(out, "trained in %s, compiled in %s, memory planned %s\n", cmd_time(arena, trained->seconds),
	            cmd_time(arena, trained->compile_seconds), text_of_bytes(arena, trained->memory_bytes));
	if (trained->experiment->seeds > 1)
		text_printf(out, "the best of %d trainings is that of seed %lld\n", trained->seed + 1,
		            (long long)trained->experiment->seed + trained->best_seed);
	if ((cmd->options.seed >= 0 || trained->experiment->seeds > 1) && !trained->by_seed)
		text_printf(out, "nothing is drawn, neither starts nor noise: every seed gives this run\n");
	text_printf(out, "the rule: %s/rule.grad\n", dir);
}

static bool lost_all(const Trained *trained) {
	return trained->pieces > 0 && trained->nonfinite == trained->pieces;
}

/* Course failed in the middle. What it had learned by then stays; a folder without anything learned does not. */
static CmdExit broken_off(Course *training) {
	const char *dir = training->cmd->options.out;
	if (training->record && !training->begun) { /* a run that cannot go on stays as it is */
		store_folder_close(training->folder);
		return cmd_failed(training->cmd);
	}
	if (!training->learned) {
		store_folder_discard(training->folder);
		return cmd_failed(training->cmd);
	}
	store_folder_close(training->folder);
	cmd_say(training->cmd, "gradus: training broke off; the best rule until then is saved in %s", dir);
	return cmd_failed(training->cmd);
}

/* Do all files of data lie in the folder? "" is the one we are in. */
static bool all_data_in(const Cmd *cmd, const char *folder) {
	size_t length = strlen(folder);
	for (uint32_t i = 0; i < cmd->rt->data.count; i++) {
		const char *path = cmd->rt->data.data[i];
		bool inside = strncmp(path, folder, length) == 0 && path[length] == '/';
		if (length ? !inside : *path == '/')
			return false;
	}
	return true;
}

/* A run holds no data, and what is read on its behalf lies where the user says: " --data DIR", or "" where there is none. */
const char *cmd_data_option(Cmd *cmd, const FeExperiment *experiment) {
	if (cmd->rt->data.count == 0)
		return "";
	const char *given = cmd->options.data;
	const char *source = cmd->session->sources.data[experiment->on.data[0].decl->name.span.file]->path;
	const char *slash = strrchr(source, '/');
	const char *beside = slash ? arena_printf(cmd->arena, "%.*s", (int)(slash - source), source) : "";
	const char *folder = given && all_data_in(cmd, given) ? given : all_data_in(cmd, beside) ? beside : "DIR";
	folder = *folder ? folder : ".";
	bool plain = strpbrk(folder, " \t()<>|&;*?$'\"") == NULL;
	return arena_printf(cmd->arena, " --data %s%s%s", plain ? "" : "\"", folder, plain ? "" : "\"");
}

static CmdExit finish(Course *training, const Trained *trained) {
	Cmd *cmd = training->cmd;
	Text out = text_new(cmd->arena), plain = text_new(cmd->arena);
	text_plain(&plain, cmd->options.out, strlen(cmd->options.out), false);
	const char *dir = text_cstr(&plain);
	bool saved, whole = store_folder_result(training->folder, trained, &saved);
	if (saved) {
		put_summary(cmd, trained, dir, &out);
	} else {
		text_printf(&out, "# This rule could not be saved in %s.\n", dir);
		store_folder_print(training->folder, trained, &out);
	}
	if (trained->interrupted && saved) {
		text_printf(&out, "interrupted: the best rule so far is saved in %s\n", dir);
		text_printf(&out, "to go on: %s resume %s%s\n", cmd->typed, dir, cmd_data_option(cmd, training->experiment));
	} else if (trained->waited && saved) {
		text_printf(&out, "ended after step %d: %d scorings on the select problems were no better\n", trained->steps,
		            trained->since_best);
	} else if (lost_all(trained) && saved) {
		text_printf(&out, "no meta-gradient was finite, so nothing was learned: start where runs do not diverge\n");
	} else if (trained->diverged && saved) {
		text_printf(&out, "the learned numbers became infinite or NaN at step %d; the best rule before that is saved\n",
		            trained->steps);
	}
	if (saved && !whole) {
		text_printf(&out, "only %s/result.json could not be written, so the run counts as one that was not finished\n",
		            dir);
	}
	CmdExit code = cmd_print(cmd, &out);
	if (whole && !trained->interrupted && !training->metrics_full)
		store_checkpoints_remove(training->folder);
	if (!whole || training->metrics_full)
		return cmd_failed(cmd);
	if (trained->interrupted)
		return CMD_INTERRUPTED;
	if (trained->diverged || lost_all(trained))
		return CMD_DIVERGED;
	if (code == CMD_OK)
		cmd_say(cmd, "next: %s compare %s%s", cmd->typed, dir, cmd_data_option(cmd, training->experiment));
	return code;
}

/* Families of which nothing is drawn have one problem each, however many are asked for. */
static const char *problems_text(Cmd *cmd, const FeExperiment *experiment) {
	uint32_t single = 0;
	for (uint32_t i = 0; i < experiment->on.count && !fe_rule_draws(cmd->program, &experiment->train); i++)
		single += !fe_draws(cmd->program, &experiment->on.data[i]);
	int problems = experiment->train_problems;
	if (problems == 1 || single == 0)
		return arena_printf(cmd->arena, "%d problem%s", problems, problems == 1 ? "" : "s");
	if (single < experiment->on.count) {
		return arena_printf(cmd->arena, "%d problems (the same one of %u famil%s, where nothing is drawn)", problems,
		                    single, single == 1 ? "y" : "ies");
	}
	return arena_printf(cmd->arena, "1 problem%s (%d times, as nothing is drawn)", single == 1 ? "" : " each",
	                    problems);
}

/* An open expression and choices at once. */
static CmdExit open_twice(Cmd *cmd, const FeExperiment *experiment) {
	const AstDecl *rule = experiment->train.decl;
	Diag *diag = diag_error(cmd->session, 391, fe_open_expression(rule)->span,
	                        "to search for an expression and among choices at once is part of the language, but not of "
	                        "this version");
	diag_help(cmd->session, diag, "make the choices with --choose NAME=NUMBER, and search for the expression");
	return cmd_failed(cmd);
}

/* Whether what `compare` will run against the rule can run: a mistake is better told before the training than after. */
static bool opponents_possible(Cmd *cmd, const FeExperiment *experiment) {
	bool possible = true;
	Contender *opponents = ARENA_ARRAY(cmd->arena, Contender, experiment->against.count + 1);
	for (uint32_t i = 0; i < experiment->against.count; i++)
		opponents[i] = (Contender){.rule = experiment->against.data[i], .tune = true};
	for (uint32_t i = 0; i < experiment->on.count; i++)
		possible = compare_possible(cmd->rt, &experiment->on.data[i], opponents, experiment->against.count,
		                            experiment->score) &&
		           possible;
	return possible;
}

CmdExit cmd_train(Cmd *cmd) {
	const char *dir = cmd->options.out;
	if (!dir)
		return cmd_usage(cmd, "where to? Name a folder that does not exist yet with -o DIR");
	FeExperiment experiment = {0};
	CmdExit code = find_experiment(cmd, &experiment);
	if (code != CMD_OK)
		return code;
	cmd->interrupted = cmd_catch_interrupts();
	cmd_runtime(cmd, IR_F32);
	cmd->rt->options.seed = 0; /* problems are the same for every seed of training, so that runs can be compared */
	if (!store_folder_possible(cmd->rt, dir))
		return cmd_failed(cmd);
	bool choices = !experiment.learner && fe_has_choices(cmd->program, &experiment.train);
	bool searches = !experiment.learner && fe_open_expression(experiment.train.decl) != NULL;
	code = experiment.learner || choices || searches ? cmd_ranks_refuse(cmd) : CMD_OK;
	if (code != CMD_OK)
		return code;
	if (experiment.learner)
		return cmd_learner(cmd, &experiment);
	if (choices && searches)
		return open_twice(cmd, &experiment);
	if (cmd->options.search && !searches && !choices)
		return cmd_usage(cmd, "--search is of rules with an open expression or choices, and `%s` has none",
		                 session_text(cmd->session, experiment.train.decl->name.name));
	if (cmd->options.search && !fe_search_text(cmd->program, cmd->options.search, &experiment.search))
		return cmd_failed(cmd);
	if (cmd->options.search && (experiment.search.has_goal || experiment.search.restart > 0))
		return cmd_usage(cmd, "`until` and `restart` are of learners, and `%s` is a rule",
		                 session_text(cmd->session, experiment.train.decl->name.name));
	code = cmd_use_proposer(cmd, searches, &experiment.search);
	if (code != CMD_OK)
		return code;
	if (!opponents_possible(cmd, &experiment))
		return cmd_failed(cmd);
	if (choices)
		return cmd_choose(cmd, &experiment);
	if (searches)
		return cmd_search(cmd, &experiment);
	return cmd_train_experiment(cmd, &experiment, NULL);
}

CmdExit cmd_train_experiment(Cmd *cmd, const FeExperiment *experiment, const StoreRecord *record) {
	fprintf(stderr, "training %s on %u famil%s, %s; %d outer steps\n",
	        session_text(cmd->session, experiment->train.decl->name.name), experiment->on.count,
	        experiment->on.count == 1 ? "y" : "ies", problems_text(cmd, experiment), experiment->outer_steps);
	Course training = {.cmd = cmd, .experiment = experiment, .record = record};
	TrainOptions options = {
		.progress = on_progress, .best = on_best, .kept = on_kept, .restore = on_restore, .user = &training};
	Trained *trained = train_experiment(cmd->rt, experiment, &options);
	cmd_progress_end(cmd);
	cmd_interrupt_met();
	if (!trained)
		return training.folder ? broken_off(&training) : cmd_failed(cmd);
	CmdExit code = finish(&training, trained);
	train_free(trained);
	store_folder_close(training.folder);
	return code;
}
