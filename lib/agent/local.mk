noinst_LIBRARIES += lib/agent/libagent.a
lib_agent_libagent_a_SOURCES = \
	lib/agent/definition.c lib/agent/definition.h \
	lib/agent/definition_internal.h \
	lib/agent/definition_json.c \
	lib/agent/prompt.c lib/agent/prompt.h
EXTRA_DIST += lib/agent/DEFINITION.md
