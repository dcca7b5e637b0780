"""Benchmarks: clients of running servers that know the wire and nothing inside, and load on the media plane alone.

`measure` puts a load on a `Stand` and accounts for every packet; `generator`, `peer_connection`, `dtls`, `sdp` and
`traffic` are the load; `embedded` and `janus` are the stands; `floor` and `join` are clients of a whole server. What
they found is in deploy/reports/media.md.
"""
