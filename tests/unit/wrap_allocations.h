/*
 * The allocations of our own code, one by one: the *_memory tests are linked with --wrap
 * (tests/CMakeLists.txt). The including test defines on_allocation().
 */
#ifndef IRIS_UNIT_WRAP_ALLOCATIONS_H
#define IRIS_UNIT_WRAP_ALLOCATIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Called before each. Returns whether it fails. */
static bool on_allocation(void);

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
    return on_allocation() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return on_allocation() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return on_allocation() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
    return on_allocation() ? NULL : __real_strdup(text);
}

#endif
