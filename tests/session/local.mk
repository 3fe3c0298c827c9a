check_PROGRAMS += tests/session/session_test
session_world = tests/session/session_world.c tests/session/session_world.h \
	tests/session/fake_shim.c tests/session/fake_shim.h
tests_session_session_test_SOURCES = tests/session/session_test.c $(session_world)
tests_session_session_test_LDADD = lib/session/libsession.a \
	lib/transcript/libtranscript.a lib/preview/libpreview.a lib/store/libstore.a \
	lib/json/libjson.a lib/core/libcore.a $(SQLITE_LIBS) $(JSON_LIBS) \
	$(TALLOC_LIBS) $(UV_LIBS) $(CORE_LIBS) $(test_libs)
# The fake has the clocks.
tests_session_session_test_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=clock_mono_ms -Wl,--wrap=uv_hrtime

check_PROGRAMS += tests/session/agent_run_test
agent_run_world = tests/session/agent_run_world.c tests/session/agent_run_world.h \
	tests/session/fake_shim.c tests/session/fake_shim.h
tests_session_agent_run_test_SOURCES = tests/session/agent_run_test.c $(agent_run_world)
tests_session_agent_run_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_agent_run_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/agent_run_deadlines_test
tests_session_agent_run_deadlines_test_SOURCES = tests/session/agent_run_deadlines_test.c $(agent_run_world)
tests_session_agent_run_deadlines_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_agent_run_deadlines_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/run_files_test
tests_session_run_files_test_SOURCES = tests/session/run_files_test.c $(agent_run_world)
tests_session_run_files_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_run_files_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/run_questions_test
tests_session_run_questions_test_SOURCES = tests/session/run_questions_test.c $(agent_run_world)
tests_session_run_questions_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_run_questions_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/turn_files_test
tests_session_turn_files_test_SOURCES = tests/session/turn_files_test.c $(session_world)
tests_session_turn_files_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_turn_files_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/changed_files_test
tests_session_changed_files_test_SOURCES = tests/session/changed_files_test.c
tests_session_changed_files_test_LDADD = lib/session/libsession.a \
	lib/core/libcore.a $(CORE_LIBS) $(test_libs)

check_PROGRAMS += tests/session/claude_deadlines_test
tests_session_claude_deadlines_test_SOURCES = tests/session/claude_deadlines_test.c $(session_world)
tests_session_claude_deadlines_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_claude_deadlines_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/claude_process_test
tests_session_claude_process_test_SOURCES = tests/session/claude_process_test.c $(session_world)
tests_session_claude_process_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_claude_process_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/claude_start_test
tests_session_claude_start_test_SOURCES = tests/session/claude_start_test.c $(session_world)
tests_session_claude_start_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_claude_start_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/claude_token_test
tests_session_claude_token_test_SOURCES = tests/session/claude_token_test.c $(session_world)
tests_session_claude_token_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_claude_token_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/log_reader_test
tests_session_log_reader_test_SOURCES = tests/session/log_reader_test.c $(session_world)
tests_session_log_reader_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_log_reader_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/message_queue_test
tests_session_message_queue_test_SOURCES = tests/session/message_queue_test.c $(session_world)
tests_session_message_queue_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_message_queue_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/sent_pictures_test
tests_session_sent_pictures_test_SOURCES = tests/session/sent_pictures_test.c $(session_world)
tests_session_sent_pictures_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_sent_pictures_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/queries_test
tests_session_queries_test_SOURCES = tests/session/queries_test.c $(session_world)
tests_session_queries_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_queries_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/permission_mode_test
tests_session_permission_mode_test_SOURCES = tests/session/permission_mode_test.c $(session_world)
tests_session_permission_mode_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_permission_mode_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/prestart_test
tests_session_prestart_test_SOURCES = tests/session/prestart_test.c $(session_world)
tests_session_prestart_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_prestart_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/recorder_test
tests_session_recorder_test_SOURCES = tests/session/recorder_test.c $(session_world)
tests_session_recorder_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_recorder_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/replay_test
tests_session_replay_test_SOURCES = tests/session/replay_test.c $(session_world)
tests_session_replay_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_replay_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)

check_PROGRAMS += tests/session/claude_states_test
tests_session_claude_states_test_SOURCES = tests/session/claude_states_test.c $(session_world)
tests_session_claude_states_test_LDADD = $(tests_session_session_test_LDADD)
tests_session_claude_states_test_LDFLAGS = $(tests_session_session_test_LDFLAGS)
EXTRA_DIST += lib/session/STATES.md

# Pure functions, no world.
check_PROGRAMS += tests/session/claude_args_test
tests_session_claude_args_test_SOURCES = tests/session/claude_args_test.c
tests_session_claude_args_test_LDADD = $(tests_session_changed_files_test_LDADD)

check_PROGRAMS += tests/session/run_outcome_test
tests_session_run_outcome_test_SOURCES = tests/session/run_outcome_test.c
tests_session_run_outcome_test_LDADD = $(tests_session_changed_files_test_LDADD)
