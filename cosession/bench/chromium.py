"""How a Chromium is started that shows what the media plane does: for the benchmarks, and for the tests, which find and
install one themselves (`tests/chromium.py`)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

#: Synthetic camera and microphone, no prompts, no traffic of its own, and WebRTC over loopback.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)


async def launch(
    playwright: Playwright,
    path: Path | str | None,
    instead: Mapping[str, str] = MappingProxyType({}),
    also: Sequence[str] = (),
) -> Browser:
    """Start the Chromium at `path`, Playwright's own for None; the caller closes it. `instead` puts another flag in the
    place of one of `FLAGS`, `also` adds some."""
    flags = [*(instead.get(flag, flag) for flag in FLAGS), *also]
    return await playwright.chromium.launch(executable_path=path, headless=True, args=flags)


def named() -> str | None:
    """The Chromium of COSESSION_CHROMIUM or of PATH; None leaves it to Playwright."""
    return os.environ.get("COSESSION_CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)
