"""A browser that lacks what may be missing, a way that never opens, and a tab that is closed by mistake."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Dialog, expect

from tests.browser.house import House
from tests.browser.person import until

pytestmark = pytest.mark.browser

#: Everything optional at once, storage refused included.
_BARE = """{
  delete RTCRtpTransceiver.prototype.setCodecPreferences;
  delete RTCRtpReceiver.getCapabilities;
  delete RTCRtpSender.getCapabilities;
  delete RTCPeerConnection.prototype.setConfiguration;
  delete RTCPeerConnection.prototype.restartIce;
  delete RTCRtpSender.prototype.setParameters;
  delete HTMLMediaElement.prototype.setSinkId;
  delete MediaDevices.prototype.enumerateDevices;
  for (const name of ['AudioContext', 'Notification', 'Worker', 'matchMedia']) window[name] = undefined;
  for (const name of ['wakeLock', 'locks', 'userActivation', 'clipboard'])
    Object.defineProperty(Navigator.prototype, name, {get: () => undefined});
  for (const name of ['sessionStorage', 'localStorage'])
    Object.defineProperty(window, name, {get() { throw new DOMException('', 'SecurityError'); }});
  Intl.ListFormat = Intl.PluralRules = undefined;
  const get = RTCPeerConnection.prototype.getStats;
  RTCPeerConnection.prototype.getStats = async function () {
    const report = new Map(await get.call(this));
    for (const [id, entry] of report)
      if (entry.type === 'candidate-pair' || entry.type === 'transport') report.delete(id);
    return report;
  };
}"""
_NO_PEERS = "document.addEventListener('readystatechange', () => { window.RTCPeerConnection = undefined; });"
#: A proxy that swallows what it was given: neither a socket nor events ever answer.
_SWALLOWED = """
  window.WebSocket = class { readyState = 0; close() {} send() {} };
  const fetch = window.fetch;
  window.fetch = (where, ...more) => /events/.test(where) ? new Promise(() => {}) : fetch(where, ...more);
"""


async def test_a_bare_browser_takes_part_and_what_it_cannot_do_is_named(house: House) -> None:
    made = await house.make(3)
    lead = await house.guest(made, "f")
    await lead.enter()
    bare = await house.seat(made, "p1", script=_BARE)
    mute = await house.seat(made, "p2", script=_NO_PEERS)
    shut = await house.seat(made, "p3", script=_SWALLOWED)
    await asyncio.gather(bare.open(), mute.open(), shut.open())
    await expect(bare.page.locator("[data-lack=storage]")).to_be_visible()
    await expect(mute.page.locator("[data-lack=pictures]")).to_be_visible()
    await expect(mute.page.locator(".banner").first).to_contain_text("WebRTC")
    for person in (bare, mute):
        await person.enter()
    await bare.sees(["f"])
    await lead.sees(["p1"])
    await bare.page.wait_for_timeout(9000)  # longer than silence is believed: nothing can be measured here
    state = await bare.state()
    assert state["path"] == "connected"
    by_page = await mute.state()
    assert (by_page["path"], by_page["rung"]) == ("connected", "socket"), "sound comes through the page itself"
    await expect(mute.page.locator("[data-lack=pictures]")).to_be_visible()

    await expect(shut.page.get_by_role("heading", name="La salle ne répond pas")).to_be_visible(timeout=20_000)
    await expect(shut.page.get_by_role("link", name="Vérifier ce réseau")).to_be_visible()


async def test_the_browser_asks_before_the_tab_of_whoever_leads_is_closed_and_of_nobody_else(house: House) -> None:
    made = await house.make(2)
    lead, listener = await house.enter(made, "f", "p2")
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    for person in (lead, listener):
        person.page.on("dialog", stay)
    await lead.press("start_session")
    await until(lambda: lead.phase != "", what="the first phase")
    await listener.page.locator("body").click(
        position={"x": 5, "y": 5}
    )  # browsers ask only whoever has touched the page
    await listener.page.goto("about:blank")
    await lead.page.close(run_before_unload=True)
    await until(lambda: asked == ["beforeunload"], what="the question")
    assert not lead.page.is_closed()
