# gongbang.fcgi as a FastCGI server.
fcgi = \
	cgi-bin/fcgi/connections.c cgi-bin/fcgi/connections.h \
	cgi-bin/fcgi/fair_share.c cgi-bin/fcgi/fair_share.h \
	cgi-bin/fcgi/fcgi_server.c cgi-bin/fcgi/fcgi_server.h \
	cgi-bin/fcgi/request_queue.c cgi-bin/fcgi/request_queue.h
