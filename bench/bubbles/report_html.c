/* stub replaced below */
#include "bench/bubbles/report.h"
void bubbles_report_html(FILE *out, const struct bubbles_result *result)
{
    (void)result;
    fputs("", out);
}
