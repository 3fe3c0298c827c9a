# A login shell starts from Debian's PATH; give it the workspace's, unless the
# home is another one: an agent's, which runs nothing that was left there.
if [ "$HOME" = /workspace ]; then
	PATH=/workspace/.local/bin:/workspace/.npm-global/bin:/usr/local/bin:/usr/bin:/bin
	export PATH
fi
