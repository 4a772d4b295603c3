/* getopt_long, which stops at the command. */
#include "bench/emulator/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define EXIT_USAGE      2
#define DEFAULT_ADDRESS "198.18.64.1" /* of the range for tests of networks (RFC 2544) */

static void print_usage(FILE *out)
{
    fputs(
        "usage: iris-link [OPTIONS] [--] COMMAND [ARGUMENTS]\n\n"
        "Run a command behind a bad network: in a network namespace of its own, whose only way out "
        "is\n"
        "an emulated link to this machine. Inside, this machine is reached by the address below; "
        "'up'\n"
        "is what the command sends. All traffic takes the link, TCP and names included; beyond "
        "this\n"
        "machine it leads only where the machine forwards. Needs root and /dev/net/tun.\n\n"
        "  --script FILE     what the link does over time; without one it does nothing\n"
        "  --rule LINE       a line of a script; may be repeated\n"
        "  --address A       of this machine on the link (default " DEFAULT_ADDRESS
        "); the inside has the\n"
        "                    next one, so that links beside each other need addresses two apart\n"
        "  --json FILE       a line of JSON for each second, and one for the whole (- is stdout)\n"
        "  --seed N          of what is random (default 1)\n"
        "  --quiet           nothing on the terminal (else a line on stderr for each second)\n"
        "  --help\n\n" LINK_SCRIPT_HELP "The command is participant 0.\n"
        "\n"
        "Signals: SIGUSR1 begins the script anew; SIGTERM, SIGINT and SIGHUP go to the command.\n"
        "Exit code: that of the command, 128 + signal if one ended it; 2 usage, 125 the link "
        "cannot be\n"
        "made, 126 the command cannot be run, 127 there is no such command.\n",
        out);
}

enum option_id { ID_SCRIPT = 256, ID_RULE, ID_ADDRESS, ID_JSON, ID_SEED, ID_QUIET, ID_HELP };

static const struct option long_options[] = {{"script", required_argument, NULL, ID_SCRIPT},
                                             {"rule", required_argument, NULL, ID_RULE},
                                             {"address", required_argument, NULL, ID_ADDRESS},
                                             {"json", required_argument, NULL, ID_JSON},
                                             {"seed", required_argument, NULL, ID_SEED},
                                             {"quiet", no_argument, NULL, ID_QUIET},
                                             {"help", no_argument, NULL, ID_HELP},
                                             {NULL, 0, NULL, 0}};

static int complain(const char *problem, const char *what)
{
    fprintf(stderr, "iris-link: %s%s\n", problem, what);
    return EXIT_USAGE;
}

static int take_script(struct options *options)
{
    char error[512];
    return link_script_read(&options->script, optarg, error, sizeof(error)) ? complain(error, "")
                                                                            : -1;
}

static int take_seed(struct options *options)
{
    char *end;
    errno = 0;
    options->seed = strtoull(optarg, &end, 10);
    return end == optarg || *end || errno ? complain("not a seed: ", optarg) : -1;
}

/* As options_parse(). */
static int take_option(struct options *options, int id)
{
    switch (id) {
    case ID_SCRIPT:
        return take_script(options);
    case ID_RULE:
        if (link_script_add(&options->script, optarg) < 0)
            return complain("not a rule, see --help: ", optarg);
        return -1;
    case ID_ADDRESS:
        if (inet_pton(AF_INET, optarg, &options->address) != 1)
            return complain("not an IPv4 address: ", optarg);
        return -1;
    case ID_JSON:
        options->json_file = optarg;
        return -1;
    case ID_SEED:
        return take_seed(options);
    case ID_QUIET:
        options->is_quiet = true;
        return -1;
    case ID_HELP:
        print_usage(stdout);
        return 0;
    default:
        print_usage(stderr);
        return EXIT_USAGE;
    }
}

int options_parse(struct options *options, int argc, char **argv)
{
    int id, result;
    *options = (struct options){.seed = 1};
    inet_pton(AF_INET, DEFAULT_ADDRESS, &options->address);
    while ((id = getopt_long(argc, argv, "+", long_options, NULL)) != -1)
        if ((result = take_option(options, id)) >= 0)
            return result;
    if (optind == argc) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    options->command = argv + optind;
    return -1;
}
