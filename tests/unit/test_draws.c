/* Every row of frontend/distributions.def: documented, and its limits are the same ones whether arguments are known when the
 * program is read (E0251) or only when it runs (NaN, or no number). */
#include "lower_instances.h"

static char *page;

static bool page_has(const char *text) {
	if (page == NULL) {
		FILE *file = fopen(GRADUS_SOURCE_DIR "/docs/language.md", "rb");
		cr_assert_not_null(file);
		page = calloc(1, 1 << 18);
		cr_assert(page != NULL && fread(page, 1, (1 << 18) - 1, file) > 0);
		fclose(file);
	}
	return strstr(page, text) != NULL;
}

Test(draws, every_distribution_is_documented) {
	for (int i = 0; i < DISTRIBUTION_COUNT; i++) {
		const Distribution *d = &distributions[i];
		char call[100];
		snprintf(call, sizeof call, d->code ? "`%s" : "`%s(%s)`", d->name, d->arguments);
		cr_expect(page_has(call), "docs/language.md does not have %s", call);
		snprintf(call, sizeof call, "`%s()`", d->name);
		cr_expect_eq(page_has(call), d->optional, "%s", call);
		cr_expect_eq(distribution_find(d->name), d, "`%s` stands once", d->name);
	}
	free(page);
}

static const char *const reals[] = {"-inf", "-1e308", "-1", "0", "0.5", "1", "1.5", "1e308", "inf", "(inf - inf)"};
static const char *const wholes[] = {"-2305843009213693951", "-1", "0", "1", "9007199254740992", "9007199254740993",
                                     "2305843009213693951"};

/* nothing_known is 0, but not known to be, nothing_whole likewise. */
static const char frame[] = "objective o() {\n"
							"  given nothing_known : real ~ uniform(0, 1e-300)\n"
							"  given number : int ~ integer(0, 2)\n"
							"  let nothing_real = 1e-300 * nothing_known\n  let nothing_whole = number // 2\n"
							"  given drawn ~ %s(%s)\n  param x : real = 1\n  minimize x + real(drawn)\n}\n";

static void list(const Distribution *d, const char *const *words, const char *plus, char *out, size_t size) {
	out[0] = 0;
	for (uint32_t k = 0; k < d->count; k++)
		snprintf(out + strlen(out), size - strlen(out), "%s%s%s", k ? ", " : "", words[k], plus);
}

static bool known_is_refused(const Distribution *d, const char *const *words) {
	char arguments[200], text[1000];
	list(d, words, "", arguments, sizeof arguments);
	snprintf(text, sizeof text, frame, d->name, arguments);
	Lower l = lower_new(text);
	bool fine = fe_check(l.program);
	for (uint32_t i = 0; i < l.session->diags.count; i++) {
		int code = l.session->diags.data[i]->code;
		cr_expect(code == 251 || code == 273, "%s(%s): E%04d", d->name, arguments, code);
	}
	lower_free(&l);
	return !fine;
}

static bool unknown_is_no_number(const Distribution *d, const char *const *words) {
	char arguments[300], text[1000];
	bool whole = d->draws == GIVES_WHOLE;
	list(d, words, whole ? " + nothing_whole" : " + nothing_real", arguments, sizeof arguments);
	snprintf(text, sizeof text, frame, d->name, arguments);
	Lower l = lower_new(text);
	FeObjective *o = lower_objective(&l, "o()");
	IrTensor args[2] = {lower_int(&l, 3), lower_int(&l, 4)}, fixed[8];
	lower_run(&l, o->setup, args, fixed);
	const IrTensor *drawn = lower_fixed(&l, o, fixed, "drawn");
	bool none = whole ? drawn->integers[0] == INT64_MIN : isnan(drawn->reals[0]);
	lower_free(&l);
	return none;
}

Test(draws, limits_are_the_same_at_every_time) {
	for (int i = 0; i < DISTRIBUTION_COUNT; i++) {
		const Distribution *d = &distributions[i];
		bool whole = d->draws == GIVES_WHOLE;
		int count = whole ? (int)(sizeof wholes / sizeof *wholes) : (int)(sizeof reals / sizeof *reals), refused = 0;
		if (d->code || d->draws == GIVES_TRUTH) /* a truth value has no number that says so */
			continue;
		for (int a = 0; a < count; a++) {
			for (int b = 0; b < (d->count > 1 ? count : 1); b++) {
				const char *words[2] = {(whole ? wholes : reals)[a], (whole ? wholes : reals)[b]};
				bool known = known_is_refused(d, words);
				refused += known;
				cr_expect_eq(unknown_is_no_number(d, words), known, "%s(%s, %s) is %s when it is known", d->name,
				             words[0], words[1], known ? "refused" : "fine");
			}
		}
		cr_expect(refused > 0, "%s refuses nothing", d->name);
	}
}
