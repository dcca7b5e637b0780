/* What Python and the helper say to each other. Read by the C compiler and, as it stands, by cffi: plain declarations
 * only. Numbers in host order unless said otherwise. */

/* What went out in one down track. */
struct counts {
    uint64_t packets;
    uint64_t octets; /* of payload */
};

/* One down track as it has to be written: RFC 3550 section 5.1, RFC 8285, RFC 7741 section 4.2. */
struct target {
    void *srtp; /* libsrtp's context of the receiving browser */
    struct counts *counts;
    int64_t base; /* nothing before it may be sent */
    uint32_t ssrc;
    uint32_t timestamp_offset;
    uint16_t sequence_offset;
    uint16_t picture_offset;
    uint8_t level0_offset;
    uint8_t first; /* first byte of the header */
    uint8_t payload_type;
    uint8_t extension_size;
    uint8_t send_time_at; /* offsets into the extension, 0: not there */
    uint8_t level_at;
    uint8_t address_size;
    uint8_t extension[32];
    uint8_t address[28]; /* a sockaddr_in or sockaddr_in6 */
};

/* All targets of one up track that are reached by datagrams of one socket. `refused` and `blocked` are added to. */
struct batch {
    int (*protect)(void *srtp, void *packet, int *size);
    int socket;
    int count;
    uint32_t refused; /* by libsrtp */
    uint32_t blocked; /* by the socket */
    struct target *targets;
};

/* The packet that came in. Offsets of VP8's fields are into the payload, 0: not there. */
struct packet {
    int64_t extended;
    uint32_t timestamp;
    uint16_t size;
    uint16_t picture_at;
    uint16_t level0_at;
    uint8_t picture_bits;
    uint8_t marker; /* 0 or 0x80 */
    uint8_t level;
    uint8_t send_time[3];
};

/* Rewrite, protect and send one packet for each target that already takes part; how many were sent. */
int send_batch(struct batch *batch, const struct packet *packet, const uint8_t *payload);

/* A browser whose keys stand, and what is read of its streams (`wanted` is of rtp.asked). */
struct srtp_receiver {
    void *srtp;
    uint32_t allowed; /* packets that are still looked at */
    uint16_t number;  /* by which Python knows it */
    uint16_t streams;
    uint32_t ssrc[8];
    uint32_t wanted[8];
};

/* A datagram that came. `state`: READ, or libsrtp's refusal (above 0), or one of the others below. If it was read, the
 * fields of rtp.Arrived: offsets of VP8's fields as above, the payload is packet[start] to packet[end]; and whose it is,
 * by the numbers of receiver and stream. */
struct arrived {
    uint32_t timestamp;
    int32_t number; /* transport-wide, -1: none */
    int32_t state;
    uint32_t size; /* of the datagram */
    uint16_t receiver;
    uint16_t sequence;
    uint16_t start;
    uint16_t end;
    uint16_t picture_at;
    uint16_t level0_at;
    uint8_t stream;
    uint8_t payload_type;
    uint8_t marker;
    uint8_t level;
    uint8_t keyframe;
    uint8_t picture_bits; /* 0: no VP8 */
    uint8_t address[28]; /* whence, as a sockaddr; what is behind it is 0 */
    uint8_t spare[2];    /* the packet begins where libsrtp wants it */
    uint8_t packet[1504];
};

#define READ 0
#define NO_RTP -1   /* authentic all the same */
#define UNREAD -2   /* as it came: it is no RTP, or of nobody who is known, or of no known stream */
#define TOO_MANY -3 /* as it came */

struct place {
    struct srtp_receiver *receiver;
    uint8_t address[32];
};

/* Where receivers are found by their addresses, and what came. */
struct reader {
    int (*unprotect)(void *srtp, void *packet, int *size);
    struct place places[4096];
    struct arrived arrived[16];
};

/* Take what lies at the socket, as much as there is room for; how many datagrams, or -1 if it cannot be read. */
int receive(struct reader *reader, int socket);

/* From now on these are known and no others: receiver i by address i, as long as there is room. */
void know(struct reader *reader, const uint8_t (*addresses)[28], struct srtp_receiver **receivers, int count);

/* Unprotect and read the packet that lies in `arrived`: its `state`. */
int read_packet(struct reader *reader, struct arrived *arrived, void *srtp, uint32_t wanted);

/* A socket address from its text; its size, 0 if it is none. `out` has room for 28 bytes. */
int make_address(const char *host, int port, uint8_t *out);

/* The sizes of what both sides write and read, in one number: whether both were made from this file. */
uint64_t layout(void);
