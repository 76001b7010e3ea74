#!/bin/sh
# Prints jit/c/c_names.def: the names that emitted C must not take. Run it again when another standard or platform is to be covered:
#     sh scripts/c_names.sh >jit/c/c_names.def
# Macros are what gcc and clang report (-dM -E) after all headers of C and C++ and some of POSIX, types and functions what clang
# declares, headers what gcc opens. Only the keywords, and macros of platforms that are not at hand, are written down here.
# Left out is what the rules of jit/c/c_names.c keep clear of anyway: names that begin with `_`, and those in capitals.
# Needs gcc, g++, clang-19 and clang++-19.
set -eu
export LC_ALL=C
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

c_headers="assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic
stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype pthread semaphore unistd"
cc_headers="algorithm any array atomic barrier bit bitset charconv chrono codecvt compare complex concepts
condition_variable coroutine deque exception execution filesystem forward_list fstream functional future
initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map memory memory_resource mutex
new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore set shared_mutex
source_location span sstream stack stdexcept stop_token streambuf string string_view syncstream system_error
thread tuple type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant vector version"
keywords="alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break case catch
char char8_t char16_t char32_t class co_await co_return co_yield compl concept const const_cast consteval constexpr
constinit continue contract_assert decltype default delete do double dynamic_cast else enum explicit export extern false
final float for friend goto if import inline int long module mutable namespace new noexcept not not_eq nullptr operator
or or_eq override private protected public reflexpr register reinterpret_cast requires restrict return short signed
sizeof static static_assert static_cast struct switch synchronized template this thread_local throw true try typedef
typeid typename typeof typeof_unqual union unsigned using virtual void volatile wchar_t while xor xor_eq"
# Microsoft's headers, and names of machines and systems that compilers define unless they are told to be strict.
platforms="cdecl far huge hyper interface max min near pascal small stdcall arm hpux i386 i486 i586 i686 linux mips sparc sun
unix vax"

# What C23 adds to inttypes.h: PRIb8, PRIbFAST16, SCNbMAX, ...
c23_formats() {
	for prefix in PRIb PRIB SCNb; do
		for kind in "" FAST LEAST; do
			for width in 8 16 32 64; do echo "$prefix$kind$width"; done
		done
		printf '%s\n' "${prefix}MAX" "${prefix}PTR"
	done
}

for header in $c_headers; do echo "#include <$header.h>"; done >all.h
{
	grep -v 'stdatomic\|threads' all.h
	for header in $cc_headers; do
		printf '#if __has_include(<%s>)\n#include <%s>\n#endif\n' "$header" "$header"
	done
} >all.hh

for how in "gcc -x c -std=c99" "gcc -x c -std=gnu17" "clang-19 -x c -std=c99" "clang-19 -x c -std=gnu17"; do
	$how -dM -E all.h
done >defined
for how in "g++ -x c++ -std=c++11" "g++ -x c++ -std=gnu++20" "clang++-19 -x c++ -std=c++11" "clang++-19 -x c++ -std=gnu++20"; do
	$how -dM -E all.hh
done >>defined
clang-19 -x c -std=gnu17 -fsyntax-only -Xclang -ast-dump -fno-color-diagnostics all.h >declared
clang++-19 -x c++ -std=gnu++20 -fsyntax-only -Xclang -ast-dump -fno-color-diagnostics all.hh >>declared

# declarations KINDS: the names that are declared outside of everything
declarations() {
	grep -E "^[|\`]-($1)Decl" declared | grep -oE "[A-Za-z][A-Za-z0-9_]* '" | tr -d " '"
}

# left: without what the rules keep clear of
left() {
	grep '^[A-Za-z]' | grep -E '[a-z]|^[A-Z][0-9]*$' | sort -u
}

printf '%s\n' $keywords | sort -u >keywords
{
	awk '{ sub(/\(.*/, "", $2); print $2 }' defined
	declarations 'Typedef|TypeAlias'
	printf '%s\n' $platforms
	c23_formats
} | left | comm -23 - keywords >words
declarations 'Function|Var' | left | comm -23 - keywords | comm -23 - words >functions
{
	gcc -x c -std=gnu17 -M all.h
	g++ -x c++ -std=gnu++20 -M all.hh
} | tr ' ' '\n' | sed -n 's,.*/include/\([a-z0-9_]*\)\.h$,\1,p' | sort -u >headers
printf '%s\n' $c_headers | sort -u - headers >all_headers

if grep -q '_$' words; then
	echo "a name that ends in _ would collide with the names that are made by adding one:" >&2
	grep '_$' words >&2
	exit 1
fi

# rows MACRO FILE: as rows of a table, 120 columns wide
rows() {
	awk -v macro="$1" '{
		row = macro "(\"" $1 "\")"
		if (length(line) + length(row) + 1 > 119) { print line; line = "" }
		line = line == "" ? row : line " " row
	} END { print line }' "$2"
}

cat <<'TOP'
/* Made by scripts/c_names.sh. Rows in the order of their bytes: C_KEYWORD; C_WORD, what macros and types are called; C_FUNCTION,
 * functions and variables; C_HEADER, headers without their .h. */
TOP
rows C_KEYWORD keywords
echo
rows C_WORD words
echo
rows C_FUNCTION functions
echo
rows C_HEADER all_headers
