noinst_LIBRARIES += lib/session/libsession.a
lib_session_libsession_a_SOURCES = \
	lib/session/agent_run.c lib/session/agent_run.h \
	lib/session/agent_run_deadlines.c \
	lib/session/agent_run_internal.h \
	lib/session/changed_files.c lib/session/changed_files.h \
	lib/session/claude_args.c lib/session/claude_args.h \
	lib/session/claude_deadlines.c \
	lib/session/claude_lists.c \
	lib/session/claude_process.c lib/session/claude_process.h \
	lib/session/claude_process_end.c \
	lib/session/claude_process_internal.h \
	lib/session/claude_start.c lib/session/claude_start.h \
	lib/session/claude_states.c lib/session/claude_states.h \
	lib/session/claude_token.c lib/session/claude_token.h \
	lib/session/last_line.c \
	lib/session/log_events.c \
	lib/session/log_reader.c lib/session/log_reader.h \
	lib/session/message_intake.c \
	lib/session/message_queue.c lib/session/message_queue.h \
	lib/session/message_queue_deadlines.c \
	lib/session/message_queue_internal.h \
	lib/session/permission_mode.c \
	lib/session/prestart.c \
	lib/session/queries.c \
	lib/session/recall.c \
	lib/session/recorder.c lib/session/recorder.h \
	lib/session/recorder_internal.h \
	lib/session/recorder_parts.c \
	lib/session/replay.c \
	lib/session/requests.c \
	lib/session/run_files.c \
	lib/session/run_outcome.c lib/session/run_outcome.h \
	lib/session/run_questions.c \
	lib/session/sent_pictures.c \
	lib/session/session.c lib/session/session.h \
	lib/session/session_internal.h \
	lib/session/session_load.c \
	lib/session/session_status.c \
	lib/session/shim_request.c \
	lib/session/stdin_json.c \
	lib/session/stdin_writer.c \
	lib/session/turn_files.c
