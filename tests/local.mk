# Every test is tests/<folder>/<name>_test.c, every fuzzer tests/fuzz/<name>_fuzz.c.
TESTS += $(check_PROGRAMS)
AM_TESTS_ENVIRONMENT = \
	top_srcdir='$(abs_top_srcdir)'; export top_srcdir; \
	ASAN_OPTIONS=detect_leaks=1; export ASAN_OPTIONS;
test_libs = $(CMOCKA_LIBS)

TESTS += tests/documents_test.sh tests/icons_test.sh tests/layers_test.sh tests/mirror_test.sh tests/names_test.sh tests/unused_test.sh tests/copy_test.sh tests/units_test.sh tests/style_test.sh tests/words_test.sh tests/language_test.sh
EXTRA_DIST += tests/documents_test.sh tests/icons_test.sh tests/layers_test.sh tests/mirror_test.sh tests/names_test.sh tests/unused_test.sh tests/copy_test.sh tests/units_test.sh tests/style_test.sh tests/words_test.sh tests/language_test.sh \
	tests/words.list tests/language.list tests/names.list tests/cppcheck.cfg

include tests/core/local.mk
include tests/json/local.mk
include tests/time/local.mk
include tests/http/local.mk
include tests/html/local.mk
include tests/emulator/local.mk
include tests/preview/local.mk
include tests/ws/local.mk
include tests/kv/local.mk
include tests/store/local.mk
include tests/auth/local.mk
include tests/spending/local.mk
include tests/engine/local.mk
include tests/link/local.mk
include tests/shim/local.mk
include tests/workspace/local.mk
include tests/guard/local.mk
include tests/transcript/local.mk
include tests/session/local.mk
include tests/bridge/local.mk
include tests/ledger/local.mk
include tests/gateway/local.mk
include tests/demo/local.mk
include tests/cgi-bin/local.mk
include tests/fuzz/local.mk
include tests/egress/local.mk
include tests/schedule/local.mk
include tests/agent/local.mk
include tests/notify/local.mk
include tests/worker/local.mk
# Folders are distributed whole.
EXTRA_DIST += tests/browser tests/integration tests/bench/fastapi \
	tests/bench/agents_page.js \
	tests/bench/bench.js \
	tests/bench/files.js \
	tests/bench/gateway.js \
	tests/bench/host.js \
	tests/bench/load.js \
	tests/bench/loadtest.js \
	tests/bench/post.lua \
	tests/bench/search.js \
	tests/bench/terminal.js \
	tests/bench/worker.js \
	tests/client.js \
	tests/package-lock.json \
	tests/package.json \
	tests/words.js
include tests/bench/local.mk
include tests/i18n/local.mk
