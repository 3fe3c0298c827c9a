#include "config.h"
#include "core/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* proc(5): kB. */
int64_t host_memory_left(void)
{
	char line[128];
	long long kb = -1;
	FILE *f = fopen("/proc/meminfo", "re");

	if (!f)
		return INT64_MAX;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "MemAvailable: %lld kB", &kb) == 1)
			break;
	}
	fclose(f);
	return kb < 0 ? INT64_MAX : kb / 1024;
}

int64_t host_disk_left(const char *path)
{
	char at[1024];
	struct statvfs s;
	char *end;

	if ((size_t)snprintf(at, sizeof(at), "%s", path) >= sizeof(at))
		return INT64_MAX;
	while (statvfs(at, &s) < 0) {
		end = strrchr(at, '/');
		if (!end || end == at)
			return INT64_MAX;
		*end = '\0';
	}
	return (int64_t)((uint64_t)s.f_bavail * s.f_frsize >> 20);
}

int host_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : (int)n;
}

double host_load(void)
{
	double minute;

	return getloadavg(&minute, 1) == 1 ? minute / host_processors() : 0;
}
