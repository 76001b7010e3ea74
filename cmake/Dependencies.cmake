# Libraries from outside. Nothing is fetched: scripts/install.sh names the Debian packages.

function(gradus_require variable what package)
	if(NOT ${variable})
		message(FATAL_ERROR "${what} not found. On Debian: apt-get install ${package} (or scripts/install.sh)")
	endif()
endfunction()

set(CMAKE_THREAD_PREFER_PTHREAD ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_path(GRADUS_XXHASH_INCLUDE xxhash.h)
gradus_require(GRADUS_XXHASH_INCLUDE "xxhash.h" libxxhash-dev)

find_path(GRADUS_JANSSON_INCLUDE jansson.h)
find_library(GRADUS_JANSSON_LIBRARY jansson)
gradus_require(GRADUS_JANSSON_INCLUDE "jansson.h" libjansson-dev)
gradus_require(GRADUS_JANSSON_LIBRARY "libjansson" libjansson-dev)

find_path(GRADUS_SQLITE_INCLUDE sqlite3.h)
find_library(GRADUS_SQLITE_LIBRARY sqlite3)
gradus_require(GRADUS_SQLITE_INCLUDE "sqlite3.h" libsqlite3-dev)
gradus_require(GRADUS_SQLITE_LIBRARY "libsqlite3" libsqlite3-dev)

# LLVM 19: its headers for the one or two files that call it, its library by name to open at run time.
find_program(GRADUS_LLVM_CONFIG llvm-config-19 HINTS /usr/lib/llvm-19/bin)
set(llvm_include_hint /usr/lib/llvm-19/include)
set(llvm_library_hint /usr/lib/llvm-19/lib)
if(GRADUS_LLVM_CONFIG)
	execute_process(COMMAND ${GRADUS_LLVM_CONFIG} --includedir OUTPUT_VARIABLE llvm_include_hint
	                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
	execute_process(COMMAND ${GRADUS_LLVM_CONFIG} --libdir OUTPUT_VARIABLE llvm_library_hint
	                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
endif()
find_path(GRADUS_LLVM_INCLUDE llvm-c/Core.h HINTS "${llvm_include_hint}")
find_library(GRADUS_LLVM_LIBRARY NAMES LLVM-19 LLVM.so.19.1 HINTS "${llvm_library_hint}")
gradus_require(GRADUS_LLVM_INCLUDE "llvm-c/Core.h of LLVM 19" llvm-19-dev)
gradus_require(GRADUS_LLVM_LIBRARY "libLLVM-19.so" llvm-19-dev)

# What factors larger matrices in the default mode, and what bench/ measures against. Opened at run time.
find_library(GRADUS_OPENBLAS_LIBRARY NAMES openblas libopenblas.so.0 PATH_SUFFIXES openblas-pthread)
if(NOT GRADUS_OPENBLAS_LIBRARY)
	message(WARNING "without OpenBLAS (Debian: libopenblas0) large matrices are factored by plain loops")
endif()

# What `mpirun gradus` shares its work among processes with. Opened at run time, and only there; its header is that of Open MPI.
find_package(MPI COMPONENTS C QUIET)
set(GRADUS_MPI_LIBRARY "")
if(MPI_C_FOUND)
	include(CheckSymbolExists)
	set(CMAKE_REQUIRED_INCLUDES ${MPI_C_INCLUDE_DIRS})
	check_symbol_exists(OPEN_MPI mpi.h GRADUS_HAS_OPEN_MPI)
	unset(CMAKE_REQUIRED_INCLUDES)
	if(GRADUS_HAS_OPEN_MPI)
		set(GRADUS_MPI_LIBRARY "${MPI_mpi_LIBRARY}")
	endif()
endif()
if(GRADUS_MPI_LIBRARY)
	message(STATUS "Open MPI: ${GRADUS_MPI_LIBRARY}")
else()
	message(WARNING "without Open MPI (Debian: libopenmpi-dev openmpi-bin) `mpirun gradus` cannot share work among processes")
endif()

# What data files may be packed with. Without one of them such files are refused, with a message.
find_package(ZLIB)
find_path(GRADUS_LIBZIP_INCLUDE zip.h)
find_library(GRADUS_LIBZIP_LIBRARY zip)
if(NOT ZLIB_FOUND)
	message(WARNING "without zlib (Debian: zlib1g-dev) data files in gzip cannot be read")
endif()
if(NOT GRADUS_LIBZIP_INCLUDE OR NOT GRADUS_LIBZIP_LIBRARY)
	message(WARNING "without libzip (Debian: libzip-dev) NPZ files cannot be read")
endif()

# Links `target` with those that are there.
function(gradus_link_packers target)
	if(ZLIB_FOUND)
		target_compile_definitions(${target} PRIVATE GRADUS_ZLIB=1)
		target_link_libraries(${target} PUBLIC ZLIB::ZLIB)
	endif()
	if(GRADUS_LIBZIP_INCLUDE AND GRADUS_LIBZIP_LIBRARY)
		target_compile_definitions(${target} PRIVATE GRADUS_LIBZIP=1)
		target_include_directories(${target} SYSTEM PRIVATE "${GRADUS_LIBZIP_INCLUDE}")
		target_link_libraries(${target} PUBLIC "${GRADUS_LIBZIP_LIBRARY}")
	endif()
endfunction()
