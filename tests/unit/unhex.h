/*
 * Test vectors as their documents print them.
 */
#ifndef IRIS_TESTS_UNHEX_H
#define IRIS_TESTS_UNHEX_H

#include <stddef.h>
#include <stdint.h>

/** Read pairs of hexadecimal digits into bytes; fails the test at anything else. @return how many
 */
size_t unhex(uint8_t *out, const char *hex);

#endif
