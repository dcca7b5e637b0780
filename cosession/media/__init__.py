"""Implementations of `cosession.room.ports.MediaEngine`. Each is a folder; only `configured` chooses one."""
