"""A real nginx before a server: one that drops the upgrade to a WebSocket, as some networks do, and one as
deploy/nginx.conf has it, with TLS."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.coturn import answers, certify, free_port
from tests.program import NGINX

_START_S = 20.0
_DEPLOYED = Path(__file__).parents[1] / "deploy" / "nginx.conf"
_MAIN = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    {site}
}}
"""
#: HTTP/1.1 to the server, and neither `Upgrade` nor `Connection`: nginx passes on neither by itself (RFC 9110, 7.6.1).
_STRIPPED = """
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass {server};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
        }}
    }}
"""


@asynccontextmanager
async def without_upgrade(folder: Path, server: str) -> AsyncIterator[str]:
    """An address that leads to `server`, as long as the context lasts. Its files are in `folder`, which is there."""
    port = free_port()
    async with _running(folder, _STRIPPED.format(port=port, server=server), "127.0.0.1", port):
        yield f"http://127.0.0.1:{port}"


@asynccontextmanager
async def deployed(folder: Path, server: str, address: str, upgrade: bool = True) -> AsyncIterator[None]:
    """deploy/nginx.conf on 443 of `address` before `server`, with a certificate of its own. Not `upgrade`: as some
    proxy of a company, it passes on everything but that."""
    certificate, key = certify(folder)
    site = _DEPLOYED.read_text(encoding="utf-8")
    wanted = {
        r"listen 443 ssl;": f"listen {address}:443 ssl;",
        r"listen \[::\]:443 ssl;": "",
        r"server_name \S+;": "server_name _;",
        r"ssl_certificate +\S+;": f"ssl_certificate {certificate};",
        r"ssl_certificate_key +\S+;": f"ssl_certificate_key {key};",
        r"proxy_pass \S+;": f"proxy_pass {server};",
    }
    if not upgrade:
        wanted |= {r"proxy_set_header (Upgrade|Connection) \S+;": ""}
    for line, instead in wanted.items():
        site, found = re.subn(line, instead, site)
        assert found, f"deploy/nginx.conf has no line like {line}"
    async with _running(folder, site, address, 443):
        yield


@asynccontextmanager
async def _running(folder: Path, site: str, host: str, port: int) -> AsyncIterator[None]:
    file = folder / "nginx.conf"
    file.write_text(_MAIN.format(folder=folder, site=site), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        NGINX.find(), "-p", folder, "-c", file, "-e", folder / "error.log", stdin=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(_START_S):
            while not answers(port, host):
                assert process.returncode is None, (folder / "error.log").read_text()
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
