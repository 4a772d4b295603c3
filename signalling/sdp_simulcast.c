/*
 * Simulcast as offered (RFC 8853, RFC 8851): which rids a sending line is granted. Of alternatives
 * for one layer ("l,h2") the first usable one is taken; a layer that is offered paused ("~h") stays
 * paused in the answer, because browsers would start it otherwise against their page's wish.
 */
#include "signalling/sdp_parse.h"

#include <ctype.h>
#include <string.h>

/* rid-id of RFC 8851, section 10: letters, digits, '-' and '_'; as many as a packet can carry. */
static bool is_rid(struct sdp_span span)
{
    if (span.len == 0 || span.len > SDP_RID_MAX)
        return false;
    for (size_t i = 0; i < span.len; i++)
        if (!isascii(span.at[i]) || (!isalnum(span.at[i]) && !strchr("-_", span.at[i])))
            return false;
    return true;
}

static const struct sdp_declared_rid *find_declared(const struct sdp_section *section,
                                                    struct sdp_span name)
{
    for (unsigned i = 0; i < section->rid_count; i++)
        if (sdp_span_equals(section->rids[i].name, name))
            return &section->rids[i];
    return NULL;
}

int sdp_parse_rid(struct sdp_parser *parser, struct sdp_span value)
{
    struct sdp_section *section = &parser->section;
    struct sdp_declared_rid rid = {sdp_span_word(&value), {NULL, 0}};
    struct sdp_span direction = sdp_span_word(&value);
    if (!is_rid(rid.name))
        return sdp_fail(parser->error, parser->reader.line,
                        "A rid must have 1 to %d letters, digits, '-' or '_'.", SDP_RID_MAX);
    if (sdp_span_is(direction, "recv"))
        return 0;
    if (!sdp_span_is(direction, "send"))
        return sdp_fail(parser->error, parser->reader.line, "a=rid must say send or recv.");
    if (find_declared(section, rid.name))
        return sdp_fail(parser->error, parser->reader.line,
                        "This line declares the same rid twice.");
    if (section->rid_count == SDP_DECLARED_RIDS_MAX)
        return sdp_fail(parser->error, parser->reader.line, "A line may declare at most %d rids.",
                        SDP_DECLARED_RIDS_MAX);
    rid.restrictions = value;
    section->rids[section->rid_count++] = rid;
    return 0;
}

int sdp_parse_simulcast(struct sdp_parser *parser, struct sdp_span value)
{
    struct sdp_section *section = &parser->section;
    if (section->simulcast_line)
        return sdp_fail(parser->error, parser->reader.line, "A second a=simulcast on this line.");
    section->simulcast_line = parser->reader.line;
    section->simulcast = value;
    return 0;
}

/* Do the restrictions ("pt=96,97;max-width=640") let the payload type through? Without pt: yes. */
static bool permits(struct sdp_span restrictions, int payload_type)
{
    while (restrictions.len > 0) {
        struct sdp_span restriction = sdp_span_cut(&restrictions, ';');
        if (!sdp_span_skip(&restriction, "pt="))
            continue;
        while (restriction.len > 0) {
            uint64_t number;
            if (sdp_span_number(sdp_span_cut(&restriction, ','), SDP_PAYLOAD_TYPES - 1, &number) &&
                (int)number == payload_type)
                return true;
        }
        return false;
    }
    return true;
}

static bool is_granted(const struct sdp_line *line, struct sdp_span name)
{
    for (unsigned i = 0; i < line->rid_count; i++)
        if (sdp_span_is(name, line->rids[i]))
            return true;
    return false;
}

/* Grant the first usable alternative of one layer; undeclared rids are discarded (RFC 8853, 5.2).
 */
static void grant_layer(const struct sdp_section *section, struct sdp_line *line,
                        struct sdp_span alternatives)
{
    while (alternatives.len > 0) {
        struct sdp_span name = sdp_span_cut(&alternatives, ',');
        bool is_paused = sdp_span_skip(&name, "~");
        const struct sdp_declared_rid *rid = find_declared(section, name);
        if (!rid || !permits(rid->restrictions, line->payload_type) || is_granted(line, name))
            continue;
        line->rid_is_paused[line->rid_count] = is_paused;
        sdp_span_copy(name, line->rids[line->rid_count++], SDP_TOKEN_BYTES);
        return;
    }
}

/* The list that follows "send" in "send l;h recv x": len 0 if there is none; -1 if it is malformed.
 */
static int find_send_list(struct sdp_parser *parser, struct sdp_span *list)
{
    struct sdp_span rest = parser->section.simulcast;
    *list = (struct sdp_span){NULL, 0};
    for (;;) {
        struct sdp_span direction = sdp_span_word(&rest);
        if (direction.len == 0)
            return 0;
        bool is_send = sdp_span_is(direction, "send");
        struct sdp_span streams = sdp_span_word(&rest);
        if ((!is_send && !sdp_span_is(direction, "recv")) || streams.len == 0)
            return sdp_fail(parser->error, parser->section.simulcast_line,
                            "a=simulcast must read \"send\" or \"recv\" and a list of rids.");
        if (is_send)
            *list = streams;
    }
}

int sdp_choose_rids(struct sdp_parser *parser)
{
    struct sdp_line *line = sdp_parser_line(parser);
    struct sdp_span list;
    if (find_send_list(parser, &list) < 0)
        return -1;
    /* A layer is known by its RID in the first packets: without the extension there is no telling.
     */
    if (line->kind != SDP_KIND_VIDEO || line->payload_type < 0 || !(line->direction & SDP_SENDS) ||
        !line->extensions[SDP_EXTENSION_RID].id ||
        !(line->extensions[SDP_EXTENSION_RID].direction & SDP_SENDS))
        return 0;
    while (list.len > 0 && line->rid_count < SDP_RIDS_MAX)
        grant_layer(&parser->section, line, sdp_span_cut(&list, ';'));
    return 0;
}
