/* Every page: one row is its whole contract. */
#include "config.h"
#include "pages.h"

const struct route routes[] = {
	{ METHOD_GET, "/", page_root, 0, 0 },
	{ METHOD_GET, "/login", page_login_form, ROUTE_OPEN, 0 },
	{ METHOD_POST, "/login", page_login, ROUTE_OPEN, 0 },
	{ METHOD_POST, "/logout", page_logout, 0, 0 },
	{ METHOD_GET, "/workspace", page_workspace, 0, 0 },
	{ METHOD_GET, "/workspace/{id}", page_conversation, 0, 0 },
	{ METHOD_POST, "/conversations", page_conversation_create, 0,
	  BODY_MESSAGE },
	{ METHOD_POST, "/conversations/{id}/rename",
	  page_conversation_rename, 0, 0 },
	{ METHOD_GET, "/conversations/{id}/delete",
	  page_conversation_delete_ask, 0, 0 },
	{ METHOD_POST, "/conversations/{id}/delete",
	  page_conversation_delete, 0, 0 },
	{ METHOD_GET, "/conversations/{id}/export.md",
	  page_export_markdown, 0, 0 },
	{ METHOD_GET, "/conversations/{id}/export.json",
	  page_export_json, 0, 0 },
	{ METHOD_GET, "/account", page_account, 0, 0 },
	{ METHOD_POST, "/account", page_account_save, 0, 0 },
	{ METHOD_POST, "/account/password", page_password, 0, 0 },
	{ METHOD_POST, "/preferences", page_preferences, ROUTE_OPEN, 0 },
	{ METHOD_GET, "/healthz", page_health, ROUTE_OPEN, 0 },
};

const size_t routes_count = sizeof(routes) / sizeof(routes[0]);
