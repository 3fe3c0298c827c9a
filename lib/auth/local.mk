noinst_LIBRARIES += lib/auth/libauth.a
lib_auth_libauth_a_SOURCES =
