/* The handlers that cgi-bin/routes.c names, grouped by page. */
#ifndef PAGES_PAGES_H
#define PAGES_PAGES_H

#include "web/web.h"

extern const struct route routes[];
extern const size_t routes_count;

int page_root(struct request *r, struct response *out, struct err *e);
int page_login_form(struct request *r, struct response *out, struct err *e);
int page_login(struct request *r, struct response *out, struct err *e);
int page_logout(struct request *r, struct response *out, struct err *e);
int page_workspace(struct request *r, struct response *out, struct err *e);
int page_conversation(struct request *r, struct response *out, struct err *e);
int page_conversation_create(struct request *r, struct response *out, struct err *e);
int page_conversation_act(struct request *r, struct response *out, struct err *e);
int page_conversation_rename(struct request *r, struct response *out, struct err *e);
int page_conversation_delete_ask(struct request *r, struct response *out, struct err *e);
int page_conversation_delete(struct request *r, struct response *out, struct err *e);
int page_conversation_restore(struct request *r, struct response *out, struct err *e);
int page_export_markdown(struct request *r, struct response *out, struct err *e);
int page_export_json(struct request *r, struct response *out, struct err *e);
int page_account(struct request *r, struct response *out, struct err *e);
int page_account_save(struct request *r, struct response *out, struct err *e);
int page_password(struct request *r, struct response *out, struct err *e);
int page_calendar(struct request *r, struct response *out, struct err *e);
int page_feed_make(struct request *r, struct response *out, struct err *e);
int page_feed_revoke(struct request *r, struct response *out, struct err *e);
int page_runs(struct request *r, struct response *out, struct err *e);
int page_execution(struct request *r, struct response *out, struct err *e);
int page_run_state(struct request *r, struct response *out, struct err *e);
int page_run_compare(struct request *r, struct response *out, struct err *e);
int page_run_transcript(struct request *r, struct response *out, struct err *e);
int page_run_file(struct request *r, struct response *out, struct err *e);
int page_run_cancel(struct request *r, struct response *out, struct err *e);
int page_run_continue(struct request *r, struct response *out, struct err *e);
int page_run_again(struct request *r, struct response *out, struct err *e);
int page_usage(struct request *r, struct response *out, struct err *e);
int page_usage_csv(struct request *r, struct response *out, struct err *e);
int page_domains(struct request *r, struct response *out, struct err *e);
int page_domain_ask(struct request *r, struct response *out, struct err *e);
int page_domain_withdraw(struct request *r, struct response *out, struct err *e);
int page_admin(struct request *r, struct response *out, struct err *e);
int page_stop_ask(struct request *r, struct response *out, struct err *e);
int page_stop(struct request *r, struct response *out, struct err *e);
int page_resume(struct request *r, struct response *out, struct err *e);
int page_admin_usage(struct request *r, struct response *out, struct err *e);
int page_admin_usage_csv(struct request *r, struct response *out, struct err *e);
int page_admin_usage_user(struct request *r, struct response *out, struct err *e);
int page_admin_usage_user_csv(struct request *r, struct response *out, struct err *e);
int page_admin_budgets(struct request *r, struct response *out, struct err *e);
int page_budget(struct request *r, struct response *out, struct err *e);
int page_budget_save(struct request *r, struct response *out, struct err *e);
int page_budget_clear(struct request *r, struct response *out, struct err *e);
int page_admin_domains(struct request *r, struct response *out, struct err *e);
int page_admin_domain_decide(struct request *r, struct response *out, struct err *e);
int page_admin_domain_add(struct request *r, struct response *out, struct err *e);
int page_agents(struct request *r, struct response *out, struct err *e);
int page_agent_new(struct request *r, struct response *out, struct err *e);
int page_agent_create(struct request *r, struct response *out, struct err *e);
int page_agent_preview(struct request *r, struct response *out, struct err *e);
int page_agent_overview(struct request *r, struct response *out, struct err *e);
int page_agent(struct request *r, struct response *out, struct err *e);
int page_agent_save(struct request *r, struct response *out, struct err *e);
int page_agent_run(struct request *r, struct response *out, struct err *e);
int page_agent_test(struct request *r, struct response *out, struct err *e);
int page_agent_pause(struct request *r, struct response *out, struct err *e);
int page_agent_resume(struct request *r, struct response *out, struct err *e);
int page_agent_delete_ask(struct request *r, struct response *out, struct err *e);
int page_agent_delete(struct request *r, struct response *out, struct err *e);
int page_agent_versions(struct request *r, struct response *out, struct err *e);
int page_agent_restore(struct request *r, struct response *out, struct err *e);
int page_agent_ask(struct request *r, struct response *out, struct err *e);
int page_agent_ask_cancel(struct request *r, struct response *out, struct err *e);
int page_agent_import(struct request *r, struct response *out, struct err *e);
int page_agent_import_save(struct request *r, struct response *out, struct err *e);
int page_agent_export(struct request *r, struct response *out, struct err *e);
int page_hook(struct request *r, struct response *out, struct err *e);
int page_hook_make(struct request *r, struct response *out, struct err *e);
int page_hook_revoke(struct request *r, struct response *out, struct err *e);
int page_hook_call(struct request *r, struct response *out, struct err *e);
int page_notify(struct request *r, struct response *out, struct err *e);
int page_notify_add(struct request *r, struct response *out, struct err *e);
int page_notify_remove(struct request *r, struct response *out, struct err *e);
int page_notify_test(struct request *r, struct response *out, struct err *e);
int page_notices(struct request *r, struct response *out, struct err *e);
int page_notices_read(struct request *r, struct response *out, struct err *e);
int page_preferences(struct request *r, struct response *out, struct err *e);
int page_health(struct request *r, struct response *out, struct err *e);

#endif
