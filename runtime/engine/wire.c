/* Bytes between the processes of one mpirun, by Open MPI. libmpi is opened where mpirun has started this process and nowhere else, so
 * that a process by itself pays nothing for it; it is never closed, as threads of its own may be at work until the process ends. */
#include "runtime/engine/ranks.h"

#ifdef GRADUS_MPI_LIBRARY

#include <dlfcn.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

/* becomes, in Mpi: __typeof__(MPI_Allgather) *Allgather; */
#define MPI_FUNCTIONS(F) F(Allgather) F(Allgatherv) F(Comm_rank) F(Comm_size) F(Finalize) F(Init_thread)

typedef struct Mpi {
#define MPI_POINTER(name) __typeof__(MPI_##name) *name;
	MPI_FUNCTIONS(MPI_POINTER)
#undef MPI_POINTER
	MPI_Comm world; /* handles are addresses of what libmpi exports */
	MPI_Datatype byte;
} Mpi;

static bool resolve(Mpi *mpi, void *library, Arena *arena, const char **why) {
	const char *missing = NULL;
	void *found;
	/* becomes: found = dlsym(library, "MPI_Allgather"); ... */
#define MPI_RESOLVE(name)                                                                                              \
	found = dlsym(library, "MPI_" #name);                                                                              \
	missing = found ? missing : "MPI_" #name;                                                                          \
	memcpy(&mpi->name, &found, sizeof found);
	MPI_FUNCTIONS(MPI_RESOLVE)
#undef MPI_RESOLVE
	found = dlsym(library, "ompi_mpi_comm_world");
	missing = found ? missing : "ompi_mpi_comm_world";
	mpi->world = (MPI_Comm)found;
	found = dlsym(library, "ompi_mpi_byte");
	missing = found ? missing : "ompi_mpi_byte";
	mpi->byte = (MPI_Datatype)found;
	if (missing)
		*why = arena_printf(arena, "libmpi has no %s: it is not that of Open MPI 4", missing);
	return missing == NULL;
}

static bool open_library(Mpi *mpi, Arena *arena, const char **why) {
	static const char *const places[] = {GRADUS_MPI_LIBRARY, "libmpi.so.40", "libmpi.so"};
	void *library = NULL;
	for (size_t i = 0; i < sizeof places / sizeof *places && !library; i++) {
		library = dlopen(places[i], RTLD_NOW | RTLD_GLOBAL); /* its plugins look for its names */
		if (!library)
			*why =
				arena_printf(arena, "libmpi cannot be loaded (%s). On Debian: apt-get install libopenmpi3", dlerror());
	}
	return library && resolve(mpi, library, arena, why);
}

static void all(const RtWire *wire, const void *mine, int bytes, void *everyone) {
	const Mpi *mpi = wire->own;
	mpi->Allgather(mine, bytes, mpi->byte, everyone, bytes, mpi->byte, mpi->world);
}

static void all_of(const RtWire *wire, const void *mine, void *everyone, const int *sizes, const int *places) {
	const Mpi *mpi = wire->own;
	mpi->Allgatherv(mine, sizes[wire->number], mpi->byte, everyone, sizes, places, mpi->byte, mpi->world);
}

static void end(const RtWire *wire) {
	const Mpi *mpi = wire->own;
	mpi->Finalize();
}

RtWire *rt_wire_open(Arena *arena, const char **why) {
	Mpi *mpi = ARENA_NEW(arena, Mpi);
	RtWire *wire = ARENA_NEW(arena, RtWire);
	*wire = (RtWire){.all = all, .all_of = all_of, .end = end, .own = mpi};
	if (!open_library(mpi, arena, why))
		return NULL;
	setenv("OMPI_MCA_opal_signal", "", 0); /* our own faults are told by our own handlers */
	int level;
	/* What fails from here on, MPI itself says, and ends all processes. */
	mpi->Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level);
	mpi->Comm_size(mpi->world, &wire->count);
	mpi->Comm_rank(mpi->world, &wire->number);
	return wire;
}

#else

RtWire *rt_wire_open(Arena *arena, const char **why) {
	(void)arena;
	*why = "this gradus was built without MPI";
	return NULL;
}

#endif
