"""Fill the empty seats of a room that somebody watches (`--fill`): simulated managers sit down wherever nobody has
opened the seat yet, and behave until the session closes. They never start it: that is for whoever watches.

The link is the facilitator's own; the other seats' links come from its page. The facilitator's seat stays free for
the one who watches."""

from __future__ import annotations

from cosession.simulate.browsing import Browser, PageRefused
from cosession.simulate.company import Company, Invitation
from cosession.simulate.options import Options, Unusable
from cosession.simulate.progress import Progress

#: Watched by people: larger than what is only counted.
PICTURE = (320, 240)


async def fill(options: Options, link: str, progress: Progress) -> int:
    """Returns the exit status when the session has closed. Raises `Unusable` if the link does not lead to a session or
    nobody is missing; cancelled, everybody leaves."""
    browser = Browser()
    try:
        page = (await browser.open(link)).partition("?")[0].rstrip("/").removesuffix("/after")
        links = await browser.get_json(f"{page}/links")
    except PageRefused as refused:
        raise Unusable(f"--fill: {refused}; it wants the facilitator's own link of an open session") from None
    empty = [
        Invitation(each["seat"], each["name"], each["link"])
        for each in links
        if each["role"] != "facilitator" and each["link"] and not each["opened"]
    ]
    taken = [each["name"] for each in links if each["role"] != "facilitator" and each["opened"]]
    withdrawn = [each["name"] for each in links if each["role"] != "facilitator" and not each["link"]]
    left_out = "".join(
        f"; left out: {', '.join(names)} ({why})"
        for names, why in ((taken, "somebody has opened the seat"), (withdrawn, "the link was withdrawn"))
        if names
    )
    if not empty:
        raise Unusable(f"--fill: there is no seat that nobody has opened{left_out}")
    company = Company(options.seed, len(empty), options.media, PICTURE)
    try:
        await company.start()
        await company.join(empty)
        late = await company.ready(start=False)
        progress.say(
            f"{len(empty) - len(late)} of {len(empty)} simulated managers are in the room{left_out}; Ctrl-C ends them"
        )
        await company.finished(None)
    finally:
        await company.leave()
    errors = [error for manager in company.managers.values() for error in manager.doings.errors]
    for error in errors:
        progress.say(error)
    return 1 if errors else 0
