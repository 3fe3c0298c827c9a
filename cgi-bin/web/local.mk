# What the pages share.
web = \
	cgi-bin/web/app.c cgi-bin/web/app.h \
	cgi-bin/web/bridge_client.c \
	cgi-bin/web/context.c \
	cgi-bin/web/page.c \
	cgi-bin/web/page_day.c \
	cgi-bin/web/page_error.c \
	cgi-bin/web/web.h
