/* getopt_long, defaults and bounds. */
#include "bench/bubbles/options.h"

#include "bench/number.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/link/script.h"

#define ROOMS_MAX          1000
#define PARTICIPANTS_MAX   128 /* of a room; the server's own limit */
#define TOTAL_MAX          4000
#define DEFAULT_URL        "ws://127.0.0.1:8080/v1/ws"
#define DEFAULT_OPERATIONS "http://127.0.0.1:8081"
#define DEFAULT_PATH       "/v1/ws"
#define DEFAULT_JOIN_RATE  20

static const char *const profile_names[] = {
    [BUBBLES_CONFERENCE] = "conference", [BUBBLES_AUDIO] = "audio",
    [BUBBLES_BROADCAST] = "broadcast",   [BUBBLES_SCREEN] = "screen",
    [BUBBLES_STREAM] = "stream",         [BUBBLES_MESH] = "mesh"};

const char *bubbles_profile_name(enum bubbles_profile profile)
{
    return profile_names[profile];
}

static void print_usage(FILE *out)
{
    fputs(
        "usage: iris-bench bubbles [OPTIONS]\n\n"
        "Simulated participants in the rooms of a running server: real control channel, ICE, "
        "DTLS,\n"
        "SRTP, real VP8 and Opus. Everyone receives three voices, four cameras and one screen.\n\n"
        "  --url URL            the server (default " DEFAULT_URL ")\n"
        "  --rooms R            rooms (default 1)\n"
        "  --participants P     participants of each room (default 4)\n"
        "  --room NAME          name of the room, or of several rooms before their number\n"
        "                       (default bubble)\n"
        "  --duration S         seconds to measure once all have joined (default 10; 0: until ^C)\n"
        "  --profile NAME       conference: microphone and camera each, one screen a room "
        "(default)\n"
        "                       audio: microphones only\n"
        "                       broadcast: one sends microphone and camera, the others watch\n"
        "                       screen: microphones, one screen a room\n"
        "                       stream: one sends a camera and no voice, the others watch\n"
        "                       mesh: a camera each, no voices\n"
        "  --senders N          only N of each room send, the others watch\n"
        "  --screens N          participants of each room that share a screen (default 1)\n"
        "  --camera-kbps N      cameras without simulcast, of this rate (default: simulcast)\n"
        "  --srtp-profile NAME  offer only this one: AEAD_AES_128_GCM, AEAD_AES_256_GCM,\n"
        "                       AES128_CM_SHA1_80 (default: both AEADs)\n"
        "  --idle S             seconds without media before the measurement (default 0)\n"
        "  --join-rate J        joins a second (default 20)\n"
        "  --churn C            participants a second that leave and are replaced (default 0)\n"
        "  --speakers K         people of a room who talk at a time (default 2)\n"
        "  --link SCRIPT        network between some participants and the server; see below\n"
        "  --token-key FILE     key that signs join tokens (PEM or secret), as the server's\n"
        "  --verify N           receivers that decode: who and what is seen and heard, PSNR, "
        "delay\n"
        "                       (default 1); anything wrong is exit code 1\n"
        "  --server-pid PID     the server's process, for its CPU time, memory and threads\n"
        "  --operations URL     its operations listener, for what it says of its packets (default\n"
        "                       http://127.0.0.1:8081, if --url is not given)\n"
        "  --histogram FILE     its packets' sizes and packets a send, for iris-bench floor\n"
        "  --json FILE          the results for machines (- is stdout)\n"
        "  --report FILE.html   the results for people, with plots\n"
        "  --seed N             of everything random (default 1)\n"
        "  --no-gro             receive each packet by itself, as a NIC without GRO would\n"
        "  --insecure           accept any certificate of a wss:// server\n"
        "  --quiet              no progress\n\n" LINK_SCRIPT_HELP "\n"
        "Exit code: 0, 1 (somebody could not join, or a verified receiver got something wrong), 2\n"
        "(usage).\n",
        out);
}

int bubbles_url_parse(struct bubbles_url *url, const char *text)
{
    static const struct {
        const char *scheme;
        bool is_tls;
    } schemes[] = {{"ws://", false}, {"http://", false}, {"wss://", true}, {"https://", true}};
    struct bubbles_url parsed = {.path = DEFAULT_PATH};
    const char *at = NULL;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++)
        if (strncmp(text, schemes[i].scheme, strlen(schemes[i].scheme)) == 0) {
            at = text + strlen(schemes[i].scheme);
            parsed.is_tls = schemes[i].is_tls;
        }
    if (!at)
        return -1;
    size_t len = *at == '[' ? strcspn(at, "]") : strcspn(at, ":/");
    const char *host = at + (*at == '[');
    size_t host_len = len - (*at == '[');
    if (host_len == 0 || host_len >= sizeof(parsed.host))
        return -1;
    memcpy(parsed.host, host, host_len);
    at += len + (at[len] == ']');
    long port = parsed.is_tls ? 443 : 80;
    char *end = (char *)at;
    if (*at == ':')
        port = strtol(at + 1, &end, 10);
    if (port < 1 || port > 65535 || (*end != '\0' && *end != '/'))
        return -1;
    if (end[0] == '/' && end[1] != '\0' &&
        (size_t)snprintf(parsed.path, sizeof(parsed.path), "%s", end) >= sizeof(parsed.path))
        return -1;
    parsed.port = (uint16_t)port;
    *url = parsed;
    return 0;
}

enum option_id {
    ID_URL = 1,
    ID_ROOM,
    ID_ROOMS,
    ID_PARTICIPANTS,
    ID_DURATION,
    ID_PROFILE,
    ID_JOIN_RATE,
    ID_CHURN,
    ID_SPEAKERS,
    ID_LINK,
    ID_TOKEN_KEY,
    ID_VERIFY,
    ID_SERVER_PID,
    ID_JSON,
    ID_REPORT,
    ID_SEED,
    ID_NO_GRO,
    ID_INSECURE,
    ID_QUIET,
    ID_SENDERS,
    ID_SCREENS,
    ID_CAMERA_KBPS,
    ID_SRTP_PROFILE,
    ID_IDLE,
    ID_OPERATIONS,
    ID_HISTOGRAM,
    ID_HELP,
};

static const struct option long_options[] = {
    {"url", required_argument, NULL, ID_URL},
    {"room", required_argument, NULL, ID_ROOM},
    {"rooms", required_argument, NULL, ID_ROOMS},
    {"participants", required_argument, NULL, ID_PARTICIPANTS},
    {"duration", required_argument, NULL, ID_DURATION},
    {"profile", required_argument, NULL, ID_PROFILE},
    {"join-rate", required_argument, NULL, ID_JOIN_RATE},
    {"churn", required_argument, NULL, ID_CHURN},
    {"speakers", required_argument, NULL, ID_SPEAKERS},
    {"link", required_argument, NULL, ID_LINK},
    {"token-key", required_argument, NULL, ID_TOKEN_KEY},
    {"verify", required_argument, NULL, ID_VERIFY},
    {"server-pid", required_argument, NULL, ID_SERVER_PID},
    {"json", required_argument, NULL, ID_JSON},
    {"report", required_argument, NULL, ID_REPORT},
    {"seed", required_argument, NULL, ID_SEED},
    {"no-gro", no_argument, NULL, ID_NO_GRO},
    {"insecure", no_argument, NULL, ID_INSECURE},
    {"quiet", no_argument, NULL, ID_QUIET},
    {"senders", required_argument, NULL, ID_SENDERS},
    {"screens", required_argument, NULL, ID_SCREENS},
    {"camera-kbps", required_argument, NULL, ID_CAMERA_KBPS},
    {"srtp-profile", required_argument, NULL, ID_SRTP_PROFILE},
    {"idle", required_argument, NULL, ID_IDLE},
    {"operations", required_argument, NULL, ID_OPERATIONS},
    {"histogram", required_argument, NULL, ID_HISTOGRAM},
    {"help", no_argument, NULL, ID_HELP},
    {NULL, 0, NULL, 0}};

int bubbles_profile_parse(enum bubbles_profile *profile, const char *name)
{
    for (unsigned i = 0; i < BUBBLES_PROFILES; i++)
        if (strcmp(name, profile_names[i]) == 0) {
            *profile = (enum bubbles_profile)i;
            return 0;
        }
    return -1;
}

static int take_srtp_profile(struct bubbles_options *options)
{
    static const enum transport_srtp_profile profiles[] = {TRANSPORT_SRTP_AEAD_AES_128_GCM,
                                                           TRANSPORT_SRTP_AEAD_AES_256_GCM,
                                                           TRANSPORT_SRTP_AES128_CM_SHA1_80};
    for (unsigned i = 0; i < sizeof(profiles) / sizeof(*profiles); i++)
        if (strcmp(optarg, transport_srtp_profile_name(profiles[i])) == 0) {
            options->srtp_profile = profiles[i];
            return 0;
        }
    return -1;
}

static int take_pid(struct bubbles_options *options)
{
    unsigned pid;
    if (bench_take_count(optarg, 1, INT32_MAX, &pid))
        return -1;
    options->server_pid = (pid_t)pid;
    return 0;
}

static int take_seed(struct bubbles_options *options)
{
    char *end;
    options->seed = strtoull(optarg, &end, 10);
    return end == optarg || *end ? -1 : 0;
}

/* An option with a value that can be wrong. */
static int take_checked(struct bubbles_options *options, enum option_id id)
{
    switch (id) {
    case ID_URL:
        return bubbles_url_parse(&options->url, optarg);
    case ID_ROOMS:
        return bench_take_count(optarg, 1, ROOMS_MAX, &options->rooms);
    case ID_PARTICIPANTS:
        return bench_take_count(optarg, 1, PARTICIPANTS_MAX, &options->participants);
    case ID_DURATION:
        return bench_take_number(optarg, 0, 1e6, &options->duration_s);
    case ID_PROFILE:
        return bubbles_profile_parse(&options->profile, optarg);
    case ID_SENDERS:
        return bench_take_count(optarg, 1, PARTICIPANTS_MAX, &options->senders);
    case ID_SCREENS:
        return bench_take_count(optarg, 0, PARTICIPANTS_MAX, &options->screens);
    case ID_CAMERA_KBPS:
        return bench_take_count(optarg, 50, 8000, &options->camera_kbps);
    case ID_SRTP_PROFILE:
        return take_srtp_profile(options);
    case ID_IDLE:
        return bench_take_number(optarg, 0, 3600, &options->idle_s);
    case ID_OPERATIONS:
        return bubbles_url_parse(&options->operations, optarg);
    case ID_JOIN_RATE:
        return bench_take_number(optarg, 0.01, 1000, &options->join_rate);
    case ID_CHURN:
        return bench_take_number(optarg, 0, 100, &options->churn);
    case ID_SPEAKERS:
        return bench_take_count(optarg, 0, PARTICIPANTS_MAX, &options->speakers);
    case ID_VERIFY:
        return bench_take_count(optarg, 0, TOTAL_MAX, &options->verify);
    case ID_SERVER_PID:
        return take_pid(options);
    case ID_SEED:
        return take_seed(options);
    default:
        return -1;
    }
}

static int take_option(struct bubbles_options *options, enum option_id id)
{
    switch (id) {
    case ID_ROOM:
        options->room = optarg;
        return 0;
    case ID_LINK:
        options->link_file = optarg;
        return 0;
    case ID_TOKEN_KEY:
        options->token_key_file = optarg;
        return 0;
    case ID_JSON:
        options->json_file = optarg;
        return 0;
    case ID_REPORT:
        options->report_file = optarg;
        return 0;
    case ID_HISTOGRAM:
        options->histogram_file = optarg;
        return 0;
    case ID_NO_GRO:
        options->has_gro = false;
        return 0;
    case ID_INSECURE:
        options->is_insecure = true;
        return 0;
    case ID_QUIET:
        options->is_quiet = true;
        return 0;
    default:
        return take_checked(options, id);
    }
}

static const char *option_name(int id)
{
    const struct option *option = long_options;
    while (option->name && option->val != id)
        option++;
    return option->name;
}

void bubbles_options_init(struct bubbles_options *options)
{
    *options = (struct bubbles_options){.room = "bubble",
                                        .rooms = 1,
                                        .participants = 4,
                                        .duration_s = 10,
                                        .settle_s = 2,
                                        .join_rate = DEFAULT_JOIN_RATE,
                                        .speakers = 2,
                                        .screens = 1,
                                        .verify = 1,
                                        .seed = 1,
                                        .has_gro = true};
}

/* The default server has the default operations listener; of another one nothing is known. */
static void set_urls(struct bubbles_options *options)
{
    if (options->url.port)
        return;
    bubbles_url_parse(&options->url, DEFAULT_URL);
    if (!options->operations.port)
        bubbles_url_parse(&options->operations, DEFAULT_OPERATIONS);
}

int bubbles_options_parse(struct bubbles_options *options, int argc, char **argv)
{
    bubbles_options_init(options);
    for (int id; (id = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (id == ID_HELP)
            return print_usage(stdout), 1;
        if (id == '?')
            return print_usage(stderr), 3;
        if (take_option(options, (enum option_id)id)) {
            fprintf(stderr, "iris-bench bubbles: '%s' is no value for --%s\n", optarg,
                    option_name(id));
            return 3;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "iris-bench bubbles: '%s' is not understood; see --help\n", argv[optind]);
        return 3;
    }
    set_urls(options);
    if (options->rooms * options->participants > TOTAL_MAX) {
        fprintf(stderr, "iris-bench bubbles: at most %d participants in all\n", TOTAL_MAX);
        return 3;
    }
    return 0;
}
