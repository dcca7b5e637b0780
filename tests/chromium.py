"""A real Chromium for the tests: where it is, how it is obtained. How it is started: `cosession.bench.chromium`.

Found in this order: COSESSION_CHROMIUM, PATH, Playwright's own. `python tests/chromium.py` (called by `make test`)
prints its path, and obtains one if there is none: as root on Debian with apt, elsewhere as a download of Playwright.
What needs other rights than the caller's is printed as a command, never done.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from cosession.bench.chromium import NAMES


class ChromiumMissing(Exception):
    """There is no Chromium to test with; the text is the command that fixes it."""


def find() -> Path:
    """The Chromium of this machine. Raises `ChromiumMissing`."""
    if named := os.environ.get("COSESSION_CHROMIUM"):
        if not starts(Path(named)):
            raise ChromiumMissing(
                f"COSESSION_CHROMIUM names {named}, which does not start as Chromium: correct or unset it"
            )
        return Path(named)
    installed = [Path(path) for name in NAMES if (path := shutil.which(name))]
    for found in [*installed, *playwrights_own()]:
        if starts(found):
            return found
    raise ChromiumMissing("no Chromium here: `make test` obtains one, or set COSESSION_CHROMIUM to its path")


def starts(path: Path) -> bool:
    """True if it is there with all its libraries (Ubuntu's chromium-browser may be a signpost to a snap)."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and b"Chrom" in done.stdout


def playwrights_own() -> list[Path]:
    """Where Playwright keeps its Chromium, if it has one and its driver starts. In a process of its own: Playwright
    leaves an event loop."""
    ask = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, timeout=60, check=False)
    path = Path(done.stdout.strip())
    return [path] if done.returncode == 0 and path.is_file() else []


def driver_starts() -> bool:
    """Whether Playwright's own driver runs here: it needs libatomic, which a bare system lacks."""
    ask = "from playwright.sync_api import sync_playwright as s\nwith s(): pass"
    return subprocess.run([sys.executable, "-c", ask], capture_output=True, timeout=60, check=False).returncode == 0


def obtain() -> None:
    """Install a Chromium with the rights the caller has. Raises `ChromiumMissing` with the command that needs more."""
    if is_debian():
        install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium", "libatomic1"]
        if os.geteuid() != 0:
            raise ChromiumMissing(
                "the tests need Chromium. Install it, then say `make test` again:\n"
                f"    sudo apt-get update && sudo {' '.join(install)}\n"
                "or set COSESSION_CHROMIUM to the path of one"
            )
        say("installing Chromium with apt")
        run(["apt-get", "update", "-q"])
        run(install)
        return
    own = [sys.executable, "-m", "playwright", "install", "chromium"]
    say("downloading Playwright's Chromium")
    if os.geteuid() == 0:
        run([*own, "--with-deps"])
        return
    run(own)
    if not any(starts(path) for path in playwrights_own()):
        raise ChromiumMissing(
            "Playwright's Chromium lacks libraries of the system. Install them, then say `make test` again:\n"
            f"    sudo {sys.executable} -m playwright install-deps chromium"
        )


def is_debian(os_release: Path = Path("/etc/os-release")) -> bool:
    """True where apt has Chromium as a package: Debian and its kin, but not Ubuntu, whose package is a snap."""
    if shutil.which("apt-get") is None or not os_release.is_file():
        return False
    pairs = (line.partition("=") for line in os_release.read_text().splitlines())
    release = {key: value.strip('"') for key, _, value in pairs}
    kin = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    return "debian" in kin and "ubuntu" not in kin


def run(command: list[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment, check=False)
    if done.returncode != 0:
        raise ChromiumMissing(
            f"`{' '.join(command)}` failed (its reason stands above).\n"
            "Install Chromium by hand and set COSESSION_CHROMIUM to its path"
        )


def say(text: str) -> None:
    print(f"tests: {text}", file=sys.stderr, flush=True)


def main() -> int:
    try:
        try:
            path = find()
        except ChromiumMissing:
            if "COSESSION_CHROMIUM" in os.environ:
                raise
            obtain()
            path = find()
        if not driver_starts():
            raise ChromiumMissing(
                "Playwright's driver does not start: a library of the system is missing. On Debian or Ubuntu:\n"
                "    sudo apt-get update && sudo apt-get install libatomic1"
            )
    except ChromiumMissing as missing:
        say(str(missing))
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
