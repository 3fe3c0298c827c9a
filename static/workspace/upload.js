// Uploads; loaded with the first attachment.

import {root, uuid} from "./page.js";

const SIDE = 2000;	// pixels: what Claude sees of a larger picture anyway
const BYTES = 3932160;

// As the server says it, in the reader's language.
class Refused extends Error {
	constructor(text) {
		super(text);
		this.words = text;
	}
}

function post(path, body, item, onProgress = () => {}) {
	return new Promise((resolve, reject) => {
		const request = new XMLHttpRequest();
		item.request = request;
		request.open("POST", root.dataset.base + path);
		request.setRequestHeader("X-CSRF-Token", root.dataset.csrf);
		request.setRequestHeader("Content-Type", "application/octet-stream");
		request.timeout = 180000;
		request.upload.addEventListener("progress", (event) => onProgress(event.loaded, event.total));
		request.addEventListener("load", () => resolve(request));
		for (const failure of ["error", "timeout", "abort"])
			request.addEventListener(failure, () => reject(new Error(failure)));
		request.send(body);
	});
}

function answerOf(request) {
	try {
		return JSON.parse(request.responseText);
	} catch {
		return {};
	}
}

// A picture larger than the model takes is made smaller here; one that the
// browser cannot draw goes as it is, and the server says what is wrong.
async function fit(file) {
	let picture;
	try {
		picture = await createImageBitmap(file);
	} catch {
		return file;
	}
	let scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
	let made = file;
	for (let tries = 0; tries < 5 && (scale < 1 || made.size > BYTES); tries++) {
		const canvas = new OffscreenCanvas(Math.max(1, Math.round(picture.width * scale)),
			Math.max(1, Math.round(picture.height * scale)));
		canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
		made = await canvas.convertToBlob(tries || file.type === "image/jpeg" ? {type: "image/jpeg", quality: 0.85} : {type: "image/png"});
		if (made.size <= BYTES)
			break;
		scale *= tries ? 0.7 : 1;
	}
	picture.close();
	return made;
}

export async function sendPicture(file, item, onProgress) {
	const body = await fit(file);
	const request = await post(`/pictures?name=${encodeURIComponent(item.name.slice(0, 150))}`, body, item,
		(done, all) => onProgress(done / all));
	const {id, problem} = answerOf(request);
	if (!id)
		throw new Refused(problem);
	return {id};
}

// ---- files, into the workspace's folder uploads ----

const CHUNK = 8 << 20;
const PATIENCE = [1, 2, 4, 8, 15];	// seconds between attempts; the workspace may just be starting

async function patiently(send, good) {
	for (const seconds of [...PATIENCE, 0]) {
		const request = await send().catch(() => null);
		if (request && good.includes(request.status))
			return request;
		if (request && ![0, 429, 502, 503, 504].includes(request.status))
			break;
		await new Promise((done) => setTimeout(done, seconds * 1000));
	}
	throw new Error("not uploaded");
}

export async function sendFile(file, item, onProgress) {
	const address = `/files/upload/${uuid()}`;
	let sent = 0;
	do {
		const from = sent;
		const request = await patiently(() => post(`${address}?offset=${from}`, file.slice(from, from + CHUNK), item,
			(done) => onProgress((from + done) / Math.max(1, file.size))), [200, 409]);
		sent = Number(/^size (\d+)/m.exec(request.responseText)?.[1] ?? NaN);
	} while (sent < file.size);
	const to = encodeURIComponent(`uploads/${file.name}`);
	const request = await patiently(() => post(`${address}/finish?to=${to}&size=${file.size}`, "", item), [201]);
	return {path: decodeURIComponent(/^path (.+)$/m.exec(request.responseText)[1])};
}
