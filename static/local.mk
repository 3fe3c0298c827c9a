# The pages' static files; the stylesheet base comes from npm by name.
staticdir = $(pkgdatadir)/static
dist_static_DATA = \
	static/agents.css \
	static/agents.js \
	static/app.js \
	static/base.css \
	static/board.js \
	static/chat.css \
	static/execution.js \
	static/icon.svg \
	static/pages.css \
	static/pico.min.css \
	static/workspace.js
# Pages name static files with this digest, so that no cache hides an upgrade.
CLEANFILES += cgi-bin/web/static_version.h
cgi-bin/web/static_version.h: $(dist_static_DATA)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	printf '#define STATIC_VERSION "%.12s"\n' \
		"`cat $^ | sha256sum`" >$@.new && mv $@.new $@
cgi-bin/web/page.$(OBJEXT): cgi-bin/web/static_version.h
EXTRA_DIST += static/package.json static/package-lock.json

$(srcdir)/static/pico.min.css: $(srcdir)/static/package-lock.json
	$(AM_V_GEN)cd $(srcdir)/static && \
	npm ci --ignore-scripts --silent --no-audit --no-fund && \
	cp node_modules/@picocss/pico/css/pico.min.css pico.min.css
