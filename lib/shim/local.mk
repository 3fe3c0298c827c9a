# gongbang-shim: static, built from lib/core and lib/shim.
