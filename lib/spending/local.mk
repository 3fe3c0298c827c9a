noinst_LIBRARIES += lib/spending/libspending.a
lib_spending_libspending_a_SOURCES = \
	lib/spending/amount.c lib/spending/amount.h \
	lib/spending/budget_zone.c lib/spending/budget_zone.h \
	lib/spending/listed.c lib/spending/listed.h \
	lib/spending/prices.c lib/spending/prices.h \
	lib/spending/report.c lib/spending/report.h \
	lib/spending/spent.c lib/spending/spent.h \
	lib/spending/standings.c lib/spending/standings.h
