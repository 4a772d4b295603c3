/* The path of a client with a full ICE agent: libnice on GLib's default context. */
#include <nice/agent.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/integration/client_path.h"

struct agent_path {
    struct client_path path; /* first: the door casts */
    NiceAgent *agent;
    guint stream;
};

static void on_receive(NiceAgent *agent, guint stream, guint component, guint len, gchar *data,
                       gpointer user)
{
    struct agent_path *self = user;
    (void)agent;
    (void)stream;
    (void)component;
    self->path.receive(self->path.context, (const uint8_t *)data, len);
}

static void start(struct client_path *path, const struct answer *answer)
{
    struct agent_path *self = (struct agent_path *)path;
    GSList *candidates = NULL;
    for (unsigned i = 0; i < answer->candidate_count; i++) {
        NiceCandidate *candidate = nice_candidate_new(NICE_CANDIDATE_TYPE_HOST);
        candidate->transport = NICE_CANDIDATE_TRANSPORT_UDP;
        candidate->component_id = 1;
        candidate->stream_id = self->stream;
        candidate->priority = answer->candidates[i].priority;
        snprintf(candidate->foundation, sizeof(candidate->foundation), "%u", i);
        nice_address_set_from_string(&candidate->addr, answer->candidates[i].address);
        nice_address_set_port(&candidate->addr, answer->candidates[i].port);
        candidates = g_slist_append(candidates, candidate);
    }
    nice_agent_set_remote_credentials(self->agent, self->stream, answer->ufrag, answer->pwd);
    nice_agent_set_remote_candidates(self->agent, self->stream, 1, candidates);
    g_slist_free_full(candidates, (GDestroyNotify)nice_candidate_free);
}

static bool is_connected(const struct client_path *path)
{
    const struct agent_path *self = (const struct agent_path *)path;
    NiceComponentState state = nice_agent_get_component_state(self->agent, self->stream, 1);
    return state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY;
}

static void send_datagram(struct client_path *path, const uint8_t *data, size_t len)
{
    struct agent_path *self = (struct agent_path *)path;
    nice_agent_send(self->agent, self->stream, 1, (guint)len, (const gchar *)data);
}

static void destroy(struct client_path *path)
{
    struct agent_path *self = (struct agent_path *)path;
    nice_agent_remove_stream(self->agent, self->stream);
    g_object_unref(self->agent);
    free(self);
}

static void take_credentials(struct agent_path *self)
{
    gchar *ufrag = NULL, *pwd = NULL;
    nice_agent_get_local_credentials(self->agent, self->stream, &ufrag, &pwd);
    snprintf(self->path.ufrag, sizeof(self->path.ufrag), "%s", ufrag);
    snprintf(self->path.pwd, sizeof(self->path.pwd), "%s", pwd);
    g_free(ufrag);
    g_free(pwd);
}

struct client_path *client_path_create_agent(client_path_receive_fn receive, void *context)
{
    static const struct client_path_make make = {start, is_connected, send_datagram, destroy};
    struct agent_path *self = calloc(1, sizeof(*self));
    self->path = (struct client_path){.make = &make, .receive = receive, .context = context};
    self->agent =
        nice_agent_new_full(NULL, NICE_COMPATIBILITY_RFC5245, NICE_AGENT_OPTION_REGULAR_NOMINATION);
    g_object_set(self->agent, "controlling-mode", TRUE, "ice-tcp", FALSE, "upnp", FALSE, NULL);
    NiceAddress loopback;
    nice_address_init(&loopback);
    nice_address_set_from_string(&loopback, "127.0.0.1");
    nice_agent_add_local_address(self->agent, &loopback);
    self->stream = nice_agent_add_stream(self->agent, 1);
    take_credentials(self);
    nice_agent_attach_recv(self->agent, self->stream, 1, NULL, on_receive, self);
    nice_agent_gather_candidates(self->agent, self->stream);
    return &self->path;
}
