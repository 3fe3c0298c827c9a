# The pages' static files; the stylesheet base and the icons come from npm by name.
staticdir = $(pkgdatadir)/static
dist_static_DATA = \
	static/agents.css \
	static/agents.js \
	static/app.js \
	static/away.html \
	static/base.css \
	static/board.js \
	static/chat.css \
	static/execution.js \
	static/files.css \
	static/files.js \
	static/icon.svg \
	static/icons.css \
	static/icons.svg \
	static/pages.css \
	static/palette.js \
	static/pico.min.css \
	static/preview.css \
	static/speculation.json \
	static/workspace.js
chatmodulesdir = $(staticdir)/workspace
dist_chatmodules_DATA = \
	static/workspace/answers.js \
	static/workspace/attention.js \
	static/workspace/blocked.js \
	static/workspace/composer.js \
	static/workspace/connection.js \
	static/workspace/highlight.js \
	static/workspace/keys.js \
	static/workspace/messages.js \
	static/workspace/outbox.js \
	static/workspace/page.js \
	static/workspace/queue.js \
	static/workspace/reading.js \
	static/workspace/selection.js \
	static/workspace/sidebar.js \
	static/workspace/status.js \
	static/workspace/toast.js \
	static/workspace/transcript.js
filesmodulesdir = $(staticdir)/files
dist_filesmodules_DATA = \
	static/files/dropped.js \
	static/files/uploads.js
# Colours of code; the names as in workspace/highlight.js.
highlightdir = $(staticdir)/highlight
dist_highlight_DATA = \
	static/highlight/core.min.js \
	static/highlight/bash.min.js \
	static/highlight/c.min.js \
	static/highlight/cpp.min.js \
	static/highlight/csharp.min.js \
	static/highlight/css.min.js \
	static/highlight/diff.min.js \
	static/highlight/dockerfile.min.js \
	static/highlight/go.min.js \
	static/highlight/ini.min.js \
	static/highlight/java.min.js \
	static/highlight/javascript.min.js \
	static/highlight/json.min.js \
	static/highlight/kotlin.min.js \
	static/highlight/makefile.min.js \
	static/highlight/markdown.min.js \
	static/highlight/php.min.js \
	static/highlight/python.min.js \
	static/highlight/r.min.js \
	static/highlight/ruby.min.js \
	static/highlight/rust.min.js \
	static/highlight/sql.min.js \
	static/highlight/swift.min.js \
	static/highlight/typescript.min.js \
	static/highlight/xml.min.js \
	static/highlight/yaml.min.js
# Pages name static files with this digest, so that no cache hides an upgrade.
CLEANFILES += cgi-bin/web/static_version.h
cgi-bin/web/static_version.h: $(dist_static_DATA) $(dist_chatmodules_DATA) $(dist_filesmodules_DATA) $(dist_highlight_DATA)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	printf '#define STATIC_VERSION "%.12s"\n' \
		"`cat $^ | sha256sum`" >$@.new && mv $@.new $@
cgi-bin/web/page.$(OBJEXT): cgi-bin/web/static_version.h
EXTRA_DIST += static/package.json static/package-lock.json static/icons.list static/icons.sh

# A copied tree may lack the packages: each rule makes sure of them.
npm_packages = cd $(srcdir)/static && \
	{ test node_modules/.package-lock.json -nt package-lock.json || \
	npm ci --ignore-scripts --silent --no-audit --no-fund; }
$(srcdir)/static/pico.min.css: $(srcdir)/static/package-lock.json
	$(AM_V_GEN)$(npm_packages) && \
	cp node_modules/@picocss/pico/css/pico.min.css pico.min.css

# After the stylesheet base (order only), so that one npm runs at a time.
$(srcdir)/static/icons.svg: $(srcdir)/static/icons.list $(srcdir)/static/icons.sh \
		$(srcdir)/static/package-lock.json | $(srcdir)/static/pico.min.css
	$(AM_V_GEN)$(npm_packages) && \
	sh icons.sh svg node_modules/lucide-static/icons <icons.list >icons.svg.new && \
	mv icons.svg.new icons.svg
$(srcdir)/static/icons.css: $(srcdir)/static/icons.svg
	$(AM_V_GEN)$(npm_packages) && \
	sh icons.sh css node_modules/lucide-static/icons <icons.list >icons.css.new && \
	mv icons.css.new icons.css

$(srcdir)/static/highlight/core.min.js \
$(srcdir)/static/highlight/bash.min.js \
$(srcdir)/static/highlight/c.min.js \
$(srcdir)/static/highlight/cpp.min.js \
$(srcdir)/static/highlight/csharp.min.js \
$(srcdir)/static/highlight/css.min.js \
$(srcdir)/static/highlight/diff.min.js \
$(srcdir)/static/highlight/dockerfile.min.js \
$(srcdir)/static/highlight/go.min.js \
$(srcdir)/static/highlight/ini.min.js \
$(srcdir)/static/highlight/java.min.js \
$(srcdir)/static/highlight/javascript.min.js \
$(srcdir)/static/highlight/json.min.js \
$(srcdir)/static/highlight/kotlin.min.js \
$(srcdir)/static/highlight/makefile.min.js \
$(srcdir)/static/highlight/markdown.min.js \
$(srcdir)/static/highlight/php.min.js \
$(srcdir)/static/highlight/python.min.js \
$(srcdir)/static/highlight/r.min.js \
$(srcdir)/static/highlight/ruby.min.js \
$(srcdir)/static/highlight/rust.min.js \
$(srcdir)/static/highlight/sql.min.js \
$(srcdir)/static/highlight/swift.min.js \
$(srcdir)/static/highlight/typescript.min.js \
$(srcdir)/static/highlight/xml.min.js \
$(srcdir)/static/highlight/yaml.min.js: \
		$(srcdir)/static/package-lock.json | $(srcdir)/static/pico.min.css
	$(AM_V_GEN)$(npm_packages) && mkdir -p highlight && \
	cp node_modules/@highlightjs/cdn-assets/es/*/$(@F) highlight/$(@F) 2>/dev/null || \
	cp node_modules/@highlightjs/cdn-assets/es/$(@F) highlight/$(@F)
