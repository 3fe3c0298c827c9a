noinst_LIBRARIES += lib/egress/libegress.a
lib_egress_libegress_a_SOURCES = \
	lib/egress/egress.c lib/egress/egress.h \
	lib/egress/line.c lib/egress/line.h
