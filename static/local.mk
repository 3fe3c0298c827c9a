# The pages' static files; the stylesheet base comes from npm by name.
staticdir = $(pkgdatadir)/static
dist_static_DATA = \
	static/app.js \
	static/gongbang.css \
	static/icon.svg \
	static/pico.min.css \
	static/workspace.js
EXTRA_DIST += static/package.json static/package-lock.json

$(srcdir)/static/pico.min.css: $(srcdir)/static/package-lock.json
	$(AM_V_GEN)cd $(srcdir)/static && \
	npm ci --silent --no-audit --no-fund && \
	cp node_modules/@picocss/pico/css/pico.min.css pico.min.css
