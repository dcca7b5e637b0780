"""The ground the rest stands on: assets are found, the front end is built when and only when it changed, and the tests'
browser shows moving pictures."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from playwright.async_api import BrowserContext

from cosession import assets
from tests import chromium as chromium_of_the_tests

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    """web/build_hook.py, loaded the way the build backend does."""
    spec = importlib.util.spec_from_file_location("build_hook", ROOT / "web" / "build_hook.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small checkout with one page and everything that a build needs, this one's node_modules included."""
    root = tmp_path / "checkout"
    for name in ("cosession/__init__.py", "pyproject.toml", "LICENSE", "web/.npmrc", "web/build_hook.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for name in ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"):
        shutil.copy(ROOT / "web" / name, root / "web" / name)
    if (ROOT / "web" / "node_modules").is_dir():
        shutil.copytree(ROOT / "web" / "node_modules", root / "web" / "node_modules", symlinks=True)
    for name, text in {
        "web/src/entries/page.ts": 'import "../../styles/page.css";\ndocument.title = "page";\n',
        "web/styles/page.css": "body { margin: 0 }\n",
        "web/templates/page.html": "<title></title>\n",
        "web/locales/fr/LC_MESSAGES/cosession.po": "",
        "protocols/a.yaml": "id: a\n",
        "protocols/wire.md": "not a script\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_the_front_end_is_built_when_and_only_when_a_source_changed(hook: ModuleType, checkout: Path) -> None:
    assert hook.build(checkout) is True
    manifest = checkout / "web" / "dist" / "manifest.json"
    assert "src/entries/page.ts" in manifest.read_text()
    assert ".css" in manifest.read_text()
    assert hook.build(checkout) is False

    (checkout / "web" / "styles" / "page.css").write_text("body { margin: 1px }\n")
    assert hook.build(checkout) is True

    (checkout / "web" / "src" / "entries" / "page.ts").write_text("this is no TypeScript (\n")
    with pytest.raises(hook.BuildFailed):
        hook.build(checkout)
    with pytest.raises(hook.BuildFailed):
        hook.build(checkout)  # a failed build is not taken for a finished one


def test_a_wheel_carries_the_finished_assets(checkout: Path, tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*pip, str(tmp_path), str(checkout)], check=True, timeout=240)
    (wheel,) = tmp_path.glob("cosession-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "cosession/_assets/dist/manifest.json",
        "cosession/_assets/templates/page.html",
        "cosession/_assets/locales/fr/LC_MESSAGES/cosession.po",
        "cosession/_assets/protocols/a.yaml",
    } <= names
    assert any(name.startswith("cosession/_assets/dist/assets/page-") for name in names)
    assert "cosession/_assets/protocols/wire.md" not in names


def test_a_wheel_without_its_templates_is_refused_by_name(hook: ModuleType, checkout: Path) -> None:
    shutil.rmtree(checkout / "web" / "templates")
    (checkout / "web" / "dist").mkdir(exist_ok=True)
    with pytest.raises(hook.BuildFailed, match="web/templates"):
        hook.packed_files(checkout)


def test_assets_lie_in_the_checkout_or_else_in_the_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert assets.protocols() == ROOT / "protocols"
    assert assets.web_dist() == ROOT / "web" / "dist"

    installed = tmp_path / "cosession"
    (installed / "_assets" / "templates").mkdir(parents=True)
    monkeypatch.setattr(assets, "PACKAGE", installed)
    assert assets.templates() == installed / "_assets" / "templates"
    with pytest.raises(assets.AssetsMissing, match="make web"):
        assets.web_dist()


def test_debian_has_chromium_in_apt_and_ubuntu_has_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    release = tmp_path / "os-release"
    for text, expected in {
        'ID=debian\nVERSION_ID="12"\n': True,
        "ID=raspbian\nID_LIKE=debian\n": True,
        "ID=ubuntu\nID_LIKE=debian\n": False,
        'ID=linuxmint\nID_LIKE="ubuntu debian"\n': False,
        "ID=fedora\n": False,
    }.items():
        release.write_text(text)
        assert chromium_of_the_tests.is_debian(release) is expected, text


def test_a_named_chromium_that_does_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COSESSION_CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(chromium_of_the_tests.ChromiumMissing, match="COSESSION_CHROMIUM"):
        chromium_of_the_tests.find()


@pytest.mark.browser
async def test_the_browser_of_the_tests_shows_its_synthetic_camera(context: BrowserContext) -> None:
    page = await context.new_page()
    await page.route("**/*", lambda route: route.fulfill(content_type="text/html", body="<video muted></video>"))
    await page.goto("http://localhost/")  # a secure context: elsewhere browsers give no camera
    await page.evaluate(
        """async () => {
            const video = document.querySelector("video");
            video.srcObject = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
            await video.play();
        }"""
    )
    await page.wait_for_function("document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames > 10")


def test_the_helper_is_built_where_there_is_a_compiler_and_left_out_where_not(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "cosession" / "media" / "embedded"
    folder.mkdir(parents=True)
    assert hook.build_helper(tmp_path) is None, "there is no source"
    for name in ("send_batch.c", "send_batch.h"):
        shutil.copy(ROOT / "cosession" / "media" / "embedded" / name, folder / name)

    monkeypatch.setenv("CC", "no-such-compiler")
    assert hook.build_helper(tmp_path) is None
    assert "Python alone" in capsys.readouterr().err

    monkeypatch.delenv("CC")
    if shutil.which("cc") is None:
        return
    library = folder / "_send_batch.so"
    assert hook.build_helper(tmp_path) == library
    made = library.stat().st_mtime_ns
    assert hook.build_helper(tmp_path) == library
    assert library.stat().st_mtime_ns == made, "nothing has changed"

    (folder / "send_batch.c").write_text("this is no C\n")
    os.utime(folder / "send_batch.c", ns=(made + 10**9, made + 10**9))
    assert hook.build_helper(tmp_path) is None
    assert not library.exists()
