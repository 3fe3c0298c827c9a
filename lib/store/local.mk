noinst_LIBRARIES += lib/store/libstore.a
lib_store_libstore_a_SOURCES = \
	lib/store/agent_versions.c \
	lib/store/agents.c lib/store/agents.h \
	lib/store/agents_internal.h \
	lib/store/attempts.c \
	lib/store/budgets.c lib/store/budgets.h \
	lib/store/casefold.c lib/store/casefold.h \
	lib/store/composer.c lib/store/composer.h \
	lib/store/conversation_record.c \
	lib/store/conversation_tokens.c lib/store/conversation_tokens.h \
	lib/store/conversations.c lib/store/conversations.h \
	lib/store/dashboard.c lib/store/dashboard.h \
	lib/store/db.c lib/store/db.h \
	lib/store/db_internal.h \
	lib/store/domains.c lib/store/domains.h \
	lib/store/execution_files.c \
	lib/store/executions.c lib/store/executions.h \
	lib/store/feeds.c lib/store/feeds.h \
	lib/store/jobs.c lib/store/jobs.h \
	lib/store/like.c lib/store/like.h \
	lib/store/messages.c \
	lib/store/migrations.c lib/store/migrations.h \
	lib/store/notices.c lib/store/notices.h \
	lib/store/notices_due.c \
	lib/store/outcomes.c lib/store/outcomes.h \
	lib/store/parts.c \
	lib/store/pictures.c lib/store/pictures.h \
	lib/store/planning.c lib/store/planning.h \
	lib/store/projects.c lib/store/projects.h \
	lib/store/removal.c lib/store/removal.h \
	lib/store/renderings.c lib/store/renderings.h \
	lib/store/run_queue.c \
	lib/store/search.c lib/store/search.h \
	lib/store/search_internal.h \
	lib/store/shares.c lib/store/shares.h \
	lib/store/sqlite.c \
	lib/store/sqlite_internal.h \
	lib/store/sqlite_open.c \
	lib/store/sqlite_search.c \
	lib/store/usage.c lib/store/usage.h \
	lib/store/users.c lib/store/users.h

# Each migration becomes a row {number, name, text}; a new one is a new file here.
store_migrations = \
	lib/store/migrations/0001_users.sql \
	lib/store/migrations/0002_conversations.sql \
	lib/store/migrations/0003_spending.sql \
	lib/store/migrations/0004_domains.sql \
	lib/store/migrations/0005_tokens.sql \
	lib/store/migrations/0006_usage_sums.sql \
	lib/store/migrations/0007_budget_zone.sql \
	lib/store/migrations/0008_token_endings.sql \
	lib/store/migrations/0009_agents.sql \
	lib/store/migrations/0010_notices.sql \
	lib/store/migrations/0011_held_messages.sql \
	lib/store/migrations/0012_renderings.sql \
	lib/store/migrations/0013_recorded_bytes.sql \
	lib/store/migrations/0014_outcomes.sql \
	lib/store/migrations/0015_removals.sql \
	lib/store/migrations/0016_domain_notices.sql \
	lib/store/migrations/0017_search.sql \
	lib/store/migrations/0018_shares.sql \
	lib/store/migrations/0019_composer.sql \
	lib/store/migrations/0020_projects.sql

EXTRA_DIST += $(store_migrations) lib/store/embed.awk
CLEANFILES += lib/store/migrations.inc
lib/store/migrations.inc: $(store_migrations) lib/store/embed.awk
	$(AM_V_GEN)$(MKDIR_P) lib/store && \
	for f in $(store_migrations); do echo $(srcdir)/$$f; done | \
		xargs $(AWK) -f $(srcdir)/lib/store/embed.awk > $@.tmp && \
		mv $@.tmp $@
lib/store/migrations.$(OBJEXT): lib/store/migrations.inc
