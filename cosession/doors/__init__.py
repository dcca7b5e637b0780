"""Connections before they are requests: how many there are, how long each may keep us waiting, how fast it may send.

Whoever is in a room keeps a place; everybody else waits in a part of the descriptors that strangers cannot outgrow, and
there the newest comes in and the oldest that keeps us waiting goes. `visits` counts, `http` and `websocket` are
uvicorn's protocols with deadlines and pace.
"""
