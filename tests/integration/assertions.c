/* Failing with the client's own words. */
#include "tests/integration/assertions.h"

struct media_client_options usual_participant(const char *room, const char *name)
{
    return (struct media_client_options){.room = room,
                                         .name = name,
                                         .has_microphone = true,
                                         .has_camera = true,
                                         .audio_slots = 3,
                                         .camera_slots = 4,
                                         .screen_slots = 1};
}

struct media_client *assert_connected(const struct media_client_options *options)
{
    struct media_client *client = media_client_create(options);
    if (!client)
        fail_msg("%s: the control channel does not open", options->name);
    if (!media_client_connect(client))
        fail_msg("%s", client->problem);
    return client;
}

struct media_client *assert_talking(const char *room, const char *name)
{
    struct media_client_options options = usual_participant(room, name);
    struct media_client *client = assert_connected(&options);
    media_client_send_media(client, true, true);
    return client;
}

void assert_sees(struct media_client *client, const struct media_client *other)
{
    if (!media_client_await_media(client, other, true) ||
        !media_client_await_media(client, other, false))
        fail_msg("%s", client->problem);
}

struct slot_summary assert_verified(struct media_client *client)
{
    struct slot_summary total;
    if (media_client_verify(client, &total) != 0)
        fail_msg("%s", client->problem);
    return total;
}

static bool misses_nothing(void *user)
{
    const struct media_client *client = user;
    for (unsigned i = 0; i < client->slot_count; i++) {
        if (client->slot_list[i]->missing->len > 0)
            return false;
    }
    return true;
}

struct slot_summary assert_lossless(struct media_client *client)
{
    event_loop_until(misses_nothing, client, EVENT_LOOP_PATIENCE_MS / 4);
    struct slot_summary total = assert_verified(client);
    if (total.missing != 0 || total.source_gaps != 0)
        fail_msg("%s: %u of %u packets are missing, %u more were lost before the server",
                 client->options.name, total.missing, total.packets, total.source_gaps);
    return total;
}

json_t *assert_notified(struct media_client *client, const char *method)
{
    json_t *params = rpc_client_take(client->rpc, method, EVENT_LOOP_PATIENCE_MS);
    if (!params)
        fail_msg("%s: no notification %s", client->options.name, method);
    return params;
}
