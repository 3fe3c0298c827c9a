# Peers and clients of scripts/bench; built by it, not by make all.
EXTRA_PROGRAMS += tests/bench/constant_fcgi tests/bench/sockets
tests_bench_constant_fcgi_SOURCES = tests/bench/constant_fcgi.c
tests_bench_constant_fcgi_LDADD = $(FCGI_LIBS)
tests_bench_sockets_SOURCES = tests/bench/sockets.c
EXTRA_PROGRAMS += tests/bench/model_service tests/bench/calls
tests_bench_model_service_SOURCES = tests/bench/model_service.c
tests_bench_calls_SOURCES = tests/bench/calls.c
EXTRA_PROGRAMS += tests/bench/fill_agents
tests_bench_fill_agents_SOURCES = tests/bench/fill_agents.c
tests_bench_fill_agents_LDADD = lib/agent/libagent.a lib/schedule/libschedule.a \
	lib/store/libstore.a lib/time/libtime.a lib/json/libjson.a \
	lib/core/libcore.a $(ICAL_LIBS) $(SQLITE_LIBS) $(CMARK_LIBS) \
	$(SODIUM_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS)
EXTRA_PROGRAMS += tests/bench/due
tests_bench_due_SOURCES = tests/bench/due.c
tests_bench_due_LDADD = lib/store/libstore.a lib/core/libcore.a \
	$(SQLITE_LIBS) $(TALLOC_LIBS) $(CORE_LIBS)
EXTRA_PROGRAMS += tests/bench/fill_search
tests_bench_fill_search_SOURCES = tests/bench/fill_search.c
tests_bench_fill_search_LDADD = lib/store/libstore.a lib/core/libcore.a \
	$(SQLITE_LIBS) $(TALLOC_LIBS) $(CORE_LIBS)
