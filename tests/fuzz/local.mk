# One program a parser. With --enable-fuzz it is a libFuzzer target; else
# run.c drives it: the whole corpus, then some thousand seeded mutations.
if FUZZ
fuzz_main =
fuzz_ldflags = $(AM_LDFLAGS) $(FUZZ)
else
fuzz_main = tests/fuzz/run.c
fuzz_ldflags = $(AM_LDFLAGS)
endif
EXTRA_DIST += tests/fuzz/corpus

check_PROGRAMS += tests/fuzz/template_fuzz tests/fuzz/zone_fuzz \
	tests/fuzz/language_fuzz
tests_fuzz_template_fuzz_SOURCES = tests/fuzz/template_fuzz.c $(fuzz_main)
tests_fuzz_template_fuzz_LDADD = $(html_test_libs)
tests_fuzz_template_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_zone_fuzz_SOURCES = tests/fuzz/zone_fuzz.c $(fuzz_main)
tests_fuzz_zone_fuzz_LDADD = $(html_test_libs)
tests_fuzz_zone_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_language_fuzz_SOURCES = tests/fuzz/language_fuzz.c $(fuzz_main)
tests_fuzz_language_fuzz_LDADD = $(html_test_libs)
tests_fuzz_language_fuzz_LDFLAGS = $(fuzz_ldflags)
check_PROGRAMS += tests/fuzz/docker_frames_fuzz
tests_fuzz_docker_frames_fuzz_SOURCES = tests/fuzz/docker_frames_fuzz.c $(fuzz_main)
tests_fuzz_docker_frames_fuzz_LDADD = lib/engine/libengine.a \
	lib/core/libcore.a $(engine_libs) $(CORE_LIBS)
tests_fuzz_docker_frames_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/docker_response_fuzz
tests_fuzz_docker_response_fuzz_SOURCES = tests/fuzz/docker_response_fuzz.c $(fuzz_main)
tests_fuzz_docker_response_fuzz_LDADD = lib/engine/libengine.a \
	lib/json/libjson.a lib/core/libcore.a $(engine_libs) $(CORE_LIBS)
tests_fuzz_docker_response_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/ansi_fuzz tests/fuzz/highlight_fuzz
tests_fuzz_ansi_fuzz_SOURCES = tests/fuzz/ansi_fuzz.c $(fuzz_main)
tests_fuzz_ansi_fuzz_LDADD = $(html_test_libs)
tests_fuzz_ansi_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_highlight_fuzz_SOURCES = tests/fuzz/highlight_fuzz.c $(fuzz_main)
tests_fuzz_highlight_fuzz_LDADD = $(html_test_libs)
tests_fuzz_highlight_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/text_diff_fuzz tests/fuzz/part_fuzz
tests_fuzz_text_diff_fuzz_SOURCES = tests/fuzz/text_diff_fuzz.c $(fuzz_main)
tests_fuzz_text_diff_fuzz_LDADD = $(transcript_test_libs)
tests_fuzz_text_diff_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_part_fuzz_SOURCES = tests/fuzz/part_fuzz.c $(fuzz_main)
tests_fuzz_part_fuzz_LDADD = $(transcript_test_libs)
tests_fuzz_part_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/markdown_fuzz
tests_fuzz_markdown_fuzz_SOURCES = tests/fuzz/markdown_fuzz.c $(fuzz_main)
tests_fuzz_markdown_fuzz_LDADD = $(html_test_libs)
tests_fuzz_markdown_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/link_fuzz tests/fuzz/link_server_fuzz \
	tests/fuzz/start_request_fuzz tests/fuzz/workspace_path_fuzz
tests_fuzz_link_fuzz_SOURCES = tests/fuzz/link_fuzz.c $(fuzz_main)
tests_fuzz_link_fuzz_LDADD = lib/link/liblink.a lib/core/libcore.a \
	$(NGHTTP2_LIBS) $(TALLOC_LIBS)
tests_fuzz_link_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_link_server_fuzz_SOURCES = tests/fuzz/link_server_fuzz.c \
	$(fuzz_main)
tests_fuzz_link_server_fuzz_LDADD = lib/shim/libshim.a lib/emulator/libemulator.a lib/core/libcore.a \
	$(NGHTTP2_LIBS) $(UTF8PROC_LIBS) $(ARCHIVE_LIBS)
tests_fuzz_link_server_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_start_request_fuzz_SOURCES = tests/fuzz/start_request_fuzz.c \
	$(fuzz_main)
tests_fuzz_start_request_fuzz_LDADD = lib/shim/libshim.a lib/core/libcore.a \
	$(NGHTTP2_LIBS)
tests_fuzz_start_request_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_workspace_path_fuzz_SOURCES = tests/fuzz/workspace_path_fuzz.c \
	$(fuzz_main)
tests_fuzz_workspace_path_fuzz_LDADD = lib/shim/libshim.a lib/emulator/libemulator.a lib/core/libcore.a \
	$(NGHTTP2_LIBS) $(UTF8PROC_LIBS)
tests_fuzz_workspace_path_fuzz_LDFLAGS = $(fuzz_ldflags)
check_PROGRAMS += tests/fuzz/emulator_fuzz
tests_fuzz_emulator_fuzz_SOURCES = tests/fuzz/emulator_fuzz.c $(fuzz_main)
tests_fuzz_emulator_fuzz_LDADD = lib/emulator/libemulator.a lib/core/libcore.a \
	$(UTF8PROC_LIBS)
tests_fuzz_emulator_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/multipart_fuzz
tests_fuzz_multipart_fuzz_SOURCES = tests/fuzz/multipart_fuzz.c $(fuzz_main)
tests_fuzz_multipart_fuzz_LDADD = $(http_test_libs)
tests_fuzz_multipart_fuzz_LDFLAGS = $(fuzz_ldflags)
check_PROGRAMS += tests/fuzz/form_fuzz tests/fuzz/cookie_fuzz \
	tests/fuzz/request_fuzz
tests_fuzz_form_fuzz_SOURCES = tests/fuzz/form_fuzz.c $(fuzz_main)
tests_fuzz_form_fuzz_LDADD = $(http_test_libs)
tests_fuzz_form_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_cookie_fuzz_SOURCES = tests/fuzz/cookie_fuzz.c $(fuzz_main)
tests_fuzz_cookie_fuzz_LDADD = $(http_test_libs)
tests_fuzz_cookie_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_request_fuzz_SOURCES = tests/fuzz/request_fuzz.c $(fuzz_main)
tests_fuzz_request_fuzz_LDADD = $(http_test_libs)
tests_fuzz_request_fuzz_LDFLAGS = $(fuzz_ldflags)
check_PROGRAMS += tests/fuzz/decoder_fuzz
tests_fuzz_decoder_fuzz_SOURCES = tests/fuzz/decoder_fuzz.c $(fuzz_main)
tests_fuzz_decoder_fuzz_LDADD = $(transcript_test_libs)
tests_fuzz_decoder_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/request_reader_fuzz
tests_fuzz_request_reader_fuzz_SOURCES = tests/fuzz/request_reader_fuzz.c $(fuzz_main)
tests_fuzz_request_reader_fuzz_LDADD = $(gateway_test_libs)
tests_fuzz_request_reader_fuzz_LDFLAGS = $(fuzz_ldflags)
check_PROGRAMS += tests/fuzz/prices_fuzz tests/fuzz/usage_reader_fuzz \
	tests/fuzz/journal_fuzz tests/fuzz/cli_prices_fuzz
tests_fuzz_cli_prices_fuzz_SOURCES = tests/fuzz/cli_prices_fuzz.c \
	$(fuzz_main)
tests_fuzz_cli_prices_fuzz_LDADD = $(spending_test_libs)
tests_fuzz_cli_prices_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_prices_fuzz_SOURCES = tests/fuzz/prices_fuzz.c $(fuzz_main)
tests_fuzz_prices_fuzz_LDADD = $(spending_test_libs)
tests_fuzz_prices_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_usage_reader_fuzz_SOURCES = tests/fuzz/usage_reader_fuzz.c $(fuzz_main)
tests_fuzz_usage_reader_fuzz_LDADD = $(gateway_test_libs)
tests_fuzz_usage_reader_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/api_routes_fuzz tests/fuzz/gateway_headers_fuzz \
	tests/fuzz/gateway_keys_fuzz
tests_fuzz_api_routes_fuzz_SOURCES = tests/fuzz/api_routes_fuzz.c \
	$(fuzz_main)
tests_fuzz_api_routes_fuzz_LDADD = $(gateway_libs)
tests_fuzz_api_routes_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_gateway_headers_fuzz_SOURCES = tests/fuzz/gateway_headers_fuzz.c $(fuzz_main)
tests_fuzz_gateway_headers_fuzz_LDADD = $(gateway_libs)
tests_fuzz_gateway_headers_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_gateway_keys_fuzz_SOURCES = tests/fuzz/gateway_keys_fuzz.c $(fuzz_main)
tests_fuzz_gateway_keys_fuzz_LDADD = $(gateway_libs)
tests_fuzz_gateway_keys_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_journal_fuzz_SOURCES = tests/fuzz/journal_fuzz.c $(fuzz_main)
tests_fuzz_journal_fuzz_LDADD = $(gateway_test_libs)
tests_fuzz_journal_fuzz_LDFLAGS = $(fuzz_ldflags)
check_PROGRAMS += tests/fuzz/ledger_fuzz
tests_fuzz_ledger_fuzz_SOURCES = tests/fuzz/ledger_fuzz.c $(fuzz_main)
tests_fuzz_ledger_fuzz_LDADD = $(gateway_test_libs)
tests_fuzz_ledger_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/definition_fuzz tests/fuzz/prompt_fuzz
tests_fuzz_definition_fuzz_SOURCES = tests/fuzz/definition_fuzz.c $(fuzz_main)
tests_fuzz_definition_fuzz_LDADD = $(schedule_test_libs)
tests_fuzz_definition_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_prompt_fuzz_SOURCES = tests/fuzz/prompt_fuzz.c $(fuzz_main)
tests_fuzz_prompt_fuzz_LDADD = $(schedule_test_libs)
tests_fuzz_prompt_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/agent_script_fuzz
tests_fuzz_agent_script_fuzz_SOURCES = tests/fuzz/agent_script_fuzz.c $(fuzz_main)
tests_fuzz_agent_script_fuzz_LDADD = $(transcript_test_libs)
tests_fuzz_agent_script_fuzz_LDFLAGS = $(fuzz_ldflags)
check_PROGRAMS += tests/fuzz/cron_fuzz
tests_fuzz_cron_fuzz_SOURCES = tests/fuzz/cron_fuzz.c $(fuzz_main)
tests_fuzz_cron_fuzz_LDADD = $(schedule_test_libs)
tests_fuzz_cron_fuzz_LDFLAGS = $(fuzz_ldflags)
check_PROGRAMS += tests/fuzz/changed_files_fuzz
tests_fuzz_changed_files_fuzz_SOURCES = tests/fuzz/changed_files_fuzz.c \
	$(fuzz_main)
tests_fuzz_changed_files_fuzz_LDADD = lib/shim/libshim.a lib/emulator/libemulator.a \
	lib/session/libsession.a lib/core/libcore.a $(NGHTTP2_LIBS) $(UTF8PROC_LIBS) \
	$(CORE_LIBS)
tests_fuzz_changed_files_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/ics_fuzz
tests_fuzz_ics_fuzz_SOURCES = tests/fuzz/ics_fuzz.c $(fuzz_main)
tests_fuzz_ics_fuzz_LDADD = $(schedule_test_libs)
tests_fuzz_ics_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/helper_protocol_fuzz
tests_fuzz_helper_protocol_fuzz_SOURCES = tests/fuzz/helper_protocol_fuzz.c \
	$(fuzz_main)
tests_fuzz_helper_protocol_fuzz_LDADD = $(egress_test_libs)
tests_fuzz_helper_protocol_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/incoming_fuzz
tests_fuzz_incoming_fuzz_SOURCES = tests/fuzz/incoming_fuzz.c $(fuzz_main)
tests_fuzz_incoming_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_incoming_fuzz_LDADD = lib/bridge/libbridge.a lib/json/libjson.a \
	lib/core/libcore.a $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS)

check_PROGRAMS += tests/fuzz/guard_fuzz tests/fuzz/health_fuzz \
	tests/fuzz/inflater_fuzz
tests_fuzz_guard_fuzz_SOURCES = tests/fuzz/guard_fuzz.c $(fuzz_main)
tests_fuzz_guard_fuzz_LDADD = lib/guard/libguard.a \
	lib/workspace/libworkspace.a lib/engine/libengine.a lib/json/libjson.a \
	lib/core/libcore.a $(engine_libs) $(SODIUM_LIBS) $(CORE_LIBS)
tests_fuzz_guard_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_health_fuzz_SOURCES = tests/fuzz/health_fuzz.c $(fuzz_main)
tests_fuzz_health_fuzz_LDADD = lib/workspace/libworkspace.a \
	lib/link/liblink.a lib/engine/libengine.a lib/json/libjson.a \
	lib/core/libcore.a $(NGHTTP2_LIBS) $(engine_libs) $(CORE_LIBS)
tests_fuzz_health_fuzz_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_inflater_fuzz_SOURCES = tests/fuzz/inflater_fuzz.c $(fuzz_main)
tests_fuzz_inflater_fuzz_LDADD = $(gateway_test_libs)
tests_fuzz_inflater_fuzz_LDFLAGS = $(fuzz_ldflags)

check_PROGRAMS += tests/fuzz/preview_fuzz
tests_fuzz_preview_fuzz_SOURCES = tests/fuzz/preview_fuzz.c $(fuzz_main)
tests_fuzz_preview_fuzz_LDADD = $(preview_test_libs)
tests_fuzz_preview_fuzz_LDFLAGS = $(fuzz_ldflags)
check_PROGRAMS += tests/fuzz/search_terms_fuzz
tests_fuzz_search_terms_fuzz_SOURCES = tests/fuzz/search_terms_fuzz.c $(fuzz_main)
tests_fuzz_search_terms_fuzz_LDADD = lib/core/libcore.a $(TALLOC_LIBS) $(CORE_LIBS)
tests_fuzz_search_terms_fuzz_LDFLAGS = $(fuzz_ldflags)
