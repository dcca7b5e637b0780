/* The last step of forwarding: one packet to many, without Python in between.
 *
 * What it writes is, byte for byte, what `forward.Slot.write` writes (tests/media/test_native.py holds them together).
 * It has no state and no libraries: libsrtp's own `srtp_protect` comes as a pointer from Python, so keys never leave
 * the one libsrtp. Anything that is not as expected is refused and counted; a full socket drops, nothing ever waits.
 * One sendto for each: sendmmsg was tried and bought nothing, the kernel's work for each datagram is the same. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "send_batch.h"

#define ROOM 1504
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

int send_batch(struct batch *batch, const struct packet *packet, const uint8_t *payload) {
    static uint64_t room[ROOM / 8]; /* one thread sends; aligned for libsrtp */
    uint8_t *out = (uint8_t *)room;
    int sent = 0;
    for (int i = 0; i < batch->count; i++) {
        struct target *target = &batch->targets[i];
        if (packet->extended < target->base)
            continue;
        int size = fits(packet, target) ? write_packet(out, packet, payload, target) : 0;
        if (!size || batch->protect(target->srtp, out, &size)) {
            batch->refused++;
            continue;
        }
        target->counts->packets++;
        target->counts->octets += packet->size;
        if (sendto(batch->socket, out, size, MSG_DONTWAIT, (struct sockaddr *)target->address,
                   target->address_size) < 0)
            batch->blocked++;
        else
            sent++;
    }
    return sent;
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

uint32_t layout(void) {
    return sizeof(struct target) << 20 | sizeof(struct batch) << 10 | sizeof(struct packet);
}
