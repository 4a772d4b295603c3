/*
 * The media sockets on loopback and people who send and listen at sockets of their own. A
 * conference in virtual time makes the packets. For test_udp*.c.
 */
#ifndef IRIS_TESTS_UDP_CALL_H
#define IRIS_TESTS_UDP_CALL_H

#include "conference.h"
#include "sfu/io/udp.h"

#define UDP_FIRST 61000 /* ports to bind, unless a test says otherwise */
#define UDP_LAST  61999

/* One who speaks and two who listen at sockets of their own. */
struct udp_call {
    struct conference c;
    struct io_udp udp;
    struct person *people[3];
    int fds[3];
};

/** The one address of it. */
struct io_addresses udp_loopback(void);

/** A client's socket, which does not block; its address as the engine knows it is written to the
 * person. @return the caller's to close */
int udp_client_open(struct person *person);

/** Fails the test unless a socket can be read within 5 s. */
void udp_wait_readable(int fd);

/** A datagram from a client's socket to the media sockets. */
void udp_client_send(const struct io_udp *udp, int fd, const void *data, size_t len);

/** A voice's packet, sealed. @param packet CORE_BUFFER_BYTES @return its length */
size_t udp_make_packet(struct person *from, uint8_t *packet, uint8_t filling, size_t len);

/** The same into the engine, which queues it for everybody else; nothing takes it there. */
void udp_queue_packet(struct conference *c, struct person *from, uint8_t filling, size_t len);

/** Three who are connected; the first is heard. @return the caller's, for udp_call_close() */
struct udp_call *udp_call_open(void);

/** Close its sockets, and free all of it. */
void udp_call_close(struct udp_call *call);

#endif
