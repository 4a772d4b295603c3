/*
 * The control channel's objects as JSON (protocol.md, section 2): what clients are shown of
 * participants and slots.
 */
#ifndef IRIS_CONTROL_MESSAGE_H
#define IRIS_CONTROL_MESSAGE_H

#include "sfu/control/registry.h"

/** {id, name, metadata, audio_muted, camera_muted, screen_sharing}. New reference. */
json_t *control_message_participant(const struct control_participant *participant);

/** Everyone in the room but this one. New reference. */
json_t *control_message_others(const struct control_participant *participant);

/** The whole list of a receiver's slots. New reference. */
json_t *control_message_slots(const struct control_participant *participant,
                              const struct control_registry *registry);

/** limits of the join result. New reference. */
json_t *control_message_limits(void);

/** rights of the join result: what the participant may do. New reference. */
json_t *control_message_rights(const struct signalling_grant *grant);

/** The speakers of a room, loudest first. New reference. */
json_t *control_message_speakers(const struct control_room *room, const struct core_event *event);

/** The name of a kind and of a reason, as the protocol spells them. Static text. */
const char *control_message_kind(enum core_kind kind);
const char *control_message_reason(enum core_reason reason);

#endif
