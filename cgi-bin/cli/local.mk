# The command line, a file a noun, and gongbang doctor.
cli = \
	cgi-bin/cli/command.c cgi-bin/cli/command.h \
	cgi-bin/cli/command_agent.c \
	cgi-bin/cli/command_budget.c \
	cgi-bin/cli/command_domain.c \
	cgi-bin/cli/command_remove.c \
	cgi-bin/cli/command_schedule.c \
	cgi-bin/cli/command_stop.c \
	cgi-bin/cli/command_usage.c \
	cgi-bin/cli/command_user.c \
	cgi-bin/cli/doctor/doctor.c cgi-bin/cli/doctor/doctor.h \
	cgi-bin/cli/doctor/doctor_finding.c \
	cgi-bin/cli/doctor/doctor_host.c \
	cgi-bin/cli/doctor/doctor_landlock.c \
	cgi-bin/cli/doctor/doctor_model.c \
	cgi-bin/cli/doctor/doctor_prices.c \
	cgi-bin/cli/doctor/doctor_state.c \
	cgi-bin/cli/terminal.c cgi-bin/cli/terminal.h
