/* Machine code that is kept in files: found again as it was, never where it is damaged or not ours, and not more than so much. That it
 * is used, and what processes do to one another: tests/command/test_cache.sh. */
#include "jit_three_ways.h"

#include "jit/llvm/limits.h"
#include "jit/llvm/llvm_cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static const char *new_folder(Arena *arena) {
	char path[] = "/tmp/gradus-cache-XXXXXX";
	cr_assert(mkdtemp(path));
	return arena_strdup(arena, path);
}

static void remove_folder(Arena *arena, const char *folder) {
	cr_expect(system(arena_printf(arena, "rm -rf %s", folder)) == 0);
}

static const char *file_of(Arena *arena, const char *folder, const LlvmKey *key) {
	return arena_printf(arena, "%s/%s.o", folder, llvm_key_text(arena, key));
}

static bool finds(Arena *arena, const char *folder, const LlvmKey *key, const char *wanted, size_t wanted_length) {
	char *object;
	size_t length;
	return llvm_cache_find(arena, folder, key, &object, &length) && length == wanted_length &&
	       memcmp(object, wanted, length) == 0;
}

Test(cache, keys_differ_by_every_byte_and_by_the_settings) {
	char bytes[64] = "a module";
	LlvmKey first = llvm_key("zen4", bytes, sizeof bytes), other = llvm_key("zen5", bytes, sizeof bytes);
	cr_expect(first.words[0] != first.words[1]);
	cr_expect(first.words[0] != other.words[0] && first.words[1] != other.words[1]);
	for (size_t i = 0; i < sizeof bytes; i++) {
		bytes[i] ^= 1;
		other = llvm_key("zen4", bytes, sizeof bytes);
		cr_expect(first.words[0] != other.words[0] && first.words[1] != other.words[1]);
		bytes[i] ^= 1;
	}
}

Test(cache, what_was_kept_is_found_and_what_is_damaged_is_not) {
	Arena *arena = arena_new();
	const char *folder = new_folder(arena);
	static const size_t lengths[] = {0, 1, 17, 5000};
	char object[5000];
	for (size_t i = 0; i < sizeof object; i++)
		object[i] = (char)(i * 37);
	for (size_t n = 0; n < sizeof lengths / sizeof *lengths; n++) {
		LlvmKey key = {{n + 1, 99}}, other = {{n + 1, 98}};
		cr_expect(!finds(arena, folder, &key, object, lengths[n]));
		llvm_cache_keep(arena, folder, &key, object, lengths[n]);
		cr_expect(finds(arena, folder, &key, object, lengths[n]));
		cr_expect(!finds(arena, folder, &other, object, lengths[n]));
		/* Every byte of a short file changed, and every length that it may be cut to, or be longer. */
		char *whole;
		size_t length;
		const char *path = file_of(arena, folder, &key);
		cr_assert(file_read(arena, path, 1 << 20, false, &whole, &length) == NULL);
		for (size_t i = 0; i < length; i += length > 200 ? 97 : 1) {
			whole[i] ^= 4;
			cr_assert(file_write(arena, path, whole, length, false) == NULL);
			cr_expect(!finds(arena, folder, &key, object, lengths[n]), "byte %zu of %zu", i, length);
			whole[i] ^= 4;
			cr_assert(file_write(arena, path, whole, i, false) == NULL);
			cr_expect(!finds(arena, folder, &key, object, lengths[n]), "%zu bytes of %zu", i, length);
		}
		cr_assert(file_write(arena, path, whole, length + 1, false) == NULL);
		cr_expect(!finds(arena, folder, &key, object, lengths[n]));
		/* The code of another key under this name. */
		llvm_cache_keep(arena, folder, &other, object, lengths[n]);
		cr_assert_eq(rename(file_of(arena, folder, &other), path), 0);
		cr_expect(!finds(arena, folder, &key, object, lengths[n]));
		llvm_cache_keep(arena, folder, &key, object, lengths[n]);
		cr_expect(finds(arena, folder, &key, object, lengths[n]), "what is damaged is replaced");
	}
	remove_folder(arena, folder);
	arena_free(arena);
}

Test(cache, only_a_folder_of_ones_own_is_believed) {
	Arena *arena = arena_new();
	const char *top = new_folder(arena), *folder = arena_printf(arena, "%s/new/deeper", top);
	cr_expect(llvm_cache_open(arena, folder), "folders are made");
	struct stat info;
	cr_assert_eq(stat(folder, &info), 0);
	cr_expect_eq(info.st_mode & 0777, 0700);
	cr_expect(llvm_cache_open(arena, folder));
	cr_assert_eq(chmod(folder, 0770), 0);
	cr_expect(!llvm_cache_open(arena, folder), "the group may write into it");
	cr_assert_eq(chmod(folder, 0702), 0);
	cr_expect(!llvm_cache_open(arena, folder), "others may write into it");
	cr_assert_eq(chmod(folder, 0755), 0);
	cr_expect(llvm_cache_open(arena, folder), "others may look");
	const char *link = arena_printf(arena, "%s/link", top), *file = arena_printf(arena, "%s/file", top);
	cr_assert_eq(symlink(folder, link), 0);
	cr_expect(!llvm_cache_open(arena, link), "a link");
	cr_assert(file_write(arena, file, "", 0, false) == NULL);
	cr_expect(!llvm_cache_open(arena, file), "a file");
	cr_expect(!llvm_cache_open(arena, arena_printf(arena, "%s/below", file)), "below a file");
	if (geteuid() == 0) {
		cr_assert_eq(chown(folder, 1, 1), 0);
		cr_expect(!llvm_cache_open(arena, folder), "another user's");
	}
	remove_folder(arena, top);
	arena_free(arena);
}

/* A file of holes, which takes no room, used so many seconds after 1970. */
static void old_file(Arena *arena, const char *folder, const char *name, int64_t bytes, int64_t used) {
	const char *path = arena_printf(arena, "%s/%s", folder, name);
	cr_assert(file_write(arena, path, "", 0, false) == NULL);
	cr_assert_eq(truncate(path, bytes), 0);
	cr_assert_eq(utimensat(AT_FDCWD, path, (struct timespec[]){{used, 0}, {used, 0}}, 0), 0);
}

Test(cache, what_was_not_used_for_longest_goes_first) {
	Arena *arena = arena_new();
	const char *folder = new_folder(arena);
	enum { PIECES = 16 };
	const int64_t piece = LLVM_CACHE_BYTES / PIECES;
	for (int i = 0; i < PIECES; i++)
		old_file(arena, folder, arena_printf(arena, "%02d.o", i), piece, 1000 + i);
	LlvmKey found = {{7, 7}}, looks = {{0, 1}}, others = {{1, 1}};
	llvm_cache_keep(arena, folder, &found, "code", 4);
	old_file(arena, folder, "00.o", piece, 5000); /* as if it had been used since */
	cr_assert_eq(utimensat(AT_FDCWD, file_of(arena, folder, &found), (struct timespec[]){{1, 0}, {1, 0}}, 0), 0);
	cr_expect(finds(arena, folder, &found, "code", 4), "which is a use of it");
	llvm_cache_keep(arena, folder, &others, "code", 4);
	for (int i = 0; i < PIECES; i++)
		cr_expect_eq(access(arena_printf(arena, "%s/%02d.o", folder, i), F_OK), 0,
		             "not every file is followed by a look");
	llvm_cache_keep(arena, folder, &looks, "code", 4);
	int64_t left = 0;
	for (int i = 0; i < PIECES; i++) {
		bool there = access(arena_printf(arena, "%s/%02d.o", folder, i), F_OK) == 0;
		left += there ? piece : 0;
		cr_expect(there == (i == 0 || i > PIECES / 4 + 1), "%d", i);
	}
	cr_expect(left <= LLVM_CACHE_BYTES / 4 * 3);
	cr_expect(finds(arena, folder, &found, "code", 4));
	cr_expect(finds(arena, folder, &looks, "code", 4));
	cr_expect(finds(arena, folder, &others, "code", 4));
	remove_folder(arena, folder);
	arena_free(arena);
}

/* ---- functions that are the same ---- */

static double called(const JitCode *code, Arena *arena, double x) {
	void *params[] = {&x};
	double result = 0;
	void *results[] = {&result};
	cr_assert_eq(jit_call(code, params, results, jit_test_memory(arena, jit_arena_bytes(code, NULL)), NULL), 0);
	return result;
}

/* Tables are no part of the code that is shared: each function keeps its own. */
Test(cache, functions_of_one_process_may_have_their_code_together) {
	Session *session = session_new();
	const char *error;
	JitEngine *engine = jit_engine_new(session, &error);
	cr_assert(engine);
	const char *folder = new_folder(session->arena);
	JitCode *codes[6];
	IrModule *module = ir_module_new(session);
	for (int i = 0; i < 6; i++) {
		if (i == 3)
			jit_engine_cache(engine, folder);
		IrFunc *func = jit_test_parse(
			module,
			arena_printf(session->arena,
		                 "func @f%d(%%x: f64[]) -> (: f64[]) { %%t: f64[5] = const [1, 2, 3, 4, %d] %%y: f64[] = "
		                 "for i:5 { mul(%%t[i], %%x[]) } sum -> [] return %%y }",
		                 i, i));
		codes[i] = jit_compile(engine, func, &(JitOptions){.strict = i % 2 != 0});
	}
	for (int i = 0; i < 6; i++)
		cr_expect_eq(called(codes[i], session->arena, 2), 2 * (10 + i));
	static const int order[] = {3, 0, 5, 1, 4, 2};
	for (int i = 0; i < 6; i++) {
		jit_code_free(codes[order[i]]);
		for (int rest = i + 1; rest < 6; rest++)
			cr_expect_eq(called(codes[order[rest]], session->arena, 3), 3 * (10 + order[rest]));
	}
	IrFunc *again = module->funcs.data[4];
	JitCode *code = jit_compile(engine, again, &(JitOptions){0});
	cr_expect_eq(called(code, session->arena, 1), 14);
	jit_code_free(code);
	remove_folder(session->arena, folder);
	ir_module_free(module);
	jit_engine_free(engine);
	session_free(session);
}
