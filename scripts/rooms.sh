#!/bin/sh
# rooms.sh [BUILD]: a picture of who uses whom, from the objects of a build (build): every room with the rooms whose functions and
# tables it uses, and how many of them. Ends with 1 if one uses what stands above it, or if an exported name does not say
# where it is from.
#
# `layers` lists the rooms from the bottom up: a room may use those on earlier lines. Rooms on one line do not use each other, except
# those joined by `=`: the elaborator is one recursion over expressions, calls and declarations.
# After a colon: how exported names of these rooms begin.
set -eu
build=${1:-build}
layers='
base:            arena_ base_ diag_ file_ hash_ memory_ name_ names_ random_ session_ source_ span_ text_ vec_
ir/core:         ir_
ir/text ir/eval ir/math: ir_
ir/pass:         ir_
autodiff:        ad_
frontend/syntax: ast_ builtin distribution lex_ parse_
frontend/value:  value_ ex_ scope_ proof_ emit_
frontend/std:    fe_
frontend/meaning=frontend/decl: elab_ fe_ library_ rule_ objective_ stage_ check_ draw_ resolve_ symbol_ typing_
jit/arith jit/loop: loop_
jit/nest:        nest_ loop_
jit/llvm jit/c:  llvm_ c_ jit_
runtime/engine:  rt_
runtime/data:    rt_ data_
runtime/inner:   rt_
runtime/store:   rt_
runtime/data:    data_
runtime/meta runtime/compare runtime/plot: rt_ plot_
runtime/emit:    pack_ rt_
runtime/command: cmd_
'

objects() {
	find "$build"/CMakeFiles/gradus_*.dir -name '*.o' | while read -r object; do
		path=${object#*.dir/}
		case $object in
		*gradus_frontend*generated/*) room=frontend/std ;;
		*gradus_jit*generated/*) room=jit/c ;;
		*gradus_runtime*generated/*) room=runtime/emit ;;
		*) room=${path%/*} ;;
		esac
		nm -P "$object" | awk -v room="$room" '$2 ~ /^[TDBRCU]$/ { print room, ($2 == "U" ? "uses" : "has"), $1 }'
	done
}

objects | awk -v layers="$layers" '
	function begins(name, prefixes,    part, count, i) {
		count = split(prefixes, part, " ")
		for (i = 1; i <= count; i++)
			if (index(name, part[i]) == 1)
				return 1
		return 0
	}
	BEGIN {
		lines = split(layers, line, "\n")
		for (i = 1; i <= lines; i++) {
			if (line[i] == "")
				continue
			split(line[i], side, ":")
			rooms = split(side[1], group, " ")
			for (j = 1; j <= rooms; j++) {
				joined = split(group[j], room, "=")
				for (k = 1; k <= joined; k++) {
					layer[room[k]] = i
					circle[room[k]] = group[j]
					prefix[room[k]] = side[2]
					order[++all] = room[k]
				}
			}
		}
	}
	$2 == "has" { owner[$3] = $1 }
	$2 == "uses" { used[$1, $3] = 1 }
	END {
		for (name in owner) {
			if (!(owner[name] in layer))
				print "not a room of scripts/rooms.sh: " owner[name] | "sort -u >&2"
			else if (!begins(name, prefix[owner[name]]))
				bad[owner[name]] = bad[owner[name]] " " name
		}
		for (pair in used) {
			split(pair, part, SUBSEP)
			from = part[1]; to = owner[part[2]]
			if (to == "" || to == from)
				continue
			uses[from, to]++
			if (!(layer[to] < layer[from]) && circle[to] != circle[from])
				up[from] = up[from] "\n    upwards: " to " " part[2]
		}
		for (i = 1; i <= all; i++) {
			text = ""
			for (j = 1; j <= all; j++)
				if ((order[i], order[j]) in uses)
					text = text "  " order[j] " " uses[order[i], order[j]]
			printf "%-18s%s%s\n", order[i], text, up[order[i]]
			if (bad[order[i]] != "")
				print "    without a prefix of the room:" bad[order[i]]
			wrong += up[order[i]] != "" || bad[order[i]] != ""
		}
		exit wrong > 0
	}'
