noinst_LIBRARIES += lib/ledger/libledger.a
lib_ledger_libledger_a_SOURCES = \
	lib/ledger/answer.c lib/ledger/answer.h \
	lib/ledger/call_line.c lib/ledger/call_line.h \
	lib/ledger/client.c lib/ledger/client.h \
	lib/ledger/server.c lib/ledger/server.h \
	lib/ledger/wire.c lib/ledger/wire.h
