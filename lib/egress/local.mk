noinst_LIBRARIES += lib/egress/libegress.a
lib_egress_libegress_a_SOURCES = \
	lib/egress/address_map.c lib/egress/address_map.h \
	lib/egress/allow_list.c lib/egress/allow_list.h \
	lib/egress/egress_policy.c lib/egress/egress_policy.h \
	lib/egress/egress_server.c lib/egress/egress_server.h \
	lib/egress/helper_protocol.c lib/egress/helper_protocol.h
