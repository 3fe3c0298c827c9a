noinst_LIBRARIES += lib/transcript/libtranscript.a
lib_transcript_libtranscript_a_SOURCES = \
	lib/transcript/agent_script.c lib/transcript/agent_script.h \
	lib/transcript/ask_rules.c lib/transcript/ask_rules.h \
	lib/transcript/code_acts.c lib/transcript/code_acts.h \
	lib/transcript/decoder.c lib/transcript/decoder.h \
	lib/transcript/decoder_agent.c \
	lib/transcript/decoder_ask.c \
	lib/transcript/decoder_command.c \
	lib/transcript/decoder_form.c \
	lib/transcript/decoder_internal.h \
	lib/transcript/decoder_live.c \
	lib/transcript/decoder_retract.c \
	lib/transcript/decoder_stream.c \
	lib/transcript/decoder_turn.c \
	lib/transcript/decoder_user.c \
	lib/transcript/export.c lib/transcript/export.h \
	lib/transcript/message_title.c lib/transcript/message_title.h \
	lib/transcript/part.c lib/transcript/part.h \
	lib/transcript/part_ask.c \
	lib/transcript/part_diff.c \
	lib/transcript/part_files.c \
	lib/transcript/part_internal.h \
	lib/transcript/part_search.c lib/transcript/part_search.h \
	lib/transcript/part_output.c \
	lib/transcript/part_tool.c \
	lib/transcript/rendering.c lib/transcript/rendering.h \
	lib/transcript/text_diff.c lib/transcript/text_diff.h \
	lib/transcript/tool_title.c lib/transcript/tool_title.h \
	lib/transcript/truncate_line.c lib/transcript/truncate_line.h \
	lib/transcript/truncate_part.c lib/transcript/truncate_part.h
EXTRA_DIST += lib/transcript/PROTOCOL.md
