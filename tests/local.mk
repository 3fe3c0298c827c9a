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
EXTRA_DIST += \
	tests/bench/bench.js \
	tests/bench/gateway.js \
	tests/bench/post.lua \
	tests/bench/worker.js \
	tests/browser/access.test.js \
	tests/browser/agents.test.js \
	tests/browser/blocked.test.js \
	tests/browser/answers.test.js \
	tests/browser/chat.test.js \
	tests/browser/executions.test.js \
	tests/browser/gongbang.js \
	tests/browser/files.test.js \
	tests/browser/layout.test.js \
	tests/browser/login.test.js \
	tests/browser/nojs.test.js \
	tests/browser/notices.test.js \
	tests/browser/palette.test.js \
	tests/browser/screenshots.js \
	tests/browser/usage.test.js \
	tests/client.js \
	tests/integration/agents.test.js \
	tests/integration/attacks.test.js \
	tests/integration/away.test.js \
	tests/integration/cli_contract.json \
	tests/integration/commands.test.js \
	tests/integration/contract.test.js \
	tests/integration/disk.test.js \
	tests/integration/doctor.test.js \
	tests/integration/egress.test.js \
	tests/integration/fault.test.js \
	tests/integration/feed.test.js \
	tests/integration/hooks.test.js \
	tests/integration/hostile.test.js \
	tests/integration/http.test.js \
	tests/integration/inside.test.js \
	tests/integration/insider.py \
	tests/integration/insider.test.js \
	tests/integration/keys.test.js \
	tests/integration/life.test.js \
	tests/integration/peer.py \
	tests/integration/places.test.js \
	tests/integration/redteam.test.js \
	tests/integration/remove.test.js \
	tests/integration/run.test.js \
	tests/integration/services.test.js \
	tests/integration/starts.test.js \
	tests/integration/tokens.test.js \
	tests/integration/workspace.test.js \
	tests/package-lock.json \
	tests/package.json \
	tests/words.js
include tests/bench/local.mk
include tests/i18n/local.mk
