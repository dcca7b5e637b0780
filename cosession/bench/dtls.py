"""DTLS-SRTP of the load generator: the client's side, on OpenSSL and libsrtp directly and in public names only.

Not on aiortc, so that what is measured is met by a second implementation. Nothing here waits: datagrams in, datagrams
out. Sources: RFC 5764, RFC 7714.
"""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from pylibsrtp import Policy, Session

#: By OpenSSL's name: (libsrtp's profile, bytes of the key, bytes of the salt). In the order of our preference.
_PROFILES = {
    b"SRTP_AEAD_AES_256_GCM": (Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
    b"SRTP_AEAD_AES_128_GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    b"SRTP_AES128_CM_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
}
_LARGEST = 2048


class Identity:
    """A key and a certificate for all connections of one run. `fingerprint`: SHA-256, hex with colons."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
        first_day = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(first_day)
            .not_valid_after(first_day.replace(year=2100))
            .sign(key, hashes.SHA256())
        )
        self.fingerprint = _colons(certificate.fingerprint(hashes.SHA256()))
        self.context = SSL.Context(SSL.DTLS_METHOD)
        self.context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
        self.context.use_certificate(certificate)
        self.context.use_privatekey(key)
        self.context.set_tlsext_use_srtp(b":".join(_PROFILES))


class Association:
    """One handshake and the keys that come of it: `protect` and `unprotect` are there once `up` is True."""

    def __init__(self, identity: Identity, server_fingerprint: str) -> None:
        self.up = False
        self.profile = ""
        self.outbound: Session
        self.inbound: Session
        self._wanted = server_fingerprint
        self._connection = SSL.Connection(identity.context, None)
        self._connection.set_connect_state()

    def step(self, datagram: bytes | None) -> list[bytes]:
        """Take one datagram, or None to begin and to send again what was lost; what there is to send now. Raises
        ConnectionError if the server is not who its SDP said, or agrees on no profile."""
        if datagram is not None:
            self._connection.bio_write(datagram)
        elif self._connection.DTLSv1_get_timeout() is not None:
            self._connection.DTLSv1_handle_timeout()
        if not self.up:
            try:
                self._connection.do_handshake()
            except SSL.WantReadError:
                pass
            else:
                self._begin()
        out: list[bytes] = []
        while True:
            try:
                out.append(self._connection.bio_read(_LARGEST))
            except SSL.WantReadError:
                return out

    def _begin(self) -> None:
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or _colons(certificate.fingerprint(hashes.SHA256())) != self._wanted:
            raise ConnectionError("the server's certificate is not the one that its SDP names")
        name = self._connection.get_selected_srtp_profile()
        if name not in _PROFILES:
            raise ConnectionError("no SRTP profile was agreed on")
        profile, key, salt = _PROFILES[name]
        words = self._connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        ours = words[:key] + words[2 * key : 2 * key + salt]
        theirs = words[key : 2 * key] + words[2 * key + salt :]
        self.outbound = Session(Policy(key=ours, ssrc_type=Policy.SSRC_ANY_OUTBOUND, srtp_profile=profile))
        self.inbound = Session(Policy(key=theirs, ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=profile))
        self.profile = name.decode()
        self.up = True


def _colons(digest: bytes) -> str:
    return ":".join(f"{byte:02X}" for byte in digest)
