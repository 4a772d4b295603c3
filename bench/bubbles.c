/*
 * iris-bench bubbles: simulated participants in the rooms of a running server. What is done with
 * the results; the run itself is in bubbles/schedule.c.
 */
#include "bench/bench.h"
#include "bench/bubbles/schedule.h"
#include "bench/floor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int write_json(const struct bubbles_result *result, const char *path)
{
    bool is_stdout = strcmp(path, "-") == 0;
    FILE *out = is_stdout ? stdout : fopen(path, "w");
    int error = out ? bubbles_report_json(out, result) : -1;
    if (out && !is_stdout && fclose(out))
        error = -1;
    if (error)
        fprintf(stderr, "iris-bench bubbles: cannot write %s: %s\n", path, strerror(errno));
    return error;
}

static int write_html(const struct bubbles_result *result, const char *path)
{
    FILE *out = fopen(path, "w");
    if (out)
        bubbles_report_html(out, result);
    if (!out || ferror(out) || fclose(out)) {
        fprintf(stderr, "iris-bench bubbles: cannot write %s: %s\n", path, strerror(errno));
        return -1;
    }
    return 0;
}

/* The server's packets as a load; participants are those who receive. */
static int write_histogram(const struct bubbles_result *result, const char *path)
{
    struct floor_load load;
    if (!result->has_workers) {
        fputs("iris-bench bubbles: no histogram: --operations is not reached\n", stderr);
        return -1;
    }
    if (floor_load_measured(&load, bubbles_profile_name(result->options->profile), result->live,
                            &result->workers)) {
        fputs("iris-bench bubbles: no histogram: the server sent no media\n", stderr);
        return -1;
    }
    FILE *out = fopen(path, "w");
    if (out)
        floor_load_write(out, &load);
    if (!out || ferror(out) || fclose(out)) {
        fprintf(stderr, "iris-bench bubbles: cannot write %s: %s\n", path, strerror(errno));
        return -1;
    }
    return 0;
}

static int report(const struct bubbles_result *result)
{
    const struct bubbles_options *options = result->options;
    int error = 0;
    if (!options->json_file || strcmp(options->json_file, "-") != 0)
        bubbles_report_text(stdout, result);
    if (options->json_file)
        error |= write_json(result, options->json_file);
    if (options->report_file)
        error |= write_html(result, options->report_file);
    if (options->histogram_file)
        error |= write_histogram(result, options->histogram_file);
    return error || !result->is_right ? 1 : 0;
}

int bench_bubbles(int argc, char **argv)
{
    struct bubbles_options options;
    int code = bubbles_options_parse(&options, argc, argv);
    if (code)
        return code - 1;
    struct bubbles_schedule *schedule = bubbles_schedule_create(&options, &bubbles_dialect_iris);
    if (!schedule)
        return 1;
    bubbles_schedule_run(schedule);
    code = report(&schedule->result);
    bubbles_schedule_destroy(schedule);
    return code;
}
