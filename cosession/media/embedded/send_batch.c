/* The first and the last step of forwarding: a packet unprotected and read, and one packet to many.
 *
 * What it reads is what `rtp.read` reads, and what it writes is, byte for byte, what `down_track.DownTrack.write` writes
 * (tests/media/test_native.py holds them together). It knows what Python told it and uses no libraries: libsrtp's own
 * functions come as pointers from Python, so keys never leave the one libsrtp. Anything that is not as expected is
 * refused and counted; a full socket drops, nothing ever waits.
 * One sendto for each: sendmmsg was tried and bought no more, the kernel's work for each datagram is the same. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "send_batch.h"

#define ROOM 1504
#define SOCKADDR 28
#define TRAILER (4 + 144) /* to libsrtp's 1500, and what it may add */

static void put16(uint8_t *at, uint16_t value) {
    at[0] = value >> 8;
    at[1] = value;
}

static void put32(uint8_t *at, uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value);
}

/* Move VP8's counters on, each within its bits. */
static void renumber(uint8_t *payload, const struct packet *packet, const struct target *target) {
    uint8_t *at = payload + packet->picture_at;
    if (packet->picture_bits == 7) {
        at[0] = (at[0] + target->picture_offset) & 0x7F;
    } else {
        uint16_t number = (at[0] & 0x7F) << 8 | at[1];
        put16(at, 0x8000 | ((number + target->picture_offset) & 0x7FFF));
    }
    if (packet->level0_at)
        payload[packet->level0_at] += target->level0_offset;
}

/* The packet as this target's browser gets it, unprotected; its size. */
static int write_packet(uint8_t *out, const struct packet *packet, const uint8_t *payload, const struct target *target) {
    out[0] = target->first;
    out[1] = packet->marker | target->payload_type;
    put16(out + 2, (uint16_t)packet->extended + target->sequence_offset);
    put32(out + 4, packet->timestamp + target->timestamp_offset);
    put32(out + 8, target->ssrc);
    memcpy(out + 12, target->extension, target->extension_size);
    if (target->send_time_at)
        memcpy(out + 12 + target->send_time_at, packet->send_time, 3);
    if (target->level_at)
        out[12 + target->level_at] = packet->level;
    int size = 12 + target->extension_size;
    memcpy(out + size, payload, packet->size);
    if (packet->picture_at && (target->picture_offset || target->level0_offset))
        renumber(out + size, packet, target);
    return size + packet->size;
}

/* Whether every byte that is written and moved lies where it should. */
static int fits(const struct packet *packet, const struct target *target) {
    int picture_end = packet->picture_at ? packet->picture_at + (packet->picture_bits == 7 ? 1 : 2) : 0;
    return 12 + target->extension_size + packet->size <= ROOM - TRAILER && picture_end <= packet->size &&
           (!packet->level0_at || packet->level0_at < packet->size);
}

/* So many are protected before the first is sent: each of the two, libsrtp's code and the kernel's, fills a cache of its
 * own. A larger batch is several. */
#define TOGETHER 16

int send_batch(struct batch *batch, const struct packet *packet, const uint8_t *payload) {
    static uint64_t rooms[TOGETHER][ROOM / 8]; /* one thread sends; aligned for libsrtp */
    int sent = 0;
    for (int next = 0; next < batch->count;) {
        const struct target *ready[TOGETHER];
        int sizes[TOGETHER], count = 0;
        for (; next < batch->count && count < TOGETHER; next++) {
            struct target *target = &batch->targets[next];
            if (packet->extended < target->base)
                continue;
            uint8_t *out = (uint8_t *)rooms[count];
            sizes[count] = fits(packet, target) ? write_packet(out, packet, payload, target) : 0;
            if (!sizes[count] || batch->protect(target->srtp, out, &sizes[count])) {
                batch->refused++;
                continue;
            }
            target->counts->packets++;
            target->counts->octets += packet->size;
            ready[count++] = target;
        }
        for (int i = 0; i < count; i++) {
            const struct sockaddr *address = (const struct sockaddr *)ready[i]->address;
            if (sendto(batch->socket, rooms[i], sizes[i], MSG_DONTWAIT, address, ready[i]->address_size) < 0)
                batch->blocked++;
            else
                sent++;
        }
    }
    return sent;
}

static uint16_t get16(const uint8_t *at) {
    return at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at) {
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

/* The elements of a one-byte extension that are wanted: the first of each, up to one that is cut short. */
static void read_elements(struct arrived *arrived, int at, int end, uint32_t wanted) {
    uint8_t transport_id = wanted, level_id = wanted >> 16 ? 0 : wanted >> 8;
    while (at < end) {
        uint8_t first = arrived->packet[at++];
        if (!first)
            continue;
        int id = first >> 4, length = (first & 15) + 1;
        if (id == 15 || at + length > end)
            return;
        if (id && id == transport_id) {
            transport_id = 0;
            if (length == 2)
                arrived->number = get16(arrived->packet + at);
        }
        if (id && id == level_id) {
            level_id = 0;
            arrived->level = arrived->packet[at] & 0x7F;
        }
        at += length;
    }
}

/* VP8's descriptor; of one that is cut short, nothing. */
static void read_vp8(struct arrived *arrived) {
    const uint8_t *payload = arrived->packet + arrived->start;
    int size = arrived->end - arrived->start, at = 1, picture_at = 0, picture_bits = 7, level0_at = 0;
    if (size < 1)
        return;
    if (payload[0] & 0x80) {
        if (size < 2)
            return;
        uint8_t extra = payload[at++];
        if (extra & 0x80) {
            if (at >= size)
                return;
            picture_at = at;
            picture_bits = payload[at] & 0x80 ? 15 : 7;
            at += picture_bits == 15 ? 2 : 1;
        }
        if (extra & 0x40)
            level0_at = at++;
        if (extra & 0x30)
            at++;
        if (at > size)
            return;
    }
    arrived->picture_at = picture_at;
    arrived->picture_bits = picture_bits;
    arrived->level0_at = level0_at;
    arrived->keyframe = payload[0] & 0x10 && !(payload[0] & 7) && size - at >= 6 && !(payload[at] & 1) &&
                        !memcmp(payload + at + 3, "\x9d\x01\x2a", 3);
}

int read_packet(struct reader *reader, struct arrived *arrived, void *srtp, uint32_t wanted) {
    uint8_t *packet = arrived->packet;
    int size = arrived->size, refused = reader->unprotect(srtp, packet, &size);
    if (refused)
        return refused;
    int start = 12 + 4 * (packet[0] & 15), end = size, extension = 0;
    if (size < 12 || packet[0] >> 6 != 2)
        return NO_RTP;
    if (packet[0] & 0x10) {
        if (size < start + 4)
            return NO_RTP;
        extension = start + 4;
        start = extension + 4 * get16(packet + start + 2);
    }
    if (packet[0] & 0x20) {
        if (!packet[size - 1])
            return NO_RTP;
        end -= packet[size - 1];
    }
    if (end < start)
        return NO_RTP;
    arrived->payload_type = packet[1] & 0x7F;
    arrived->marker = packet[1] & 0x80;
    arrived->sequence = get16(packet + 2);
    arrived->timestamp = get32(packet + 4);
    arrived->start = start;
    arrived->end = end;
    arrived->number = -1;
    arrived->level = 127;
    arrived->picture_at = arrived->level0_at = arrived->keyframe = 0;
    arrived->picture_bits = wanted >> 16 ? 7 : 0;
    if (extension && get16(packet + extension - 4) == 0xBEDE)
        read_elements(arrived, extension, start, wanted);
    if (wanted >> 16)
        read_vp8(arrived);
    return READ;
}

/* The place of an address: its own, or the free one where it would be. At most half of all are taken. */
static struct place *place_of(struct reader *reader, const uint8_t *address) {
    const uint32_t last = sizeof reader->places / sizeof *reader->places - 1;
    uint32_t words[SOCKADDR / 4], at = 0;
    memcpy(words, address, SOCKADDR);
    for (int i = 0; i < SOCKADDR / 4; i++)
        at = (at ^ words[i]) * 0x9E3779B1;
    for (at ^= at >> 16;; at++) {
        struct place *place = &reader->places[at & last];
        if (!place->receiver || !memcmp(place->address, address, SOCKADDR))
            return place;
    }
}

void know(struct reader *reader, const uint8_t (*addresses)[SOCKADDR], struct srtp_receiver **receivers, int count) {
    const int most = sizeof reader->places / sizeof *reader->places / 2;
    memset(reader->places, 0, sizeof reader->places);
    for (int i = 0; i < count && i < most; i++) {
        struct place *place = place_of(reader, addresses[i]);
        memcpy(place->address, addresses[i], SOCKADDR);
        place->receiver = receivers[i];
    }
}

/* Read it if it is RTP of a stream that is known (RFC 7983, RFC 5761). */
static int sort(struct reader *reader, struct arrived *arrived) {
    const uint8_t *packet = arrived->packet;
    if (arrived->size < 12 || arrived->size > ROOM - 4 || packet[0] >> 6 != 2 || (packet[1] >= 192 && packet[1] <= 208))
        return UNREAD;
    struct srtp_receiver *receiver = place_of(reader, arrived->address)->receiver;
    uint32_t ssrc = get32(packet + 8);
    for (int i = 0; receiver && i < receiver->streams; i++)
        if (receiver->ssrc[i] == ssrc) {
            arrived->receiver = receiver->number;
            arrived->stream = i;
            if (!receiver->allowed)
                return TOO_MANY;
            receiver->allowed--;
            return read_packet(reader, arrived, receiver->srtp, receiver->wanted[i]);
        }
    return UNREAD;
}

int receive(struct reader *reader, int socket) {
    const int most = sizeof reader->arrived / sizeof *reader->arrived;
    for (int count = 0; count < most; count++) {
        struct arrived *arrived = &reader->arrived[count];
        socklen_t length = SOCKADDR;
        memset(arrived->address, 0, SOCKADDR);
        ssize_t size = recvfrom(socket, arrived->packet, ROOM, MSG_DONTWAIT, (struct sockaddr *)arrived->address, &length);
        if (size < 0)
            return count || errno == EAGAIN || errno == EINTR ? count : -1;
        arrived->size = size;
        arrived->state = sort(reader, arrived);
    }
    return most;
}

int make_address(const char *host, int port, uint8_t *out) {
    struct sockaddr_in four;
    struct sockaddr_in6 six;
    memset(&four, 0, sizeof four);
    memset(&six, 0, sizeof six);
    if (inet_pton(AF_INET, host, &four.sin_addr) == 1) {
        four.sin_family = AF_INET;
        four.sin_port = htons(port);
        memcpy(out, &four, sizeof four);
        return sizeof four;
    }
    if (inet_pton(AF_INET6, host, &six.sin6_addr) == 1) {
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(port);
        memcpy(out, &six, sizeof six);
        return sizeof six;
    }
    return 0;
}

uint64_t layout(void) {
    return (uint64_t)sizeof(struct reader) << 44 | (uint64_t)sizeof(struct srtp_receiver) << 36 |
           (uint64_t)sizeof(struct target) << 24 | sizeof(struct batch) << 12 | sizeof(struct packet);
}
