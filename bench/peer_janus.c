/*
 * Debian's Janus, configured for the comparison: one address, VideoRoom and WebSockets only, no
 * limits of its own on the rates, no periodic key frames.
 */
#include "bench/peer.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WS_PORT "8188"

bool peer_has_janus(char *version, size_t cap)
{
    static const char begin[] = "Janus version";
    FILE *out = popen("janus --version 2>/dev/null", "r");
    bool is_there =
        out && fgets(version, (int)cap, out) && strncmp(version, begin, sizeof(begin) - 1) == 0;
    if (out)
        pclose(out); /* 1.1 ends with 1, as it knows the option only half */
    version[is_there ? strcspn(version, "\r\n") : 0] = '\0';
    return is_there;
}

/* A folder with a link to one of the distribution's modules: Janus loads whatever is there. */
static int link_module(const char *folder, const char *kind, const char *name)
{
    char pattern[128], path[BENCH_PATH_BYTES];
    glob_t found = {.gl_pathc = 0};
    snprintf(pattern, sizeof(pattern), "/usr/lib/*/janus/%s/%s", kind, name);
    snprintf(path, sizeof(path), "%.300s/%s", folder, kind);
    int error = glob(pattern, 0, NULL, &found) || (mkdir(path, 0700) && errno != EEXIST) ? -1 : 0;
    snprintf(path, sizeof(path), "%.300s/%s/%s", folder, kind, name);
    if (!error && symlink(found.gl_pathv[0], path) && errno != EEXIST)
        error = -1;
    globfree(&found);
    if (error)
        fprintf(stderr, "iris-bench: Janus' %s is not there\n", name);
    return error;
}

static FILE *create(const char *folder, const char *name)
{
    char path[BENCH_PATH_BYTES];
    snprintf(path, sizeof(path), "%.300s/%s", folder, name);
    FILE *out = fopen(path, "w");
    if (!out)
        fprintf(stderr, "iris-bench: %s: %s\n", path, strerror(errno));
    return out;
}

static int close_file(FILE *out)
{
    return fclose(out) ? -1 : 0;
}

static int write_main(const char *folder, unsigned event_loops)
{
    FILE *out = create(folder, "janus.jcfg");
    if (!out)
        return -1;
    fprintf(out,
            "general: {\n"
            "  configs_folder = \"%s\"\n  plugins_folder = \"%s/plugins\"\n"
            "  transports_folder = \"%s/transports\"\n  events_folder = \"%s/none\"\n"
            "  loggers_folder = \"%s/none\"\n  debug_level = 3\n  debug_colors = false\n"
            "  interface = \"" PEER_ADDRESS "\"\n  session_timeout = 0\n",
            folder, folder, folder, folder, folder);
    if (event_loops)
        fprintf(out, "  event_loops = %u\n", event_loops);
    fputs("}\n"
          "media: {\n  rtp_port_range = \"20000-40000\"\n}\n"
          "nat: {\n  ignore_mdns = true\n"
          "  ice_enforce_list = \"" PEER_ADDRESS "\"\n}\n",
          out);
    return close_file(out);
}

static int write_transport(const char *folder)
{
    FILE *out = create(folder, "janus.transport.websockets.jcfg");
    if (!out)
        return -1;
    fputs("general: {\n  json = \"compact\"\n  ws = true\n  ws_port = " WS_PORT "\n"
          "  ws_ip = \"127.0.0.1\"\n  wss = false\n}\n"
          "admin: {\n  admin_ws = false\n  admin_wss = false\n}\n",
          out);
    return close_file(out);
}

static int write_rooms(const char *folder)
{
    FILE *out = create(folder, "janus.plugin.videoroom.jcfg");
    if (!out)
        return -1;
    fputs("general: {\n  events = false\n}\n", out);
    for (unsigned room = 1; room <= PEER_ROOMS; room++)
        fprintf(out,
                "room-%u: {\n  description = \"%u\"\n  publishers = 50\n  audiocodec = \"opus\"\n"
                "  videocodec = \"vp8\"\n  bitrate = 0\n  fir_freq = 0\n  record = false\n}\n",
                room, room);
    return close_file(out);
}

int peer_start_janus(struct bench_server *server, unsigned event_loops, const char *folder)
{
    char configs[BENCH_PATH_BYTES];
    snprintf(configs, sizeof(configs), "%.300s", folder);
    char *const argv[] = {(char *)"janus", (char *)"-F", configs, NULL};
    if (link_module(folder, "plugins", "libjanus_videoroom.so") ||
        link_module(folder, "transports", "libjanus_websockets.so") ||
        write_main(folder, event_loops) || write_transport(folder) || write_rooms(folder) ||
        bubbles_url_parse(&server->url, "ws://127.0.0.1:" WS_PORT "/janus"))
        return -1;
    server->operations.port = 0;
    if (bench_server_start(server, argv, folder))
        return -1;
    if (bench_server_await(server, &server->url) == 0)
        return 0;
    fputs("iris-bench: Janus does not start:\n", stderr);
    bench_server_print_log(server);
    bench_server_stop(server);
    return -1;
}
