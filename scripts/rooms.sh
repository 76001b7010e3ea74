#!/bin/sh
# rooms.sh [BUILD [FOLDERS]]: a picture of who uses whom, from the objects of a build (build): every room with the rooms whose functions
# and tables it uses, and how many of them. Ends with 1 if one uses what stands above it, or includes a header from above, or
# if an exported name does not say where it is from, or is used by its own file alone. FOLDERS: those that are judged, "base ir"; all, if
# none are named.
#
# Includes are headers and tables, named from the root: whatever else is included is in no room, which is an error. A table (.def)
# belongs to the lowest room of its folder. What is called through a pointer is not seen.
#
# `layers` lists the rooms from the bottom up: a room may use those on earlier lines. Rooms on one line do not use each other.
# `ir`, `jit` and `frontend/frontend.h` are what these folders give to others; `frontend/limits.h` has the limits of all rooms there.
# After a colon: how exported names of these rooms begin; in brackets what only the room itself may call. ir_ is what the rooms of ir/
# offer to all others, and fe_ what frontend/frontend.h offers, which says where it is: these are libraries, and their names no addresses.
set -eu
build=${1:-build}
judged=${2:-base ir autodiff frontend jit runtime}
command -v nm >/dev/null || {
	echo "skipped: there is no nm (Debian: binutils)"
	exit 77
}
ls "$build"/CMakeFiles/gradus_*.dir >/dev/null 2>&1 || {
	echo "no objects in $build: build first"
	exit 2
}
layers='
base:            arena_ base_ diag_ file_ folder_ hash_ memory_ name_ names_ random_ session_ sort_ source_ span_ text_ vec_
ir:              ir_
ir/core:         ir_
ir/text:         ir_ (read_)
ir/eval:         ir_ (eval_)
ir/math:         ir_math_
ir/pass:         ir_ (pass_)
autodiff:        ad_
frontend/limits.h:
frontend/syntax: ast_ builtin distribution lex_ parse_
frontend/std:    fe_std_
frontend/names:  fe_ program_ resolve_ symbol_ typing_ foreign_
frontend/hole.h:
frontend/learner.h:
frontend/frontend.h: fe_
frontend/value:  ex_ value_ scope_ proof_ emit_
frontend/meaning: elab_ draw_
frontend/decl:   fe_ hyper_ limits_ objective_ rule_ stages_ check_ experiment_ hole_
jit:             jit_
jit/loop:        loop_
jit/arith:       arith_
jit/lapack:      lapack_
jit/nest:        nest_
jit/llvm jit/c:  llvm_ c_ jit_
runtime/engine:  rt_
runtime/data:    data_ safetensors_
runtime/inner:   task_ frame_ learned_ problems_ run_ score_
runtime/meta:    meta_ train_
runtime/compare: compare_
runtime/store:   store_
runtime/search:  search_
runtime/plot:    plot_
runtime/report:  report_
runtime/emit:    pack_
runtime/command: cmd_
'

# Names that no other file of the product uses, and why they are exported all the same. What ends in _ is the beginning of names.
alone='
main             the system calls it
elab_call_       functions of a table, whose prototypes are made from its rows
arena_bytes      tests count memory by it
ast_print_expr   tests and fuzzers read expressions by themselves
compare_bootstrap data_parse problems_instance train_new train_step train_goes_on train_end   tests try parts of what their file does
search_lab_hole  tests and benchmarks make spaces of a lab without an experiment
search_archive_put_member search_archive_find_expr   the table of populations, and the test of what is kept of a search
train_visit      the promise that all of a training goes on with it is kept by a test
'
open_rooms='ir autodiff jit' # not held to it

# ROOM has|uses NAME, of the files that are still there. What is generated belongs to the room that it is generated for.
objects() {
	find "$build"/CMakeFiles/gradus*.dir -name '*.o' -exec nm -A -P {} + | awk -F '\\.o: ' '
		function room_of(object,    source, line) {
			source = object
			sub(".*/CMakeFiles/gradus[a-z_]*\\.dir/", "", source)
			if (source ~ /generated\//)
				return object ~ /gradus_frontend/ ? "frontend/std" : object ~ /gradus_jit/ ? "jit/c" : "runtime/emit"
			if ((getline line < source) < 0)
				return ""
			close(source)
			sub("/[^/]*$", "", source)
			return source
		}
		!($1 in room) { room[$1] = room_of($1) }
		split($2, symbol, " ") > 1 && symbol[2] ~ /^[TDBRCUVWvw]$/ && room[$1] != "" {
			print room[$1], (symbol[2] ~ /[Uvw]/ ? "uses" : "has"), symbol[1]
		}'
}

includes() {
	find base ir autodiff frontend jit runtime \( -name '*.[ch]' -o -name '*.def' \) -exec awk -F '"' \
		'/^[ \t]*#[ \t]*include[ \t]*"/ { print FILENAME, "includes", $2 }' {} +
}

{
	objects
	includes
} | awk -v layers="$layers" -v judged="$judged" -v alone="$alone" -v open_rooms="$open_rooms" '
	function begins(name, prefixes,    part, count, i) {
		gsub(/[()]/, "", prefixes)
		count = split(prefixes, part, " ")
		for (i = 1; i <= count; i++)
			if (index(name, part[i]) == 1)
				return 1
		return 0
	}
	function room_of(file,    folder) {
		folder = file
		sub("/.*", "", folder)
		if (file ~ /\.def$/ && folder in lowest)
			return lowest[folder]
		if (!(file in layer))
			sub("/[^/]*$", "", file)
		return file
	}
	function may_be_alone(name,    part, count, i) {
		count = split(alone, part, /[ \n]+/)
		for (i = 1; i <= count; i++)
			if (part[i] == name || (part[i] ~ /_$/ && index(name, part[i]) == 1))
				return 1
		return 0
	}
	function is_judged(room) {
		sub("/.*", "", room)
		return index(" " judged " ", " " room " ") > 0
	}
	BEGIN {
		lines = split(layers, line, "\n")
		for (i = 1; i <= lines; i++) {
			if (line[i] == "")
				continue
			split(line[i], side, ":")
			rooms = split(side[1], group, " ")
			for (j = 1; j <= rooms; j++) {
				if (group[j] in layer)
					unknown[group[j] " (twice)"] = 1
				layer[group[j]] = i
				folder = group[j]
				sub("/.*", "", folder)
				if (!(folder in lowest) && group[j] !~ /\.h$/)
					lowest[folder] = group[j]
				prefix[group[j]] = side[2]
				order[++all] = group[j]
			}
		}
	}
	$2 == "has" { owner[$3] = $1 }
	$2 == "uses" {
		used[$1, $3] = 1
		wanted[$3] = 1
	}
	$2 == "includes" {
		from = room_of($1); to = room_of($3)
		if (!(from in layer) || !(to in layer))
			unknown[from in layer ? to : from] = 1
		else if (from != to && !(layer[to] < layer[from]))
			up[from] = up[from] "\n    upwards: " $1 " includes " $3
	}
	END {
		for (name in owner) {
			if (!(owner[name] in layer))
				unknown[owner[name]] = 1
			else if (name != "main" && !begins(name, prefix[owner[name]]))
				bad[owner[name]] = bad[owner[name]] " " name
		}
		for (name in owner) {
			folder = owner[name]
			sub("/.*", "", folder)
			if (!(name in wanted) && !may_be_alone(name) && !index(" " open_rooms " ", " " folder " "))
				single[owner[name]] = single[owner[name]] " " name
		}
		for (room in unknown) {
			print "not in the layers of scripts/rooms.sh: " room
			wrong++
		}
		for (pair in used) {
			split(pair, part, SUBSEP)
			from = part[1]; to = owner[part[2]]
			if (to == "" || to == from)
				continue
			uses[from, to]++
			if (!(layer[to] < layer[from]))
				up[from] = up[from] "\n    upwards: " to " " part[2]
			offered = prefix[to]
			gsub(/\([^)]*\)/, "", offered)
			if (!begins(part[2], offered) && begins(part[2], prefix[to]))
				up[from] = up[from] "\n    for its room alone: " to " " part[2]
		}
		for (i = 1; i <= all; i++) {
			text = ""
			for (j = 1; j <= all; j++)
				if ((order[i], order[j]) in uses)
					text = text "  " order[j] " " uses[order[i], order[j]]
			if (!is_judged(order[i]))
				continue
			printf "%-18s%s%s\n", order[i], text, up[order[i]]
			if (bad[order[i]] != "")
				print "    without a prefix of the room:" bad[order[i]]
			if (single[order[i]] != "")
				print "    used by no other file (static, or unused):" single[order[i]]
			wrong += up[order[i]] != "" || bad[order[i]] != "" || single[order[i]] != ""
		}
		exit wrong > 0
	}'
