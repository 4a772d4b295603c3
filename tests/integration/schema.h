/*
 * JSON held against a schema of docs/openapi.json (JSON Schema 2020-12): the keywords that the
 * document uses, and no others: an unknown one is an error, so that nothing is passed over.
 */
#ifndef IRIS_TESTS_SCHEMA_H
#define IRIS_TESTS_SCHEMA_H

#include <jansson.h>

/** The document. @return a new reference; NULL: not there, or no JSON */
json_t *schema_load(void);

/**
 * Where a value breaks components.schemas.NAME.
 *
 * @return  NULL: nowhere; else a sentence with the path, static text
 */
const char *schema_check(const json_t *document, const char *name, const json_t *value);

/** Likewise the schema of the answer 200 to a method ("get") of a path as the document spells it.
 */
const char *schema_check_answer(const json_t *document, const char *path, const char *method,
                                const json_t *value);

#endif
