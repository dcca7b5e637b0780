"""Implementations of `cosession.room.ports.MediaEngine`. Each is a folder; only `main` chooses one."""
