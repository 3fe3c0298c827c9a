#include "config.h"
#include "preview/preview_type.h"

#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/str.h"
#include "preview/preview_text.h"

#define COUNT_OF(list) (sizeof(list) / sizeof(list[0]))
#define SVG_BYTES 4096	/* within which an SVG's root begins */

#define PICTURE(media) { PREVIEW_PICTURE, "picture", "image", media, "", 0 }
#define CODE(language) { PREVIEW_TEXT, "text", "code", "", language, 0 }
#define TABLE(delimiter) { PREVIEW_TABLE, "table", "table", "", "", delimiter }
#define NONE { PREVIEW_NONE, "none", "file", "", "", 0 }
#define PLAIN { PREVIEW_TEXT, "text", "file", "", "", 0 }
#define PDF { PREVIEW_PDF, "pdf", "file", "", "", 0 }
#define ARCHIVE { PREVIEW_ARCHIVE, "archive", "archive", "", "", 0 }
#define MEDIA { PREVIEW_MEDIA, "media", "play", "", "", 0 }
#define MARKDOWN { PREVIEW_MARKDOWN, "markdown", "file", "", "markdown", 0 }
#define NOTEBOOK { PREVIEW_NOTEBOOK, "notebook", "notebook", "", "json", 0 }
#define JSON { PREVIEW_JSON, "json", "code", "", "json", 0 }

static const struct preview_type none = NONE, plain = PLAIN,
				 svg = PICTURE("image/svg+xml");

/* Bytes at an offset, and four more at another one for those of a family. */
static const struct magic {
	size_t at;
	const char *bytes;
	size_t n;
	const char *second;	/* at offset 8; "": none */
	struct preview_type type;
} magics[] = {
	{ 0, "\x89PNG\r\n\x1a\n", 8, "", PICTURE("image/png") },
	{ 0, "\xff\xd8\xff", 3, "", PICTURE("image/jpeg") },
	{ 0, "GIF87a", 6, "", PICTURE("image/gif") },
	{ 0, "GIF89a", 6, "", PICTURE("image/gif") },
	{ 0, "RIFF", 4, "WEBP", PICTURE("image/webp") },
	{ 0, "%PDF-", 5, "", PDF },
	{ 0, "PK\x03\x04", 4, "", ARCHIVE },
	{ 0, "PK\x05\x06", 4, "", ARCHIVE },
	{ 0, "\x1f\x8b\x08", 3, "", ARCHIVE },
	{ 0, "BZh", 3, "", ARCHIVE },
	{ 0, "\xfd" "7zXZ\0", 6, "", ARCHIVE },
	{ 0, "\x28\xb5\x2f\xfd", 4, "", ARCHIVE },
	{ 0, "7z\xbc\xaf\x27\x1c", 6, "", ARCHIVE },
	{ 0, "Rar!\x1a\x07", 6, "", ARCHIVE },
	{ 257, "ustar", 5, "", ARCHIVE },
	{ 0, "RIFF", 4, "WAVE", MEDIA },
	{ 0, "RIFF", 4, "AVI ", MEDIA },
	{ 0, "ID3", 3, "", MEDIA },
	{ 0, "OggS", 4, "", MEDIA },
	{ 0, "fLaC", 4, "", MEDIA },
	{ 4, "ftyp", 4, "", MEDIA },
	{ 0, "\x1a\x45\xdf\xa3", 4, "", MEDIA },
};

/* Texts, by the end of their name; "NAME" without a dot: by all of it. */
static const struct suffix {
	const char *end;
	struct preview_type type;
} texts[] = {
	{ ".csv", TABLE(0) },	{ ".tsv", TABLE('\t') }, { ".tab", TABLE('\t') },
	{ ".md", MARKDOWN },	{ ".markdown", MARKDOWN },
	{ ".ipynb", NOTEBOOK },
	{ ".json", JSON },	{ ".geojson", JSON },
	{ ".py", CODE("python") },	{ ".pyi", CODE("python") },
	{ ".sh", CODE("bash") },	{ ".bash", CODE("bash") },
	{ ".js", CODE("javascript") },	{ ".mjs", CODE("javascript") },
	{ ".cjs", CODE("javascript") },	{ ".jsx", CODE("javascript") },
	{ ".ts", CODE("typescript") },	{ ".tsx", CODE("typescript") },
	{ ".c", CODE("c") },		{ ".h", CODE("c") },
	{ ".cc", CODE("cpp") },		{ ".cpp", CODE("cpp") },
	{ ".hpp", CODE("cpp") },	{ ".cs", CODE("csharp") },
	{ ".css", CODE("css") },	{ ".diff", CODE("diff") },
	{ ".patch", CODE("diff") },	{ ".go", CODE("go") },
	{ ".ini", CODE("ini") },	{ ".toml", CODE("ini") },
	{ ".cfg", CODE("ini") },	{ ".conf", CODE("ini") },
	{ ".java", CODE("java") },	{ ".kt", CODE("kotlin") },
	{ ".mk", CODE("makefile") },	{ ".php", CODE("php") },
	{ ".r", CODE("r") },		{ ".rb", CODE("ruby") },
	{ ".rs", CODE("rust") },	{ ".sql", CODE("sql") },
	{ ".swift", CODE("swift") },	{ ".html", CODE("xml") },
	{ ".htm", CODE("xml") },	{ ".xml", CODE("xml") },
	{ ".svg", CODE("xml") },	{ ".yaml", CODE("yaml") },
	{ ".yml", CODE("yaml") },	{ ".jsonl", CODE("json") },
	{ "makefile", CODE("makefile") },
	{ "dockerfile", CODE("dockerfile") },
};

/* What a list shows without looking into files. */
static const struct suffix others[] = {
	{ ".png", PICTURE("image/png") },   { ".jpg", PICTURE("image/jpeg") },
	{ ".jpeg", PICTURE("image/jpeg") }, { ".gif", PICTURE("image/gif") },
	{ ".webp", PICTURE("image/webp") }, { ".svg", PICTURE("image/svg+xml") },
	{ ".pdf", PDF },
	{ ".zip", ARCHIVE }, { ".gz", ARCHIVE }, { ".tgz", ARCHIVE },
	{ ".bz2", ARCHIVE }, { ".xz", ARCHIVE }, { ".tar", ARCHIVE },
	{ ".7z", ARCHIVE },  { ".zst", ARCHIVE }, { ".rar", ARCHIVE },
	{ ".mp3", MEDIA },   { ".wav", MEDIA },  { ".mp4", MEDIA },
	{ ".webm", MEDIA },  { ".ogg", MEDIA },	 { ".m4a", MEDIA },
	{ ".mov", MEDIA },   { ".flac", MEDIA },
	{ ".txt", PLAIN },   { ".log", PLAIN },
};

static bool holds(const char *head, size_t n, size_t at, const char *bytes,
		  size_t length)
{
	return n >= at + length && memcmp(head + at, bytes, length) == 0;
}

static const struct preview_type *by_magic(const char *head, size_t n)
{
	size_t i;

	for (i = 0; i < COUNT_OF(magics); i++) {
		const struct magic *m = &magics[i];

		if (holds(head, n, m->at, m->bytes, m->n) &&
		    (!*m->second || holds(head, n, 8, m->second, 4)))
			return &m->type;
	}
	return NULL;
}

static const struct preview_type *by_name(const struct suffix *rows, size_t n,
					  const char *name)
{
	size_t length = strlen(name), end, i;

	for (i = 0; i < n; i++) {
		end = strlen(rows[i].end);
		if (length < end || (rows[i].end[0] != '.' && length > end))
			continue;
		if (strcasecmp(name + length - end, rows[i].end) == 0)
			return &rows[i].type;
	}
	return NULL;
}

static bool is_svg(const char *name, const char *head, size_t n)
{
	const struct preview_type *t = by_name(others, COUNT_OF(others), name);

	return t && str_equal(t->media, svg.media) &&
	       memmem(head, n < SVG_BYTES ? n : SVG_BYTES, "<svg", 4);
}

const struct preview_type *preview_type_find(const char *name, const void *head,
					     size_t n)
{
	auto_buf text = BUF_INIT(4 * PREVIEW_SNIFF_BYTES);
	const struct preview_type *t = by_magic(head, n);

	if (t)
		return t;
	n = n < PREVIEW_SNIFF_BYTES ? n : PREVIEW_SNIFF_BYTES;
	if (!preview_text_decode(head, n, &text))
		return &none;
	if (is_svg(name, buf_text(&text), text.len))
		return &svg;
	t = by_name(texts, COUNT_OF(texts), name);
	return t ? t : &plain;
}

const struct preview_type *preview_type_of_name(const char *name)
{
	const struct preview_type *t = by_name(others, COUNT_OF(others), name);

	t = t ? t : by_name(texts, COUNT_OF(texts), name);
	return t ? t : &none;
}

size_t preview_type_bytes(const struct preview_type *type)
{
	static const size_t bytes[] = {
		[PREVIEW_PICTURE] = 256 << 10,	/* a JPEG's size follows its EXIF */
		[PREVIEW_TABLE] = 128 << 10,
		[PREVIEW_MARKDOWN] = 512 << 10,
		[PREVIEW_NOTEBOOK] = 8 << 20,	/* has pictures */
		[PREVIEW_JSON] = 1 << 20,
		[PREVIEW_TEXT] = 256 << 10,
		[PREVIEW_MEDIA] = 0,
	};

	return bytes[type->kind];
}
