/* Evaluations of an objective that is not known, and what is put off until it is: a function is linked (ir_link) before anything is derived from it. */
#include "autodiff/ad.h"

_Noreturn void ad_not_linked(void) {
	base_panic("autodiff", "the function evaluates an objective that was not linked");
}

bool ad_active_evaluate(AdFacts *facts, const IrOp *op) {
	(void)facts;
	(void)op;
	ad_not_linked();
}

void ad_need_evaluate(const AdFacts *facts, const IrOp *op, bool *need) {
	(void)facts;
	(void)op;
	(void)need;
	ad_not_linked();
}

void ad_primal_evaluate(Ad *ad, const IrOp *op, bool save) {
	(void)ad;
	(void)op;
	(void)save;
	ad_not_linked();
}

void ad_forward_evaluate(Ad *ad, const IrOp *op) {
	(void)ad;
	(void)op;
	ad_not_linked();
}

void ad_reverse_evaluate(Ad *ad, const IrOp *op) {
	(void)ad;
	(void)op;
	ad_not_linked();
}

bool ad_active_deferred(AdFacts *facts, const IrOp *op) {
	(void)facts;
	(void)op;
	ad_not_linked();
}

void ad_need_deferred(const AdFacts *facts, const IrOp *op, bool *need) {
	(void)facts;
	(void)op;
	(void)need;
	ad_not_linked();
}

void ad_primal_deferred(Ad *ad, const IrOp *op, bool save) {
	(void)ad;
	(void)op;
	(void)save;
	ad_not_linked();
}

void ad_forward_deferred(Ad *ad, const IrOp *op) {
	(void)ad;
	(void)op;
	ad_not_linked();
}

void ad_reverse_deferred(Ad *ad, const IrOp *op) {
	(void)ad;
	(void)op;
	ad_not_linked();
}
