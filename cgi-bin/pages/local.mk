# The pages without their server: tests link them, too.
pages = cgi-bin/routes.c $(web) \
	cgi-bin/pages/account/page_account.c \
	cgi-bin/pages/account/page_login.c \
	cgi-bin/pages/admin/page_admin.c \
	cgi-bin/pages/admin/page_admin_budgets.c \
	cgi-bin/pages/admin/page_admin_domains.c \
	cgi-bin/pages/admin/page_admin_usage.c \
	cgi-bin/pages/agents/agent_changes.c \
	cgi-bin/pages/agents/agent_form.c cgi-bin/pages/agents/agent_form.h \
	cgi-bin/pages/agents/agent_form_view.c \
	cgi-bin/pages/agents/agent_preview.c \
	cgi-bin/pages/agents/agent_view.c cgi-bin/pages/agents/agent_view.h \
	cgi-bin/pages/agents/line_diff.c cgi-bin/pages/agents/line_diff.h \
	cgi-bin/pages/agents/page_agent_overview.c \
	cgi-bin/pages/agents/page_agent.c cgi-bin/pages/agents/page_agent.h \
	cgi-bin/pages/agents/page_agent_actions.c \
	cgi-bin/pages/agents/page_agent_from_chat.c \
	cgi-bin/pages/agents/page_agent_hook.c \
	cgi-bin/pages/agents/page_agent_import.c \
	cgi-bin/pages/agents/page_agent_notify.c \
	cgi-bin/pages/agents/page_agent_versions.c \
	cgi-bin/pages/agents/page_agents.c \
	cgi-bin/pages/chat/composer_view.c cgi-bin/pages/chat/composer_view.h \
	cgi-bin/pages/chat/page_act.c \
	cgi-bin/pages/chat/page_composer.c \
	cgi-bin/pages/chat/page_conversation.c \
	cgi-bin/pages/chat/page_history.c \
	cgi-bin/pages/chat/page_pictures.c \
	cgi-bin/pages/chat/page_workspace.c \
	cgi-bin/pages/domain_view.h \
	cgi-bin/pages/files/file_path.c cgi-bin/pages/files/file_path.h \
	cgi-bin/pages/files/file_record.c \
	cgi-bin/pages/files/files_view.c cgi-bin/pages/files/files_view.h \
	cgi-bin/pages/files/page_file.c \
	cgi-bin/pages/files/page_file_actions.c \
	cgi-bin/pages/files/page_file_edit.c \
	cgi-bin/pages/files/page_files.c \
	cgi-bin/pages/files/workspace_file.c \
	cgi-bin/pages/files/workspace_file.h \
	cgi-bin/pages/terminal/page_terminal.c \
	cgi-bin/pages/page_domains.c \
	cgi-bin/pages/page_health.c \
	cgi-bin/pages/page_notices.c \
	cgi-bin/pages/pages.h \
	cgi-bin/pages/runs/page_calendar.c \
	cgi-bin/pages/runs/page_run.c \
	cgi-bin/pages/runs/page_run_actions.c \
	cgi-bin/pages/runs/page_run_compare.c \
	cgi-bin/pages/runs/page_runs.c \
	cgi-bin/pages/runs/run_attempts.c \
	cgi-bin/pages/runs/run_problems.c \
	cgi-bin/pages/runs/run_previews.c cgi-bin/pages/runs/run_previews.h \
	cgi-bin/pages/runs/run_view.c cgi-bin/pages/runs/run_view.h \
	cgi-bin/pages/projects/page_projects.c \
	cgi-bin/pages/search/page_search.c \
	cgi-bin/pages/share/page_share.c \
	cgi-bin/pages/share/page_shared.c \
	cgi-bin/pages/usage/page_usage.c \
	cgi-bin/pages/usage/page_usage_csv.c \
	cgi-bin/pages/usage/usage_chart.c \
	cgi-bin/pages/usage/usage_view.c cgi-bin/pages/usage/usage_view.h
