/*
 * Any bytes as the CLI's list of models; after adding the suggested rows the
 * table agrees.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <talloc.h>

#include "spending/cli_prices.h"

#define AT INT64_C(1795996800000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void agree(const struct cli_prices_price *l)
{
	auto_buf rows = BUF_INIT(4096), none = BUF_INIT(4096);
	enum cli_prices_verdict verdict;
	struct err e = { 0 };
	struct prices *p = prices_parse(NULL, "none", "", 0, &e);

	if (!p || cli_prices_compare(l, p, AT, &verdict, &rows, &e) < 0 ||
	    verdict != CLI_PRICES_MISSING)
		abort();
	talloc_free(p);
	p = prices_parse(NULL, "rows", buf_text(&rows), rows.len, &e);
	if (!p || cli_prices_compare(l, p, AT, &verdict, &none, &e) < 0 ||
	    verdict != CLI_PRICES_SAME || none.len)
		abort();
	talloc_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cli_prices list;
	struct err e = { 0 };
	size_t i;

	if (cli_prices_parse((const char *)data, size, &list, &e) < 0)
		return 0;
	for (i = 0; i < list.n; i++)
		agree(&list.rows[i]);
	return 0;
}
