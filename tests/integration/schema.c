/* One function for each keyword; the first breach ends the walk. */
#include "tests/integration/schema.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define REFERENCE "#/components/schemas/"

static char breach[512];

static const json_t *document_of_walk;

static const char *check(const json_t *schema, const json_t *value, const char *path);

json_t *schema_load(void)
{
    return json_load_file(OPENAPI_DOCUMENT, 0, NULL);
}

static const char *fail(const char *path, const char *what)
{
    snprintf(breach, sizeof(breach), "%s: %s", path[0] ? path : "(the whole)", what);
    return breach;
}

static const json_t *named_schema(const char *name)
{
    return json_object_get(
        json_object_get(json_object_get(document_of_walk, "components"), "schemas"), name);
}

static bool is_of_type(const char *type, const json_t *value)
{
    static const struct {
        const char *name;
        json_type type;
    } types[] = {{"object", JSON_OBJECT}, {"array", JSON_ARRAY},     {"string", JSON_STRING},
                 {"null", JSON_NULL},     {"integer", JSON_INTEGER}, {"number", JSON_REAL},
                 {"number", JSON_INTEGER}};
    if (strcmp(type, "boolean") == 0)
        return json_is_boolean(value);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].name, type) == 0 && json_typeof(value) == types[i].type)
            return true;
    return false;
}

static const char *check_type(const json_t *type, const json_t *value, const char *path)
{
    size_t i;
    json_t *one;
    if (json_is_string(type))
        return is_of_type(json_string_value(type), value) ? NULL : fail(path, "of another type");
    json_array_foreach(type, i, one) if (is_of_type(json_string_value(one), value)) return NULL;
    return fail(path, "of none of its types");
}

static const char *check_enum(const json_t *values, const json_t *value, const char *path)
{
    size_t i;
    json_t *one;
    json_array_foreach(values, i, one) if (json_equal(one, value)) return NULL;
    return fail(path, "none of its values");
}

static const char *check_required(const json_t *names, const json_t *value, const char *path)
{
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name)
    {
        if (json_is_object(value) && !json_object_get(value, json_string_value(name)))
            return fail(path, json_string_value(name));
    }
    return NULL;
}

static const char *check_properties(const json_t *schema, const json_t *value, const char *path)
{
    const json_t *properties = json_object_get(schema, "properties");
    const char *name;
    json_t *child;
    json_object_foreach((json_t *)value, name, child)
    {
        char below[256];
        const json_t *of_child = json_object_get(properties, name);
        snprintf(below, sizeof(below), "%s.%s", path, name);
        if (!of_child && json_is_false(json_object_get(schema, "additionalProperties")))
            return fail(below, "not in the schema");
        if (of_child && check(of_child, child, below))
            return breach;
    }
    return NULL;
}

static const char *check_items(const json_t *items, const json_t *value, const char *path)
{
    size_t i;
    json_t *child;
    json_array_foreach(value, i, child)
    {
        char below[256];
        snprintf(below, sizeof(below), "%s[%zu]", path, i);
        if (check(items, child, below))
            return breach;
    }
    return NULL;
}

static const char *check_keyword(const json_t *schema, const char *keyword, const json_t *argument,
                                 const json_t *value, const char *path)
{
    if (strcmp(keyword, "type") == 0)
        return check_type(argument, value, path);
    if (strcmp(keyword, "enum") == 0)
        return check_enum(argument, value, path);
    if (strcmp(keyword, "required") == 0)
        return check_required(argument, value, path);
    if (strcmp(keyword, "properties") == 0)
        return check_properties(schema, value, path);
    if (strcmp(keyword, "items") == 0)
        return check_items(argument, value, path);
    if (strcmp(keyword, "minimum") == 0)
        return json_is_number(value) && json_number_value(value) < json_number_value(argument)
                   ? fail(path, "below its minimum")
                   : NULL;
    if (strcmp(keyword, "description") == 0 || strcmp(keyword, "additionalProperties") == 0 ||
        strncmp(keyword, "x-", 2) == 0)
        return NULL;
    return fail(path, keyword);
}

static const char *check(const json_t *schema, const json_t *value, const char *path)
{
    const char *reference = json_string_value(json_object_get(schema, "$ref"));
    const char *keyword;
    json_t *argument;
    if (reference)
        return check(named_schema(reference + strlen(REFERENCE)), value, path);
    if (!json_is_object(schema))
        return fail(path, "there is no schema");
    json_object_foreach((json_t *)schema, keyword, argument)
    {
        if (check_keyword(schema, keyword, argument, value, path))
            return breach;
    }
    return NULL;
}

const char *schema_check(const json_t *document, const char *name, const json_t *value)
{
    document_of_walk = document;
    return check(named_schema(name), value, "");
}

const char *schema_check_answer(const json_t *document, const char *path, const char *method,
                                const json_t *value)
{
    const json_t *call =
        json_object_get(json_object_get(json_object_get(document, "paths"), path), method);
    const json_t *answer = json_object_get(json_object_get(call, "responses"), "200");
    const json_t *content = json_object_get(json_object_get(answer, "content"), "application/json");
    document_of_walk = document;
    return check(json_object_get(content, "schema"), value, "");
}
