"""Who goes where at the least cost, and who is one too many: two classic algorithms on small tables.

Pure; knows nothing of sessions. Sources: H. W. Kuhn, "The Hungarian method" (1955), in O(rows² · columns);
P. Hall, "On representatives of subsets" (1935), by augmenting paths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def assign(costs: Sequence[Sequence[int | None]]) -> list[int] | None:
    """A column of its own for every row, so that the sum of the costs is least; None in `costs` is forbidden.
    Answers None if there is no such choice. The same table always gives the same answer."""
    width = len(costs[0]) if costs else 0
    ways = [[(column, cost) for column, cost in enumerate(row) if cost is not None] for row in costs]
    row_price = [0] * len(costs)
    column_price = [0] * width
    taken_by: list[int | None] = [None] * width
    for start in range(len(costs)):
        # A shortest path from `start` to a free column, by Dijkstra on reduced costs.
        near: dict[int, int] = {}
        before: dict[int, int | None] = {}
        done: dict[int, int] = {}
        row, reached = start, 0
        column: int | None = None
        while True:
            base = reached - row_price[row]
            for other, cost in ways[row]:
                if other not in done:
                    way = base + cost - column_price[other]
                    if other not in near or way < near[other]:
                        near[other], before[other] = way, column
            if not near:
                return None
            reached, column = min(zip(near.values(), near, strict=True))
            del near[column]
            owner = taken_by[column]
            if owner is None:
                break
            done[column] = reached
            row = owner
        row_price[start] += reached
        for other, distance in done.items():
            column_price[other] -= reached - distance
            row_price[taken_by[other] or 0] += reached - distance
        step: int | None = column
        while step is not None:
            previous = before[step]
            taken_by[step] = start if previous is None else taken_by[previous]
            step = previous
    found = [0] * len(costs)
    for index, owner in enumerate(taken_by):
        if owner is not None:
            found[owner] = index
    return found


def overfull(choices: Mapping[str, Sequence[int]]) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    """Everybody in `choices` needs a place of their own among those named. Answers the groups of people that have
    fewer places than heads, each with the places that they share; empty if everybody finds one."""
    owner: dict[int, str] = {}

    def place(person: str, tried: set[int]) -> bool:
        for spot in choices[person]:
            if spot not in tried:
                tried.add(spot)
                if spot not in owner or place(owner[spot], tried):
                    owner[spot] = person
                    return True
        return False

    left_out = [person for person in choices if not place(person, set())]
    groups: list[tuple[set[str], set[int]]] = []
    for person in left_out:
        people, spots = {person}, set[int]()
        while fresh := {spot for one in people for spot in choices[one]} - spots:
            spots |= fresh
            people |= {owner[spot] for spot in fresh}
        for joined in [group for group in groups if group[0] & people]:
            groups.remove(joined)
            people |= joined[0]
            spots |= joined[1]
        groups.append((people, spots))
    return [(tuple(one for one in choices if one in people), tuple(sorted(spots))) for people, spots in groups]
