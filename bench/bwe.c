/*
 * iris-bench bwe: the bandwidth estimator on simulated links, with a virtual clock: RFC 8867's test
 * cases and the scenarios of our goals, over many seeds.
 */
#include "bench/bench.h"
#include "bench/bwe/grid.h"
#include "bench/bwe/report.h"
#include "bench/bwe/suite.h"
#include "bench/number.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS_DEFAULT 20
#define SWEEP_MAX     16
#define SPEED_LEAST   1000.0
#define SUITE_S       5.0 /* of CPU */
#define SUITE_SEEDS   20
#define SUITE_SEEDS_S 90.0

struct options {
    const struct bwe_sim_scenario *scenario; /* NULL: all */
    struct bwe_sim_subject subject;
    const char *subject_name;
    struct bwe_sim_seeds seeds;
    bool is_json, is_check;
    bool is_grid; /* RFC 8868's paths instead of the scenarios */
    const char *plot_path, *rates_path;
    double *swept; /* the number that is varied, NULL: none */
    const char *swept_name;
    double sweep[SWEEP_MAX];
    unsigned sweep_count;
};

static const struct {
    const char *name, *about;
    size_t offset;
} numbers[] = {
#define X(name, iris, gcc, about) {#name, about, offsetof(struct bwe_tuning, name)},
    BWE_TUNING_LIST(X)
#undef X
};

static double *number_of(struct bwe_tuning *tuning, const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        if (strlen(numbers[i].name) == len && strncmp(numbers[i].name, name, len) == 0)
            return (double *)((char *)tuning + numbers[i].offset);
    }
    return NULL;
}

static void print_usage(FILE *out)
{
    fputs(
        "usage: iris-bench bwe [OPTIONS]\n\n"
        "  --case NAME        only this scenario\n"
        "  --seeds N          runs of each (20)\n"
        "  --first-seed N     their first seed (1)\n"
        "  --gcc              behave as Google's congestion control, without jitter; --check then\n"
        "                     asks whether its published behaviour is there\n"
        "  --smooth           links without jitter\n"
        "  --check            exit 1 while a goal is missed, naming it; of all scenarios also how "
        "fast\n"
        "                     they are simulated (CPU time; a sanitizer is slower by three times)\n"
        "  --grid             instead of the scenarios the paths of RFC 8868: delay x loss x "
        "queue\n"
        "  --json             one JSON object instead of the table\n"
        "  --plot FILE.svg    rate, capacity and queue over time, of --case with seed 1\n"
        "  --rates FILE.csv   targets and rates every 200 ms, of the same run\n"
        "  --set NAME=VALUE   change a number of the tuning\n"
        "  --sweep NAME=A,B.. run with each of the values\n\nScenarios:\n",
        out);
    for (size_t i = 0; i < bwe_sim_scenario_count; i++)
        fprintf(out, "  %-12s %s\n", bwe_sim_scenarios[i].name, bwe_sim_scenarios[i].about);
    fputs("\nNumbers (Iris, GCC):\n", out);
#define X(name, iris, gcc, about)                                                                  \
    fprintf(out, "  %-22s %-9g %-9g %s\n", #name, (double)(iris), (double)(gcc), about);
    BWE_TUNING_LIST(X)
#undef X
}

/* NAME=A,B,..: returns how many values, 0 on error. */
static unsigned parse_values(const char *text, struct bwe_tuning *tuning, double **number,
                             double *values)
{
    const char *equals = strchr(text, '=');
    unsigned count = 0;
    *number = equals ? number_of(tuning, text, (size_t)(equals - text)) : NULL;
    if (!*number)
        return 0;
    for (const char *at = equals; *at && count < SWEEP_MAX;) {
        char *end;
        errno = 0;
        values[count++] = strtod(at + 1, &end);
        if (end == at + 1 || errno || (*end && *end != ','))
            return 0;
        at = end;
    }
    return count;
}

static int parse_option(struct options *options, int option)
{
    double *number, value[SWEEP_MAX];
    switch (option) {
    case 'c':
        options->scenario = bwe_sim_scenario_find(optarg);
        return options->scenario ? 0 : 2;
    case 'n':
        return bench_take_count(optarg, 1, BWE_SIM_SEEDS_MAX, &options->seeds.count);
    case 'f':
        return bench_take_count(optarg, 1, BWE_SIM_SEEDS_MAX, &options->seeds.first);
    case 'g':
        options->subject.tuning = bwe_tuning_gcc;
        options->subject_name = "GCC";
        options->subject.is_gcc = true;
        options->subject.is_smooth = true; /* as where the published figures come from */
        return 0;
    case 'm':
        options->subject.is_smooth = true;
        return 0;
    case 'k':
        options->is_check = true;
        return 0;
    case 'r':
        options->is_grid = true;
        return 0;
    case 'j':
        options->is_json = true;
        return 0;
    case 'p':
        options->plot_path = optarg;
        return 0;
    case 't':
        options->rates_path = optarg;
        return 0;
    case 's':
        if (parse_values(optarg, &options->subject.tuning, &number, value) != 1)
            return 2;
        *number = value[0];
        return 0;
    case 'w':
        options->swept_name = optarg;
        options->sweep_count =
            parse_values(optarg, &options->subject.tuning, &options->swept, options->sweep);
        return options->sweep_count > 0 ? 0 : 2;
    default:
        return 2;
    }
}

/* Returns -1 to go on, or an exit code. */
static int parse_options(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {
        {"case", required_argument, NULL, 'c'},
        {"seeds", required_argument, NULL, 'n'},
        {"first-seed", required_argument, NULL, 'f'},
        {"gcc", no_argument, NULL, 'g'},
        {"smooth", no_argument, NULL, 'm'},
        {"check", no_argument, NULL, 'k'},
        {"grid", no_argument, NULL, 'r'},
        {"json", no_argument, NULL, 'j'},
        {"plot", required_argument, NULL, 'p'},
        {"rates", required_argument, NULL, 't'},
        {"set", required_argument, NULL, 's'},
        {"sweep", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == 'h') {
            print_usage(stdout);
            return 0;
        }
        if (parse_option(options, option)) {
            fprintf(stderr, "iris-bench bwe: cannot use %s; see --help\n",
                    optarg ? optarg : "these options");
            return 2;
        }
    }
    bool has_other = options->scenario || options->is_check || options->sweep_count > 0;
    if (optind < argc || ((options->plot_path || options->rates_path) && !options->scenario) ||
        (options->is_grid && has_other)) {
        print_usage(stderr);
        return 2;
    }
    return -1;
}

static unsigned count_missed(const struct bwe_sim_summary *summary, FILE *out)
{
    unsigned missed = 0;
    const struct bwe_sim_goal *goals = summary->goals;
    for (unsigned i = 0; i < BWE_SIM_GOALS_MAX && goals[i].value != 0; i++) {
        if (bwe_sim_goal_is_reached(&goals[i], summary))
            continue;
        missed++;
        fprintf(out, "missed: %s, %s: %.4g instead of %.4g\n", summary->scenario->name,
                bwe_sim_metric_title(goals[i].metric), summary->values[goals[i].metric],
                goals[i].value);
    }
    return missed;
}

/* Goal 13: one flow 1000 times faster than real time; of all scenarios 5 s for one seed, 90 s for
   twenty, between them as much for each. */
static unsigned count_slow(const struct options *options, double flow_s, double cpu_s, FILE *out)
{
    double most_s =
        SUITE_S + (SUITE_SEEDS_S - SUITE_S) * (options->seeds.count - 1) / (SUITE_SEEDS - 1);
    bool is_slow = flow_s < SPEED_LEAST * cpu_s;
    bool is_long = !options->scenario && cpu_s > most_s;
    if (is_slow)
        fprintf(out, "missed: %.0f times faster than real time instead of %.0f\n", flow_s / cpu_s,
                SPEED_LEAST);
    if (is_long)
        fprintf(out, "missed: %.1f s of CPU for all scenarios instead of %.1f\n", cpu_s, most_s);
    return is_slow + is_long;
}

/* All scenarios asked for. Returns the number of goals missed. */
static unsigned run_suite(const struct options *options, struct bwe_sim_run *run)
{
    struct bwe_sim_summary summary;
    const char *separator = "";
    unsigned missed = 0;
    double flow_s = 0;
    uint64_t begin_ns = bench_cpu_ns();
    if (options->is_json)
        printf("{");
    else
        bwe_sim_report_head(stdout);
    for (size_t i = 0; i < bwe_sim_scenario_count; i++) {
        const struct bwe_sim_scenario *scenario = &bwe_sim_scenarios[i];
        if (options->scenario && scenario != options->scenario)
            continue;
        bwe_sim_summarize(&summary, run, scenario, &options->subject, options->seeds);
        flow_s += options->seeds.count * bwe_sim_flow_seconds(scenario);
        if (options->is_json) {
            printf("%s", separator);
            bwe_sim_report_json(stdout, &summary);
            separator = ",\n ";
        } else {
            bwe_sim_report_row(stdout, &summary);
        }
        if (options->is_check)
            missed += count_missed(&summary, stderr);
        fflush(stdout);
    }
    double cpu_s = (double)(bench_cpu_ns() - begin_ns) / 1e9;
    if (options->is_json)
        printf("}\n");
    else
        printf("%.1f s of CPU for %.0f s of media flows: %.0f times faster than real time\n", cpu_s,
               flow_s, flow_s / cpu_s);
    return missed + (options->is_check ? count_slow(options, flow_s, cpu_s, stderr) : 0);
}

/* A finished run into a file, as a picture or as figures. */
static int write_run(const char *path, const struct bwe_sim_run *run, const char *title)
{
    FILE *out = fopen(path, "w");
    if (!out) {
        perror(path);
        return 1;
    }
    if (title)
        bwe_sim_plot(out, run, title);
    else
        bwe_sim_report_rates(out, run);
    bool is_written = !ferror(out);
    if (fclose(out) || !is_written) {
        perror(path);
        return 1;
    }
    return 0;
}

/* One run over time: the picture, the figures, or both. */
static int draw(const struct options *options, struct bwe_sim_run *run)
{
    int code = 0;
    bwe_sim_run(run, options->scenario, &options->subject, 1);
    if (options->plot_path)
        code |= write_run(options->plot_path, run, options->subject_name);
    if (options->rates_path)
        code |= write_run(options->rates_path, run, NULL);
    return code;
}

int bench_bwe(int argc, char **argv)
{
    struct options options = {.subject = {.tuning = bwe_tuning_iris},
                              .subject_name = "Iris",
                              .seeds = {1, SEEDS_DEFAULT}};
    int code = parse_options(&options, argc, argv);
    if (code >= 0)
        return code;
    struct bwe_sim_run *run = malloc(sizeof(*run));
    if (!run) {
        fputs("iris-bench bwe: out of memory\n", stderr);
        return 1;
    }
    unsigned missed = 0;
    code = 0;
    if (options.plot_path || options.rates_path)
        code = draw(&options, run);
    else if (options.is_grid)
        bwe_sim_grid_report(stdout, run, &options.subject, options.seeds, options.is_json);
    else if (options.sweep_count == 0)
        missed = run_suite(&options, run);
    for (unsigned i = 0; i < options.sweep_count; i++) {
        *options.swept = options.sweep[i];
        printf("== %s: %g\n", options.swept_name, options.sweep[i]);
        missed += run_suite(&options, run);
    }
    free(run);
    return code ? code : options.is_check && missed > 0;
}
