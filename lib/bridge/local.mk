noinst_LIBRARIES += lib/bridge/libbridge.a
lib_bridge_libbridge_a_SOURCES = \
	lib/bridge/blocked_domains.c \
	lib/bridge/bridge.c lib/bridge/bridge.h \
	lib/bridge/bridge_internal.h \
	lib/bridge/bridge_server.c lib/bridge/bridge_server.h \
	lib/bridge/budget_status.c \
	lib/bridge/caller.c lib/bridge/caller.h \
	lib/bridge/control.c \
	lib/bridge/file_relay.c lib/bridge/file_relay.h \
	lib/bridge/file_request.c \
	lib/bridge/handshake.c \
	lib/bridge/incoming.c lib/bridge/incoming.h \
	lib/bridge/login_check.c \
	lib/bridge/orphans.c \
	lib/bridge/outgoing.c \
	lib/bridge/page_client.c \
	lib/bridge/render_queue.c \
	lib/bridge/room.c \
	lib/bridge/room_events.c \
	lib/bridge/run_control.c \
	lib/bridge/search_backlog.c \
	lib/bridge/socket_limits.c \
	lib/bridge/terminal_client.c \
	lib/bridge/token_lifecycle.c \
	lib/bridge/turnover.c \
	lib/bridge/user_presence.c \
	lib/bridge/yield.c lib/bridge/yield.h
