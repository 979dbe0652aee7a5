#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# man.sh PROGRAM...: the manual pages in $BUILD/man against what they speak of.
# Each program has a page and each page is clean; no option of any table and no
# argument that a program names in its own summary is missing; references lead
# somewhere; examples load.
set -u
build=${BUILD:-build}
man=$build/man
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

bad() {
	echo "man: $*" >&2
	failed=1
}

page_of() {
	ls "$man/$1".[1-8] 2>/dev/null | head -n 1
}

for program in "$@"; do
	case $program in
	*/bin/* | */libexec/ekiden/*) ;;
	*) continue ;;
	esac
	[ -n "$(page_of "${program##*/}")" ] ||
	    bad "${program##*/} has no page"
done

for page in "$man"/*.[1-8]; do
	said=$(mandoc -Tlint -Wwarning "$page") || :
	[ -z "$said" ] || bad "$said"
	# What was left half written, or is not there any more in man/.
	name=${page##*/}
	[ -f "man/$name" ] || [ -f "man/$name.in" ] ||
	    grep -qxF "${name%.7}" "$man/.lua" ||
	    bad "$page is no page of this tree"
done

# Every option of every table stands in a list on some page.
sed -n 's/^\.It Ic \([a-z0-9_]*\)$/\1/p' "$man"/*.[1-8] | sort -u \
    >"$scratch/listed"
"$build/tools/mdoc-options" --names >"$scratch/names"
cut -f 2 "$scratch/names" | sort -u | comm -23 - "$scratch/listed" |
    while read -r option; do echo "option $option stands on no page"; done \
    >"$scratch/missing"
cut -f 1 "$scratch/names" | sort -u | while read -r table; do
	grep -qxF ".\\\" @options $table" man/*.in ||
	    echo "the options of '$table' stand on no page"
done >>"$scratch/missing"
[ ! -s "$scratch/missing" ] || bad "$(cat "$scratch/missing")"

# summary NAME PAGE COMMAND...: long options of a summary are on the page.
summary() {
	what=$1 page=$(page_of "$2")
	shift 2
	"$@" 2>&1 | grep -o -e '--[a-z][a-z-]*' | sort -u |
	    while read -r option; do
		grep -qe "Fl -${option#--}\\b" "$page" ||
		    echo "$what takes $option, and its page does not say so"
	done >"$scratch/missing"
	[ ! -s "$scratch/missing" ] || bad "$(cat "$scratch/missing")"
}

if [ -x "$build/bin/ekiden" ]; then
	summary ekiden ekiden "$build/bin/ekiden" help
	summary 'ekiden spool' ekiden "$build/bin/ekiden" spool help
fi
[ ! -x "$build/bin/tailer" ] || summary tailer tailer "$build/bin/tailer" --help

# Foreign pages that ours may refer to.
foreign=' gethostid.3 printf.3 resolv.conf.5 strftime.3 syslog.3 zstd.1 zstdcat.1 swaks.1 '
sed -n 's/^\.\(It \)\{0,1\}Xr \([^ ]*\) \([1-8]\).*/\2.\3/p' "$man"/*.[1-8] |
    sort -u | while read -r name; do
	[ -f "$man/$name" ] || case $foreign in
	*" $name "*) ;;
	*) echo "a page refers to $name, which is not there" ;;
	esac
done >"$scratch/missing"
[ ! -s "$scratch/missing" ] || bad "$(cat "$scratch/missing")"

# Examples of ekiden.yaml on pages were loaded when the pages were made; here
# those of the README, and policies wherever they stand.
blocks() { # blocks FILE START END STEM: one file for each block
	awk -v s="$2" -v e="$3" -v stem="$4" '
	    inside && $0 ~ e { inside = 0; close(out); next }
	    inside { print >out; next }
	    $0 ~ s { inside = 1; out = stem "-" ++n; printf "" >out }' "$1"
}
mkdir "$scratch/etc"
blocks README.md '^```yaml' '^```' "$scratch/yaml"
blocks README.md '^```lua' '^```' "$scratch/lua-readme"
for page in man/*; do
	sed '/^\.\\" @policy$/{n;s/.*/@policy/;}' "$page" >"$scratch/page"
	blocks "$scratch/page" '^@policy' '^\.Ed' "$scratch/lua-${page##*/}"
done
for yaml in "$scratch"/yaml-*; do
	[ ! -f "$yaml" ] || "$build/tools/mdoc-options" --yaml "$yaml" ||
	    bad "an example of README.md does not load"
done
for lua in "$scratch"/lua-*; do
	[ -f "$lua" ] && [ -x "$build/libexec/ekiden/loader" ] || continue
	"$build/bin/ekiden" check --config "$scratch/etc" --policy "$lua" ||
	    bad "the policy in ${lua##*/} does not load"
done

[ "$failed" = 0 ] && echo "man: $(ls "$man"/*.[1-8] | wc -l) pages"
exit "$failed"
