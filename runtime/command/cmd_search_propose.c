/* Who proposes expressions to a search, where it is not the search alone: another program, by --propose, or a trained rule. The options, and what is
 * said of it. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "runtime/command/command.h"
#include "runtime/search/search.h"

CmdExit cmd_use_proposer(Cmd *cmd, bool searches, FeSearch *search) {
	const CmdOptions *given = &cmd->options;
	if (!given->propose && (given->proposals > 0 || given->patience > 0))
		return cmd_usage(cmd, "--%s is of --propose COMMAND", given->proposals > 0 ? "proposals" : "patience");
	if (given->propose && !searches)
		return cmd_usage(cmd, "--propose is of rules with an open expression");
	if (given->propose)
		search->proposals = given->proposals > 0 ? given->proposals : SEARCH_PROPOSALS;
	return CMD_OK;
}

void cmd_put_proposing(Cmd *cmd, const SearchProgress *p) {
	Arena *arena = arena_new();
	const char *best =
		isfinite(p->best) ? arena_printf(arena, "  best %s  %s", cmd_number(arena, p->best, 4), p->formula) : "";
	cmd_progress(cmd, false, "proposals: %s answers, %s expressions, %s of them new%s", cmd_count(arena, p->done),
	             cmd_count(arena, p->generated), cmd_count(arena, p->distinct), best);
	arena_free(arena);
}

/* What another program wrote, or is said of that: a line of it may have thousands of bytes. */
static void put_beginning(const char *words, Text *out) {
	enum { MOST = 160 };
	size_t length = strlen(words), shown = length;
	if (shown > MOST)
		for (shown = MOST; shown > 0 && ((unsigned char)words[shown] & 0xC0) == 0x80;) /* within a character */
			shown--;
	text_plain(out, words, shown, false);
	text_printf(out, "%s", shown < length ? "..." : "");
}

void cmd_put_proposed(Cmd *cmd, const SearchResult *result, Text *out) {
	const SearchProposed *p = result->proposed;
	Arena *arena = cmd->arena;
	if (!p)
		return;
	text_printf(out, "proposed by another program: %s expression%s in %s answer%s; %s known already, %s new",
	            cmd_count(arena, p->proposed), p->proposed == 1 ? "" : "s", cmd_count(arena, p->rounds),
	            p->rounds == 1 ? "" : "s", cmd_count(arena, p->known), cmd_count(arena, p->added));
	if (p->left_out > 0)
		text_printf(out, "; %s were more than it was asked for", cmd_count(arena, p->left_out));
	text_char(out, '\n');
	if (p->unread > 0) {
		const char *line = p->unread_text ? p->unread_text : "...";
		text_printf(out, "  %s of them could not be used; the first: ", cmd_count(arena, p->unread));
		put_beginning(line, out);
		text_printf(out, " - ");
		put_beginning(p->unread_why, out);
		text_char(out, '\n');
	}
}

void cmd_proposed_json(const SearchResult *result, json_t *search) {
	const SearchProposed *p = result->proposed;
	if (!p)
		return;
	const struct {
		const char *name;
		int64_t count;
	} counts[] = {{"answers", p->rounds},
	              {"expressions", p->proposed},
	              {"unusable", p->unread},
	              {"known", p->known},
	              {"new", p->added}};
	json_t *proposed = json_object();
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		json_object_set_new(proposed, counts[i].name, json_integer((json_int_t)counts[i].count));
	if (p->ended)
		json_object_set_new(proposed, "ended", json_string(p->ended));
	json_object_set_new(search, "proposed", proposed);
}

/* ---- a trained rule ---- */

static double agreement_of(const SearchResult *result, uint32_t expr) {
	return (double)result->taught->agreement[expr];
}

static const char *closest_of(Cmd *cmd, const SearchResult *result) {
	double constants[SEARCH_MOST_CONSTANTS];
	FeLevel level;
	for (int k = 0; k < SEARCH_MOST_CONSTANTS; k++)
		constants[k] = search_first_share;
	return search_formula(result->table, result->taught->closest, constants, cmd->arena, &level);
}

void cmd_put_taught(Cmd *cmd, const SearchResult *result, Text *out) {
	const SearchTaught *taught = result->taught;
	Arena *arena = cmd->arena;
	if (!taught)
		return;
	text_printf(out,
	            "imitation: of %s expressions the %s that go best where the trained rule went; the closest, `%s`, "
	            "explains %s %% "
	            "of its steps, the winner %s %%\n",
	            cmd_count(arena, taught->asked), cmd_count(arena, taught->kept), closest_of(cmd, result),
	            cmd_number(arena, 100 * agreement_of(result, taught->closest), 3),
	            cmd_number(arena, 100 * agreement_of(result, result->front[result->winner].expr), 3));
}

void cmd_taught_json(Cmd *cmd, const SearchResult *result, json_t *search) {
	if (!result->taught)
		return;
	json_t *taught = json_object();
	json_object_set_new(taught, "asked", json_integer(result->taught->asked));
	json_object_set_new(taught, "kept", json_integer(result->taught->kept));
	json_object_set_new(taught, "closest", json_string(closest_of(cmd, result)));
	json_object_set_new(taught, "closest_explains", rt_json_real(agreement_of(result, result->taught->closest)));
	json_object_set_new(taught, "winner_explains",
	                    rt_json_real(agreement_of(result, result->front[result->winner].expr)));
	json_object_set_new(search, "imitation", taught);
}
