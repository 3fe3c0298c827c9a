noinst_LIBRARIES += lib/preview/libpreview.a
lib_preview_libpreview_a_SOURCES = \
	lib/preview/csv_table.c lib/preview/csv_table.h \
	lib/preview/json_tree.c lib/preview/json_tree.h \
	lib/preview/notebook.c lib/preview/notebook.h \
	lib/preview/picture_size.c lib/preview/picture_size.h \
	lib/preview/preview.c lib/preview/preview.h \
	lib/preview/preview_text.c lib/preview/preview_text.h \
	lib/preview/preview_type.c lib/preview/preview_type.h
