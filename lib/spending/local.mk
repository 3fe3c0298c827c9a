noinst_LIBRARIES += lib/spending/libspending.a
lib_spending_libspending_a_SOURCES = \
	lib/spending/amount.c lib/spending/amount.h \
	lib/spending/budget_zone.c lib/spending/budget_zone.h \
	lib/spending/cli_prices.c lib/spending/cli_prices.h \
	lib/spending/prices.c lib/spending/prices.h \
	lib/spending/report.c lib/spending/report.h \
	lib/spending/spent.c lib/spending/spent.h \
	lib/spending/user_spending.c lib/spending/user_spending.h
