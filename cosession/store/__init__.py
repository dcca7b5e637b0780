"""What the sessions leave on disk: the event log, drafts, keys, links and sign-ins, on SQLite.

`eventlog` implements `cosession.room.ports.EventLog`, `registry` keeps what the server needs beside it. Both speak
SQLAlchemy Core through the threads of `database`, the only file that knows that the database is SQLite; PostgreSQL
would be a second such file. Nothing here knows what an event means.
"""
