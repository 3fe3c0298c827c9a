/* link.h without HTTP/2: the test says what the shim answers. */
#ifndef TESTS_WORKSPACE_FAKE_LINK_H
#define TESTS_WORKSPACE_FAKE_LINK_H

/* Body of GET path from now on; NULL: no answer. */
extern const char *fake_sessions, *fake_health;
extern int fake_links, fake_pings;

/* Gives the answers that wait; never from within a request. */
void fake_link_pump(void);

#endif
