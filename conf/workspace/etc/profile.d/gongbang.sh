# A login shell starts from Debian's PATH; give it the workspace's.
PATH=/workspace/.local/bin:/workspace/.npm-global/bin:/usr/local/bin:/usr/bin:/bin
export PATH
