"""Programmes: who is what over the sessions of a group. Pure, like `core`, which does not know it."""
