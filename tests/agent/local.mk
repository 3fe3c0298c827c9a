check_PROGRAMS += tests/agent/definition_test
tests_agent_definition_test_SOURCES = tests/agent/definition_test.c
tests_agent_definition_test_LDADD = $(schedule_test_libs)

check_PROGRAMS += tests/agent/prompt_test
tests_agent_prompt_test_SOURCES = tests/agent/prompt_test.c
tests_agent_prompt_test_LDADD = $(schedule_test_libs)
