/*
 * libcyaml's part of the configuration: the schema, and sentences made of what it logs when a
 * document does not fit (its return codes name neither the line nor the key).
 */
#include "sfu/config_document.h"

#include <cyaml/cyaml.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define OPTIONAL_POINTER (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

static const cyaml_schema_value_t list_entry = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

#define SCHEMA_TEXT(name)                                                                          \
    CYAML_FIELD_STRING_PTR(#name, OPTIONAL_POINTER, struct config_document, name, 0,               \
                           CYAML_UNLIMITED),
#define SCHEMA_LIST(name)                                                                          \
    CYAML_FIELD_SEQUENCE(#name, OPTIONAL_POINTER, struct config_document, name, &list_entry, 0,    \
                         CONFIG_LIST_MAX),
#define X(name, kind) SCHEMA_##kind(name)
static const cyaml_schema_field_t fields[] = {CONFIG_KEY_LIST(X) CYAML_FIELD_END};
#undef X

static const cyaml_schema_value_t schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct config_document, fields)};

/* What libcyaml logged about one failure: the complaint, then a backtrace, innermost first. */
struct trace {
    char complaint[160];
    char key[64];
    unsigned line;
};

/* " in mapping field 'workers' (line: 3, column: 10)" and the like. */
static void read_backtrace(struct trace *trace, const char *text)
{
    const char *line = strstr(text, "(line: ");
    const char *field = strstr(text, "mapping field '");

    if (trace->line == 0 && line)
        trace->line = (unsigned)strtoul(line + 7, NULL, 10);
    if (trace->key[0] == '\0' && field)
        sscanf(field, "mapping field '%63[^']", trace->key);
}

static void on_log(cyaml_log_t level, void *context, const char *format, va_list args)
{
    struct trace *trace = context;
    char text[256];

    if (level < CYAML_LOG_WARNING)
        return;
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    if (strstr(text, "(line: "))
        read_backtrace(trace, text);
    else if (!strstr(text, "Backtrace") && trace->complaint[0] == '\0')
        snprintf(trace->complaint, sizeof(trace->complaint), "%.150s",
                 strncmp(text, "Load: ", 6) == 0 ? text + 6 : text);
}

/* The line that names a key for the nth time, from 1; 0 if there is none. */
static unsigned find_line(const char *text, size_t len, const char *key, unsigned nth)
{
    size_t key_len = strlen(key);
    unsigned line = 1;

    for (const char *p = text, *end = text + len; p < end; line++) {
        const char *next = memchr(p, '\n', (size_t)(end - p));

        while (p < end && (*p == ' ' || *p == '"' || *p == '\''))
            p++;
        if ((size_t)(end - p) > key_len && memcmp(p, key, key_len) == 0 &&
            strchr(":\"' ", p[key_len]) && p[key_len] != '\0' && --nth == 0)
            return line;
        p = next ? next + 1 : end;
    }
    return 0;
}

unsigned config_document_line(const char *text, size_t len, const char *key)
{
    return find_line(text, len, key, 1);
}

/* Where libyaml gives up on the text; libcyaml passes on its sentence without the place. */
static unsigned syntax_line(const char *text, size_t len)
{
    yaml_parser_t parser;
    yaml_event_t event;
    bool is_end = false;
    unsigned line = 0;

    if (!yaml_parser_initialize(&parser))
        return 0;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    while (!is_end && line == 0) {
        if (yaml_parser_parse(&parser, &event)) {
            is_end = event.type == YAML_STREAM_END_EVENT;
            yaml_event_delete(&event);
        } else {
            line = (unsigned)parser.problem_mark.line + 1;
        }
    }
    yaml_parser_delete(&parser);
    return line;
}

static void explain_key(struct config_fault *fault, const char *text, size_t len,
                        const struct trace *trace)
{
    char key[64] = "";

    sscanf(trace->complaint, "Unexpected key: %63[^\n]", key);
    fault->line = config_document_line(text, len, key);
    snprintf(fault->reason, sizeof(fault->reason), "there is no key '%s'", key);
}

/* The failures that concern a key which exists; false if this is none of them. */
static bool explain_value(struct config_fault *fault, cyaml_err_t error, const char *text,
                          size_t len, const struct trace *trace)
{
    enum config_key key = config_key_find(trace->key, strlen(trace->key));
    size_t cap = sizeof(fault->reason);

    if (key == CONFIG_KEY_COUNT)
        return false;
    if (strstr(trace->complaint, "already seen")) {
        fault->line = find_line(text, len, trace->key, 2);
        snprintf(fault->reason, cap, "%s stands here a second time", trace->key);
    } else if (error == CYAML_ERR_SEQUENCE_ENTRIES_MAX) {
        snprintf(fault->reason, cap, "%s has more than %d entries", trace->key, CONFIG_LIST_MAX);
    } else if (error == CYAML_ERR_INVALID_VALUE) {
        snprintf(fault->reason, cap, "%s is not %s", trace->key,
                 config_key_is_list(key) ? "a list of texts" : "a single value");
    } else {
        return false;
    }
    return true;
}

static void explain(struct config_fault *fault, cyaml_err_t error, const char *text, size_t len,
                    const struct trace *trace)
{
    fault->line = error == CYAML_ERR_LIBYAML_PARSER ? syntax_line(text, len) : trace->line;
    if (error == CYAML_ERR_INVALID_KEY)
        explain_key(fault, text, len, trace);
    else if (strncmp(trace->complaint, "libyaml: ", 9) == 0)
        snprintf(fault->reason, sizeof(fault->reason), "this is not YAML: %s",
                 trace->complaint + 9);
    else if (error == CYAML_ERR_ALIAS)
        snprintf(fault->reason, sizeof(fault->reason), "aliases are not accepted here");
    else if (explain_value(fault, error, text, len, trace))
        return;
    else if (error == CYAML_ERR_INVALID_VALUE)
        snprintf(fault->reason, sizeof(fault->reason), "this is not a list of \"key: value\"");
    else
        snprintf(fault->reason, sizeof(fault->reason), "%s",
                 trace->complaint[0] ? trace->complaint : cyaml_strerror(error));
}

static cyaml_config_t cyaml_settings(struct trace *trace)
{
    return (cyaml_config_t){.log_fn = on_log,
                            .log_ctx = trace,
                            .mem_fn = cyaml_mem,
                            .log_level = CYAML_LOG_WARNING,
                            .flags = CYAML_CFG_NO_ALIAS};
}

struct config_document *config_document_parse(const char *text, size_t len, bool *is_empty,
                                              struct config_fault *fault)
{
    struct trace trace = {0};
    cyaml_config_t settings = cyaml_settings(&trace);
    struct config_document *document = NULL;
    cyaml_err_t error = cyaml_load_data((const uint8_t *)text, len, &settings, &schema,
                                        (cyaml_data_t **)&document, NULL);

    *is_empty = error == CYAML_OK && !document;
    if (error == CYAML_OK && strstr(trace.complaint, "Ignoring documents")) {
        config_document_destroy(document);
        fault->line = 0;
        snprintf(fault->reason, sizeof(fault->reason), "there is more than one document (\"---\")");
        return NULL;
    }
    if (error != CYAML_OK)
        explain(fault, error, text, len, &trace);
    return document;
}

void config_document_destroy(struct config_document *document)
{
    struct trace trace = {0};
    cyaml_config_t settings = cyaml_settings(&trace);

    cyaml_free(&settings, &schema, document, 0);
}

/* What is known of a key, and where its fields stand in the document. */
static const struct {
    const char *name;
    bool is_list;
    size_t value;
    size_t count; /* lists only */
} keys[CONFIG_KEY_COUNT] = {
#define ENTRY_TEXT(name) {#name, false, offsetof(struct config_document, name), 0},
#define ENTRY_LIST(name)                                                                           \
    {#name, true, offsetof(struct config_document, name),                                          \
     offsetof(struct config_document, name##_count)},
#define X(name, kind) ENTRY_##kind(name)
    CONFIG_KEY_LIST(X)
#undef X
};

const char *config_document_text(const struct config_document *document, enum config_key key)
{
    const char *base = (const char *)document;

    return keys[key].is_list ? NULL : *(char *const *)(base + keys[key].value);
}

char **config_document_list(const struct config_document *document, enum config_key key,
                            unsigned *count)
{
    const char *base = (const char *)document;

    *count = keys[key].is_list ? *(const unsigned *)(base + keys[key].count) : 0;
    return keys[key].is_list ? *(char **const *)(base + keys[key].value) : NULL;
}

const char *config_key_name(enum config_key key)
{
    return keys[key].name;
}

bool config_key_is_list(enum config_key key)
{
    return keys[key].is_list;
}

enum config_key config_key_find(const char *name, size_t len)
{
    for (int key = 0; key < CONFIG_KEY_COUNT; key++)
        if (strlen(keys[key].name) == len && memcmp(keys[key].name, name, len) == 0)
            return (enum config_key)key;
    return CONFIG_KEY_COUNT;
}
