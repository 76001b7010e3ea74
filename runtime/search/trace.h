/* What a rule with several open expressions, or an open update of a state, does: told apart by runs instead of values. Private to runtime/search. */
#ifndef GRADUS_SEARCH_TRACE_H
#define GRADUS_SEARCH_TRACE_H

#include "runtime/search/probe.h"

/* The rule cut at its holes, in f64, on a tensor of SEARCH_COORDINATES; no objective. */
typedef struct SearchTrace SearchTrace;
SearchTrace *search_trace_new(Rt *rt, const FeCall *rule, int rate, Arena *arena); /* NULL with diagnostics */
void search_trace_free(SearchTrace *trace);

/* What one thread runs it on. */
typedef struct SearchTraceRun SearchTraceRun;
SearchTraceRun *search_trace_run_new(const SearchTrace *trace, Arena *arena);
/* What is the same for candidates that take x the same way, positive multiples aside, whatever their states are meanwhile. 0: no candidate. */
uint64_t search_trace_hash(const SearchTrace *trace, SearchTraceRun *run, const SearchProbes *probes,
                           const SearchProgram *program);

#endif
