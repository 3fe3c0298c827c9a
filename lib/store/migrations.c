#include "config.h"
#include "store/migrations.h"

const struct migration migrations[] = {
#include "store/migrations.inc"
};

const size_t migrations_count = sizeof(migrations) / sizeof(migrations[0]);
