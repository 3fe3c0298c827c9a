// What was dropped, folders with all that is in them: [{file, name}], the name
// with its folders.

const read = (reader) => new Promise((done) => reader.readEntries(done, () => done([])));
const fileOf = (entry) => new Promise((done) => entry.file(done, () => done(null)));

async function collect(entry, folder, out) {
	const name = folder + entry.name;
	if (entry.isFile) {
		const file = await fileOf(entry);
		if (file)
			out.push({file, name});
		return;
	}
	const reader = entry.createReader();
	for (let some = await read(reader); some.length; some = await read(reader)) {
		for (const one of some)
			await collect(one, name + "/", out);
	}
}

export async function droppedFiles(transfer) {
	const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
	const out = [];
	if (!entries.length)
		return [...transfer.files].map((file) => ({file, name: file.name}));
	for (const entry of entries)
		await collect(entry, "", out);
	return out;
}
