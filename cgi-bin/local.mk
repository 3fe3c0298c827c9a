
pkglibexec_PROGRAMS += gongbang-demo-model
gongbang_demo_model_SOURCES = cgi-bin/gongbang_demo_model.c
gongbang_demo_model_LDADD = lib/demo/libdemo.a lib/core/libcore.a \
	$(MHD_LIBS) $(JSON_LIBS) $(CORE_LIBS) -lpthread
