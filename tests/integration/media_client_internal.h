/* What the files of the media client share with each other only. */
#ifndef IRIS_TESTS_MEDIA_CLIENT_INTERNAL_H
#define IRIS_TESTS_MEDIA_CLIENT_INTERNAL_H

#include "tests/integration/media_client.h"

#define MEDIA_CLIENT_TICK_MS 20

/** Take a datagram of the server (not STUN). */
void media_client_on_datagram(void *context, const uint8_t *data, size_t len);

/** Send a datagram of DTLS. */
void media_client_on_dtls_datagram(void *context, const uint8_t *data, size_t len);

/** Seal and send a track's packet, or lose it. */
void media_client_on_track_packet(void *context, struct track_packet *packet);

/** Every MEDIA_CLIENT_TICK_MS: handshake, tracks, NACKs, reports. */
void media_client_tick(struct media_client *client, int64_t now_us);

/** Keep the first problem. */
void media_client_note(struct media_client *client, const char *problem);

/** All clients of the program, NULL-terminated list of GLib. */
GList *media_client_all(void);

#endif
