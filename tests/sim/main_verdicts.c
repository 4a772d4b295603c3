/* sim-verdicts: are the verdicts right? Known impairments, one after the other, over many seeds. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/arguments.h"
#include "tests/sim/world.h"

struct options {
    unsigned seeds;
    uint64_t seed;
    const char *only; /* an impairment's name, or NULL */
    bool is_checked, is_verbose, is_json;
};

static void print_help(void)
{
    puts("usage: sim-verdicts [--seeds N] [--seed N] [--only NAME] [--check] [--json] "
         "[--verbose]\n\n"
         "Simulates calls of five people for 60 s, each with one known impairment from the tenth\n"
         "second on, and says how many of the verdicts name its cause: sampled each second from 5 "
         "s\n"
         "after onset, of the participant and of the camera slots concerned.\n\n"
         "  --seeds N    runs of each impairment (20)\n"
         "  --seed N     the first seed (1)\n"
         "  --only NAME  one impairment\n"
         "  --check      exit with 1 unless 95 % are right, and in runs without impairment no\n"
         "               verdict is other than good for more than 2 s\n"
         "  --json       one JSON object an impairment\n"
         "  --verbose    every sample that is wrong\n\n"
         "Impairments:");
    for (unsigned i = 0; i < IMPAIRMENT_COUNT; i++)
        printf("  %-18s the cause is %s\n", impairment_name((enum impairment)i),
               core_cause_name(impairment_cause((enum impairment)i)));
}

static void read_options(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {
        {"seeds", required_argument, NULL, 'n'}, {"seed", required_argument, NULL, 's'},
        {"only", required_argument, NULL, 'o'},  {"check", no_argument, NULL, 'c'},
        {"json", no_argument, NULL, 'j'},        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "h", names, NULL)) != -1;)
        switch (option) {
        case 'n':
            options->seeds = sim_arguments_count(optarg, 1000000);
            break;
        case 's':
            options->seed = sim_arguments_seed(optarg);
            break;
        case 'o':
            options->only = optarg;
            break;
        case 'c':
            options->is_checked = true;
            break;
        case 'j':
            options->is_json = true;
            break;
        case 'v':
            options->is_verbose = true;
            break;
        case 'h':
            print_help();
            exit(0);
        default:
            exit(2);
        }
}

static void print(const struct options *options, const struct sim_trial *sum)
{
    const char *name = impairment_name(sum->impairment);
    double share = sum->samples ? 100.0 * sum->right / sum->samples : 0;
    if (options->is_json) {
        printf("{\"impairment\": \"%s\", \"cause\": \"%s\", \"samples\": %u, \"right\": %u, "
               "\"longest_bad_s\": %u}\n",
               name, core_cause_name(impairment_cause(sum->impairment)), sum->samples, sum->right,
               sum->longest_bad_s);
        return;
    }
    if (sum->impairment == IMPAIRMENT_NONE) {
        printf("%-18s not good for %u s at most\n", name, sum->longest_bad_s);
        return;
    }
    printf("%-18s %5.1f %% of %5u right;", name, share, sum->samples);
    for (unsigned cause = 0; cause <= CORE_CAUSE_CLIENT; cause++)
        if (sum->said[cause] > 0)
            printf(" %s %u", core_cause_name((enum core_cause)cause), sum->said[cause]);
    printf("\n");
}

static bool is_met(const struct sim_trial *sum)
{
    if (sum->impairment == IMPAIRMENT_NONE)
        return sum->longest_bad_s <= IMPAIRMENT_GOAL_CLEAN_S;
    return sum->samples > 0 && (double)sum->right >= IMPAIRMENT_GOAL_SHARE * sum->samples;
}

static void run(const struct options *options, struct sim_trial *sum)
{
    static struct sim_world world;
    static struct sim_trial trial;
    for (unsigned i = 0; i < options->seeds; i++) {
        memset(&trial, 0, sizeof(trial));
        trial.impairment = sum->impairment;
        trial.is_verbose = options->is_verbose;
        if (options->is_verbose)
            printf("%s, seed %" PRIu64 "\n", impairment_name(sum->impairment), options->seed + i);
        if (sim_trial_run(&world, &trial, options->seed + i)) {
            fprintf(stderr, "sim-verdicts: the engine cannot be created\n");
            exit(2);
        }
        sum->samples += trial.samples;
        sum->right += trial.right;
        for (unsigned cause = 0; cause <= CORE_CAUSE_CLIENT; cause++)
            sum->said[cause] += trial.said[cause];
        if (trial.longest_bad_s > sum->longest_bad_s)
            sum->longest_bad_s = trial.longest_bad_s;
    }
}

int main(int argc, char **argv)
{
    struct options options = {.seeds = 20, .seed = 1};
    bool are_met = true;
    read_options(&options, argc, argv);
    for (unsigned i = 0; i < IMPAIRMENT_COUNT; i++) {
        static struct sim_trial sum;
        memset(&sum, 0, sizeof(sum));
        sum.impairment = (enum impairment)i;
        if (options.only && strcmp(options.only, impairment_name(sum.impairment)) != 0)
            continue;
        run(&options, &sum);
        print(&options, &sum);
        fflush(stdout);
        are_met &= is_met(&sum);
    }
    return options.is_checked && !are_met ? 1 : 0;
}
