"""The operators' listener: live rooms, worst first; probes; metrics; the proof that a log tells what its room believes.

No names and no texts anywhere here: a seat is `p3`, a room is its id.
"""
