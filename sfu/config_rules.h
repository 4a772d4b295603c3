/*
 * What the values of the configuration mean and which are possible. Internal to sfu/config*.c.
 */
#ifndef IRIS_SFU_CONFIG_RULES_H
#define IRIS_SFU_CONFIG_RULES_H

#include "sfu/config_document.h"

/**
 * Give a key of one value its value.
 *
 * @param text    as written; copied where it is kept
 * @param reason  on failure a sentence: "'x' is not a number from 0 to 64"
 * @return        false: config is unchanged
 */
bool config_set_text(struct config *config, enum config_key key, const char *text, char *reason,
                     size_t reason_cap);

/** Likewise for a key with a list: the entries are copied and replace all that were there. */
bool config_set_list(struct config *config, enum config_key key, char *const *entries,
                     unsigned count, char *reason, size_t reason_cap);

/**
 * The rules between keys, and those that look at the machine.
 *
 * @param key     on failure the key at fault
 * @param reason  on failure a sentence that says what to do
 */
bool config_check(const struct config *config, enum config_key *key, char *reason,
                  size_t reason_cap);

#endif
