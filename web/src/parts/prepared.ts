/** For whoever leads, before the start: how the others will come, as far as they have tried; and who has not. */
import { html, nothing, type TemplateResult } from "lit";
import { verdict } from "../check";
import type { Room } from "../room";
import { list, t } from "../words";
import { icon } from "./icon";

export function prepared(room: Room): TemplateResult | typeof nothing {
  const { checks, common } = room;
  if (!checks || !room.console || common?.status !== "lobby") return nothing;
  const others = common.seats.filter((seat) => !room.isMe(seat.id) && seat.presence === "absent");
  const untried = others.filter((seat) => !checks[seat.id]).map((seat) => seat.name);
  const tried = others.flatMap((seat) => (checks[seat.id] ? [{ name: seat.name, works: checks[seat.id] ?? [] }] : []));
  const good = tried.filter(({ works }) => works.includes("microphone") && ["direct", "tcp"].includes(verdict(works)));
  const told = tried.filter((one) => !good.includes(one));
  if (others.length === 0) return nothing;
  return html`<section class="prepared" aria-labelledby="prepared-h">
    <h2 id="prepared-h">${t("prepared.title")}</h2>
    <ul>
      ${told.map(
        ({ name, works }) =>
          html`<li>
            ${icon(verdict(works) === "relay" ? "signal" : "warn")}<span
              >${verdict(works) === "direct" || verdict(works) === "tcp" ? nothing : t(`prepared.${verdict(works)}`, { name })}
              ${works.includes("microphone") ? nothing : t("prepared.no_microphone", { name })}</span
            >
          </li>`,
      )}
      ${untried.length > 0 ? html`<li class="faint">${icon("clock")}${t("prepared.untried", { count: untried.length, names: list(untried) })}</li>` : nothing}
      ${good.length > 0 ? html`<li class="faint">${icon("check")}${t("prepared.good", { count: good.length, names: list(good.map(({ name }) => name)) })}</li>` : nothing}
    </ul>
  </section>`;
}
