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
	static/shared.js \
	static/speculation.json \
	static/terminal.css \
	static/terminal.js \
	static/too_large.html \
	static/unreadable.html \
	static/workspace.js
chatmodulesdir = $(staticdir)/workspace
dist_chatmodules_DATA = \
	static/workspace/answers.js \
	static/workspace/attachments.js \
	static/workspace/attention.js \
	static/workspace/blocked.js \
	static/workspace/choices.js \
	static/workspace/completion.js \
	static/workspace/code.js \
	static/workspace/composer.js \
	static/workspace/connection.js \
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
	static/workspace/transcript.js \
	static/workspace/upload.js
filesmodulesdir = $(staticdir)/files
dist_filesmodules_DATA = \
	static/files/dropped.js \
	static/files/panel.js \
	static/files/uploads.js
# The terminal; loaded where one is opened.
terminaldir = $(staticdir)/terminal
dist_terminal_DATA = \
	static/terminal/xterm.css \
	static/terminal/xterm.mjs \
	static/terminal/addon-fit.mjs \
	static/terminal/addon-search.mjs \
	static/terminal/addon-unicode-graphemes.mjs \
	static/terminal/addon-web-links.mjs
# Pages name static files with this digest, so that no cache hides an upgrade.
CLEANFILES += cgi-bin/web/static_version.h
cgi-bin/web/static_version.h: $(dist_static_DATA) $(dist_chatmodules_DATA) $(dist_filesmodules_DATA) $(dist_terminal_DATA)
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

# Their last line names a map that is not installed.
$(srcdir)/static/terminal/xterm.css: $(srcdir)/static/package-lock.json | $(srcdir)/static/pico.min.css
	$(AM_V_GEN)$(npm_packages) && mkdir -p terminal && \
	cp node_modules/@xterm/xterm/css/xterm.css terminal/xterm.css
$(srcdir)/static/terminal/xterm.mjs \
$(srcdir)/static/terminal/addon-fit.mjs \
$(srcdir)/static/terminal/addon-search.mjs \
$(srcdir)/static/terminal/addon-unicode-graphemes.mjs \
$(srcdir)/static/terminal/addon-web-links.mjs: \
		$(srcdir)/static/package-lock.json | $(srcdir)/static/pico.min.css
	$(AM_V_GEN)$(npm_packages) && mkdir -p terminal && \
	sed '/^\/\/# sourceMappingURL/d' node_modules/@xterm/$(basename $(@F))/lib/$(@F) >terminal/$(@F).new && \
	mv terminal/$(@F).new terminal/$(@F)
