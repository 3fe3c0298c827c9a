# All templates and catalogues, installed as they stand.
EXTRA_DIST += templates/pages templates/partials templates/parts templates/preview \
	templates/locale

install-data-local: install-templates
.PHONY: install-templates
install-templates:
	for folder in pages partials parts preview locale; do \
		$(MKDIR_P) "$(DESTDIR)$(pkgdatadir)/templates/$$folder" && \
		$(INSTALL_DATA) "$(srcdir)/templates/$$folder"/* \
			"$(DESTDIR)$(pkgdatadir)/templates/$$folder" || exit 1; \
	done

uninstall-local: uninstall-templates
.PHONY: uninstall-templates
uninstall-templates:
	rm -rf "$(DESTDIR)$(pkgdatadir)/templates"
