# cmake -DLIST=FILE -DOUTPUT=FILE -DFROM=TEXT -DTYPE=T -DSYMBOL=NAME -DHEADER=PATH -P Embed.cmake
# Writes the files named in LIST (separated by |) as C data: NAMEs, an array of T (name, text, length), and NAME_count, which
# HEADER declares. Bytes, because the standard lets compilers refuse string literals of more than 4095 characters.
file(READ "${LIST}" joined)
string(REPLACE "|" ";" files "${joined}")
set(data "")
set(table "")
set(count 0)
foreach(file IN LISTS files)
	get_filename_component(name "${file}" NAME)
	file(READ "${file}" bytes HEX)
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
string(REPLACE "/*" "/..." FROM "${FROM}") # this would begin a comment
file(WRITE "${OUTPUT}" "/* Generated from ${FROM} by cmake/Embed.cmake. */
#include \"${HEADER}\"

${data}const ${TYPE} ${SYMBOL}s[] = {
${table}};
const size_t ${SYMBOL}_count = ${count};
")
