"""A program of Debian's that some tests need: where it is, how it is obtained.

Found by its setting or in PATH. `python -m tests.program` (called by `make test`) finds each, and as root
on Debian or Ubuntu installs what is missing with apt; elsewhere it prints the command.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.chromium import ChromiumMissing, run, say

_PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


class ProgramMissing(Exception):
    """A test cannot run without it; the text is the command that installs it."""


@dataclass(frozen=True)
class Program:
    """`setting`: the environment variable that names another one."""

    name: str
    package: str
    setting: str

    def find(self) -> Path:
        """Raises `ProgramMissing`."""
        named = os.environ.get(self.setting)
        found = named or shutil.which(self.name, path=_PLACES)
        if found is None:
            raise ProgramMissing(f"no {self.name} here: `make test` installs it, or set {self.setting} to its path")
        if not Path(found).is_file():
            raise ProgramMissing(f"{self.setting} names {found}, which is no file: correct or unset it")
        return Path(found)

    def obtain(self) -> None:
        """Install it with the rights the caller has. Raises `ProgramMissing` with the command that needs more."""
        if shutil.which("apt-get") is None:
            raise ProgramMissing(f"the tests need {self.name}: install it, or set {self.setting} to its path")
        install = ["apt-get", "install", "-y", "--no-install-recommends", self.package]
        if os.geteuid() != 0:
            raise ProgramMissing(
                f"the tests need {self.name}. Install it, then run `make test` again:\n"
                f"    sudo apt-get update && sudo {' '.join(install)}"
            )
        say(f"installing {self.package} with apt")
        try:
            run(["apt-get", "update", "-q"])
            run(install)
        except ChromiumMissing as failed:
            raise ProgramMissing(f"{str(failed).splitlines()[0]}\nInstall {self.package} by hand") from None
        # The package may start a service: the tests run processes of their own.
        if shutil.which("systemctl"):
            subprocess.run(["systemctl", "disable", "--now", self.package], capture_output=True, check=False)


COTURN = Program("turnserver", "coturn", "COSESSION_TURNSERVER")
NGINX = Program("nginx", "nginx-light", "COSESSION_NGINX")
#: For tests that need root anyway (`tests/faults/network.py`): others go without.
IP = Program("ip", "iproute2", "COSESSION_IP")
NFT = Program("nft", "nftables", "COSESSION_NFT")


def main() -> int:
    for program in (COTURN, NGINX, *((IP, NFT) if os.geteuid() == 0 else ())):
        try:
            try:
                program.find()
            except ProgramMissing:
                if program.setting in os.environ:
                    raise
                program.obtain()
                program.find()
        except ProgramMissing as missing:
            say(str(missing))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
