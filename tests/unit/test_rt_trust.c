/* The fuzz targets for files of tensors and for run folders, on mutations of good ones: in every build, with a seed that is said. */
#define LLVMFuzzerTestOneInput fuzz_safetensors
#define find fuzz_find
#include "../fuzz/fuzz_safetensors.c"
#undef LLVMFuzzerTestOneInput
#undef find
#define LLVMFuzzerTestOneInput fuzz_run
#include "../fuzz/fuzz_run.c"
#undef LLVMFuzzerTestOneInput

#include <criterion/criterion.h>
#include <time.h>

static uint64_t state;

static uint64_t draw_bits(uint64_t below) {
	uint64_t out[2];
	random_threefry((const uint64_t[]){state, 7}, (const uint64_t[]){state, 9}, out);
	state += out[0] | 1;
	return out[1] % below;
}

static void seed(void) {
	const char *given = getenv("GRADUS_SEED");
	state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	fprintf(stderr, "GRADUS_SEED=%llu\n", (unsigned long long)state);
}

static int rounds(int otherwise) {
	const char *given = getenv("GRADUS_ROUNDS");
	return given ? atoi(given) : GRADUS_SANITIZED ? otherwise / 4 : otherwise;
}

/* Some of: a byte changed, a digit changed, a piece left out, repeated, or replaced by something that means a lot. */
static size_t mutate(unsigned char *bytes, size_t length, size_t room) {
	static const char *const pieces[] = {"-1",
	                                     "1e308",
	                                     "99999999999999999999",
	                                     "\"..\"",
	                                     "null",
	                                     "[",
	                                     "{\"a\":",
	                                     "\\u0000",
	                                     "]}",
	                                     "\"nan\"",
	                                     "0",
	                                     "../",
	                                     "\xff\xfe",
	                                     "\n",
	                                     "\"\"",
	                                     "18446744073709551615",
	                                     "[0,8]",
	                                     "F64"};
	for (uint64_t changes = 1 + draw_bits(4); changes > 0; changes--) {
		size_t at = (size_t)draw_bits(length + 1), size = (size_t)draw_bits(20);
		size = at + size > length ? length - at : size;
		switch (draw_bits(6)) {
		case 0:
			if (at < length)
				bytes[at] = (unsigned char)draw_bits(256);
			break;
		case 1:
			if (at < length && bytes[at] >= '0' && bytes[at] <= '9')
				bytes[at] = (unsigned char)('0' + draw_bits(10));
			break;
		case 2:
			memmove(bytes + at, bytes + at + size, length - at - size);
			length -= size;
			break;
		case 3:
			if (length + size <= room) {
				memmove(bytes + at + size, bytes + at, length - at);
				length += size;
			}
			break;
		case 4: length = at; break;
		default: {
			const char *piece = pieces[draw_bits(sizeof pieces / sizeof *pieces)];
			size_t width = strlen(piece);
			if (length - size + width <= room) {
				memmove(bytes + at + width, bytes + at + size, length - at - size);
				memcpy(bytes + at, piece, width);
				length = length - size + width;
			}
		}
		}
	}
	return length;
}

static void run_rounds(int (*target)(const uint8_t *, size_t), size_t which, int count) {
	enum { ROOM = 4096 };
	const bool weights = !strcmp(files[which].name, "weights.safetensors");
	size_t length = weights ? (size_t)WEIGHTS_LENGTH : strlen(files[which].text);
	for (int round = 0; round < count; round++) {
		unsigned char bytes[ROOM];
		bytes[0] = (unsigned char)which;
		memcpy(bytes + 1, files[which].text, length);
		size_t size = mutate(bytes + 1, length, ROOM - 1);
		/* A copy of its own size, so that sanitizers see what is read past its end. */
		unsigned char *exact = malloc(size + 1);
		memcpy(exact, bytes, size + 1);
		if (target == fuzz_safetensors)
			target(exact + 1, size);
		else
			target(exact, size + 1);
		free(exact);
	}
}

Test(rt_trust, good_files_are_good) {
	seed();
	Arena *arena = arena_new();
	Safetensors tensors;
	cr_assert(!tensor_bytes_read(arena, files[FILES - 1].text, WEIGHTS_LENGTH, &tensors));
	cr_assert_eq(tensors.count, 1);
	arena_free(arena);
	for (size_t i = 0; i < FILES; i++) { /* as they are: no error in what reads them */
		fuzz_run((const uint8_t *)"", 0);
		Session *session = session_new();
		read_rule(session);
		read_sources(session);
		if (session->error_count)
			diag_print_all(session, stderr, false);
		cr_assert_eq(session->error_count, 0);
		session_free(session);
	}
}

Test(rt_trust, mutated_tensors) {
	seed();
	run_rounds(fuzz_safetensors, FILES - 1, rounds(20000));
}

Test(rt_trust, mutated_run_folders) {
	seed();
	for (size_t which = 0; which < FILES; which++)
		run_rounds(fuzz_run, which, rounds(200));
}
