/* The directory against a plain list, over growth, replacement and removal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "sfu/transport/directory.h"

#define OWNERS 7
#define PATHS  3000

static char owners[OWNERS];

static struct transport_path path_number(unsigned i)
{
    struct transport_path path = {.local = (uint16_t)(i & 1)};
    transport_address_set_ipv4(&path.remote, (const uint8_t[]){10, 0, (uint8_t)(i >> 8), 1},
                               (uint16_t)(1024 + (i & 0xff)));
    return path;
}

static void *find(const struct transport_directory *directory, const struct transport_path *path)
{
    void *claimant;
    return transport_directory_find_path(directory, path, &claimant);
}

static void follows_a_list(void **state)
{
    (void)state;
    void *expected[PATHS] = {NULL};
    uint32_t random = 1;
    struct transport_directory *directory = transport_directory_create(0x1234);
    for (unsigned step = 0; step < 20000; step++) {
        random = random * 1664525 + 1013904223;
        unsigned i = (random >> 8) % PATHS;
        void *owner = &owners[(random >> 4) % OWNERS];
        struct transport_path path = path_number(i);
        assert_ptr_equal(find(directory, &path), expected[i]);
        assert_int_equal(transport_directory_add_path(directory, &path, owner), 0);
        expected[i] = owner;
        if (step % 4000 == 3999) {
            transport_directory_remove_owner(directory, owner);
            for (unsigned k = 0; k < PATHS; k++)
                if (expected[k] == owner)
                    expected[k] = NULL;
        }
    }
    for (unsigned i = 0; i < PATHS; i++) {
        struct transport_path path = path_number(i);
        assert_ptr_equal(find(directory, &path), expected[i]);
    }
    transport_directory_destroy(directory);
}

/* Deletion in runs that wrap around the table's end: many small tables, many seeds. */
static void removal_breaks_no_run(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        struct transport_directory *directory = transport_directory_create(seed);
        for (unsigned i = 0; i < 32; i++) {
            struct transport_path path = path_number(i);
            assert_int_equal(transport_directory_add_path(directory, &path, &owners[i % OWNERS]),
                             0);
        }
        for (unsigned gone = 0; gone < OWNERS; gone++) {
            transport_directory_remove_owner(directory, &owners[gone]);
            for (unsigned i = 0; i < 32; i++) {
                struct transport_path path = path_number(i);
                assert_ptr_equal(find(directory, &path),
                                 i % OWNERS <= gone ? NULL : &owners[i % OWNERS]);
            }
        }
        transport_directory_destroy(directory);
    }
}

static void tells_local_sockets_apart(void **state)
{
    (void)state;
    struct transport_directory *directory = transport_directory_create(1);
    struct transport_path first = path_number(0), second = first;
    second.local = 1;
    assert_int_equal(transport_directory_add_path(directory, &first, &owners[0]), 0);
    assert_null(find(directory, &second));
    assert_int_equal(transport_directory_add_path(directory, &first, &owners[1]), 0);
    assert_ptr_equal(find(directory, &first), &owners[1]);
    transport_directory_destroy(directory);
}

/* What happens to a path and the claim to it; letters are owners, '-' is nobody. */
static void claimants_follow(void **state)
{
    (void)state;
    static const struct {
        const char *steps;  /* +x adds, ?x claims, -x gives up, *x leaves */
        const char *result; /* owner, claimant */
    } rows[] = {
        {"+a", "a-"},       {"?b", "--"},       {"+a?b", "ab"},     {"+a?a", "a-"},
        {"+a?b?c", "ac"},   {"+a?b-a", "b-"},   {"+a?b-b", "a-"},   {"+a?b*a", "b-"},
        {"+a?b*b", "a-"},   {"+a?b+b", "b-"},   {"+a?b+c", "c-"},   {"+a-b", "a-"},
        {"+a?b-a-b", "--"}, {"+a?b*a*b", "--"}, {"+a?b-a?a", "ba"}, {"+a-a?b", "--"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct transport_directory *directory = transport_directory_create(i);
        struct transport_path path = path_number(3);
        void *claimant, *owner;
        for (const char *at = rows[i].steps; *at; at += 2) {
            void *who = &owners[at[1] - 'a'];
            if (*at == '+')
                transport_directory_add_path(directory, &path, who);
            else if (*at == '?')
                transport_directory_claim_path(directory, &path, who);
            else if (*at == '-')
                transport_directory_remove_path(directory, &path, who);
            else
                transport_directory_remove_owner(directory, who);
        }
        owner = transport_directory_find_path(directory, &path, &claimant);
        if (owner != (rows[i].result[0] == '-' ? NULL : &owners[rows[i].result[0] - 'a']) ||
            claimant != (rows[i].result[1] == '-' ? NULL : &owners[rows[i].result[1] - 'a']))
            fail_msg("%s", rows[i].steps);
        transport_directory_destroy(directory);
    }
}

static void finds_ufrags(void **state)
{
    (void)state;
    struct transport_directory *directory = transport_directory_create(99);
    char ufrag[TRANSPORT_ICE_LOCAL_UFRAG_BYTES];
    for (int i = 0; i < 1000; i++) {
        snprintf(ufrag, sizeof(ufrag), "%016d", i);
        assert_int_equal(transport_directory_add_ufrag(directory, ufrag, &owners[i % OWNERS]), 0);
    }
    assert_int_equal(transport_directory_add_ufrag(directory, "short", &owners[0]), 0);
    transport_directory_remove_owner(directory, &owners[3]);
    for (int i = 0; i < 1000; i++) {
        snprintf(ufrag, sizeof(ufrag), "%016d", i);
        assert_ptr_equal(transport_directory_find_ufrag(directory, ufrag),
                         i % OWNERS == 3 ? NULL : &owners[i % OWNERS]);
    }
    assert_ptr_equal(transport_directory_find_ufrag(directory, "short"), &owners[0]);
    assert_null(transport_directory_find_ufrag(directory, "shor"));
    assert_null(transport_directory_find_ufrag(directory, ""));
    transport_directory_destroy(directory);
}

static void destroys_nothing(void **state)
{
    (void)state;
    transport_directory_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_a_list),
        cmocka_unit_test(removal_breaks_no_run),
        cmocka_unit_test(tells_local_sockets_apart),
        cmocka_unit_test(claimants_follow),
        cmocka_unit_test(finds_ufrags),
        cmocka_unit_test(destroys_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
