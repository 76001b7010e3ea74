# docs/where.md tells the truth: every row names a file that is there, and a word that stands in it.
set -eu
cd "$SOURCE_DIR"
rows=0 wrong=0
while IFS='|' read -r _ what where word _; do
	case $where in
	*'`'*) ;;
	*) continue ;;
	esac
	file=$(printf '%s' "$where" | sed 's/^[^`]*`//; s/`.*//')
	word=$(printf '%s' "$word" | sed 's/^[^`]*`//; s/`[^`]*$//')
	rows=$((rows + 1))
	grep -qF -e "$word" -- "$file" || {
		echo "docs/where.md:$what: no $word in $file"
		wrong=$((wrong + 1))
	}
done <docs/where.md
[ "$rows" -gt 50 ] && [ "$wrong" -eq 0 ]
