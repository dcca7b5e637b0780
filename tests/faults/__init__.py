"""The rows of docs/faults.md, played against a real server: `make faults`, or `python -m tests.faults`.

`table` is what a row is and how it is judged; `rows` names them all; `lab` lends a house, browsers and networks.
"""
