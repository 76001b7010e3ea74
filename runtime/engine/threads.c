/* A pool of threads that runs numbered items, and shares them out among ranks. Which thread runs an item is left to chance; items must therefore keep
 * their results to themselves, and whoever called the pool combines them in order. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* sigaltstack */
#endif
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/engine/ranks.h"

struct RtPool {
	int threads; /* the caller is worker 0 */
	pthread_t *handles;
	pthread_mutex_t lock;
	pthread_cond_t start, done;
	uint64_t round; /* counts calls of rt_pool_run */
	int running;    /* helpers that have not finished this round */
	bool stop;
	RtWork *work;
	void *user;
	int first, stride, count; /* items first, first + stride, ...: so many */
	atomic_int next;
	RtRanks *ranks;
};

typedef struct Helper {
	RtPool *pool;
	int worker;
	char stack[RT_SIGNAL_STACK]; /* for signal handlers */
} Helper;

void rt_signal_stack(void *memory) {
#ifdef BASE_SANITIZED /* the sanitizer has one of its own, and frees what it finds at the end of a thread */
	(void)memory;
#else
	stack_t stack = {.ss_sp = memory, .ss_size = RT_SIGNAL_STACK};
	sigaltstack(&stack, NULL);
#endif
}

static void take_items(RtPool *pool, int worker) {
	for (;;) {
		int item = atomic_fetch_add(&pool->next, 1);
		if (item >= pool->count)
			return;
		pool->work(pool->user, pool->first + item * pool->stride, worker);
	}
}

static void *helper_main(void *argument) {
	Helper *helper = argument;
	RtPool *pool = helper->pool;
	rt_signal_stack(helper->stack);
	uint64_t seen = 0;
	pthread_mutex_lock(&pool->lock);
	for (;;) {
		while (pool->round == seen && !pool->stop)
			pthread_cond_wait(&pool->start, &pool->lock);
		if (pool->stop)
			break;
		seen = pool->round;
		pthread_mutex_unlock(&pool->lock);
		take_items(pool, helper->worker);
		pthread_mutex_lock(&pool->lock);
		pool->running--;
		if (pool->running == 0)
			pthread_cond_signal(&pool->done);
	}
	pthread_mutex_unlock(&pool->lock);
#ifndef BASE_SANITIZED
	sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
#endif
	free(helper);
	return NULL;
}

RtPool *rt_pool_new(int threads) {
	threads = threads > 0 ? threads : rt_processors();
	RtPool *pool = memory_new(sizeof *pool);
	pool->threads = 1;
	pool->handles = memory_new((size_t)threads * sizeof *pool->handles);
	if (pthread_mutex_init(&pool->lock, NULL) != 0 || pthread_cond_init(&pool->start, NULL) != 0 ||
	    pthread_cond_init(&pool->done, NULL) != 0) {
		base_panic(__func__, "cannot make a pool of threads");
	}
	atomic_init(&pool->next, 0);
	/* Interrupts are for the first thread, which knows when they must wait. */
	sigset_t interrupts, before;
	sigemptyset(&interrupts);
	sigaddset(&interrupts, SIGINT);
	sigaddset(&interrupts, SIGTERM);
	sigaddset(&interrupts, SIGHUP);
	sigaddset(&interrupts, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &interrupts, &before);
	for (int worker = 1; worker < threads; worker++) {
		Helper *helper = malloc(sizeof *helper);
		if (!helper)
			break;
		helper->pool = pool;
		helper->worker = worker;
		if (pthread_create(&pool->handles[worker], NULL, helper_main, helper) != 0) {
			free(helper);
			break; /* fewer threads give the same results */
		}
		pool->threads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pool;
}

void rt_pool_free(RtPool *pool) {
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->start);
	pthread_mutex_unlock(&pool->lock);
	for (int worker = 1; worker < pool->threads; worker++)
		pthread_join(pool->handles[worker], NULL);
	pthread_cond_destroy(&pool->done);
	pthread_cond_destroy(&pool->start);
	pthread_mutex_destroy(&pool->lock);
	free(pool->handles);
	free(pool);
}

int rt_pool_threads(const RtPool *pool) {
	return pool->threads;
}

/* Items first, first + stride, ... below `end`. */
static void run(RtPool *pool, int first, int stride, int end, RtWork *work, void *user) {
	int count = end > first ? (end - first + stride - 1) / stride : 0;
	pool->work = work;
	pool->user = user;
	pool->first = first;
	pool->stride = stride;
	pool->count = count;
	atomic_store(&pool->next, 0);
	if (pool->threads == 1 || count <= 1) {
		take_items(pool, 0);
		return;
	}
	pthread_mutex_lock(&pool->lock);
	pool->running = pool->threads - 1;
	pool->round++;
	pthread_cond_broadcast(&pool->start);
	pthread_mutex_unlock(&pool->lock);
	take_items(pool, 0);
	pthread_mutex_lock(&pool->lock);
	while (pool->running > 0)
		pthread_cond_wait(&pool->done, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

void rt_pool_run(RtPool *pool, int count, RtWork *work, void *user) {
	run(pool, 0, 1, count, work, user);
}

/* ---- among ranks ---- */

void rt_pool_join(RtPool *pool, RtRanks *ranks) {
	pool->ranks = ranks;
}

static void put_piece(void *to, void *data, size_t bytes) {
	text_bytes(to, data, bytes);
}

typedef struct Reading {
	const char *at, *end;
} Reading;

static void take_piece(void *from, void *data, size_t bytes) {
	Reading *r = from;
	if (bytes > (size_t)(r->end - r->at))
		base_panic("rt_pool_spread", "a rank has given less than it should");
	if (bytes > 0)
		memcpy(data, r->at, bytes);
	r->at += bytes;
}

/* Results of all items, from whoever has run them. */
static void give_results(const RtPool *pool, int count, RtResult *result, void *user) {
	int ranks = rt_ranks_count(pool->ranks), own = rt_ranks_number(pool->ranks);
	Arena *scratch = arena_new();
	Text mine = text_new(scratch);
	for (int item = own; item < count; item += ranks)
		result(user, item, put_piece, &mine);
	const size_t *ends;
	const char *all = rt_ranks_gather(pool->ranks, (uint64_t)count, &mine, &ends);
	for (int rank = 0; rank < ranks; rank++) {
		Reading reading = {all + (rank ? ends[rank - 1] : 0), all + ends[rank]};
		for (int item = rank; item < count && rank != own; item += ranks)
			result(user, item, take_piece, &reading);
		if (rank != own && reading.at != reading.end)
			base_panic("rt_pool_spread", "a rank has given more than it should");
	}
	arena_free(scratch);
}

void rt_pool_spread(RtPool *pool, int count, RtWork *work, RtResult *result, void *user) {
	if (!pool->ranks) {
		rt_pool_run(pool, count, work, user);
		return;
	}
	rt_ranks_working(pool->ranks, true);
	run(pool, rt_ranks_number(pool->ranks), rt_ranks_count(pool->ranks), count, work, user);
	rt_ranks_working(pool->ranks, false);
	give_results(pool, count, result, user);
}
