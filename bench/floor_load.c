/*
 * iris-bench floor: loads, that is, how large the packets are and how many of them leave in one
 * send.
 *
 * The built-in ones are what the load asks for if every frame comes in packets of one size; what a
 * server really sent comes from a file.
 */
#include "bench/floor.h"

#include "bench/number.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MIN     52   /* header, extension, a few bytes, tag */
#define BYTES_MAX     1450 /* fits an Ethernet frame */
#define WAKE_MAX      512
#define RECEIVERS_MIN 0.1 /* below, a batch forwards too little to be measured */

/* UDP payload of a video packet: 24 bytes of header with CSRC and extension, 16 of tag. */
#define OVERHEAD_BYTES 40

static const struct floor_load defaults[] = {
    /* 2 Mbps at 30 frames a second: 8333 bytes a frame, in packets of at most 1200. */
    {.name = "1 -> 100 at 2 Mbps",
     .participants = 100,
     .receivers = 100,
     .wake = 8,
     .send_count = 1,
     .sends = {{8, 1042 + OVERHEAD_BYTES, 1}}},
    /* 2083 bytes a frame; one participant's frame reaches four. */
    {.name = "mesh 5 x 5 at 500 kbps",
     .participants = 5,
     .receivers = 4,
     .wake = 2,
     .send_count = 1,
     .sends = {{2, 1042 + OVERHEAD_BYTES, 1}}},
    /* A second of one receiver: three voices of 50 packets, four cameras of 30 frames that vary
     * about 2083 bytes, with a key frame now and then. Six cameras and three voices come into a
     * room, four and three go out to each of six: nearly three of each received packet. */
    {.name = "20 bubbles of 6",
     .participants = 120,
     .receivers = 3,
     .wake = 2,
     .send_count = 5,
     .sends = {{1, 120 + OVERHEAD_BYTES, 150},
               {1, 900 + OVERHEAD_BYTES, 30},
               {2, 950 + OVERHEAD_BYTES, 60},
               {3, 1050 + OVERHEAD_BYTES, 28},
               {10, 1100 + OVERHEAD_BYTES, 2}}},
};

unsigned floor_load_defaults(struct floor_load *loads)
{
    memcpy(loads, defaults, sizeof(defaults));
    return sizeof(defaults) / sizeof(*defaults);
}

const struct floor_send *floor_load_pick(const struct floor_load *load, double at)
{
    double total = 0;
    unsigned i = 0;

    for (unsigned j = 0; j < load->send_count; j++)
        total += (double)load->sends[j].count;
    for (double left = at * total; i + 1 < load->send_count; i++) {
        left -= (double)load->sends[i].count;
        if (left < 0)
            break;
    }
    return &load->sends[i];
}

/* The next number of a line, digits only. @return false if there is none */
static bool read_number(const char **text, unsigned long long *value)
{
    char *end;

    *text += strspn(*text, " \t");
    if (!isdigit((unsigned char)**text))
        return false;
    *value = strtoull(*text, &end, 10);
    *text = end;
    return true;
}

static int read_send(struct floor_load *load, const char *text)
{
    unsigned long long packets, bytes, count;

    if (!read_number(&text, &packets) || !read_number(&text, &bytes) ||
        !read_number(&text, &count) || *text || packets < 1 || packets > FLOOR_SEGMENTS_MAX ||
        bytes < BYTES_MIN || bytes > BYTES_MAX || count == 0 || load->send_count == FLOOR_SENDS_MAX)
        return -1;
    load->sends[load->send_count++] =
        (struct floor_send){.packets = (unsigned)packets, .bytes = (unsigned)bytes, .count = count};
    return 0;
}

static int read_setting(const char *text, unsigned most, unsigned *value)
{
    unsigned long long number;

    if (!read_number(&text, &number) || *text || number < 1 || number > most)
        return -1;
    *value = (unsigned)number;
    return 0;
}

/* A line of a load that has begun. */
static int read_line(struct floor_load *load, const char *word, const char *text)
{
    if (strcmp(word, "send") == 0)
        return read_send(load, text);
    if (strcmp(word, "participants") == 0)
        return read_setting(text, FLOOR_PARTICIPANTS_MAX, &load->participants);
    if (strcmp(word, "receivers") == 0)
        return bench_take_number(text, RECEIVERS_MIN, FLOOR_PARTICIPANTS_MAX, &load->receivers);
    if (strcmp(word, "wake") == 0)
        return read_setting(text, WAKE_MAX, &load->wake);
    return -1;
}

static int begin(struct floor_load *loads, unsigned *count, const char *name)
{
    struct floor_load *load = &loads[*count];

    if (*count == FLOOR_LOADS_MAX || !*name)
        return -1;
    memset(load, 0, sizeof(*load));
    snprintf(load->name, sizeof(load->name), "%.63s", name);
    load->wake = 1;
    ++*count;
    return 0;
}

static int take_line(struct floor_load *loads, unsigned *count, char *line)
{
    char *text, *word = line + strspn(line, " \t");

    word[strcspn(word, "#\r\n")] = '\0';
    for (size_t len = strlen(word); len && isspace((unsigned char)word[len - 1]);)
        word[--len] = '\0';
    if (!*word)
        return 0;
    text = word + strcspn(word, " \t");
    if (*text)
        *text++ = '\0';
    text += strspn(text, " \t");
    if (strcmp(word, "load") == 0)
        return begin(loads, count, text);
    return *count ? read_line(&loads[*count - 1], word, text) : -1;
}

static void add_send(struct floor_load *load, unsigned packets, const struct io_send *send)
{
    unsigned bytes = (unsigned)(send->bytes / send->count / packets);

    if (bytes < BYTES_MIN)
        bytes = BYTES_MIN;
    if (bytes > BYTES_MAX)
        bytes = BYTES_MAX;
    load->sends[load->send_count++] =
        (struct floor_send){.packets = packets, .bytes = bytes, .count = send->count};
}

_Static_assert(IO_SEGMENTS_MAX <= FLOOR_SEGMENTS_MAX, "the loop sends what the server does");
_Static_assert(IO_SEGMENTS_MAX *IO_SEND_SIZES <= FLOOR_SENDS_MAX, "all classes fit");

int floor_load_measured(struct floor_load *load, const char *name, unsigned participants,
                        const struct io_statistics *workers)
{
    uint64_t forwarded = 0;
    double wake = workers->wakes ? (double)workers->received_datagrams / (double)workers->wakes : 1;

    memset(load, 0, sizeof(*load));
    snprintf(load->name, sizeof(load->name), "%.63s", name);
    for (unsigned i = 0; i < IO_SEGMENTS_MAX; i++) {
        for (unsigned size = 0; size < IO_SEND_SIZES; size++) {
            const struct io_send *send = &workers->sends[i][size];

            forwarded += send->count * (i + 1);
            if (send->count)
                add_send(load, i + 1, send);
        }
    }
    if (!forwarded || !workers->received_media)
        return -1;
    load->receivers = (double)forwarded / (double)workers->received_media;
    if (load->receivers < RECEIVERS_MIN)
        load->receivers = RECEIVERS_MIN;
    load->participants =
        participants < FLOOR_PARTICIPANTS_MAX ? participants : FLOOR_PARTICIPANTS_MAX;
    if (load->participants < load->receivers)
        load->participants = (unsigned)load->receivers + 1;
    load->wake = wake < WAKE_MAX ? (unsigned)(wake + 0.5) : WAKE_MAX;
    return 0;
}

void floor_load_write(FILE *out, const struct floor_load *load)
{
    fprintf(out, "load %s\nparticipants %u\nreceivers %.3f\nwake %u\n", load->name,
            load->participants, load->receivers, load->wake);
    for (unsigned i = 0; i < load->send_count; i++)
        fprintf(out, "send %u %u %llu\n", load->sends[i].packets, load->sends[i].bytes,
                (unsigned long long)load->sends[i].count);
}

static bool is_complete(const struct floor_load *load)
{
    return load->send_count && load->receivers > 0 && load->participants >= load->receivers;
}

int floor_load_read(struct floor_load *loads, const char *path, char *error, size_t error_cap)
{
    char line[256];
    unsigned count = 0, number = 0;
    FILE *file = fopen(path, "r");

    if (!file) {
        snprintf(error, error_cap, "cannot read %s", path);
        return -1;
    }
    while (fgets(line, sizeof(line), file)) {
        number++;
        if (take_line(loads, &count, line)) {
            snprintf(error, error_cap, "%s, line %u: not a line of a histogram", path, number);
            fclose(file);
            return -1;
        }
    }
    fclose(file);
    for (unsigned i = 0; i < count; i++) {
        if (is_complete(&loads[i]))
            continue;
        snprintf(error, error_cap,
                 "%s: load '%s' needs sends, receivers and at least as many participants", path,
                 loads[i].name);
        return -1;
    }
    if (count == 0)
        snprintf(error, error_cap, "%s: no load in it", path);
    return count ? (int)count : -1;
}
