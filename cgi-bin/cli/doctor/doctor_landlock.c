/*
 * gongbang doctor: which Landlock features this kernel has
 * (lib/shim/landlock.h).
 */
#include "config.h"
#include "cli/doctor/doctor.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "shim/landlock.h"

/*
 * Separates Claude, its tools and the shim in one container:
 * lib/shim/landlock.h.
 */
void doctor_landlock(const struct call *c, struct finding *f)
{
	static const char mend[] = "use Linux 6.12 or later with landlock"
		" among the kernel's security modules (lsm=)";
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	if (abi < LANDLOCK_ABI_LEAST)
		finding_warn(f, mend, "this kernel has no Landlock domains: a"
			     " command can trace and kill other tools in its"
			     " workspace");
	else if (abi < LANDLOCK_ABI_SCOPES)
		finding_warn(f, mend, "Landlock ABI %ld: a command can kill"
			     " processes of its user's other conversations",
			     abi);
	else
		finding_ok(f, "Landlock ABI %ld: tools can't reach Claude or"
			   " other conversations", abi);
}
