/* One walk along both texts. */
#include "sfu/control/path.h"

#include <assert.h>
#include <string.h>

/* A segment of a path, not terminated. */
struct segment {
    const char *text;
    size_t len;
};

/* The segment that begins behind the '/' at *rest, which moves to its end. */
static struct segment next_segment(const char **rest)
{
    const char *text = *rest + 1;
    size_t len = strcspn(text, "/");
    *rest = text + len;
    return (struct segment){text, len};
}

static bool is_same(const struct segment *a, const struct segment *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

bool control_path_match(const char *pattern, const char *path,
                        char names[CONTROL_PATH_NAMES_MAX][CONTROL_PATH_NAME_BYTES])
{
    struct segment places[CONTROL_PATH_NAMES_MAX] = {0};
    unsigned count = 0;
    while (*pattern == '/' && *path == '/') {
        struct segment wanted = next_segment(&pattern), given = next_segment(&path);
        if (wanted.text[0] != '{') {
            if (!is_same(&wanted, &given))
                return false;
            continue;
        }
        assert(count < CONTROL_PATH_NAMES_MAX);
        if (given.len == 0 || given.len >= CONTROL_PATH_NAME_BYTES)
            return false;
        places[count++] = given;
    }
    if (*pattern || *path)
        return false;
    memset(names, 0, CONTROL_PATH_NAMES_MAX * CONTROL_PATH_NAME_BYTES);
    for (unsigned i = 0; i < count; i++)
        memcpy(names[i], places[i].text, places[i].len);
    return true;
}
