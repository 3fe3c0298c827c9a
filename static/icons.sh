#!/bin/sh
# Makes the sprite of the icons that icons.list names, or the rules that choose
# one of its cells: icons.sh svg|css LUCIDE_FOLDER <icons.list
set -eu
folder=$2
names=$(grep -v '^#')
count=$(echo "$names" | wc -l)

for name in $(echo "$names" | cut -d' ' -f2); do
	[ -f "$folder/$name.svg" ] || { echo "icons: Lucide has no icon \"$name\"" >&2; exit 1; }
done

# Without its comment, its svg element and its line breaks.
shapes() {
	tr -d '\n' <"$folder/$1.svg" | sed 's/^.*stroke-linejoin="round" *>//; s/<\/svg>.*//; s/  */ /g; s/ *\/>/\/>/g; s/> </></g; s/^ //'
}

row=0
if [ "$1" = svg ]; then
	echo "<!-- Lucide (lucide.dev), ISC licence -->"
	printf '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 %d" width="24" height="%d" fill="none" stroke="#000" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">\n' $((24 * count)) $((24 * count))
	echo "$names" | while read -r _ name; do
		printf '<g transform="translate(0 %d)">%s</g>\n' $((24 * row)) "$(shapes "$name")"
		row=$((row + 1))
	done
	echo '</svg>'
else
	version=$(sh "$0" svg "$folder" <<-END | sha256sum | cut -c1-12
	$names
	END
	)
	printf '.icon, .mark::before { mask: url("icons.svg?v=%s") 0 0 / 100%% auto no-repeat; }\n' "$version"
	echo "$names" | while read -r class _; do
		awk -v class="$class" -v row=$row -v last=$((count - 1)) \
			'BEGIN { printf ".icon-%s { mask-position: 0 %.6g%%; }\n", class, 100 * row / last }'
		row=$((row + 1))
	done
fi
