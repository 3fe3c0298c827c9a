noinst_LIBRARIES += lib/json/libjson.a
lib_json_libjson_a_SOURCES = \
	lib/json/field.c lib/json/field.h \
	lib/json/strict_json.c lib/json/strict_json.h
