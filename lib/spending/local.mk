noinst_LIBRARIES += lib/spending/libspending.a
lib_spending_libspending_a_SOURCES = \
	lib/spending/period.c lib/spending/period.h \
	lib/spending/prices.c lib/spending/prices.h \
	lib/spending/spent.c lib/spending/spent.h
