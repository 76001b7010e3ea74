/* Opening libLLVM-19. It is never closed: its own exit handlers run at the end of the process. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include "base/base.h"

#include "jit/llvm/llvm_api.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/stat.h>

bool llvm_api_open(LlvmApi *api, Arena *arena, const char **error) {
	static const char *const places[] = {GRADUS_LLVM_LIBRARY, "libLLVM-19.so.1", "libLLVM.so.19.1"};
	const char *why = "";
	bool short_of_memory = false;
	for (size_t i = 0; i < sizeof places / sizeof *places && !api->library && !short_of_memory; i++) {
		api->library = dlopen(places[i], RTLD_NOW | RTLD_LOCAL);
		if (!api->library) {
			why = arena_strdup(arena, dlerror());
			short_of_memory = strstr(why, "map segment") || strstr(why, "allocate memory");
		}
	}
	if (!api->library) {
		*error =
			short_of_memory
				? arena_printf(arena, "there is not enough memory for libLLVM-19 (%s); it takes some 200 MB", why)
				: arena_printf(arena, "libLLVM-19 cannot be loaded (%s). On Debian: apt-get install libllvm19", why);
		return false;
	}
	const char *missing = NULL;
	void *found;
	/* becomes: found = dlsym(api->library, "LLVMAddFunction"); ... */
#define LLVM_RESOLVE(name)                                                                                             \
	found = dlsym(api->library, "LLVM" #name);                                                                         \
	missing = found ? missing : "LLVM" #name;                                                                          \
	memcpy(&api->name, &found, sizeof found);
	LLVM_FUNCTIONS(LLVM_RESOLVE)
#undef LLVM_RESOLVE
	if (missing)
		*error = arena_printf(arena, "%s has no function %s: it is not LLVM 19", GRADUS_LLVM_LIBRARY, missing);
	return missing == NULL;
}

const char *llvm_api_text(const LlvmApi *api, Arena *arena) {
	unsigned major, minor, patch;
	api->GetVersion(&major, &minor, &patch);
	Dl_info library;
	struct stat file = {0};
	void *inside;
	memcpy(&inside, &api->GetVersion, sizeof inside);
	if (dladdr(inside, &library) != 0 && library.dli_fname && stat(library.dli_fname, &file) != 0)
		file = (struct stat){0};
	return arena_printf(arena, "LLVM %u.%u.%u, %lld bytes of %lld", major, minor, patch, (long long)file.st_size,
	                    (long long)file.st_mtim.tv_sec);
}
