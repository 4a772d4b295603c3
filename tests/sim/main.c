/* iris-sim: one conference, or one after the other with seeds that count up. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/arguments.h"
#include "tests/sim/world.h"

struct options {
    uint64_t seed;
    unsigned participants, seconds, runs, handovers;
    const char *profile;
    const char *seeds;    /* or NULL */
    unsigned least_speed; /* times real time; 0: any */
    bool is_json, is_quiet, is_traced;
};

static void print_help(void)
{
    unsigned count;
    const struct sim_profile *profiles = sim_profiles(&count);
    puts("usage: iris-sim [--seed N] [--profile NAME] [--participants P] [--seconds S]\n"
         "                [--runs N | --seeds N,N...] [--handover N] [--trace] [--json]\n"
         "                [--quiet]\n\n"
         "Simulates a conference in virtual time: the real engine, everybody in it and their\n"
         "networks. The same seed gives the same bytes (digest). Exits with 1 when an invariant\n"
         "breaks, and says when and how to replay it.\n\n"
         "  --seed N          of everything that is drawn (1)\n"
         "  --profile NAME    what kind of conference (call3)\n"
         "  --participants P  how many, at most 400 (the profile's)\n"
         "  --seconds S       how long (the profile's)\n"
         "  --runs N          so many seeds from N on, until one breaks (1)\n"
         "  --handover N      export and import the engine N times in a run, and compare with\n"
         "                    the run without (0)\n"
         "  --seeds N,N...    these, until one breaks\n"
         "  --speed-min N     fails when a run is simulated less than N times faster than real "
         "time\n"
         "                    (CPU time); ten people in release: 200\n"
         "  --trace           a line a second: what the receiver whose network changes gets, and "
         "why\n"
         "  --json            one JSON object a run\n"
         "  --quiet           nothing of runs in which all holds\n\n"
         "Profiles:");
    for (unsigned i = 0; i < count; i++)
        printf("  %-10s %s\n", profiles[i].name, profiles[i].about);
    printf("  %-10s %s\n\nInvariants:\n", "random", "anything of these, drawn from the seed");
    for (unsigned i = 0; i < SIM_CHECK_COUNT; i++)
        printf("  %-15s %s\n", sim_check_name((enum sim_check)i),
               sim_check_claim((enum sim_check)i));
}

static void read_options(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {{"seed", required_argument, NULL, 's'},
                                          {"profile", required_argument, NULL, 'p'},
                                          {"participants", required_argument, NULL, 'n'},
                                          {"seconds", required_argument, NULL, 't'},
                                          {"runs", required_argument, NULL, 'r'},
                                          {"handover", required_argument, NULL, 'o'},
                                          {"seeds", required_argument, NULL, 'l'},
                                          {"speed-min", required_argument, NULL, 'm'},
                                          {"trace", no_argument, NULL, 'v'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "h", names, NULL)) != -1;)
        switch (option) {
        case 's':
            options->seed = sim_arguments_seed(optarg);
            break;
        case 'p':
            options->profile = optarg;
            break;
        case 'n':
            options->participants = sim_arguments_count(optarg, SIM_PARTICIPANTS_MAX);
            break;
        case 't':
            options->seconds = sim_arguments_count(optarg, 100000);
            break;
        case 'r':
            options->runs = sim_arguments_count(optarg, 1000000000);
            break;
        case 'o':
            options->handovers = sim_arguments_count(optarg, 100000);
            break;
        case 'l':
            options->seeds = optarg;
            break;
        case 'm':
            options->least_speed = sim_arguments_count(optarg, 100000);
            break;
        case 'v':
            options->is_traced = true;
            break;
        case 'j':
            options->is_json = true;
            break;
        case 'q':
            options->is_quiet = true;
            break;
        case 'h':
            print_help();
            exit(0);
        default:
            exit(2);
        }
}

static void simulate(struct sim_world *world, const struct sim_config *config)
{
    if (sim_world_run(world, config)) {
        fprintf(stderr, "iris-sim: the engine cannot be created\n");
        exit(2);
    }
}

static bool is_fast(const struct sim_summary *summary, unsigned least)
{
    double speed = sim_summary_speed(summary);
    if (speed >= least)
        return true;
    printf("SLOW    %.0f x real time, at least %u\n", speed, least);
    return false;
}

static const struct sim_profile *find_profile(const struct options *options, uint64_t seed)
{
    static struct sim_profile drawn;
    const struct sim_profile *profile = sim_profile_find(options->profile);
    if (!profile && strcmp(options->profile, "random") == 0) {
        sim_profile_draw(&drawn, seed);
        profile = &drawn;
    }
    if (!profile)
        fprintf(stderr, "iris-sim: no profile '%s'; see --help\n", options->profile);
    else if (options->seconds && options->seconds < profile->seconds && profile->stage_count > 0)
        fprintf(stderr,
                "iris-sim: the network of '%s' changes until %u s: --seconds cannot be %u\n",
                profile->name, profile->seconds, options->seconds);
    else
        return profile;
    exit(2);
}

/* @return whether all invariants held that are to hold */
static bool run(const struct options *options, uint64_t seed)
{
    static struct sim_world world;
    const struct sim_profile *profile = find_profile(options, seed);
    struct sim_config config = {.seed = seed,
                                .profile = profile,
                                .is_traced = options->is_traced,
                                .participants = options->participants ? options->participants
                                                                      : profile->participants,
                                .seconds = options->seconds ? options->seconds : profile->seconds};
    uint64_t digest = 0;
    if (options->handovers) {
        simulate(&world, &config);
        digest = world.digest;
        config.handovers = options->handovers;
    }
    simulate(&world, &config);
    if (options->handovers && world.digest != digest)
        sim_check_fail(&world.checks, SIM_CHECK_HANDOVER, 0,
                       "without a hand-over the digest is %016" PRIx64, digest);
    if (options->is_json)
        sim_summary_print_json(&world);
    else
        sim_summary_print(&world, options->is_quiet);
    return !sim_checks_are_broken(&world.checks, SIM_CHECKS_ALL) &&
           is_fast(&world.summary, options->least_speed);
}

static bool run_listed(const struct options *options)
{
    char list[512], *rest = list;
    snprintf(list, sizeof(list), "%s", options->seeds);
    for (const char *seed; (seed = strsep(&rest, ","));)
        if (!run(options, sim_arguments_seed(seed)))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .runs = 1, .profile = "call3"};
    read_options(&options, argc, argv);
    if (options.seeds)
        return run_listed(&options) ? 0 : 1;
    for (unsigned i = 0; i < options.runs; i++)
        if (!run(&options, options.seed + i))
            return 1;
    return 0;
}
