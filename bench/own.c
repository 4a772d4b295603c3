/* A server for one step, and how it is asked for. */
#include "bench/own.h"

static const struct option long_options[] = {
    {"quick", no_argument, NULL, 'q'}, BENCH_OWN_LONG_OPTIONS, {NULL, 0, NULL, 0}};

int bench_own_take(struct bench_own *own, int id, const char *value)
{
    switch (id) {
    case 'I':
        own->iris.program = value;
        return 0;
    case 'S':
        return bench_iris_add_set(&own->iris, value);
    case 'c':
        own->is_check = true;
        return 0;
    case 'j':
        own->is_json = true;
        return 0;
    default:
        return -1;
    }
}

static int print_usage(FILE *out, const char *usage, int code)
{
    fputs(usage, out);
    fputs("\n  --iris PATH       the server (default: built with this program)\n"
          "  --set KEY=VALUE   more configuration for it; may be repeated\n"
          "  --check           exit code 1 while the goal is missed\n"
          "  --quick           a few participants for a second: for tests\n"
          "  --json            one JSON object instead of text\n\n"
          "Exit code: 0; 1: something was wrong, cannot run here, or --check; 2: usage.\n",
          out);
    return 1 + code;
}

int bench_own_parse(struct bench_own *own, int argc, char **argv, const char *usage)
{
    *own = (struct bench_own){.iris = {.announce = "127.0.0.1", .workers = 1}};
    for (int id; (id = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (id == 'h')
            return print_usage(stdout, usage, 0);
        if (id == 'q')
            own->is_quick = true;
        else if (bench_own_take(own, id, optarg))
            return print_usage(stderr, usage, 2);
    }
    return optind < argc ? print_usage(stderr, usage, 2) : 0;
}

int bench_own_step(struct bench_step *step, const struct bench_own *own,
                   struct bubbles_options *load, const char *folder)
{
    struct bench_server server = {.pid = 0};
    if (bench_iris_start(&server, &own->iris, folder))
        return -1;
    bench_step_aim(load, &server);
    int error = bench_step_run(step, load);
    bench_server_stop(&server);
    if (!error)
        bench_step_print(stderr, step);
    return error || step->is_interrupted ? -1 : 0;
}
