# One static library per folder.

set(GRADUS_MODULES "" CACHE INTERNAL "The libraries that exist, the ones that need others first")

# gradus_module(NAME [DEPENDS NAME...]): library gradus_NAME of every *.c in it and its rooms, but main.c; nothing where there is none.
function(gradus_module name)
	cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS")
	file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${name}/*.c")
	list(FILTER sources EXCLUDE REGEX "/main\\.c$")
	if(NOT sources)
		return()
	endif()
	add_library(gradus_${name} STATIC ${sources})
	target_include_directories(gradus_${name} PUBLIC "${CMAKE_SOURCE_DIR}")
	foreach(other IN LISTS arg_DEPENDS)
		if(TARGET gradus_${other})
			target_link_libraries(gradus_${name} PUBLIC gradus_${other})
		endif()
	endforeach()
	target_link_libraries(gradus_${name} PUBLIC Threads::Threads m ${CMAKE_DL_LIBS})
	set(GRADUS_MODULES gradus_${name} ${GRADUS_MODULES} CACHE INTERNAL "")
endfunction()

# Adds the files of a folder to a module as data (see Embed.cmake): `symbol`s, an array of `type`, and `symbol`_count, as
# `header` declares them.
function(gradus_embed name pattern type symbol header)
	if(NOT TARGET gradus_${name} OR NOT EXISTS "${CMAKE_SOURCE_DIR}/${header}")
		return()
	endif()
	file(GLOB embedded CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${name}/${pattern}")
	list(SORT embedded)
	set(generated "${CMAKE_BINARY_DIR}/generated/${symbol}.c")
	set(script "${CMAKE_SOURCE_DIR}/cmake/Embed.cmake")
	list(JOIN embedded "|" joined)
	set(list_file "${CMAKE_BINARY_DIR}/generated/${symbol}.list") # changes when a file comes or goes
	file(CONFIGURE OUTPUT "${list_file}" CONTENT "${joined}" @ONLY)
	add_custom_command(
		OUTPUT "${generated}"
		COMMAND ${CMAKE_COMMAND} "-DLIST=${list_file}" "-DOUTPUT=${generated}" "-DFROM=${name}/${pattern}"
			"-DTYPE=${type}" "-DSYMBOL=${symbol}" "-DHEADER=${header}" -P "${script}"
		DEPENDS ${embedded} "${script}" "${list_file}"
		COMMENT "Embedding ${name}/${pattern}"
		VERBATIM)
	target_sources(gradus_${name} PRIVATE "${generated}")
endfunction()
