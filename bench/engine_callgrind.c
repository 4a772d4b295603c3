/*
 * iris-bench engine --callgrind: the benchmark once more under valgrind, and its profile summed up
 * by the source file that an instruction comes from, which link-time optimisation does not blur as
 * it does functions. callgrind_annotate reads the same file by function.
 */
#include "bench/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMES_MAX  4096
#define NAME_BYTES 200

/* The file format (valgrind's manual, "Callgrind Format Specification"): names are given once as
 * "(id) name" and then as "(id)". */
struct profile {
    char names[NAMES_MAX][NAME_BYTES];   /* of source files, by id */
    char objects[NAMES_MAX][NAME_BYTES]; /* of libraries, by id */
    uint64_t costs[2 * NAMES_MAX];       /* by id of the file; above NAMES_MAX: of the library */
    unsigned file, object;
    uint64_t total;
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* "fl=(12) /a/b.c": remember the name if there is one. @return the id */
static unsigned read_name(const char *text, char (*names)[NAME_BYTES])
{
    char *end;
    unsigned long id = *text == '(' ? strtoul(text + 1, &end, 10) : 0;

    if (id == 0 || id >= NAMES_MAX || *end != ')')
        return 0;
    if (end[1] == ' ') {
        snprintf(names[id], NAME_BYTES, "%s", end + 2);
        names[id][strcspn(names[id], "\n")] = '\0';
    }
    return (unsigned)id;
}

static void add_cost(struct profile *profile, const char *line)
{
    const char *text = line + strcspn(line, " ");
    unsigned long long cost = strtoull(text, NULL, 10);
    bool is_known =
        profile->names[profile->file][0] && strcmp(profile->names[profile->file], "???") != 0;

    profile->costs[is_known ? profile->file : NAMES_MAX + profile->object] += cost;
    profile->total += cost;
}

static void read_line(struct profile *profile, const char *line, bool *is_call)
{
    if (strncmp(line, "fl=", 3) == 0 || strncmp(line, "fi=", 3) == 0 ||
        strncmp(line, "fe=", 3) == 0) {
        profile->file = read_name(line + 3, profile->names);
    } else if (strncmp(line, "cfi=", 4) == 0 || strncmp(line, "cfl=", 4) == 0) {
        read_name(line + 4, profile->names);
    } else if (strncmp(line, "ob=", 3) == 0) {
        profile->object = read_name(line + 3, profile->objects);
    } else if (strncmp(line, "cob=", 4) == 0) {
        read_name(line + 4, profile->objects);
    } else if (strncmp(line, "calls=", 6) == 0) {
        *is_call = true; /* the next line is the callee's cost, which it counts itself */
    } else if (strchr("0123456789+-*", line[0])) {
        if (!*is_call)
            add_cost(profile, line);
        *is_call = false;
    }
}

static int read_profile(struct profile *profile, const char *path)
{
    char line[1024];
    bool is_call = false;
    FILE *file = fopen(path, "r");

    if (!file)
        return -1;
    while (fgets(line, sizeof(line), file))
        if (line[0] != '\n')
            read_line(profile, line, &is_call);
    fclose(file);
    return profile->total ? 0 : -1;
}

static void print_profile(struct profile *profile, const struct engine_load *load, unsigned batches)
{
    double packets = (double)batches * engine_load_frames(load) * load->packets * load->receivers;

    printf("1 -> %u, %u packets of %u bytes a frame, %spoliced%s: %.1f instructions per forwarded "
           "packet\n\n",
           load->receivers, load->packets, load->bytes, engine_load_is_policed(load) ? "" : "not ",
           load->has_feedback   ? ", with feedback"
           : load->has_recorder ? ", recorded"
                                : "",
           (double)profile->total / packets);
    for (;;) {
        unsigned best = 0;

        for (unsigned i = 1; i < 2 * NAMES_MAX; i++)
            if (profile->costs[i] > profile->costs[best])
                best = i;
        if ((double)profile->costs[best] < 0.005 * (double)profile->total)
            return;
        printf("%8.1f  %5.1f %%  %s\n", (double)profile->costs[best] / packets,
               100.0 * (double)profile->costs[best] / (double)profile->total,
               base_name(best < NAMES_MAX ? profile->names[best]
                                          : profile->objects[best - NAMES_MAX]));
        profile->costs[best] = 0;
    }
}

static int run_valgrind(const char *program, const struct engine_load *load, unsigned batches,
                        const char *out)
{
    char file[128], numbers[4][16];
    pid_t child = fork();
    int status = 1;

    snprintf(file, sizeof(file), "--callgrind-out-file=%s", out);
    snprintf(numbers[0], sizeof(numbers[0]), "%u", load->receivers);
    snprintf(numbers[1], sizeof(numbers[1]), "%u", load->packets);
    snprintf(numbers[2], sizeof(numbers[2]), "%u", load->bytes);
    snprintf(numbers[3], sizeof(numbers[3]), "%u", batches);
    if (child == 0) {
        if (!freopen("/dev/null", "w", stdout))
            _exit(127);
        execlp("valgrind", "valgrind", "-q", "--tool=callgrind", "--collect-atstart=no",
               "--toggle-collect=engine_room_measure", file, program, "engine", "--receivers",
               numbers[0], "--packets", numbers[1], "--bytes", numbers[2], "--batches", numbers[3],
               load->has_recorder ? "--recorder" : "--no-recorder",
               load->has_feedback ? "--feedback" : (char *)NULL, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1;
    return status ? -1 : 0;
}

int engine_callgrind(const char *program, const struct engine_load *load, unsigned batches)
{
    static struct profile profile;
    char path[1024], out[64];
    ssize_t len = readlink(program, path, sizeof(path) - 1);

    snprintf(out, sizeof(out), "/tmp/iris-bench-engine.%ld.callgrind", (long)getpid());
    if (len < 0)
        return 1;
    path[len] = '\0';
    if (run_valgrind(path, load, batches, out) || read_profile(&profile, out)) {
        fputs("iris-bench: valgrind does not run here, or wrote no profile\n", stderr);
        return 1;
    }
    print_profile(&profile, load, batches);
    printf("\nby function: callgrind_annotate %s\n", out);
    return 0;
}
