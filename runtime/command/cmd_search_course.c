/* How the candidates of a search came to be: all there are, by evolution, or drawn; while it goes on, and afterwards. */
#include <jansson.h>
#include <math.h>

#include "runtime/command/command.h"
#include "runtime/search/search.h"

void cmd_put_evolving(Cmd *cmd, const SearchProgress *p) {
	Arena *arena = arena_new();
	const char *best = isfinite(p->best) && p->formula
	                       ? arena_printf(arena, "  best %s  %s", cmd_number(arena, p->best, 4), p->formula)
	                       : "";
	cmd_progress(cmd, p->done >= p->total, "%s: %s of %s scored, %s/s, of %s made (%s were known)%s  %s left",
	             p->random ? "random expressions" : "evolution", cmd_count(arena, p->done), cmd_count(arena, p->total),
	             cmd_count(arena, (int64_t)p->per_second), cmd_count(arena, p->generated), cmd_count(arena, p->known),
	             best, cmd_time(arena, p->eta));
	arena_free(arena);
}

/* What evolution has over as many random expressions: the better best, and in how many fewer it was there. */
static void put_gain(Cmd *cmd, const SearchResult *result, Text *out) {
	const SearchEvolved *evolved = result->evolved, *control = result->control;
	double best = (double)evolved->best_score, random = (double)control->best_score;
	text_printf(out, "the best of them at the second look: %s; of as many random ones: %s",
	            cmd_number(cmd->arena, best, 4), cmd_number(cmd->arena, random, 4));
	int64_t reached = search_evolved_reached(evolved, control->best_score);
	int64_t own = search_evolved_reached(control, control->best_score);
	if (!isfinite(random))
		text_printf(out, " (none came down)\n");
	else if (reached > 0)
		text_printf(out, ", met after %s; evolution was as good after %s (%.3g times %s)\n", cmd_count(cmd->arena, own),
		            cmd_count(cmd->arena, reached),
		            reached < own ? (double)own / (double)reached : (double)reached / (double)own,
		            reached < own ? "fewer" : "as many");
	else
		text_printf(out, ": evolution has not found anything as good\n");
}

void cmd_put_course(Cmd *cmd, const SearchResult *result, Text *out) {
	const SearchEvolved *evolved = result->evolved;
	Arena *arena = cmd->arena;
	const FeSearch *how = &result->experiment->search;
	if (!evolved)
		return;
	if (result->kind == FE_SEARCH_RANDOM)
		text_printf(out, "drawn at random: ");
	else
		text_printf(out, "evolved on %d island%s of %d, seed %llu: ", how->islands, how->islands == 1 ? "" : "s",
		            how->population, (unsigned long long)result->experiment->seed);
	text_printf(out, "%s expressions were made, %s were known already, %s scored", cmd_count(arena, evolved->generated),
	            cmd_count(arena, evolved->known), cmd_count(arena, evolved->scored));
	if (evolved->dropped > 0)
		text_printf(out, "; of %s the score was forgotten, as there are so many", cmd_count(arena, evolved->dropped));
	text_printf(out, "%s\n", evolved->exhausted ? "; nothing new was to be found any more" : "");
	if (result->control)
		put_gain(cmd, result, out);
}

void cmd_course_json(const SearchResult *result, json_t *search) {
	static const char *const words[] = {[FE_SEARCH_AUTO] = "auto",
	                                    [FE_SEARCH_ENUMERATE] = "enumerate",
	                                    [FE_SEARCH_EVOLVE] = "evolve",
	                                    [FE_SEARCH_RANDOM] = "random"};
	json_object_set_new(search, "how", json_string(words[result->kind]));
	const SearchEvolved *const both[] = {result->evolved, result->control};
	static const char *const names[] = {"course", "random"};
	for (int k = 0; k < 2; k++) {
		if (!both[k])
			continue;
		json_t *one = json_object(), *course = json_array();
		json_object_set_new(one, "generated", json_integer((json_int_t)both[k]->generated));
		json_object_set_new(one, "known", json_integer((json_int_t)both[k]->known));
		json_object_set_new(one, "scored", json_integer((json_int_t)both[k]->scored));
		json_object_set_new(one, "forgotten", json_integer((json_int_t)both[k]->dropped));
		for (uint32_t i = 0; i < both[k]->course.count; i++) {
			json_t *point = json_object();
			json_object_set_new(point, "scored", json_integer((json_int_t)both[k]->course.data[i].scored));
			json_object_set_new(point, "best", rt_json_real((double)both[k]->course.data[i].score));
			json_array_append_new(course, point);
		}
		json_object_set_new(one, "best", course);
		json_object_set_new(search, names[k], one);
	}
}
