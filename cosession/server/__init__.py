"""The main listener: the facilitator's pages, personal links, the room page, its socket, the pages after the end.

Starlette and nothing of the rules: whatever a session allows is asked of its room. `app.build` is the door; what it
needs from the rest comes as the ports of `ports`.
"""
