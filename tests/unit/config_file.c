/* One folder, one file. */
#include "config_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

char config_file_folder[] = "/tmp/iris-config-XXXXXX";
char config_file_path[64];

struct config *config_file_load(const char *text, const char *const *sets, size_t set_count,
                                char *error)
{
    FILE *file = fopen(config_file_path, "wb");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    error[0] = '\0';
    return config_load(config_file_path, sets, set_count, error);
}

int config_file_set_up(void **state)
{
    (void)state;
    if (!mkdtemp(config_file_folder))
        return -1;
    snprintf(config_file_path, sizeof(config_file_path), "%s/iris.yaml", config_file_folder);
    return 0;
}

int config_file_tear_down(void **state)
{
    (void)state;
    unlink(config_file_path);
    return rmdir(config_file_folder);
}
