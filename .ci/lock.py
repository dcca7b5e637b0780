"""Write the lock files from pyproject.toml: `make lock`.

pip resolves, this writes: exact versions, no hosts and no hashes, so that any index the user has configured will do.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOT_ON_WINDOWS = {"uvloop"}


def resolve(requirements: list[str]) -> dict[str, str]:
    """Name -> version of everything that these need."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-"]
    report = json.loads(subprocess.run([*command, *requirements], check=True, stdout=subprocess.PIPE).stdout)
    return {item["metadata"]["name"].lower(): item["metadata"]["version"] for item in report["install"]}


def write(name: str, purpose: str, versions: dict[str, str]) -> None:
    lines = [f"# {purpose} Written by `make lock` from pyproject.toml."]
    for package, version in sorted(versions.items()):
        marker = "; sys_platform != 'win32'" if package in NOT_ON_WINDOWS else ""
        lines.append(f"{package}=={version}{marker}")
    (ROOT / name).write_text("\n".join(lines) + "\n")


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed, extras = project["dependencies"], project["optional-dependencies"]
    everything = resolve([*needed, *extras["simulate"], *extras["build"], *extras["dev"]])
    run = {name: everything[name] for name in resolve(needed)}
    simulate = {name: everything[name] for name in resolve(extras["simulate"]) if name not in run}
    build = {name: everything[name] for name in resolve(extras["build"]) if name not in run}
    known = run | simulate | build
    dev = {name: version for name, version in everything.items() if name not in known}
    write("requirements.lock", "What cosession runs on.", run)
    write("requirements-simulate.lock", "What simulated managers and benchmarks need.", simulate)
    write("requirements-build.lock", "What its front end is built with.", build)
    write("requirements-dev.lock", "What it is tested and checked with.", dev)


if __name__ == "__main__":
    main()
