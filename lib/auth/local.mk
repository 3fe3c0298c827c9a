noinst_LIBRARIES += lib/auth/libauth.a
lib_auth_libauth_a_SOURCES = \
	lib/auth/common_passwords.def \
	lib/auth/device.c lib/auth/device.h \
	lib/auth/gateway_token.c lib/auth/gateway_token.h \
	lib/auth/login.c lib/auth/login.h \
	lib/auth/password.c lib/auth/password.h \
	lib/auth/token_registry.c lib/auth/token_registry.h
