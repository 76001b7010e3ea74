/* Checkpoints: all that a training carries from step to step, in a run folder, so that it can go on after whatever ended it.
 *
 *     magic | hash of run.json | lengths of metrics.jsonl and timing.jsonl | seconds | step | pieces | hash of all of this
 *     a piece: length of its name, name, scalar, count, elements
 *
 * in the byte order of the machine. There are two files, written in turn, each whole or not at all: while one is written, the other
 * is good. Nothing in them is believed: pieces have to be those of the training, and counts in them such as it could have come to. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/store/runfolder.h"

static const char magic[16] = "gradus state 2\n";

typedef struct Head {
	char magic[16];
	uint64_t run, metrics, timing;
	double seconds;
	int64_t step;
	uint64_t pieces;
} Head;

/* ---- writing ---- */

typedef struct Writing {
	Text text;
	uint64_t pieces;
} Writing;

static void write_piece(void *user, const TrainPiece *piece) {
	Writing *w = user;
	uint64_t length = strlen(piece->name), scalar = piece->scalar, count = piece->count;
	text_bytes(&w->text, (const char *)&length, sizeof length);
	text_bytes(&w->text, piece->name, length);
	text_bytes(&w->text, (const char *)&scalar, sizeof scalar);
	text_bytes(&w->text, (const char *)&count, sizeof count);
	text_bytes(&w->text, piece->data, piece->count * ir_scalar_bytes(piece->scalar));
	w->pieces++;
}

/* What is pending, on the disk. false also where lines were lost: whoever goes on has to write them. */
static bool lines_last(StoreLines *lines) {
	return lines->fd >= 0 && store_lines_flush(lines) && fdatasync(lines->fd) == 0;
}

bool store_checkpoint(StoreFolder *folder, Training *training) {
	if (!lines_last(&folder->metrics) || !lines_last(&folder->timing))
		return false;
	Arena *arena = arena_new();
	Writing w = {.text = text_new(arena)};
	Head head = {.run = folder->run,
	             .metrics = (uint64_t)folder->metrics.written,
	             .timing = (uint64_t)folder->timing.written,
	             .seconds = train_seconds(training),
	             .step = train_so_far(training)->steps};
	memcpy(head.magic, magic, sizeof magic);
	text_bytes(&w.text, (const char *)&head, sizeof head);
	train_visit(training, write_piece, &w);
	memcpy(w.text.data + offsetof(Head, pieces), &w.pieces, sizeof w.pieces);
	uint64_t hash = hash_bytes(w.text.data, w.text.length, 0);
	text_bytes(&w.text, (const char *)&hash, sizeof hash);
	int next = folder->checkpoint == 0;
	const char *why, *path = arena_printf(arena, "%s/%s", folder->dir, store_checkpoint_names[next]);
	bool ok = file_put_in(arena, path, w.text.data, w.text.length, false, &why) == FILE_PUT;
	if (ok)
		folder->checkpoint = next;
	arena_free(arena);
	return ok;
}

void store_checkpoints_remove(StoreFolder *folder) {
	for (int i = 0; i < 2; i++)
		unlink(store_in_folder(folder, store_checkpoint_names[i]));
	folder->checkpoint = -1;
}

/* ---- reading ---- */

/* A checkpoint that was read, and what is wrong with it. */
typedef struct Reading {
	const char *bytes, *at, *end; /* end: of the pieces */
	Head head;
	const char *wrong; /* NULL: nothing so far */
	uint64_t pieces;
	bool apply; /* else it is only looked at */
} Reading;

static bool take(Reading *r, void *to, uint64_t count) {
	if (r->wrong || count > (uint64_t)(r->end - r->at)) {
		r->wrong = r->wrong ? r->wrong : "it ends too early";
		return false;
	}
	if (to)
		memcpy(to, r->at, (size_t)count);
	r->at += count;
	return true;
}

static void read_piece(void *user, const TrainPiece *piece) {
	Reading *r = user;
	uint64_t length = 0, scalar = 0, count = 0, bytes = piece->count * ir_scalar_bytes(piece->scalar);
	r->pieces++;
	if (!take(r, &length, sizeof length))
		return;
	const char *name = r->at;
	if (!take(r, NULL, length) || !take(r, &scalar, sizeof scalar) || !take(r, &count, sizeof count))
		return;
	if (length != strlen(piece->name) || memcmp(name, piece->name, length) != 0 || scalar != (uint64_t)piece->scalar ||
	    count != piece->count)
		r->wrong = "it is of another training";
	take(r, r->apply ? piece->data : NULL, bytes);
}

/* Reads all pieces, or only looks at them. */
static bool walk(Reading *r, Training *training, bool apply) {
	r->at = r->bytes + sizeof r->head;
	r->pieces = 0;
	r->apply = apply;
	train_visit(training, read_piece, r);
	if (!r->wrong && (r->at != r->end || r->pieces != r->head.pieces))
		r->wrong = "it is of another training";
	return !r->wrong;
}

static uint64_t file_bytes(const StoreFolder *folder, const char *name) {
	struct stat info;
	bool there = lstat(store_in_folder(folder, name), &info) == 0 && S_ISREG(info.st_mode);
	return there ? (uint64_t)info.st_size : 0;
}

/* Bytes of a checkpoint of this training. */
static void count_bytes(void *user, const TrainPiece *piece) {
	*(size_t *)user += 3 * sizeof(uint64_t) + strlen(piece->name) + piece->count * ir_scalar_bytes(piece->scalar);
}

/* false: there is none. What is wrong with one that there is stands in it. */
static bool read_checkpoint(StoreFolder *folder, Training *training, int which, Reading *out) {
	const char *path = store_in_folder(folder, store_checkpoint_names[which]);
	size_t length, wanted = sizeof(Head) + sizeof(uint64_t);
	char *bytes;
	struct stat info;
	*out = (Reading){0};
	if (lstat(path, &info) != 0 && errno == ENOENT)
		return false;
	train_visit(training, count_bytes, &wanted);
	out->wrong = store_outside(folder->arena, folder->dir, path);
	if (!out->wrong)
		out->wrong = file_read(folder->arena, path, wanted, false, &bytes, &length);
	uint64_t hash;
	if (!out->wrong && length < sizeof out->head + sizeof hash)
		out->wrong = "it ends too early";
	if (out->wrong)
		return true;
	out->bytes = bytes;
	out->end = bytes + length - sizeof hash;
	memcpy(&out->head, bytes, sizeof out->head);
	memcpy(&hash, out->end, sizeof hash);
	if (memcmp(out->head.magic, magic, sizeof magic) != 0 || hash != hash_bytes(bytes, length - sizeof hash, 0))
		out->wrong = "it is damaged, or no checkpoint of this version";
	else if (out->head.run != folder->run)
		out->wrong = "it is of another run";
	else if (out->head.metrics > file_bytes(folder, "metrics.jsonl") ||
	         out->head.timing > file_bytes(folder, "timing.jsonl"))
		out->wrong = "metrics.jsonl or timing.jsonl ends before it";
	else if (!isfinite(out->head.seconds) || out->head.seconds < 0)
		out->wrong = "its times make no sense";
	else
		walk(out, training, false);
	return true;
}

/* Opens a file of lines, of which the first `length` bytes stay. */
static bool lines_reopen(StoreFolder *folder, StoreLines *lines, const char *name, uint64_t length) {
	const char *path = store_in_folder(folder, name), *why = file_unsafe(path);
	lines->pending = text_new(folder->arena);
	lines->fd = why ? -1 : open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	lines->written = (off_t)length;
	if (lines->fd >= 0 && ftruncate(lines->fd, (off_t)length) == 0 && lseek(lines->fd, 0, SEEK_END) == (off_t)length)
		return true;
	diag_error(folder->rt->session, 811, (Span){0}, "cannot write %s: %s", path, why ? why : strerror(errno));
	return false;
}

static void say_wrong(StoreFolder *folder, int which, const Reading *reading, bool instead) {
	Session *session = folder->rt->session;
	const char *name = store_checkpoint_names[which];
	if (instead) {
		Diag *diag = diag_warning(session, 809, (Span){0}, "%s/%s cannot be used", folder->dir, name);
		diag_note(session, diag, "%s; the training goes on from the one before it", reading->wrong);
	} else {
		Diag *diag = diag_error(session, 808, (Span){0}, "%s cannot be resumed", folder->dir);
		diag_note(session, diag, "%s: %s", name, reading->wrong);
	}
}

/* Puts a checkpoint into the training. */
static bool apply(Reading *r, Training *training) {
	if (r->wrong || !walk(r, training, true))
		return false;
	if (!train_is_sound(training) || train_so_far(training)->steps != r->head.step)
		r->wrong = "what it holds makes no sense";
	return !r->wrong;
}

bool store_checkpoint_load(StoreFolder *folder, Training *training, bool *restored) {
	Reading readings[2];
	bool there[2];
	for (int i = 0; i < 2; i++)
		there[i] = read_checkpoint(folder, training, i, &readings[i]);
	int newer = there[1] && !readings[1].wrong &&
	            (!there[0] || readings[0].wrong || readings[1].head.step > readings[0].head.step);
	const int order[2] = {newer, 1 - newer};
	uint64_t metrics = 0, timing = 0;
	*restored = false;
	for (int i = 0; i < 2 && !*restored; i++) {
		Reading *r = &readings[order[i]];
		*restored = there[order[i]] && apply(r, training);
		if (!*restored)
			continue;
		folder->checkpoint = order[i];
		metrics = r->head.metrics;
		timing = r->head.timing;
		train_add_seconds(training, r->head.seconds);
	}
	for (int i = 0; i < 2; i++)
		if (there[i] && readings[i].wrong)
			say_wrong(folder, i, &readings[i], *restored);
	if (!*restored && (there[0] || there[1]))
		return false;
	return lines_reopen(folder, &folder->metrics, "metrics.jsonl", metrics) &&
	       lines_reopen(folder, &folder->timing, "timing.jsonl", timing);
}
