#include "config.h"
#include "html/highlight.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"
#include "html/template.h"

#define PROGRAM "/usr/bin/highlight"
#define MEMORY (256 << 20)
#define HTML_MAX (HIGHLIGHT_CODE_MAX * 40)

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#endif
#define X32 0x40000000		/* in the number of a call of that ABI */

static const struct { const char *said, *name; } languages[] = {
	{ "awk", "awk" }, { "bash", "sh" }, { "bat", "bat" }, { "c", "c" },
	{ "c++", "c" }, { "cc", "c" }, { "conf", "ini" }, { "console", "sh" },
	{ "cpp", "c" }, { "cs", "csharp" }, { "csharp", "csharp" }, { "css", "css" },
	{ "dart", "dart" }, { "diff", "diff" }, { "docker", "docker" },
	{ "dockerfile", "docker" }, { "go", "go" }, { "golang", "go" }, { "h", "c" },
	{ "haskell", "haskell" }, { "hpp", "c" }, { "html", "html" }, { "ini", "ini" },
	{ "java", "java" }, { "javascript", "js" }, { "js", "js" }, { "json", "json" },
	{ "jsonl", "json" }, { "jsx", "jsx" }, { "julia", "julia" },
	{ "kotlin", "kotlin" }, { "kt", "kotlin" }, { "latex", "tex" }, { "lua", "lua" },
	{ "make", "make" }, { "makefile", "make" }, { "markdown", "md" }, { "md", "md" },
	{ "mjs", "js" }, { "nginx", "nginx" }, { "patch", "diff" }, { "perl", "perl" },
	{ "php", "php" }, { "powershell", "ps1" }, { "ps1", "ps1" }, { "py", "python" },
	{ "python", "python" }, { "python3", "python" }, { "r", "r" }, { "rb", "ruby" },
	{ "rs", "rs" }, { "ruby", "ruby" }, { "rust", "rs" }, { "scala", "scala" },
	{ "scss", "scss" }, { "sh", "sh" }, { "shell", "sh" }, { "sql", "sql" },
	{ "svg", "xml" }, { "swift", "swift" }, { "tex", "tex" }, { "toml", "ini" },
	{ "ts", "ts" }, { "tsx", "ts" }, { "typescript", "ts" }, { "xml", "xml" },
	{ "yaml", "yaml" }, { "yml", "yaml" }, { "zsh", "sh" },
};

const char *highlight_language(const char *said)
{
	char lower[16];
	size_t i;

	for (i = 0; i < sizeof(lower) - 1 && said[i]; i++)
		lower[i] = said[i] >= 'A' && said[i] <= 'Z' ? (char)(said[i] | 0x20) : said[i];
	if (said[i])
		return NULL;
	lower[i] = '\0';
	for (i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		if (str_equal(languages[i].said, lower))
			return languages[i].name;
	}
	return NULL;
}

/* ---- what the program says ---- */

/* Its classes. */
static const char *const kinds[] = { "com", "esc", "ipl", "kwa", "kwb", "kwc", "kwd", "kwe",
	"kwf", "lin", "num", "opt", "ppc", "pps", "slc", "str" };

static const struct { const char *entity; char is; } entities[] = {
	{ "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' },
	{ "&apos;", '\'' }, { "&#39;", '\'' },
};

/* The character at html and its length. */
static char character(const char *html, size_t *len)
{
	size_t i;

	for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		if (!str_starts(html, entities[i].entity))
			continue;
		*len = strlen(entities[i].entity);
		return entities[i].is;
	}
	*len = 1;
	return *html;
}

/* The tag at html, appended in our words; its length, 0 if it is none of ours. */
static size_t take_tag(const char *html, bool *open, struct buf *out, struct err *e)
{
	static const char begins[] = "<span class=\"hl ", ends[] = "</span>";
	const char *const *kind;
	size_t n = strlen(begins);
	char word[4] = "";

	if (str_starts(html, ends) && *open) {
		*open = false;
		return buf_add_text(out, ends, e) < 0 ? 0 : strlen(ends);
	}
	if (!str_starts(html, begins) || *open)
		return 0;
	memcpy(word, html + n, strnlen(html + n, 3));
	kind = table_find(kinds, word);
	if (!kind || !str_starts(html + n + 3, "\">"))
		return 0;
	*open = true;
	return buf_addf(out, e, "<span class=\"hl-%s\">", *kind) < 0 ? 0 : n + 5;
}

int highlight_take(const char *code, const char *html, struct buf *out, struct err *e)
{
	bool open = false;
	char one[2] = "";
	size_t len;

	while (*html) {
		if (*html == '<') {
			len = take_tag(html, &open, out, e);
			if (!len)
				return err_set(e, ERR_INPUT, "colours with another tag");
			html += len;
			continue;
		}
		one[0] = character(html, &len);
		if (!*code && *html == '\n') {	/* a last line always ends */
			html++;
			continue;
		}
		if (one[0] != *code++)
			return err_set(e, ERR_INPUT, "colours of another text");
		if (html_escape(out, one, e) < 0)
			return -1;
		html += len;
	}
	if (open || code[strspn(code, "\n")])
		return err_set(e, ERR_INPUT, "colours of another text");
	return buf_add_text(out, code, e);
}

/* ---- the program ---- */

/* It reads its languages and answers; a hostile text that takes it over finds no socket. */
static void forbid(void)
{
#define DENY(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), \
		 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
	static struct sock_filter rules[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		DENY(SYS_socket), DENY(SYS_socketpair), DENY(SYS_connect), DENY(SYS_bind),
		DENY(SYS_ptrace), DENY(SYS_process_vm_readv), DENY(SYS_process_vm_writev),
		DENY(SYS_kill), DENY(SYS_pidfd_open), DENY(SYS_pidfd_send_signal),
		DENY(SYS_io_uring_setup), DENY(SYS_setsid), DENY(SYS_unlinkat),
		DENY(SYS_renameat2), DENY(SYS_mkdirat), DENY(SYS_linkat),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_fprog filter = {
		.len = sizeof(rules) / sizeof(rules[0]), .filter = rules,
	};
#undef DENY

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		_exit(1);
}

static void limit(int what, rlim_t n)
{
	const struct rlimit to = { n, n };

	if (setrlimit(what, &to) < 0)
		_exit(1);
}

static _Noreturn void switch_to(const char *language, int fd)
{
	static char *const environment[] = { NULL };
	const struct itimerval t = { .it_value = { 0, HIGHLIGHT_CPU_MS * 1000 } };
	char *const args[] = { (char *)(uintptr_t)"highlight", (char *)(uintptr_t)"-S",
			       (char *)(uintptr_t)language, (char *)(uintptr_t)"--fragment",
			       (char *)(uintptr_t)"-O", (char *)(uintptr_t)"html",
			       (char *)(uintptr_t)"-u", (char *)(uintptr_t)"utf-8", NULL };

	signal(SIGPROF, SIG_DFL);
	setitimer(ITIMER_PROF, &t, NULL);	/* continues after execve */
	limit(RLIMIT_AS, MEMORY);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CORE, 0);
	if (dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(1);
	forbid();
	execve(PROGRAM, args, environment);
	_exit(1);
}

/* 0: everything came; -1: it did not, with *late set if the time was up. */
static int receive(int fd, int64_t until, struct buf *html, bool *late)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct err e = { 0 };
	int64_t left;
	ssize_t got;
	char *room;

	for (;;) {
		left = until - clock_mono_ms();
		if (left <= 0 || poll(&p, 1, (int)left) == 0) {
			*late = true;
			return -1;
		}
		room = buf_reserve(html, 4096, &e);
		got = room ? recv(fd, room, 4096, MSG_DONTWAIT) : -1;
		if (!room || (got < 0 && errno != EAGAIN && errno != EINTR))
			return -1;
		if (got == 0)
			return 0;
		if (got > 0)
			buf_grew(html, (size_t)got);
	}
}

/* The whole code fits in the socket, so sending does not wait for the program. */
static bool give(int fd, const char *code, size_t n)
{
	return send(fd, code, n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n &&
	       shutdown(fd, SHUT_WR) == 0;
}

enum highlighted highlight_code(const char *language, const char *code, int wait_ms,
				struct buf *out)
{
	int64_t until = clock_mono_ms() + wait_ms;
	auto_buf html = BUF_INIT(HTML_MAX);
	size_t n = strlen(code), before = out->len;
	int ends[2], status = -1, bad;
	bool late = false;
	struct err e = { 0 };
	pid_t pid;

	if (!n || n > HIGHLIGHT_CODE_MAX)
		return HIGHLIGHT_PLAIN;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return HIGHLIGHT_LATE;
	pid = fork();
	if (pid == 0)
		switch_to(language, ends[1]);
	close(ends[1]);
	bad = pid < 0 || !give(ends[0], code, n) || receive(ends[0], until, &html, &late) < 0;
	close(ends[0]);
	if (pid < 0)
		return HIGHLIGHT_LATE;
	if (bad)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (bad || status != 0)
		return late ? HIGHLIGHT_LATE : HIGHLIGHT_PLAIN;
	if (highlight_take(code, buf_text(&html), out, &e) == 0)
		return HIGHLIGHTED;
	out->len = before;
	if (out->data)
		out->data[before] = '\0';
	return HIGHLIGHT_PLAIN;
}
