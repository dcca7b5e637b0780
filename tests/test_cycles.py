"""No module imports itself by way of others: imports inside functions and for types alone count, too.

grimp, which import-linter brings, reads the imports; what is found is every strongly connected set of modules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import grimp


def cycles(imports: Mapping[str, Iterable[str]]) -> list[set[str]]:
    """Sets of modules that import one another (Tarjan, "Depth-first search and linear graph algorithms", 1972)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(module: str) -> None:
        number[module] = low[module] = len(number)
        stack.append(module)
        for other in imports.get(module, ()):
            if other not in number:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], number[other])
        if low[module] == number[module]:
            at = stack.index(module)
            together = set(stack[at:])
            del stack[at:]
            if len(together) > 1:
                found.append(together)

    for module in imports:
        if module not in number:
            visit(module)
    return found


def test_modules_do_not_import_one_another() -> None:
    graph = grimp.build_graph("cosession", exclude_type_checking_imports=False, cache_dir=None)
    imports = {module: sorted(graph.find_modules_directly_imported_by(module)) for module in sorted(graph.modules)}
    assert [sorted(cycle) for cycle in cycles(imports)] == []


def test_a_cycle_is_found() -> None:
    assert cycles({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}) == [{"a", "b", "c"}]
    assert cycles({"a": ["b", "c"], "b": ["c"], "c": []}) == []
    assert cycles({"a": ["b"], "b": ["a"], "c": ["d"], "d": ["c"]}) == [{"a", "b"}, {"c", "d"}]
