"""The search behind `rotation`: who has which part in which session, at the least cost.

Pure. A cost is one whole number in which each level outweighs all below it, so that the least cost is the best plan
level by level (`_LEVELS`). Every part by itself is an assignment of sessions to people, solved exactly
(`matching.assign`); what the parts share is that nobody has two in one session. Where the parts' own best choices
collide, the search branches: that person has the one part there, or has not (after G. Sharon et al., "Conflict-based
search", 2015). Nodes are opened cheapest first, so the first one without a collision is the best plan of all.

A node costs O(S² · M) for each part and collision (S sessions, M members: about a millisecond), and most programmes
need fewer than ten. The problem is as hard as any assignment in three dimensions, so nodes can double with each
collision: after `NODES` of them, less than a second, the search goes straight down to a plan that keeps every rule,
and says that it is not proven the best. That happens where hands are scarce: two qualified members in a group of six
cannot have everything once, and no part by itself knows. Prices on busy people (Lagrange multipliers, by subgradient)
were tried: slower, and not more often proven. A general solver (CP-SAT) brings tens of megabytes for this one verb.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush

from cosession.core.vocabulary import Role
from cosession.programme.matching import assign
from cosession.programme.programme import PARTS, Part, Programme

NODES = 80
#: So many collisions of a node are looked at for the one to settle.
WIDTH = 3

#: Session -> member, for one part.
Column = dict[int, str]
Columns = Mapping[Part, Column]
Ban = tuple[int, str]

#: Least first; each has 16 bits, more than any sum at its level can need (20 sessions, 12 members, 5 parts).
_LEVELS = ("load", "collide", "late", "even", "early", "change", "cover", "opens", "first", "owed")
_LOAD, _COLLIDE, _LATE, _EVEN, _EARLY, _CHANGE, _COVER, _OPENS, _FIRST, _OWED = (
    1 << 16 * level for level in range(len(_LEVELS))
)
#: What a part costs by itself, the two lowest levels left off.
_OWN = 32


@dataclass(frozen=True, slots=True)
class Found:
    """`proven`: no plan is better at any level from `late` up."""

    columns: Columns
    proven: bool


def search(programme: Programme) -> Found:
    """The best parts for the sessions to come. Raises ValueError where there are none (`rotation.obstacles`)."""
    board = _Board(programme)
    first = board.apart()
    heap = [(first.cost, len(_collisions(first.columns)), 0, first)]
    opened = 0
    for _ in range(NODES):
        *_, node = heappop(heap)
        if not _collisions(node.columns):
            return Found(board.level_out(node.columns), proven=True)
        for child in _branches(board, node):
            opened += 1
            heappush(heap, (child.cost, len(_collisions(child.columns)), opened, child))
    fixed = [board.level_out(columns) for columns in (_dive(board, heap[0][-1]), board.one_by_one()) if columns]
    return Found(min([*board.kept(), *fixed], key=board.total), proven=False)


@dataclass(frozen=True, slots=True)
class _Node:
    """Columns that are best part by part, under the bans that settled collisions so far."""

    columns: Columns
    costs: Mapping[Part, int]
    bans: Mapping[Part, frozenset[Ban]]

    @property
    def cost(self) -> int:
        """No plan under these bans costs less."""
        return sum(self.costs.values())


def _dive(board: _Board, node: _Node | None) -> Columns | None:
    """Always on to the cheaper branch, until there is no collision left, or no way."""
    while node is not None and _collisions(node.columns):
        ways = _branches(board, node)
        node = min(ways, key=lambda way: (way.cost, len(_collisions(way.columns))), default=None)
    return None if node is None else node.columns


def _branches(board: _Board, node: _Node) -> list[_Node]:
    """Two that have no plan in common, or fewer where one cannot be: somebody who is twice in a session does not have
    the first part there, or has it and no other. Of all collisions the one whose settling costs most, so that what
    cannot be helped shows early. Of the first `WIDTH` only: to look at all costs more than it saves."""
    options = []
    for number, name, part in _collisions(node.columns)[:WIDTH]:
        without = {part: frozenset({(number, name)})}
        within = {other: frozenset({(number, name)}) for other in board.parts(number)}
        within[part] = frozenset((number, rest) for rest in board.may(part, number) if rest != name)
        ways = [_banned(board, node, bans) for bans in (without, within)]
        options.append([way for way in ways if way is not None])
    return max(options, key=lambda ways: (-len(ways), sorted(way.cost for way in ways)))


def _banned(board: _Board, node: _Node, more: Mapping[Part, frozenset[Ban]]) -> _Node | None:
    """The node under more bans; only parts that a ban hits are settled anew."""
    columns, costs, bans = dict(node.columns), dict(node.costs), dict(node.bans)
    for part, new in more.items():
        bans[part] |= new
        if new & set(columns[part].items()):
            found = board.best(part, columns, bans[part])
            if found is None:
                return None
            columns[part], costs[part] = found
    return _Node(columns, costs, bans)


def _collisions(columns: Columns) -> list[tuple[int, str, Part]]:
    """Who has two parts in one session, with the first of them, in the order of sessions."""
    found = []
    for number in sorted({number for column in columns.values() for number in column}):
        holds: dict[str, Part] = {}
        for part, column in columns.items():
            if number in column:
                other = holds.setdefault(column[number], part)
                if other is not part:
                    found.append((number, column[number], other))
    return found


class _Board:
    """What never changes during a search, and the best column for a part."""

    def __init__(self, programme: Programme) -> None:
        self._last = programme.sessions.count
        self._earlier = programme.earlier
        self._done = {part: programme.done(part) for part in PARTS}
        self._may = {
            part: {
                number: frozenset(member.id for member in programme.may(part, number))
                for number in programme.coming
                if part in programme.parts(number)
            }
            for part in PARTS
        }
        self._waited = {member.id for member in programme.members if member.waited}
        self._order = [member.id for member in programme.members]
        self._opens = {number: {member.id for member in programme.there(number + 1)} for number in programme.coming}

    def best(self, part: Part, others: Columns, bans: frozenset[Ban] = frozenset()) -> tuple[Column, int] | None:
        """The cheapest column and what it costs by itself; None if some session has nobody. Among equals, whoever has
        no other part that day and few parts on the whole."""
        column = self._cheapest(part, others, bans)
        return None if column is None else (column, self._price(part, column, others) >> _OWN)

    def apart(self) -> _Node:
        """Every part at its best, as if it were alone."""
        columns: dict[Part, Column] = {}
        costs: dict[Part, int] = {}
        for part in PARTS:
            columns[part], costs[part] = self._must(part, self.best(part, columns))
        return _Node(columns, costs, dict.fromkeys(PARTS, frozenset()))

    def one_by_one(self) -> Columns:
        """Every part after the others, the most important first, among the people who are left."""
        columns: dict[Part, Column] = {}
        for part in PARTS:
            columns[part], _ = self._must(part, self.best(part, columns, self._busy(part, columns)))
        return columns

    def kept(self) -> list[Columns]:
        """The plan so far, if it can stay as it is."""
        columns: dict[Part, Column] = {
            part: {number: name for number in rows if (name := self._earlier.get(number, {}).get(part)) in rows[number]}
            for part, rows in self._may.items()
        }
        whole = all(columns[part].keys() == rows.keys() for part, rows in self._may.items())
        return [columns] if whole and not _collisions(columns) else []

    @staticmethod
    def _must(part: Part, found: tuple[Column, int] | None) -> tuple[Column, int]:
        if found is None:
            raise ValueError(f"nobody can be {part}")
        return found

    def total(self, columns: Columns) -> int:
        return sum(self._price(part, columns[part], columns) for part in PARTS)

    def parts(self, number: int) -> list[Part]:
        return [part for part in PARTS if number in self._may[part]]

    def may(self, part: Part, number: int) -> frozenset[str]:
        return self._may[part][number]

    def level_out(self, columns: Columns) -> Columns:
        """As many parts for everybody on the whole, as far as that costs nothing else: each part in turn is settled
        anew, the others as they are, until none gets better."""
        now, better = dict(columns), True
        while better:
            better = False
            for part in PARTS:
                others = {other: column for other, column in now.items() if other is not part}
                column = self._cheapest(part, others, self._busy(part, others))
                if column is not None and self._price(part, column, others) < self._price(part, now[part], others):
                    now[part], better = column, True
        return now

    def _busy(self, part: Part, others: Columns) -> frozenset[Ban]:
        """Whom the other parts have taken in the sessions of this one."""
        return frozenset(
            (number, column[number]) for column in others.values() for number in self._may[part] if number in column
        )

    def _cheapest(self, part: Part, others: Columns, bans: frozenset[Ban]) -> Column | None:
        """An assignment of sessions to (member, how many times): the costs of a member's times rise, so that the first
        ones are used first."""
        able = {
            number: [name for name in self._order if name in may and (number, name) not in bans]
            for number, may in self._may[part].items()
        }
        if not all(able.values()):
            return None
        # Nobody can have more times than sessions in which they may; with all these everybody's there is a column.
        chances = Counter(name for names in able.values() for name in names)
        loads, taken = self._loads(part, others), self._busy(part, others)
        most = 2
        while True:
            seats = [(name, times) for name, chance in chances.items() for times in range(1, min(most, chance) + 1)]
            found = assign(self._table(part, able, seats, loads, taken))
            used = {} if found is None else {number: seats[place] for number, place in zip(able, found, strict=True)}
            # A column in which nobody needs their last time is the best of all; otherwise more times may be better.
            if found is not None and all(times < most or most >= chances[name] for name, times in used.values()):
                return {number: name for number, (name, _) in used.items()}
            most *= 2

    def _table(
        self,
        part: Part,
        able: Mapping[int, list[str]],
        seats: list[tuple[str, int]],
        loads: Counter[str],
        taken: frozenset[Ban],
    ) -> list[list[int | None]]:
        """`_cost` of every seat in every session of `able`; None for whoever is not able."""
        steps = [(name, *self._step(part, name, times, loads)) for name, times in seats]
        table: list[list[int | None]] = []
        for number, names in able.items():
            fixed = {name: self._fixed(part, number, name, taken) for name in names}
            late = _LATE * (self._last - number)
            table.append([fixed[name] + step + late * again if name in fixed else None for name, step, again in steps])
        return table

    def _price(self, part: Part, column: Column, others: Columns) -> int:
        loads, taken = self._loads(part, others), self._busy(part, others)
        times: Counter[str] = Counter()
        total = 0
        for number in sorted(column):
            times[column[number]] += 1
            total += self._cost(part, number, column[number], times[column[number]], loads, taken)
        return total

    def _loads(self, part: Part, others: Columns) -> Counter[str]:
        """How many parts each has without this one, being client not counted."""
        loads: Counter[str] = Counter()
        for other in PARTS[1:]:
            loads += self._done[other]
            if other is not part:
                loads += Counter(others.get(other, {}).values())
        return loads

    def _cost(self, part: Part, number: int, name: str, times: int, loads: Counter[str], taken: frozenset[Ban]) -> int:
        """Of giving somebody a part in a session, the `times`-th of the sessions to come."""
        step, again = self._step(part, name, times, loads)
        return self._fixed(part, number, name, taken) + step + _LATE * (self._last - number) * again

    def _step(self, part: Part, name: str, times: int, loads: Counter[str]) -> tuple[int, bool]:
        """What does not depend on the session; and whether it is a second turn as client, which had better be late."""
        nth = self._done[part][name] + times
        cost = _EVEN * (2 * nth - 1)  # sums to the square of how often: least where it is spread evenly
        if part is Role.CLIENT:
            first = nth == 1 and (name in self._waited or not self._waited)
            return cost + _OWED * (nth > 1) + _FIRST * (not first), nth > 1
        cost += _LOAD * (2 * (loads[name] + times) - 1)
        if part is not Role.FACILITATOR and nth > 1:
            cost += _COVER
        return cost, False

    def _fixed(self, part: Part, number: int, name: str, taken: frozenset[Ban]) -> int:
        """What does not depend on how often somebody has the part."""
        cost = _COLLIDE if (number, name) in taken else 0
        if part is Role.CLIENT and number < self._last and name not in self._opens[number]:
            cost += _OPENS
        before = self._earlier.get(number, {}).get(part)
        if before is not None and before != name:
            cost += _CHANGE + _EARLY * (self._last - number + 1)
        return cost
