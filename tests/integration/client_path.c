/* The door. */
#include "tests/integration/client_path.h"

void client_path_start(struct client_path *path, const struct answer *answer)
{
    path->make->start(path, answer);
}

bool client_path_is_connected(const struct client_path *path)
{
    return path->make->is_connected(path);
}

void client_path_send(struct client_path *path, const uint8_t *data, size_t len)
{
    path->make->send(path, data, len);
}

void client_path_destroy(struct client_path *path)
{
    if (path)
        path->make->destroy(path);
}
