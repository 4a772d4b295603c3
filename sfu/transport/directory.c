/*
 * The two tables of transport/directory.h. Both kinds of key are 20 bytes: a path as it lies in
 * memory, a ufrag padded with zeros; so one table type serves both. Hashed by SipHash-1-3 under the
 * worker's seed: whoever knows no seed finds no addresses that collide.
 */
#include "sfu/transport/transport_state.h"

#include <assert.h>
#include <stdlib.h>

#include "rtp/error.h"

#define KEY_BYTES        20
#define CAPACITY_INITIAL 64 /* a power of two, as every later capacity */

struct key {
    uint8_t bytes[KEY_BYTES];
};

struct entry {
    void *owner;    /* NULL: empty */
    void *claimant; /* who follows; NULL: nobody */
    struct key key;
};

struct table {
    struct entry *entries;
    size_t capacity;
    size_t count;
};

struct transport_directory {
    uint64_t seed[2];
    struct table paths;
    struct table ufrags;
};

/* A path is hashed and compared as bytes. */
static_assert(sizeof(struct transport_path) == KEY_BYTES, "padding in struct transport_path");
static_assert(TRANSPORT_ICE_LOCAL_UFRAG_BYTES - 1 <= KEY_BYTES, "a ufrag fits in a key");
static_assert(sizeof(((struct transport_directory_entry *)0)->key) == KEY_BYTES, "as listed");

static uint64_t rotate(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein, 2012) over the fixed length of a key, words in host order.
 */
static size_t hash_of(const struct transport_directory *directory, const struct key *key)
{
    const uint64_t *seed = directory->seed;
    uint64_t v[4] = {seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d,
                     seed[0] ^ 0x6c7967656e657261, seed[1] ^ 0x7465646279746573};
    uint64_t words[3] = {0, 0, (uint64_t)KEY_BYTES << 56};
    memcpy(words, key->bytes, 16);
    uint32_t tail;
    memcpy(&tail, key->bytes + 16, sizeof(tail));
    words[2] |= tail;
    for (int i = 0; i < 3; i++) {
        v[3] ^= words[i];
        sip_round(v);
        v[0] ^= words[i];
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return (size_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}

/* The slot that holds the key, or the empty one where it belongs. Ends, as half of all slots are
 * empty. */
static size_t slot_of(const struct transport_directory *directory, const struct table *table,
                      const struct key *key)
{
    size_t slot = hash_of(directory, key) & (table->capacity - 1);
    while (table->entries[slot].owner && memcmp(&table->entries[slot].key, key, sizeof(*key)) != 0)
        slot = (slot + 1) & (table->capacity - 1);
    return slot;
}

static int table_init(struct table *table, size_t capacity)
{
    *table =
        (struct table){.entries = calloc(capacity, sizeof(struct entry)), .capacity = capacity};
    return table->entries ? 0 : IRIS_E_NO_MEMORY;
}

static int grow(const struct transport_directory *directory, struct table *table)
{
    struct table bigger;
    if (table_init(&bigger, 2 * table->capacity))
        return IRIS_E_NO_MEMORY;
    for (size_t i = 0; i < table->capacity; i++) {
        const struct entry *entry = &table->entries[i];
        if (entry->owner)
            bigger.entries[slot_of(directory, &bigger, &entry->key)] = *entry;
    }
    bigger.count = table->count;
    free(table->entries);
    *table = bigger;
    return 0;
}

static int add(const struct transport_directory *directory, struct table *table,
               const struct key *key, void *owner)
{
    struct entry *entry = &table->entries[slot_of(directory, table, key)];
    if (entry->owner) {
        entry->owner = owner;
        entry->claimant = NULL;
        return 0;
    }
    if (2 * (table->count + 1) > table->capacity) {
        if (grow(directory, table))
            return IRIS_E_NO_MEMORY;
        entry = &table->entries[slot_of(directory, table, key)];
    }
    *entry = (struct entry){.owner = owner, .key = *key};
    table->count++;
    return 0;
}

/* Backward-shift deletion: pull every later entry of the run forward that may stand in the gap. */
static void remove_slot(const struct transport_directory *directory, struct table *table,
                        size_t gap)
{
    size_t mask = table->capacity - 1;
    for (size_t at = (gap + 1) & mask; table->entries[at].owner; at = (at + 1) & mask) {
        size_t home = hash_of(directory, &table->entries[at].key) & mask;
        if (((at - home) & mask) >= ((at - gap) & mask)) {
            table->entries[gap] = table->entries[at];
            gap = at;
        }
    }
    table->entries[gap] = (struct entry){0};
    table->count--;
}

/* Take an owner out of an entry; its claimant follows. @return whether the slot was emptied */
static bool release(const struct transport_directory *directory, struct table *table, size_t slot,
                    const void *owner)
{
    struct entry *entry = &table->entries[slot];
    if (entry->claimant == owner)
        entry->claimant = NULL;
    if (entry->owner != owner)
        return false;
    entry->owner = entry->claimant;
    entry->claimant = NULL;
    if (entry->owner)
        return false;
    remove_slot(directory, table, slot);
    return true;
}

static void remove_owner(const struct transport_directory *directory, struct table *table,
                         const void *owner)
{
    for (size_t i = 0; i < table->capacity;) {
        /* Emptied: look again, another may have moved here. */
        if (!table->entries[i].owner || !release(directory, table, i, owner))
            i++;
    }
}

static struct key key_of_path(const struct transport_path *path)
{
    struct key key;
    memcpy(key.bytes, path, sizeof(key.bytes));
    return key;
}

static struct key key_of_ufrag(const char *ufrag)
{
    struct key key = {{0}};
    memcpy(key.bytes, ufrag, strnlen(ufrag, TRANSPORT_ICE_LOCAL_UFRAG_BYTES - 1));
    return key;
}

struct transport_directory *transport_directory_create(uint64_t seed)
{
    struct transport_directory *directory = calloc(1, sizeof(*directory));
    if (!directory)
        return NULL;
    directory->seed[0] = seed;
    directory->seed[1] =
        rotate(seed * 0x9e3779b97f4a7c15, 32); /* another word of the same secret */
    if (table_init(&directory->paths, CAPACITY_INITIAL) ||
        table_init(&directory->ufrags, CAPACITY_INITIAL)) {
        transport_directory_destroy(directory);
        return NULL;
    }
    return directory;
}

void transport_directory_destroy(struct transport_directory *directory)
{
    if (!directory)
        return;
    free(directory->paths.entries);
    free(directory->ufrags.entries);
    free(directory);
}

int transport_directory_add_path(struct transport_directory *directory,
                                 const struct transport_path *path, void *owner)
{
    struct key key = key_of_path(path);
    return add(directory, &directory->paths, &key, owner);
}

void transport_directory_claim_path(struct transport_directory *directory,
                                    const struct transport_path *path, void *claimant)
{
    struct key key = key_of_path(path);
    struct entry *entry = &directory->paths.entries[slot_of(directory, &directory->paths, &key)];
    if (entry->owner && entry->owner != claimant)
        entry->claimant = claimant;
}

void *transport_directory_find_path(const struct transport_directory *directory,
                                    const struct transport_path *path, void **claimant)
{
    struct key key = key_of_path(path);
    const struct entry *entry =
        &directory->paths.entries[slot_of(directory, &directory->paths, &key)];
    *claimant = entry->claimant;
    return entry->owner;
}

void transport_directory_prefetch_path(const struct transport_directory *directory,
                                       const struct transport_path *path)
{
    struct key key = key_of_path(path);
    const struct table *table = &directory->paths;
    __builtin_prefetch(&table->entries[hash_of(directory, &key) & (table->capacity - 1)]);
}

int transport_directory_add_ufrag(struct transport_directory *directory, const char *ufrag,
                                  void *owner)
{
    struct key key = key_of_ufrag(ufrag);
    return add(directory, &directory->ufrags, &key, owner);
}

void *transport_directory_find_ufrag(const struct transport_directory *directory, const char *ufrag)
{
    struct key key = key_of_ufrag(ufrag);
    return directory->ufrags.entries[slot_of(directory, &directory->ufrags, &key)].owner;
}

void transport_directory_remove_path(struct transport_directory *directory,
                                     const struct transport_path *path, const void *owner)
{
    struct key key = key_of_path(path);
    size_t slot = slot_of(directory, &directory->paths, &key);
    if (directory->paths.entries[slot].owner)
        release(directory, &directory->paths, slot, owner);
}

void transport_directory_remove_ufrag(struct transport_directory *directory, const char *ufrag)
{
    struct key key = key_of_ufrag(ufrag);
    size_t slot = slot_of(directory, &directory->ufrags, &key);
    if (directory->ufrags.entries[slot].owner)
        remove_slot(directory, &directory->ufrags, slot);
}

void transport_directory_remove_owner(struct transport_directory *directory, const void *owner)
{
    remove_owner(directory, &directory->paths, owner);
    remove_owner(directory, &directory->ufrags, owner);
}

size_t transport_directory_count(const struct transport_directory *directory)
{
    return directory->paths.count + directory->ufrags.count;
}

static size_t list_table(const struct table *table, bool is_ufrag,
                         struct transport_directory_entry *entries)
{
    size_t count = 0;
    for (size_t i = 0; i < table->capacity; i++) {
        const struct entry *from = &table->entries[i];
        if (!from->owner)
            continue;
        struct transport_directory_entry *to = &entries[count++];
        *to = (struct transport_directory_entry){
            .is_ufrag = is_ufrag, .owner = from->owner, .claimant = from->claimant};
        memcpy(to->key, from->key.bytes, KEY_BYTES);
    }
    return count;
}

static int compare_entries(const void *a, const void *b)
{
    const struct transport_directory_entry *x = a, *y = b;
    return x->is_ufrag != y->is_ufrag ? x->is_ufrag - y->is_ufrag
                                      : memcmp(x->key, y->key, KEY_BYTES);
}

void transport_directory_list(const struct transport_directory *directory,
                              struct transport_directory_entry *entries)
{
    size_t count = list_table(&directory->paths, false, entries);
    count += list_table(&directory->ufrags, true, entries + count);
    qsort(entries, count, sizeof(*entries), compare_entries);
}

int transport_directory_restore(struct transport_directory *directory,
                                const struct transport_directory_entry *entry)
{
    struct table *table = entry->is_ufrag ? &directory->ufrags : &directory->paths;
    struct key key;
    memcpy(key.bytes, entry->key, KEY_BYTES);
    if (add(directory, table, &key, entry->owner))
        return IRIS_E_NO_MEMORY;
    table->entries[slot_of(directory, table, &key)].claimant = entry->claimant;
    return 0;
}
