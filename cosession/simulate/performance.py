"""The whole script, played by simulated managers on a server, and judged.

The facilitator creates the session, everybody joins by their link, the script runs to its end; then the log is
verified by the operations listener, and what was heard is judged against it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from cosession.simulate import words
from cosession.simulate.browsing import Browser, PageRefused, origin
from cosession.simulate.channel import by_events, by_socket
from cosession.simulate.company import Company, Invitation
from cosession.simulate.connection import local_ms
from cosession.simulate.endurance import Reading, judge_memory, judge_time
from cosession.simulate.options import Options
from cosession.simulate.progress import Progress
from cosession.simulate.residents import Residents
from cosession.simulate.verdict import Verdict, hearable_spans, judge_media

#: From the session's creation to its scheduled start, in seconds of real time: everybody has to be there by then.
LOBBY_S = 3.0
LOBBY_WITH_MEDIA_S = 15.0
#: A run that takes longer than its script by this factor and these seconds has failed.
LONGEST_FACTOR = 1.5
LONGEST_EXTRA_S = 90.0
#: After the end, the server may be asked again for so long: it may be starting anew.
ASK_AGAIN_S = 20.0
Answer = TypeVar("Answer")
CONTRACT, ACTION, LEARNING = "request", "action", "learning"


class Performance:
    """One run. `sign_in` and `ops_sign_in` are called when needed: a server that is started anew prints new links.
    `server` is the process id of a server that runs here, if its memory is to be looked at."""

    def __init__(
        self,
        options: Options,
        sign_in: Callable[[], str],
        ops_sign_in: Callable[[], str | None],
        progress: Progress,
        server: int | None = None,
    ) -> None:
        self._options = options
        self._sign_in = sign_in
        self._ops_sign_in = ops_sign_in
        self._progress = progress
        self._own_server = server is not None
        self._residents = Residents(server)
        self.company = Company(
            options.seed,
            options.managers + options.conducted,
            options.media,
            opener=by_events if options.events else by_socket,
        )
        self.session = ""
        self.verdict = Verdict(options.script, options.speed)

    async def play(self) -> Verdict:
        """Create, join, play, judge. Raises `PageRefused` if the session cannot be made; everything later is in the
        verdict's errors."""
        try:
            await self.company.start()
            await self._gather()
            await self._perform()
            await self._judge()
            return self.verdict
        finally:
            await self.company.leave()

    async def _gather(self) -> None:
        invitations = await self._create()
        self._progress.say(f"{len(invitations)} seats join")
        # The last two consultants keep sending sound whatever their floor: nobody may hear it.
        rebels = [each.seat for each in invitations if each.seat != "f"][-2:] if self.company.studio else []
        await self.company.join(invitations, rebels)
        self.verdict.seats = len(invitations)
        late = await self.company.ready()
        self.verdict.errors += [f"seat {seat} did not get into the room with its media" for seat in late]

    async def _create(self) -> list[Invitation]:
        options = self._options
        people = options.managers
        browser = Browser()
        link = self._sign_in()
        await browser.sign_in(link)
        wanted = {
            "script": options.script,
            "title": words.title(options.language),
            "language": options.language,
            "starts_in_s": LOBBY_WITH_MEDIA_S if options.media else LOBBY_S,
            "participants": list(words.NAMES[:people]),
            "client": 0,
            "number": 2,
            "previous_client": people - 1,
            "speed": options.speed,
        }
        if options.conducted:
            jobs = {"deputy": 1, "timekeeper": people - 1, "scribe": 2}
            wanted |= {"facilitator": words.FACILITATOR, "qualified": [1], **jobs}
        made = await browser.post_json(origin(link) + "/sessions", wanted)
        self.session = made["session"]
        return [Invitation(each["seat"], each["name"], each["link"]) for each in made["links"]]

    async def _perform(self) -> None:
        script_s = self._script_s()
        planned_s = script_s / self._options.speed
        clocks = self.company.clocks()
        watchers = [asyncio.create_task(self._watch()), asyncio.create_task(self._residents.watch(planned_s))]
        try:
            self.verdict.closed = await self.company.finished(planned_s * LONGEST_FACTOR + LONGEST_EXTRA_S)
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
        self._judge_endurance(script_s, clocks)
        managers = self.company.managers.values()
        self.verdict.closed = self.verdict.closed and all(manager.closed.is_set() for manager in managers)

    def _script_s(self) -> float:
        """What the session was planned to last, as its view says."""
        lasts = [m.view.common for m in self.company.managers.values() if m.view is not None and m.view.common]
        return max((common.ends_at_ms - common.starts_at_ms for common in lasts), default=0) / 1000

    async def _watch(self) -> None:
        while True:
            view = next(iter(self.company.managers.values())).view
            if view is not None and view.common is not None and view.common.now is not None:
                now = view.common.now
                done = sum(phase.spent_ms for phase in view.common.phases[: now.index]) // 60_000
                self._progress.say(f"minute {done:2}  {now.phase}")
            await asyncio.sleep(0.2)

    # -- what it proved ------------------------------------------------------------------------------------------

    async def _judge(self) -> None:
        verdict = self.verdict
        races: Counter[str] = Counter()
        for manager in self.company.managers.values():
            verdict.errors += manager.doings.errors
            races += manager.doings.races
        if races:
            self._progress.say("overtaken by events: " + ", ".join(f"{what} {n}" for what, n in races.most_common()))
        await self._count_captures()
        verified = await self._verify()
        if verified is not None:
            verdict.phases = verified["phases"]
            verdict.events = verified["events"]
            verdict.replay_equal = verified["replay_equal"]
        if self.company.studio is not None:
            await self._judge_media(verified)

    def _judge_endurance(self, script_s: float, clocks_at_start: Reading) -> None:
        seen = [manager.first_seen for manager in self.company.managers.values()]
        lasted = next(
            ((each["running"], each["closed"]) for each in seen if {"running", "closed"} <= each.keys()), None
        )
        readings = clocks_at_start, self.company.clocks()
        self.verdict.time = judge_time(self._options.speed, script_s or None, lasted, readings)
        self.verdict.memory = judge_memory(self._residents.seen, self._residents.every_s, self._own_server)

    async def _judge_media(self, verified: dict[str, Any] | None) -> None:
        assert self.company.studio is not None
        clock = next(iter(self.company.managers.values())).connection.clock
        senses = await self.company.studio.senses()
        hearable = [] if verified is None or not clock.known else verified["hearable"]
        spans = hearable_spans(
            [(at_ms, seats) for at_ms, seats in hearable],
            lambda session_ms: clock.local_ms(session_ms) / 1000,
            local_ms() / 1000,
        )
        self.verdict.media = judge_media(senses, list(self.company.managers), spans)

    async def _verify(self) -> dict[str, Any] | None:
        """What the operations listener says of the log; None without a link to it."""

        async def ask() -> dict[str, Any] | None:
            link = self._ops_sign_in()
            if link is None:
                return None
            browser = Browser()
            await browser.sign_in(link)
            answer: dict[str, Any] = await browser.get_json(f"{origin(link)}/verify/{self.session}")
            return answer

        return await self._patiently(ask, "verify")

    async def _count_captures(self) -> None:
        """What everybody can read afterwards; and nothing that was acknowledged may be missing."""
        verdict = self.verdict
        for seat, manager in self.company.managers.items():

            async def ask(seat: str = seat) -> list[dict[str, Any]]:
                url = f"{self.company.pages[seat]}/writings"
                read: list[dict[str, Any]] = await self.company.browsers[seat].get_json(url)
                return read

            read = await self._patiently(ask, f"writings of {seat}") or []
            mine = [(each["capture"], each["fields"]) for each in read if each["seat"] == seat]
            kinds = [capture for capture, _ in mine]
            verdict.contract = verdict.contract or CONTRACT in kinds
            verdict.actions += kinds.count(ACTION)
            verdict.learnings += LEARNING in kinds
            verdict.errors += [f"seat {seat}: an acknowledged {lost} is lost" for lost in manager.doings.lost(mine)]

    async def _patiently(self, ask: Callable[[], Awaitable[Answer | None]], what: str) -> Answer | None:
        give_up_ms = local_ms() + ASK_AGAIN_S * 1000
        while True:
            try:
                return await ask()
            except PageRefused as refused:
                if refused.status != 0 or local_ms() > give_up_ms:
                    self.verdict.errors.append(f"{what}: {refused}")
                    return None
            await asyncio.sleep(0.2)
