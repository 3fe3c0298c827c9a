EXTRA_DIST += .shellcheckrc .ci/run scripts/check scripts/down scripts/gongbang scripts/image \
	scripts/bench scripts/lib.sh scripts/loadtest scripts/network \
	scripts/pictures scripts/redis-users scripts/screenshots scripts/status scripts/up
