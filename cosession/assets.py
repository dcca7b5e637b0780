"""Where the files that are not Python lie: pages, translations, scripts of sessions.

In a checkout they are edited in `web/` and `protocols/`; a built wheel carries them in `cosession/_assets`, put there
by `web/build_hook.py`. Only paths live here, no reading.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


class AssetsMissing(Exception):
    """A folder that belongs to cosession is not where it should be; the text names it and the fix."""


def web_dist() -> Path:
    """The built front end: hashed files and `manifest.json`. Raises `AssetsMissing` if it was never built."""
    return _find("dist", "web/dist", "build the front end with `make web`")


def templates() -> Path:
    """Jinja templates."""
    return _find("templates", "web/templates", "the checkout is incomplete")


def locales() -> Path:
    """Translations: `{fr,en}/LC_MESSAGES/cosession.po`."""
    return _find("locales", "web/locales", "the checkout is incomplete")


def protocols() -> Path:
    """The scripts of sessions, one YAML file each."""
    return _find("protocols", "protocols", "the checkout is incomplete")


def _find(packed: str, edited: str, fix: str) -> Path:
    installed = PACKAGE / "_assets" / packed
    if installed.is_dir():
        return installed
    checkout = PACKAGE.parent / edited
    if checkout.is_dir():
        return checkout
    raise AssetsMissing(f"neither {installed} nor {checkout} exists: {fix}, or install cosession again")
