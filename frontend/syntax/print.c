/* print: the syntax tree as text, one statement a line, everything that the parser decided visible:
 *
 *   let z[i in n] = -a^2 + b   →   (let z [i in n] = (+ (- (^ a 2)) b)) */
#include "frontend/syntax/ast.h"

typedef struct Printer {
	const Session *session;
	Text *out;
	int depth; /* of blocks */
} Printer;

const char *ast_op_text(AstOp op) {
#define OP_TEXT(id, text) text,
	static const char *const texts[] = {AST_OPS(OP_TEXT)};
#undef OP_TEXT
	return texts[op];
}

static void put(const Printer *printer, const char *text) {
	text_printf(printer->out, "%s", text);
}

static void print_name(const Printer *printer, AstName name) {
	put(printer, name.name == 0 ? "?" : name_text(printer->session->names, name.name));
}

static void print_expr(const Printer *printer, const AstExpr *expr);

static void print_list(const Printer *printer, const AstExprs *exprs) {
	for (uint32_t k = 0; k < exprs->count; k++) {
		put(printer, " ");
		print_expr(printer, exprs->data[k]);
	}
}

static void print_args(const Printer *printer, const AstArgs *args) {
	for (uint32_t k = 0; k < args->count; k++) {
		put(printer, " ");
		if (args->data[k].name.name != 0) {
			print_name(printer, args->data[k].name);
			put(printer, "=");
		}
		print_expr(printer, args->data[k].value);
	}
}

static void print_range(const Printer *printer, const AstExpr *low, const AstExpr *high) {
	if (low != NULL) {
		print_expr(printer, low);
		put(printer, "..");
	}
	print_expr(printer, high);
}

static void print_item(const Printer *printer, const AstItem *item) {
	switch (item->kind) {
	case AST_ITEM_EXPR: print_expr(printer, item->expr); break;
	case AST_ITEM_SLICE: print_range(printer, item->low, item->high); break;
	case AST_ITEM_ALL: put(printer, ":"); break;
	case AST_ITEM_INDEX:
		print_name(printer, item->name);
		if (item->high != NULL) {
			put(printer, " in ");
			print_range(printer, item->low, item->high);
		}
		break;
	case AST_ITEM_CONDITION:
		put(printer, "if ");
		print_expr(printer, item->expr);
		break;
	case AST_ITEM_EACH: put(printer, "each"); break;
	}
}

static void print_items(const Printer *printer, const AstItems *items) {
	put(printer, "[");
	for (uint32_t k = 0; k < items->count; k++) {
		put(printer, k > 0 ? ", " : "");
		print_item(printer, &items->data[k]);
	}
	put(printer, "]");
}

static void print_compare(const Printer *printer, const AstExpr *expr) {
	put(printer, "(compare ");
	for (uint32_t k = 0; k < expr->compare.operands.count; k++) {
		if (k > 0)
			text_printf(printer->out, " %s ", ast_op_text(expr->compare.ops[k - 1]));
		print_expr(printer, expr->compare.operands.data[k]);
	}
	put(printer, ")");
}

static void print_reduce(const Printer *printer, const AstExpr *expr) {
	put(printer, "(");
	print_name(printer, expr->reduce.callee);
	if (expr->reduce.each)
		put(printer, " each");
	put(printer, " ");
	print_items(printer, &expr->reduce.items);
	put(printer, " ");
	print_expr(printer, expr->reduce.body);
	put(printer, ")");
}

/* Parts are missing (NULL) only where something was reported. */
static void print_expr(const Printer *printer, const AstExpr *expr) {
	if (expr == NULL || expr->kind == AST_BAD) {
		put(printer, "<bad>");
		return;
	}
	switch (expr->kind) {
	case AST_BAD: break;
	case AST_NUMBER: put(printer, expr->number.text); break;
	case AST_BOOL: put(printer, expr->truth ? "true" : "false"); break;
	case AST_TEXT: text_printf(printer->out, "\"%s\"", expr->text); break;
	case AST_NAME: put(printer, name_text(printer->session->names, expr->name)); break;
	case AST_UNARY:
		text_printf(printer->out, "(%s ", ast_op_text(expr->unary.op));
		print_expr(printer, expr->unary.operand);
		put(printer, ")");
		break;
	case AST_BINARY:
		text_printf(printer->out, "(%s ", ast_op_text(expr->binary.op));
		print_expr(printer, expr->binary.left);
		put(printer, " ");
		print_expr(printer, expr->binary.right);
		put(printer, ")");
		break;
	case AST_COMPARE: print_compare(printer, expr); break;
	case AST_IF:
		put(printer, "(if ");
		print_expr(printer, expr->choice.condition);
		put(printer, " ");
		print_expr(printer, expr->choice.yes);
		put(printer, " ");
		print_expr(printer, expr->choice.no);
		put(printer, ")");
		break;
	case AST_CALL:
	case AST_DISCOVER:
		put(printer, expr->kind == AST_CALL ? "(call " : "(");
		print_name(printer, expr->call.callee);
		print_args(printer, &expr->call.args);
		put(printer, ")");
		break;
	case AST_REDUCE: print_reduce(printer, expr); break;
	case AST_INDEX:
		put(printer, "(at ");
		print_expr(printer, expr->index.base);
		put(printer, " ");
		print_items(printer, &expr->index.items);
		put(printer, ")");
		break;
	case AST_ARRAY:
	case AST_CHOOSE:
		put(printer, expr->kind == AST_ARRAY ? "(array" : "(choose");
		print_list(printer, &expr->elements);
		put(printer, ")");
		break;
	}
}

static void print_limits(const Printer *printer, const AstLimits *limits) {
	if (limits->span.file == 0)
		return;
	put(printer, " in (");
	print_expr(printer, limits->low);
	put(printer, ", ");
	print_expr(printer, limits->high);
	put(printer, ")");
}

static void print_type(const Printer *printer, const AstType *type) {
	static const char *const scalars[] = {[AST_REAL] = "real", [AST_INT] = "int", [AST_BOOLEAN] = "bool"};
	if (type->span.file == 0)
		return;
	text_printf(printer->out, " : %s%s", type->each ? "each " : "", scalars[type->scalar]);
	for (uint32_t k = 0; k < type->dims.count; k++) {
		put(printer, k == 0 ? "[" : ", ");
		print_expr(printer, type->dims.data[k]);
	}
	put(printer, type->dims.count > 0 ? "]" : "");
}

static void print_line(const Printer *printer) {
	text_printf(printer->out, "\n%*s", 2 * printer->depth, "");
}

static void print_stmt(Printer *printer, const AstStmt *stmt);

static void print_block(Printer *printer, const AstBlock *block) {
	printer->depth++;
	for (uint32_t k = 0; k < block->count; k++) {
		print_line(printer);
		print_stmt(printer, block->data[k]);
	}
	printer->depth--;
}

static void print_names(const Printer *printer, const AstNames *names) {
	for (uint32_t k = 0; k < names->count; k++) {
		put(printer, k > 0 ? ", " : " ");
		print_name(printer, names->data[k]);
	}
}

static void print_declare(const Printer *printer, const AstDeclare *declare) {
	print_names(printer, &declare->names);
	if (declare->has_head) {
		put(printer, " ");
		print_items(printer, &declare->head);
	}
	print_type(printer, &declare->type);
	if (declare->value != NULL) {
		put(printer, " = ");
		print_expr(printer, declare->value);
	}
	if (declare->draw != NULL) {
		put(printer, " ~ ");
		print_expr(printer, declare->draw);
	}
	print_limits(printer, &declare->limits);
	if (declare->from != NULL) {
		put(printer, " from ");
		print_expr(printer, declare->from);
	}
	if (declare->bytes)
		put(printer, " bytes");
	if (declare->columns.count > 0) {
		put(printer, " columns ");
		print_items(printer, &declare->columns);
	}
}

/* Statements with blocks. */
static void print_compound(Printer *printer, const AstStmt *stmt) {
	put(printer, " ");
	if (stmt->kind == AST_FOR) {
		print_name(printer, stmt->loop.name);
		put(printer, " in ");
		print_range(printer, stmt->loop.range.low, stmt->loop.range.high);
		if (stmt->loop.step) {
			put(printer, " by ");
			print_expr(printer, stmt->loop.step);
		}
		print_block(printer, &stmt->loop.body);
	} else if (stmt->kind == AST_WHILE) {
		print_expr(printer, stmt->repeat.condition);
		put(printer, " limit ");
		print_expr(printer, stmt->repeat.limit);
		print_block(printer, &stmt->repeat.body);
	} else {
		print_expr(printer, stmt->when.condition);
		print_block(printer, &stmt->when.yes);
		if (!stmt->when.has_else)
			return;
		print_line(printer);
		put(printer, " else");
		print_block(printer, &stmt->when.no);
	}
}

static void print_stmt(Printer *printer, const AstStmt *stmt) {
	text_printf(printer->out, "(%s", ast_stmt_word(stmt->kind));
	switch (stmt->kind) {
	case AST_GIVEN:
	case AST_DATA:
	case AST_BATCH:
	case AST_PARAM:
	case AST_LEARN:
	case AST_STATE:
	case AST_LET:
	case AST_VAR: print_declare(printer, &stmt->declare); break;
	case AST_FOR:
	case AST_WHILE:
	case AST_WHEN: print_compound(printer, stmt); break;
	case AST_REPORT:
		put(printer, " ");
		print_name(printer, stmt->report.name);
		put(printer, " = ");
		print_expr(printer, stmt->report.value);
		break;
	case AST_MINIMIZE:
		put(printer, " ");
		print_expr(printer, stmt->minimize);
		break;
	case AST_RESIDUALS:
		put(printer, " ");
		print_expr(printer, stmt->residuals);
		break;
	case AST_VALIDATE:
		put(printer, " ");
		print_expr(printer, stmt->validate.value);
		print_args(printer, &stmt->validate.with);
		break;
	case AST_ASSIGN:
		print_list(printer, &stmt->assign.targets);
		put(printer, " = ");
		print_expr(printer, stmt->assign.value);
		break;
	case AST_EACH:
		print_names(printer, &stmt->each.names);
		print_block(printer, &stmt->each.body);
		break;
	case AST_APPLY:
		put(printer, " ");
		print_expr(printer, stmt->apply);
		break;
	case AST_RETURN: print_list(printer, &stmt->results); break;
	}
	put(printer, ")");
}

static void print_clause(Printer *printer, const char *word, const AstClause *clause) {
	if (clause->span.file == 0)
		return;
	print_line(printer);
	text_printf(printer->out, "(%s", word);
	print_list(printer, &clause->items);
	put(printer, ")");
}

static void print_experiment(Printer *printer, const AstExperiment *experiment) {
	printer->depth++;
	print_clause(printer, "train", &experiment->train);
	print_clause(printer, "on", &experiment->on);
	const struct {
		const char *word;
		const AstExpr *count;
	} sets[] = {{"train", experiment->problems.train},
	            {"select", experiment->problems.select},
	            {"test", experiment->problems.test}};
	for (size_t k = 0; k < sizeof sets / sizeof *sets; k++) {
		if (sets[k].count == NULL)
			continue;
		print_line(printer);
		text_printf(printer->out, "(problems %s%s ", k == 0 && experiment->problems.fresh.file ? "fresh " : "",
		            sets[k].word);
		print_expr(printer, sets[k].count);
		put(printer, ")");
	}
	if (experiment->horizon.span.file != 0) {
		print_line(printer);
		put(printer, "(horizon ");
		print_range(printer, experiment->horizon.low, experiment->horizon.high);
		put(printer, ")");
	}
	if (experiment->select_horizon) {
		print_line(printer);
		put(printer, "(horizon select ");
		print_expr(printer, experiment->select_horizon);
		put(printer, ")");
	}
	print_clause(printer, "score", &experiment->score);
	print_clause(printer, "estimate", &experiment->estimate);
	if (experiment->update.span.file != 0) {
		print_line(printer);
		put(printer, "(update ");
		print_expr(printer, experiment->update.rule);
		put(printer, " steps ");
		print_expr(printer, experiment->update.steps);
		put(printer, ")");
	}
	print_clause(printer, "clip", &experiment->clip);
	print_clause(printer, "search", &experiment->search);
	if (experiment->candidates) {
		print_line(printer);
		put(printer, "(candidates ");
		print_expr(printer, experiment->candidates);
		put(printer, ")");
	}
	if (experiment->until) {
		print_line(printer);
		put(printer, "(until ");
		print_expr(printer, experiment->until);
		put(printer, ")");
	}
	print_clause(printer, "keep", &experiment->keep);
	print_clause(printer, "average", &experiment->average);
	print_clause(printer, "patience", &experiment->patience);
	print_clause(printer, "augment", &experiment->augment);
	print_clause(printer, "against", &experiment->against);
	print_clause(printer, "seed", &experiment->seed);
	print_clause(printer, "seeds", &experiment->seeds);
	for (uint32_t k = 0; k < experiment->learn.count; k++) {
		print_line(printer);
		put(printer, "(learn ");
		print_name(printer, experiment->learn.data[k].rule);
		put(printer, ".");
		print_name(printer, experiment->learn.data[k].param);
		print_limits(printer, &experiment->learn.data[k].limits);
		put(printer, ")");
	}
	printer->depth--;
}

static void print_decl(Printer *printer, const AstDecl *decl) {
	static const char *const words[] = {
		[AST_IMPORT] = "import",       [AST_CONST] = "const",         [AST_FN] = "fn",
		[AST_OBJECTIVE] = "objective", [AST_OPTIMIZER] = "optimizer", [AST_EXPERIMENT] = "experiment"};
	text_printf(printer->out, "(%s%s", decl->joint ? "joint " : "", words[decl->kind]);
	if (decl->kind != AST_IMPORT) {
		put(printer, " ");
		print_name(printer, decl->name);
	}
	for (uint32_t k = 0; k < decl->params.count; k++) {
		const AstParam *param = &decl->params.data[k];
		put(printer, " (");
		print_name(printer, param->name);
		if (param->value != NULL) {
			put(printer, " ");
			print_expr(printer, param->value);
		}
		print_limits(printer, &param->limits);
		put(printer, ")");
	}
	print_type(printer, &decl->type);
	if (decl->value != NULL) {
		put(printer, " ");
		print_expr(printer, decl->value);
	}
	print_block(printer, &decl->body);
	if (decl->experiment != NULL)
		print_experiment(printer, decl->experiment);
	put(printer, ")\n");
}

void ast_print(const Session *session, const AstFile *file, Text *out) {
	Printer printer = {.session = session, .out = out};
	for (uint32_t k = 0; k < file->decls.count; k++)
		print_decl(&printer, file->decls.data[k]);
}

void ast_print_expr(const Session *session, const AstExpr *expr, Text *out) {
	Printer printer = {.session = session, .out = out};
	print_expr(&printer, expr);
}
