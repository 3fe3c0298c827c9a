
pkglibexec_PROGRAMS += gongbang-demo-model
gongbang_demo_model_SOURCES = cgi-bin/gongbang_demo_model.c
gongbang_demo_model_LDADD = lib/demo/libdemo.a lib/core/libcore.a \
	$(MHD_LIBS) $(JSON_LIBS) $(CORE_LIBS) -lpthread

bin_PROGRAMS += gongbang
gongbang_SOURCES = cgi-bin/gongbang.c cgi-bin/command.h \
	cgi-bin/command_user.c cgi-bin/terminal.c cgi-bin/terminal.h \
	lib/http/client.c lib/http/client.h
gongbang_LDADD = lib/auth/libauth.a lib/store/libstore.a lib/kv/libkv.a \
	lib/core/libcore.a $(SODIUM_LIBS) $(SQLITE_LIBS) \
	$(HIREDIS_LIBS) $(CURL_LIBS) $(JSON_LIBS) $(TALLOC_LIBS) $(CORE_LIBS)
