noinst_LIBRARIES += lib/egress/libegress.a
lib_egress_libegress_a_SOURCES = \
	lib/egress/egress.h
