# Installed as they are, or with the folders filled in.
confdir = $(sysconfdir)/gongbang
dist_conf_DATA = conf/gongbang.conf.sample
dist_pkgdata_DATA = conf/egress-allow.list conf/prices.list \
	conf/workspace-seccomp.json
nginxconfdir = $(confdir)/nginx
dist_nginxconf_DATA = conf/nginx/fastcgi.inc conf/nginx/site.conf.sample
nodist_nginxconf_DATA = conf/nginx/gongbang.inc conf/nginx/upstreams.inc
nodist_conf_DATA = conf/redis/redis.conf conf/squid/squid.conf
seccompdir = $(pkgdatadir)/seccomp
dist_seccomp_DATA = conf/seccomp/mount.list conf/seccomp/root.list \
	conf/seccomp/service.list
squiddir = $(pkgdatadir)/squid
redisdir = $(pkgdatadir)/redis
dist_redis_DATA = conf/redis/users.acl.in
dist_squid_DATA = conf/squid/inside.conf
systemdunitdir = $(prefix)/lib/systemd/system
dist_systemdunit_DATA = conf/systemd/gongbang.target
nodist_systemdunit_DATA = \
	conf/systemd/gongbang-bridge.service \
	conf/systemd/gongbang-gateway.service \
	conf/systemd/gongbang-guard.service \
	conf/systemd/gongbang-ledger.service \
	conf/systemd/gongbang-model.service \
	conf/systemd/gongbang-network.service \
	conf/systemd/gongbang-pages.service \
	conf/systemd/gongbang-redis.service \
	conf/systemd/gongbang-squid.service \
	conf/systemd/gongbang-worker.service
built_conf = $(nodist_nginxconf_DATA) $(nodist_conf_DATA) \
	$(nodist_systemdunit_DATA)
CLEANFILES += $(built_conf)

# A path prefix of a shared server, as the setting of that name.
base_path =
fill_in = sed \
	-e 's|@BASE@|$(base_path)|g' \
	-e 's|@DATADIR@|$(pkgdatadir)|g' \
	-e 's|@CONF@|$(nginxconfdir)|g' \
	-e 's|@PAGES_SOCKET@|/run/gongbang/pages/pages.sock|g' \
	-e 's|@WEB_SOCKET@|/run/gongbang/bridge/web.sock|g' \
	-e 's|@STATE@/run/redis|/run/gongbang/redis|g' \
	-e 's|@STATE@/redis-users|/var/lib/gongbang-redis|g' \
	-e 's|@STATE@/redis|/var/lib/gongbang/redis|g' \
	-e 's|@EGRESS_PROXY@|172.30.0.1:3128|g' \
	-e 's|@EGRESS_LOG@|syslog:daemon.info|g' \
	-e 's|@LIBEXEC@|$(pkglibexecdir)|g' \
	-e 's|@SETTINGS@|$(confdir)/gongbang.conf|g' \
	-e 's|@pkgdatadir[@]|$(pkgdatadir)|g' \
	-e 's|@pkglibexecdir[@]|$(pkglibexecdir)|g' \
	-e 's|@sysconfdir[@]|$(sysconfdir)|g'

$(built_conf): %: $(srcdir)/%.in
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(fill_in) $< >$@.new && mv $@.new $@

EXTRA_DIST += \
	conf/nginx/gongbang.inc.in conf/nginx/upstreams.inc.in \
	conf/nginx/up.conf.in conf/squid/errors.list conf/squid/squid.conf.in \
	conf/redis/redis.conf.in conf/runit conf/systemd conf/workspace

# One file a text, as squid wants them.
install-data-local: install-squid-errors
.PHONY: install-squid-errors
install-squid-errors:
	$(MKDIR_P) "$(DESTDIR)$(squiddir)/errors"
	awk -v dir="$(DESTDIR)$(squiddir)/errors" \
		'/^ERR_/ {to = dir "/" $$1; sub(/^[^ ]+ /, ""); print >to; close(to)}' \
		$(srcdir)/conf/squid/errors.list

uninstall-local: uninstall-squid-errors
.PHONY: uninstall-squid-errors
uninstall-squid-errors:
	rm -rf "$(DESTDIR)$(squiddir)/errors"

install-data-local: install-systemd-names
.PHONY: install-systemd-names
install-systemd-names:
	$(MKDIR_P) "$(DESTDIR)$(prefix)/lib/sysusers.d" \
		"$(DESTDIR)$(prefix)/lib/tmpfiles.d" \
		"$(DESTDIR)$(pkglibexecdir)"
	$(INSTALL_SCRIPT) $(srcdir)/scripts/network \
		"$(DESTDIR)$(pkglibexecdir)/gongbang-network"
	$(INSTALL_SCRIPT) $(srcdir)/scripts/redis-users \
		"$(DESTDIR)$(pkglibexecdir)/gongbang-redis-users"
	$(INSTALL_DATA) $(srcdir)/conf/systemd/gongbang.sysusers \
		"$(DESTDIR)$(prefix)/lib/sysusers.d/gongbang.conf"
	$(INSTALL_DATA) $(srcdir)/conf/systemd/gongbang.tmpfiles \
		"$(DESTDIR)$(prefix)/lib/tmpfiles.d/gongbang.conf"

uninstall-local: uninstall-systemd-names
.PHONY: uninstall-systemd-names
uninstall-systemd-names:
	rm -f "$(DESTDIR)$(pkglibexecdir)/gongbang-network" \
		"$(DESTDIR)$(pkglibexecdir)/gongbang-redis-users" \
		"$(DESTDIR)$(prefix)/lib/sysusers.d/gongbang.conf" \
		"$(DESTDIR)$(prefix)/lib/tmpfiles.d/gongbang.conf"

TESTS += tests/sample_test.sh
EXTRA_DIST += tests/sample_test.sh
