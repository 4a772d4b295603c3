/*
 * What synthetic media carries: a signature of 16 bytes that says who made the packet and which one
 * it is, and filling made of it, so that a receiver knows the source of each packet, sees every
 * loss and every changed byte.
 *
 *   "IRIS" | tag (4) | kind (1) | layer (1) | length of the filling (2) | counter (4) | filling
 */
#ifndef IRIS_TESTS_MEDIA_PAYLOAD_H
#define IRIS_TESTS_MEDIA_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEDIA_PAYLOAD_SIGNATURE_BYTES 16

enum media_kind { MEDIA_AUDIO, MEDIA_CAMERA, MEDIA_SCREEN };

struct media_signature {
    uint32_t tag; /* of the client, unique in the program */
    uint8_t kind; /* enum media_kind */
    uint8_t layer;
    uint32_t counter; /* packets of this kind and layer, from 0 */
};

/** Write signature and filling. @param len at least MEDIA_PAYLOAD_SIGNATURE_BYTES */
void media_payload_write(uint8_t *out, size_t len, const struct media_signature *signature);

/** Read them back. @return false if a byte is not as it was written */
bool media_payload_read(struct media_signature *signature, const uint8_t *data, size_t len);

#endif
