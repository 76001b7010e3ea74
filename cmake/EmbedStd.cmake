# cmake -DLIST=FILE -DOUTPUT=FILE -P EmbedStd.cmake
# Writes the files named in LIST (separated by |) as C data: fe_std_files of frontend/frontend.h. Bytes, because the
# standard lets compilers refuse string literals of more than 4095 characters.
file(READ "${LIST}" joined)
string(REPLACE "|" ";" programs "${joined}")
set(data "")
set(table "")
set(count 0)
foreach(program IN LISTS programs)
	get_filename_component(name "${program}" NAME)
	file(READ "${program}" bytes HEX)
	string(LENGTH "${bytes}" length)
	math(EXPR length "${length} / 2")
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
	string(REPLACE "0x0a," "0x0a,\n\t" bytes "${bytes}")
	string(APPEND data "static const unsigned char text_${count}[] = {\n\t${bytes}0x00,\n};\n\n")
	string(APPEND table "\t{\"${name}\", (const char *)text_${count}, ${length}},\n")
	math(EXPR count "${count} + 1")
endforeach()
if(count EQUAL 0)
	set(table "\t{0},\n")
endif()
file(WRITE "${OUTPUT}" "/* Generated from frontend/std by cmake/EmbedStd.cmake. */
#include \"frontend/frontend.h\"

${data}const FeStdFile fe_std_files[] = {
${table}};
const size_t fe_std_file_count = ${count};
")
