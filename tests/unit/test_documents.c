/*
 * Every statistic stands in docs/operations.md and docs/openapi.json as its table defines it.
 * IRIS_DOCUMENTS=write writes both anew; what is not made from a table is left as it is.
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sfu/control/statistics.h"
#include "sfu/core/verdict.h"
#include "sfu/io/statistics.h"

#define OPENAPI   FIXTURES "/../../docs/openapi.json"
#define PAGE      FIXTURES "/../../docs/operations.md"
#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

static const char *const kind_names[] = {[CORE_STATISTIC_COUNTER] = "counter",
                                         [CORE_STATISTIC_GAUGE] = "gauge",
                                         [CORE_STATISTIC_RATE] = "rate",
                                         [CORE_STATISTIC_LOSS] = "loss"};

/* Which schemas have a level's numbers, and what the page says of it. */
static const struct {
    const struct core_statistic_table *table;
    const char *schemas[2];
    const char *heading;
} levels[] = {
    {&control_node_table, {"Node"}, "Node"},
    {&io_statistics_table, {"Worker"}, "Worker: a thread of the media plane"},
    {&control_room_table, {"Room", "RoomSummary"}, "Room"},
    {&core_uplink_table, {"Uplink"}, "Uplink: what a participant sends"},
    {&core_track_table, {"Track"}, "Track: a microphone, camera or screen of an uplink"},
    {&core_layer_table, {"Layer"}, "Layer: a simulcast layer of a track, or its only stream"},
    {&core_downlink_table, {"Downlink"}, "Downlink: what a participant gets"},
    {&core_slot_table, {"Slot"}, "Slot: a stream of a downlink"},
};

static bool is_writing(void)
{
    const char *mode = getenv("IRIS_DOCUMENTS");
    return mode && strcmp(mode, "write") == 0;
}

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    return text;
}

/* ---- docs/openapi.json ---- */

static json_t *type_of(const struct core_statistic *statistic)
{
    bool is_fraction = statistic->kind == CORE_STATISTIC_LOSS ||
                       (statistic->kind == CORE_STATISTIC_RATE && statistic->unit != CORE_UNIT_BPS);
    if (statistic->kind == CORE_STATISTIC_COUNTER)
        return json_string("integer");
    return json_pack("[s, s]", is_fraction ? "number" : "integer", "null");
}

static json_t *property_of(const struct core_statistic *statistic)
{
    char description[256];
    const char *unit = core_unit_name(statistic->unit);
    snprintf(description, sizeof(description), "%s%s%s%s", statistic->help, unit[0] ? " [" : "",
             unit, unit[0] ? "]" : "");
    return json_pack("{s:o, s:i, s:s, s:s}", "type", type_of(statistic), "minimum", 0,
                     "description", description, "x-kind", kind_names[statistic->kind]);
}

/* What was made from a table before goes; the rest stays first. */
static void drop_made(json_t *schema)
{
    json_t *properties = json_object_get(schema, "properties");
    json_t *required = json_object_get(schema, "required");
    void *safe;
    const char *name;
    json_t *property;
    json_object_foreach_safe(properties, safe, name, property)
    {
        if (!json_object_get(property, "x-kind"))
            continue;
        for (size_t i = json_array_size(required); i-- > 0;)
            if (strcmp(json_string_value(json_array_get(required, i)), name) == 0)
                json_array_remove(required, i);
        json_object_del(properties, name);
    }
}

static void make(json_t *schema, const struct core_statistic_table *table)
{
    json_t *properties = json_object_get(schema, "properties");
    json_t *required = json_object_get(schema, "required");
    drop_made(schema);
    for (unsigned i = 0; i < table->count; i++) {
        const struct core_statistic *statistic = &table->statistics[i];
        json_t *list = json_object_get(properties, statistic->name);
        if (list) { /* of those whom the number counts */
            assert_string_equal(json_string_value(json_object_get(list, "type")), "array");
            continue;
        }
        json_object_set_new(properties, statistic->name, property_of(statistic));
        json_array_append_new(required, json_string(statistic->name));
    }
}

static void write_json(const json_t *document)
{
    FILE *file = fopen(OPENAPI, "wb");
    assert_non_null(file);
    assert_int_equal(json_dumpf(document, file, JSON_INDENT(2) | JSON_ENSURE_ASCII), 0);
    fputc('\n', file);
    assert_int_equal(fclose(file), 0);
}

static void test_openapi(void **state)
{
    json_error_t error;
    json_t *document = json_load_file(OPENAPI, 0, &error);
    (void)state;
    if (!document)
        fail_msg("%s:%d: %s", OPENAPI, error.line, error.text);
    json_t *made = json_deep_copy(document);
    json_t *schemas = json_object_get(json_object_get(made, "components"), "schemas");
    for (size_t i = 0; i < COUNT(levels); i++)
        for (size_t s = 0; s < 2 && levels[i].schemas[s]; s++) {
            json_t *schema = json_object_get(schemas, levels[i].schemas[s]);
            assert_non_null(schema);
            make(schema, levels[i].table);
        }
    if (is_writing())
        write_json(made);
    else if (!json_equal(made, document))
        fail_msg("docs/openapi.json is older than the tables: IRIS_DOCUMENTS=write writes it");
    json_decref(made);
    json_decref(document);
}

/* ---- docs/operations.md ---- */

static void write_level(FILE *out, size_t level)
{
    const struct core_statistic_table *table = levels[level].table;
    fprintf(out, "\n### %s\n\n| name | kind | unit | what it is |\n| --- | --- | --- | --- |\n",
            levels[level].heading);
    for (unsigned i = 0; i < table->count; i++) {
        const struct core_statistic *statistic = &table->statistics[i];
        fprintf(out, "| `%s` | %s | %s | %s |\n", statistic->name, kind_names[statistic->kind],
                core_unit_name(statistic->unit), statistic->help);
    }
}

static void write_levels(FILE *out)
{
    for (size_t i = 0; i < COUNT(levels); i++)
        write_level(out, i);
}

static void write_evidences(FILE *out)
{
    fprintf(out, "\n| number | unit | cause | fair from | poor from | what it is |\n"
                 "| --- | --- | --- | --- | --- | --- |\n");
    for (unsigned i = 0; i < CORE_EVIDENCE_COUNT; i++) {
        enum core_evidence evidence = (enum core_evidence)i;
        fprintf(out, "| `%s` | %s | `%s` | %g | %g | %s |\n", core_evidence_name(evidence),
                core_unit_name(core_evidence_unit(evidence)),
                core_cause_name(core_evidence_cause(evidence)),
                core_evidence_limit(evidence, CORE_QUALITY_FAIR),
                core_evidence_limit(evidence, CORE_QUALITY_POOR), core_evidence_help(evidence));
    }
}

/* What stands between two marks of the page. */
static const struct {
    const char *begin, *end;
    void (*write)(FILE *out);
} parts[] = {
    {"<!-- statistics -->\n", "<!-- end of statistics -->\n", write_levels},
    {"<!-- evidence -->\n", "<!-- end of evidence -->\n", write_evidences},
};

static char *page_with_tables(const char *page)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    for (size_t i = 0; i < COUNT(parts); i++) {
        const char *begin = strstr(page, parts[i].begin), *end = strstr(page, parts[i].end);
        assert_non_null(begin);
        assert_true(end > begin);
        fprintf(out, "%.*s%s", (int)(begin - page), page, parts[i].begin);
        parts[i].write(out);
        fprintf(out, "\n");
        page = end;
    }
    fprintf(out, "%s", page);
    fclose(out);
    return text;
}

static void test_page(void **state)
{
    char *page = read_text(PAGE), *made = page_with_tables(page);
    (void)state;
    if (is_writing()) {
        FILE *file = fopen(PAGE, "wb");
        assert_non_null(file);
        fputs(made, file);
        assert_int_equal(fclose(file), 0);
    } else if (strcmp(page, made) != 0) {
        fail_msg("docs/operations.md is older than the tables: IRIS_DOCUMENTS=write writes it");
    }
    free(made);
    free(page);
}

/* Every table describes its struct: nothing twice, every unit in its name. */
static void test_tables(void **state)
{
    (void)state;
    for (size_t l = 0; l < COUNT(levels); l++)
        for (unsigned i = 0; i < levels[l].table->count; i++) {
            const struct core_statistic *one = &levels[l].table->statistics[i];
            const char *unit = strrchr(one->name, '_');
            assert_true(one->help[0] && one->at % sizeof(uint64_t) == 0);
            assert_true(one->at < levels[l].table->bytes);
            assert_true((one->unit != CORE_UNIT_US) || (unit && strcmp(unit, "_us") == 0));
            assert_true((one->unit != CORE_UNIT_MS) || (unit && strcmp(unit, "_ms") == 0));
            assert_true((one->unit != CORE_UNIT_S) || (unit && strcmp(unit, "_s") == 0));
            assert_true((one->unit != CORE_UNIT_BPS) || (unit && strcmp(unit, "_bps") == 0));
            for (unsigned j = 0; j < i; j++)
                assert_string_not_equal(one->name, levels[l].table->statistics[j].name);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_openapi),
        cmocka_unit_test(test_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
