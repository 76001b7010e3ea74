/* Opening libLLVM-19. It is never closed: its own exit handlers run at the end of the process. */
#include "base/base.h"

#include "jit/llvm/llvm_api.h"

#include <dlfcn.h>
#include <string.h>

bool llvm_api_open(LlvmApi *api, Arena *arena, const char **error) {
	static const char *const places[] = {GRADUS_LLVM_LIBRARY, "libLLVM-19.so.1", "libLLVM.so.19.1"};
	for (size_t i = 0; i < sizeof places / sizeof *places && !api->library; i++)
		api->library = dlopen(places[i], RTLD_NOW | RTLD_LOCAL);
	if (!api->library) {
		*error =
			arena_printf(arena, "libLLVM-19 cannot be loaded (%s). On Debian: apt-get install libllvm19", dlerror());
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
