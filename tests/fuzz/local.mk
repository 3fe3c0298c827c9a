# One program a parser. With --enable-fuzz it is a libFuzzer target; else
# run.c drives it: the whole corpus, then some thousand seeded mutations.
if FUZZ
fuzz_main =
fuzz_ldflags = $(AM_LDFLAGS) $(FUZZ)
else
fuzz_main = tests/fuzz/run.c
fuzz_ldflags = $(AM_LDFLAGS)
endif
EXTRA_DIST += tests/fuzz/corpus
