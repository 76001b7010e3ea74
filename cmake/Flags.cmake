# Compiler flags of everything in this project.

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(GRADUS_WARNINGS_AS_ERRORS)
	add_compile_options(-Werror)
endif()

# a * b + c is a fused operation exactly where the program says fma, in every compiler and at every level.
add_compile_options(-ffp-contract=off)
# gcc 12 takes (double)(float)x for x where it packs two of them into one vector: an f32 result would keep f64 digits.
add_compile_options(-fno-tree-slp-vectorize)
add_compile_definitions(_POSIX_C_SOURCE=200809L)

set(sanitizers)
if(GRADUS_FUZZ)
	if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
		message(FATAL_ERROR "GRADUS_FUZZ needs clang: libFuzzer is part of it (cmake --preset fuzz)")
	endif()
	list(APPEND sanitizers -fsanitize=fuzzer-no-link)
endif()
if(GRADUS_SANITIZE OR GRADUS_FUZZ)
	list(APPEND sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
	if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
		# It reads a signature in front of every function called; code made at run time has none.
		list(APPEND sanitizers -fno-sanitize=function)
	endif()
endif()
add_compile_options(${sanitizers})
add_link_options(${sanitizers})
