noinst_LIBRARIES += lib/session/libsession.a
lib_session_libsession_a_SOURCES =
