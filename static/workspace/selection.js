// A selection, kept when what it is in is drawn anew.

// The texts of a part in order, but for those of its buttons.
function textsOf(part) {
	const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT,
		(node) => node.parentElement.closest("button") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
	const nodes = [];
	while (walker.nextNode())
		nodes.push(walker.currentNode);
	return nodes;
}
const join = (nodes) => nodes.map((node) => node.data).join("");

// Characters of the part before a place; -1 when the place is elsewhere.
function countTo(part, nodes, place, offset) {
	if (!part.contains(place))
		return -1;
	const range = document.createRange();
	let n = 0;
	for (const node of nodes) {
		if (node === place)
			return n + offset;
		range.selectNode(node);
		if (range.comparePoint(place, offset) < 0)
			return n;
		n += node.length;
	}
	return n;
}

function placeAt(nodes, n) {
	for (const node of nodes) {
		if (n <= node.length)
			return [node, n];
		n -= node.length;
	}
	return [nodes.at(-1), nodes.at(-1).length];
}

// Where each character of the old text stands in the new one. Markup was
// removed from it and blanks are others, so what differs is passed over.
function follow(before, after, wanted) {
	const places = [];
	let j = 0;
	for (let i = 0; i <= before.length && places.length < wanted.length; i++) {
		if (before[i] !== after[j]) {
			const blank = /^\s+/.exec(after.slice(j, j + 40))?.[0].length || 0;
			const skip = after.slice(j, j + 40).indexOf(before.slice(i, i + 4));
			if (blank && before[i] === after[j + blank])
				j += blank;
			else if (skip > 0 && i + 4 <= before.length)
				j += skip;
		}
		if (i === wanted[places.length])
			places.push(j);
		if (i < before.length && before[i] === after[j])
			j++;
	}
	return places;
}

// Takes note of the selection's ends within old; what it returns puts them into its successor.
export function selectionIn(old) {
	const selection = getSelection();
	if (!selection.rangeCount || selection.isCollapsed)
		return () => {};
	const nodes = textsOf(old);
	const ends = [[selection.anchorNode, selection.anchorOffset], [selection.focusNode, selection.focusOffset]];
	const counts = ends.map((end) => countTo(old, nodes, ...end));
	if (counts.every((n) => n < 0))
		return () => {};
	const before = join(nodes);
	return (fresh) => {
		const now = textsOf(fresh);
		if (!now.length)
			return;
		const wanted = [...new Set(counts.filter((n) => n >= 0))].sort((a, b) => a - b);
		const places = follow(before, join(now), wanted);
		const [anchor, focus] = counts.map((n, i) =>
			n < 0 ? ends[i] : placeAt(now, places[wanted.indexOf(n)]));
		selection.setBaseAndExtent(...anchor, ...focus);
	};
}
