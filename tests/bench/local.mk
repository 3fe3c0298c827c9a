# Peers and clients of scripts/bench; built by it, not by make all.
EXTRA_PROGRAMS += tests/bench/constant_fcgi tests/bench/sockets
tests_bench_constant_fcgi_SOURCES = tests/bench/constant_fcgi.c
tests_bench_constant_fcgi_LDADD = $(FCGI_LIBS)
tests_bench_sockets_SOURCES = tests/bench/sockets.c
EXTRA_PROGRAMS += tests/bench/messages tests/bench/calls
tests_bench_messages_SOURCES = tests/bench/messages.c
tests_bench_calls_SOURCES = tests/bench/calls.c
