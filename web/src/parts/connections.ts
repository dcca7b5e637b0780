/** For the lead: how well each seat is connected, a mark and a word; the numbers only for whoever asks for them. */
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { presence } from "../people";
import type { Room } from "../room";
import type { SeatView, Way } from "../wire.gen";
import { t } from "../words";
import { icon } from "./icon";

export function connections(room: Room): TemplateResult | typeof nothing {
  const seats = (room.common?.seats ?? []).filter((seat) => presence(seat) !== "absent");
  if (!room.console || Object.keys(room.ways).length === 0) return nothing;
  return html`<section class="ways" aria-labelledby="ways-h">
    <h2 id="ways-h">${t("ways.title")}</h2>
    <ul>
      ${repeat(
        seats,
        (seat) => seat.id,
        (seat) => seatWay(room, seat),
      )}
    </ul>
    <details class="fold">
      <summary>${t("ways.figures")}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">${t("ways.seat")}</th>
            <th scope="col">${t("ways.path")}</th>
            ${["loss", "round_trip", "jitter", "kbps"].map((figure) => html`<th scope="col" class="num">${t(`ways.${figure}`)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${seats.map(({ id }) => (room.ways[id] ? figures(room.name(id), room.ways[id]) : nothing))}
        </tbody>
      </table>
      <p class="faint">${t("ways.measured")}</p>
    </details>
  </section>`;
}

function seatWay(room: Room, seat: SeatView): TemplateResult {
  if (seat.phone) return phone(room, seat);
  const way = seat.media_lost ? undefined : room.ways[seat.id];
  const word = way?.quality ?? "none";
  const path = way?.path;
  // What is weak is said first; that there are no pictures is said in any case.
  const shown = path === "socket" || (path === "relay" && word === "good") ? path : word;
  return html`<li class=${word} data-way=${seat.id}>
    ${icon(path === "socket" ? "speaker" : word === "good" ? "signal-full" : word === "sound_only" ? "speaker" : "signal")}<span
      >${room.name(seat.id)}</span
    ><span class="word">${t(`way.${shown}`)}</span>
  </li>`;
}

function phone(room: Room, seat: SeatView): TemplateResult {
  return html`<li class="good" data-way=${seat.id}>
    ${icon("phone")}<span>${room.name(seat.id)}</span><span class="word">${t("state.phone")}</span>
  </li>`;
}

function figures(name: string, way: Way): TemplateResult {
  const ms = (value: number | null): string => (value === null ? "–" : `${value}\u00a0ms`);
  const loss = way.loss_percent.toLocaleString(document.documentElement.lang);
  return html`<tr class=${way.quality}>
    <th scope="row">${name}</th>
    <td>${way.path === "relay" || way.path === "socket" ? t(`ways.${way.path}`) : way.path.toUpperCase()}</td>
    <td class="num">${loss}&nbsp;%</td>
    <td class="num">${ms(way.round_trip_ms)}</td>
    <td class="num">${ms(way.jitter_ms)}</td>
    <td class="num">${way.kbps_up}&nbsp;/&nbsp;${way.kbps_down}</td>
  </tr>`;
}
