/** What asks something of the lead, apart from the clock: a pause that is wanted, a client who is away, an end that slips, a job without its seat. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import type { ClientAway, Job, Option, Remedy, SeatCommand } from "../wire.gen";
import { length, list, minutes, t, timeOfDay } from "../words";
import { card } from "./cards";
import { icon } from "./icon";
import "./pick";

/** Somebody needs a pause; the lead alone knows who, and opens it or not. */
export function pauseWanted(room: Room): TemplateResult | typeof nothing {
  const seats = room.console?.pause_wanted ?? [];
  if (seats.length === 0 || room.held("care")) return nothing;
  return card(
    "pause",
    t("pause.wanted", { count: seats.length, names: list(seats.map((seat) => room.name(seat))) }),
    html`<p class="dim">${t("pause.wanted_what")}</p>`,
    html`${room.may("care_pause") ? html`<button class="btn primary" data-gesture="care_pause" @click=${() => void room.ask({ type: "care_pause" })}>${icon("cup")}${t("pause.open_care")}</button>` : nothing}`,
  );
}

/** The clock waits for the client: what is within reach, in the engine's order. */
export function clientAway(room: Room): TemplateResult | typeof nothing {
  const away = room.console?.client_away;
  if (!away) return nothing;
  const name = room.name(away.seat);
  return html`<ul class="exits" data-card="client-away">
    ${away.options.map(
      (option) =>
        html`<li>${way(room, away, option)}<span class="dim">${t(`away.${option}.what`, { name })}</span></li>`,
    )}
  </ul>`;
}

function way(room: Room, { seat, reserve, phone }: ClientAway, option: Option): TemplateResult {
  const act = (command: SeatCommand, words: string): TemplateResult =>
    html`<button class="btn" data-gesture=${command.type} @click=${() => void room.ask(command)}>${words}</button>`;
  switch (option) {
    case "wait":
      return html`<strong>${t("away.wait")}</strong>`;
    case "phone":
      return html`<a class="btn" href="tel:${(phone ?? "").replace(/[^+\d]/g, "")}">${icon("phone")}${phone}</a>`;
    case "go_on":
      return act({ type: "go_on" }, t("away.go_on", { name: room.name(seat) }));
    case "change_client":
      return html`<co-pick
        .room=${room}
        .seats=${reserve}
        .label=${t("away.change_client.label")}
        .words=${t("away.change_client")}
        .gesture=${"change_client"}
        .act=${(one: string) => void room.ask({ type: "change_client", seat: one })}
      ></co-pick>`;
    case "suspend_session":
      return html`<co-confirm
        .room=${room}
        .words=${t("care.suspend")}
        .ask=${t("care.suspend.ask")}
        .yes=${t("care.suspend")}
        .gesture=${"suspend_session"}
        .icon=${""}
        .act=${() => void room.ask({ type: "suspend_session" })}
      ></co-confirm>`;
  }
}

/** « Ce qui peut aider »: the end slips, and each fix is one click with what it gains. */
export function remedies(room: Room): TemplateResult | typeof nothing {
  const found = room.console?.remedies ?? [];
  const late_ms = room.common?.late_ms ?? 0;
  if (found.length === 0 || late_ms <= 0 || room.common?.end_proposal) return nothing;
  return card(
    "remedies",
    t("remedy.title", { time: minutes(late_ms) }),
    html`<ul class="remedies">
      ${found.slice(0, 4).map(
        (one) =>
          html`<li>
            <button class="btn small" data-gesture=${`remedy_${one.gesture}`} @click=${() => void room.ask(fix(one))}>
              ${remedyWords(room, one)}
            </button>
            <span class="faint">${gain(room, one)}</span>
          </li>`,
      )}
    </ul>`,
  );
}

function fix({ gesture, phase, by_s }: Remedy): SeatCommand {
  if (gesture === "skip_phase" && phase) return { type: "skip_phase", phase };
  if (gesture === "extend_phase" && phase) return { type: "extend_phase", phase, by_s };
  return { type: "move_end", by_s };
}

/** A later end gains nothing: it agrees on the one that is shown already, instead of the one that was promised. */
function gain(room: Room, { gesture, gains_ms }: Remedy): string {
  if (gesture === "move_end") return t("remedy.instead", { time: timeOfDay(room.wall(room.common?.ends_at_ms ?? 0)) });
  return t("remedy.gains", { time: length(Math.round(gains_ms / 15_000) * 15_000) });
}

function remedyWords(room: Room, { gesture, phase, by_s }: Remedy): string {
  if (gesture === "skip_phase") return t("remedy.skip", { phase: room.phaseTitle(phase ?? "") });
  if (gesture === "extend_phase") return t("remedy.shorten", { phase: room.phaseTitle(phase ?? "") });
  return t("remedy.later", { time: timeOfDay(room.wall((room.common?.ends_at_ms ?? 0) + by_s * 1000)) });
}

/** A job whose seat is away may be offered to somebody who is here. */
export function openJobs(room: Room): TemplateResult[] {
  return (room.console?.open_jobs ?? []).map((job) => {
    const seats = candidates(room, job);
    return card(
      `job-${job}`,
      t("job.open", { job: t(`job.${job}`) }),
      html`<p class="dim">${t("job.open_what")}</p>`,
      seats.length === 0
        ? nothing
        : html`<co-pick
            .room=${room}
            .seats=${seats}
            .label=${t("job.offer_to", { job: t(`job.${job}`) })}
            .words=${t("job.offer")}
            .gesture=${"offer_job"}
            .act=${(seat: string) => void room.askAndSay({ type: "offer_job", job, seat }, t("job.offered", { name: room.name(seat) }))}
          ></co-pick>`,
    );
  });
}

export function candidates(room: Room, job: Job): string[] {
  return (room.common?.seats ?? [])
    .filter((seat) => seat.presence !== "absent" && seat.joined && !seat.jobs.includes(job))
    .filter((seat) => seat.role === "consultant" || (seat.role === "client" && job !== "deputy"))
    .sort((a, b) => Number(a.role === "client") - Number(b.role === "client"))
    .map((seat) => seat.id);
}

/** Who speaks how much among the consultants: bars in the order of the seats, no figures, never a ranking. */
export function balance(room: Room): TemplateResult | typeof nothing {
  const talk = Object.entries(room.console?.talk ?? {});
  const most = Math.max(...talk.map(([, ms]) => ms), 0);
  if (most === 0) return nothing;
  return html`<details class="fold balance">
    <summary><h2>${t("balance.title")}</h2></summary>
    <p class="faint">${t("balance.what")}</p>
    <ul>
      ${talk.map(([seat, ms]) => html`<li><span>${room.name(seat)}</span><meter min="0" max=${most} .value=${ms} aria-label=${room.name(seat)}></meter></li>`)}
    </ul>
  </details>`;
}
