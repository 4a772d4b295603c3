/* Options of `iris token`, and their way to the claims. */
#include "sfu/token_command.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "sfu/config.h"
#include "signalling/token.h"
#include "signalling/token_sign.h"

#define ROOM_MAX_BYTES      128
#define NAME_MAX_CHARACTERS 128
#define TTL_DEFAULT_S       3600
#define TTL_MAX_S           31536000 /* a year: what lasts longer is forgotten somewhere */

static const char usage[] =
    "usage: iris token --room ROOM --name NAME [OPTIONS]\n"
    "\n"
    "Print a token with which NAME may join ROOM of a server that has the same key.\n"
    "\n"
    "  --room ROOM      1 to 128 characters of A-Z a-z 0-9 . _ - ~, or * for every room\n"
    "  --name NAME      display name, at most 128 characters\n"
    "  --subject ID     stable identity of the person, at most 256 bytes\n"
    "  --moderator      may mute and remove others\n"
    "  --publish LIST   what may be sent: of audio,camera,screen (default: all; '': nothing)\n"
    "  --no-subscribe   receives nothing\n"
    "  --ttl SECONDS    how long it is valid (default: 3600, at most a year)\n"
    "  --key FILE       the key: a secret of at least 32 bytes, or a PEM private key (RSA, P-256)\n"
    "  --config FILE    take the token_key_file of this configuration, which must be a secret\n"
    "  --help           print this, and end\n";

struct token_options {
    struct signalling_claims claims;
    const char *key_file;
    const char *config_file;
    bool is_help;
};

/* Say what is wrong with a value. @return the exit code of a wrong usage */
static int refuse(FILE *err, const char *option, const char *value, const char *expected)
{
    fprintf(err, "iris token: --%s: '%.100s' is not %s\n", option, value, expected);
    return 2;
}

static bool is_room(const char *room)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-~";
    size_t len = strlen(room);

    return strcmp(room, "*") == 0 ||
           (len > 0 && len <= ROOM_MAX_BYTES && strspn(room, allowed) == len);
}

static size_t count_characters(const char *utf8)
{
    size_t count = 0;

    for (; *utf8; utf8++)
        count += ((unsigned char)*utf8 & 0xC0) != 0x80;
    return count;
}

static bool parse_ttl(const char *text, int64_t *out)
{
    size_t len = strlen(text);

    if (len == 0 || len > 9 || strspn(text, "0123456789") != len)
        return false;
    *out = strtol(text, NULL, 10);
    return *out >= 1 && *out <= TTL_MAX_S;
}

static bool is_kind(const char *text, size_t len, const char *kind)
{
    return len == strlen(kind) && memcmp(text, kind, len) == 0;
}

/* "audio,camera"; each at most once would be pedantic. */
static bool parse_publish(const char *text, struct signalling_claims *claims)
{
    claims->publish_audio = claims->publish_camera = claims->publish_screen = false;
    while (*text) {
        size_t len = strcspn(text, ",");

        if (is_kind(text, len, "audio"))
            claims->publish_audio = true;
        else if (is_kind(text, len, "camera"))
            claims->publish_camera = true;
        else if (is_kind(text, len, "screen"))
            claims->publish_screen = true;
        else
            return false;
        text += len;
        if (*text == ',' && *++text == '\0')
            return false;
    }
    return true;
}

/* One option of getopt_long(). @return 0 or the exit code */
static int apply_option(struct token_options *options, int option, int64_t now_s, FILE *err)
{
    struct signalling_claims *claims = &options->claims;
    int64_t ttl_s;

    switch (option) {
    case 'r':
        claims->room = optarg;
        return is_room(optarg) ? 0 : refuse(err, "room", optarg, "the name of a room, or *");
    case 'n':
        claims->name = optarg;
        return count_characters(optarg) <= NAME_MAX_CHARACTERS
                   ? 0
                   : refuse(err, "name", optarg, "a name of at most 128 characters");
    case 's':
        claims->subject = optarg;
        return strlen(optarg) < SIGNALLING_SUBJECT_BYTES
                   ? 0
                   : refuse(err, "subject", optarg, "an identity of at most 256 bytes");
    case 'p':
        return parse_publish(optarg, claims)
                   ? 0
                   : refuse(err, "publish", optarg, "a list of audio, camera and screen");
    case 't':
        if (!parse_ttl(optarg, &ttl_s))
            return refuse(err, "ttl", optarg, "a number of seconds from 1 to 31536000");
        claims->expires_s = now_s + ttl_s;
        return 0;
    case 'm':
        claims->is_moderator = true;
        return 0;
    case 'q':
        claims->subscribe = false;
        return 0;
    case 'k':
        options->key_file = optarg;
        return 0;
    case 'c':
        options->config_file = optarg;
        return 0;
    default:
        options->is_help = true;
        return 0;
    }
}

static int parse_options(int argc, char **argv, int64_t now_s, struct token_options *options,
                         FILE *err)
{
    static const struct option longs[] = {
        {"room", required_argument, NULL, 'r'},
        {"name", required_argument, NULL, 'n'},
        {"subject", required_argument, NULL, 's'},
        {"moderator", no_argument, NULL, 'm'},
        {"publish", required_argument, NULL, 'p'},
        {"no-subscribe", no_argument, NULL, 'q'},
        {"ttl", required_argument, NULL, 't'},
        {"key", required_argument, NULL, 'k'},
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    int code = 0;

    optind = 0; /* start over, also after main's own options */
    opterr = 0; /* the sentences are ours */
    while (code == 0 && (option = getopt_long(argc, argv, "+:", longs, NULL)) != -1) {
        if (option == ':' || option == '?') {
            fprintf(err, "iris token: %s %s; try: iris token --help\n", argv[optind - 1],
                    option == ':' ? "needs a value" : "is no option");
            return 2;
        }
        code = apply_option(options, option, now_s, err);
    }
    if (code == 0 && optind < argc) {
        fprintf(err, "iris token: unexpected argument '%.100s'; try: iris token --help\n",
                argv[optind]);
        return 2;
    }
    return code;
}

/* The key of --key, else of the configuration; NULL after a sentence. */
static struct signalling_sign_key *load_key(const struct token_options *options, FILE *err)
{
    char error[CONFIG_ERROR_BYTES] =
        "which key? Give --key FILE, or --config FILE with a token_key_file";
    struct config *config = NULL;
    struct signalling_sign_key *key = NULL;

    if (options->key_file)
        key = signalling_sign_key_load(options->key_file, error, sizeof(error));
    else if (options->config_file)
        config = config_load(options->config_file, NULL, 0, error);
    if (config && config->token_key_file[0] == '\0')
        snprintf(error, sizeof(error), "%.300s has no token_key_file: give --key FILE",
                 options->config_file);
    else if (config)
        key = signalling_sign_key_load(config->token_key_file, error, sizeof(error));
    config_destroy(config);
    if (!key)
        fprintf(err, "iris token: %s\n", error);
    return key;
}

static int print_token(const struct token_options *options, FILE *out, FILE *err)
{
    struct signalling_sign_key *key = load_key(options, err);
    char *token = key ? signalling_token_sign(key, &options->claims) : NULL;

    if (key && !token)
        fprintf(err, "iris token: the token cannot be made: are all texts UTF-8?\n");
    if (token)
        fprintf(out, "%s\n", token);
    signalling_sign_key_destroy(key);
    free(token);
    return token ? 0 : 1;
}

int token_command(int argc, char **argv, int64_t now_s, FILE *out, FILE *err)
{
    struct token_options options = {.claims = {.publish_audio = true,
                                               .publish_camera = true,
                                               .publish_screen = true,
                                               .subscribe = true,
                                               .expires_s = now_s + TTL_DEFAULT_S}};
    int code = parse_options(argc, argv, now_s, &options, err);

    if (code != 0)
        return code;
    if (options.is_help) {
        fputs(usage, out);
        return 0;
    }
    if (!options.claims.room || !options.claims.name) {
        fprintf(err, "iris token: --%s is needed; try: iris token --help\n",
                options.claims.room ? "name" : "room");
        return 2;
    }
    return print_token(&options, out, err);
}
