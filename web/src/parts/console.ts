/**
 * The lead's centre: the next gesture first, its consequence before the click, then what runs beside the clock. Ending is
 * far from pausing, and nothing that is not allowed is shown.
 */
import { html, nothing, type TemplateResult } from "lit";
import { define, Part } from "../part";
import type { Preview, SeatCommand } from "../wire.gen";
import { length, list, t, text } from "../words";
import { careExits, recall, undo } from "./frame";
import { icon } from "./icon";
import { clientAway, pauseWanted } from "./lead_cards";
import { phoned } from "./phone";
import { preview } from "./preview";
import { sentence } from "./prompt";
import { careWords, mediaWords } from "./role_card";
import { typed } from "./stage";

/** A server that was away for less is not worth a sentence. */
const SAID_MS = 10_000;

/** A gesture whose consequence is being read. */
interface Considered {
  command: SeatCommand;
  title: string;
  yes: string;
}

class Console extends Part {
  #considered: Considered | null = null;
  #phase = "";

  protected override willUpdate(): void {
    const phase = this.room.common?.now?.phase ?? "";
    if (phase !== this.#phase) this.#considered = null; // its subject has moved
    this.#phase = phase;
  }

  protected override render(): TemplateResult {
    const { own, common } = this.room;
    if (!own || !common) return html``;
    return html`<section class="card role conduct" id="role" aria-labelledby="role-h" tabindex="-1">
      <h2 id="role-h">${t("console.next_gesture")}</h2>
      <p class="do">${sentence(this.room, own.prompt)}</p>
      ${own.prompt.key === "lead_pass" && this.room.console?.passes ? html`<p class="dim"><co-time-left .room=${this.room} .countdown=${this.room.console.passes} .words=${"console.passes_in"}></co-time-left></p>` : nothing}
      ${this.#serverAway()} ${mediaWords(this.room)} ${this.#standsIn()} ${typed(this.room)}
      ${own.my_turn && own.typed ? html`<co-typed-turn .room=${this.room}></co-typed-turn>` : nothing}
      ${pauseWanted(this.room)} ${phoned(this.room)} ${recall(this.room)} ${clientAway(this.room)}
      ${this.room.held("care") ? html`${careWords(this.room)} ${careExits(this.room)}` : html`${this.#now()} ${this.#considered ? this.#consider(this.#considered) : nothing} ${this.#forward()}`}
    </section>`;
  }

  /** The server was away or stood still: what looks like a clock that lost its place is explained. */
  #serverAway(): TemplateResult | typeof nothing {
    const away_ms = this.room.wall(this.room.console?.outage_ms ?? 0) - this.room.wall(0);
    if (away_ms < SAID_MS) return nothing;
    return html`<p class="dim">${t("console.server_away", { time: length(away_ms) })}</p>`;
  }

  /** A deputy who leads: in whose place, and how far. */
  #standsIn(): TemplateResult | typeof nothing {
    const { common, own, console } = this.room;
    if (console?.unqualified) return html`<p class="dim">${t("console.unqualified")}</p>`;
    if (!common?.facilitator || own?.role === "facilitator") return nothing;
    return html`<p class="dim">${t("console.stands_in", { name: this.room.name(common.facilitator) })}</p>`;
  }

  /** For the floor and the clock, now. One button at most shines, and only when it is time for it. */
  #now(): TemplateResult | typeof nothing {
    const { common, own } = this.room;
    const turn = common?.floor.turn;
    const now = common?.now;
    const may = (one: SeatCommand["type"]): boolean => this.room.may(one);
    const over = own?.prompt.key === "lead_pass";
    const holder = turn ? this.room.name(turn.seat) : "";
    const next = common?.floor.next;
    const paused = may("resume") || this.room.standing;
    const media = this.room.held("media");
    return html`<div class="btns">
      ${may("resume") ? this.#act({ type: "resume" }, "play", t("console.resume"), "primary") : nothing}
      ${may("start_session") ? this.#act({ type: "start_session" }, "play", t("console.start"), "primary") : nothing}
      ${turn && may("end_turn") && this.room.isMe(turn.seat) && !media ? this.#act({ type: "end_turn", turn: turn.number }, "check", t("gesture.finished")) : nothing}
      ${turn && may("take_back_floor") && !paused && !this.room.isMe(turn.seat) ? this.#act({ type: "take_back_floor", turn: turn.number }, "next", next && next !== turn.seat && turn.kind !== "ask" ? t("console.pass_to", { name: this.room.name(next) }) : t("console.take_back", { name: holder }), over ? "primary" : "") : nothing}
      ${turn && may("extend_turn") && !paused ? this.#act({ type: "extend_turn", turn: turn.number, by_s: 30 }, "plus", t("console.extend_turn", { name: this.room.isMe(turn.seat) ? t("seat.me") : holder })) : nothing}
      ${now && may("extend_phase") ? this.#think({ type: "extend_phase", phase: now.phase, by_s: 60 }, "plus", t("console.extend_phase"), t("preview.extend", { phase: this.room.phaseTitle(now.phase) }), t("preview.extend_yes")) : nothing}
      ${turn && may("keep_silence") && !paused ? html`<button class="btn" data-gesture="keep_silence" aria-pressed=${turn.silence} @click=${() => void this.room.ask({ type: "keep_silence", turn: turn.number, on: !turn.silence })}>${icon("quiet")}${t(turn.silence ? "console.silence_kept" : "console.keep_silence")}</button>` : nothing}
      ${may("pause") && !may("resume") ? this.#act({ type: "pause" }, "pause", t("console.pause")) : nothing}
      ${media && may("suspend_session") ? html`<co-confirm .room=${this.room} .words=${t("care.suspend")} .ask=${t("care.suspend.ask")} .yes=${t("care.suspend")} .gesture=${"suspend_session"} .icon=${""} .act=${() => void this.room.ask({ type: "suspend_session" })}></co-confirm>` : nothing}
      ${may("resume_session") ? this.#act({ type: "resume_session" }, "play", t("console.resume_session"), "primary") : nothing}
    </div>`;
  }

  /** Onward, apart from the rest: who has not spoken is said beside it. */
  #forward(): TemplateResult | typeof nothing {
    const { common, own, nextPhase } = this.room;
    const now = common?.now;
    if (!now || this.room.held("suspended")) return nothing;
    const silent = (this.room.console?.not_spoken ?? []).filter((seat) => this.room.seat(seat)?.role === "consultant");
    const time = own?.prompt.key === "lead_next" || own?.prompt.key === "lead_close";
    const last = !nextPhase;
    return html`<div class="forward">
      ${undo(this.room)}
      <p class="faint">
        ${silent.length > 0 && now.floor !== "silent_writing" ? t("console.not_spoken", { count: silent.length, names: list(silent.map((seat) => this.room.name(seat))) }) : nothing}
      </p>
      <div class="btns">
        ${this.room.may("next_step") && now.step + 1 < now.steps ? this.#act({ type: "next_step", phase: now.phase, step: now.step }, "next", t("console.next_step")) : nothing}
        ${this.room.may("next_phase") ? this.#think({ type: "next_phase", phase: now.phase }, "skip", last ? t("console.finish") : t("console.next_phase", { phase: text(nextPhase.title) }), last ? t("preview.finish") : t("preview.next", { phase: text(nextPhase.title) }), last ? t("preview.finish_yes") : t("preview.next_yes"), time && !this.#considered ? "primary" : "") : nothing}
      </div>
    </div>`;
  }

  #consider({ command, title, yes }: Considered): TemplateResult {
    const phase = "phase" in command ? command.phase : null;
    const close = (): void => this.#thinkOf(null);
    const confirm = async (): Promise<void> => {
      close();
      await this.room.ask(asked);
    };
    const shown = this.#preview(command.type, phase);
    const losing = command.type === "next_phase" ? (shown?.losses ?? []) : [];
    const asked: SeatCommand = losing.length > 0 && command.type === "next_phase" ? { ...command, losing } : command;
    return html`<section
      class="preview"
      role="group"
      aria-labelledby="preview-h"
      @keydown=${(event: KeyboardEvent) => event.key === "Escape" && close()}
    >
      <h3 id="preview-h" tabindex="-1">${title}</h3>
      ${preview(this.room, shown)}
      <div class="btns">
        <button class="btn primary" data-confirm=${command.type} @click=${() => void confirm()}>
          ${losing.length > 0 ? t("preview.lose_yes") : yes}</button
        ><button class="btn bare" @click=${close}>${t("preview.no")}</button>
      </div>
    </section>`;
  }

  #preview(gesture: string, phase: string | null): Preview | undefined {
    const found = this.room.console?.previews.filter((one) => one.gesture === gesture) ?? [];
    return found.find((one) => one.phase === phase) ?? found[0];
  }

  #act(command: SeatCommand, name: string, words: string, kind = ""): TemplateResult {
    const shines = kind === "primary" && !this.#considered ? "primary" : "";
    return html`<button class="btn ${shines}" data-gesture=${command.type} @click=${() => void this.room.ask(command)}>
      ${icon(name)}${words}
    </button>`;
  }

  #think(command: SeatCommand, name: string, words: string, title: string, yes: string, kind = ""): TemplateResult {
    const open = this.#considered?.command.type === command.type;
    return html`<button
      class="btn ${kind}"
      data-gesture=${command.type}
      aria-expanded=${open}
      @click=${() => this.#thinkOf(open ? null : { command, title, yes })}
    >
      ${icon(name)}${words}
    </button>`;
  }

  #thinkOf(considered: Considered | null): void {
    this.#considered = considered;
    this.requestUpdate();
    if (considered) void this.updateComplete.then(() => this.querySelector<HTMLElement>("#preview-h")?.focus());
  }
}

define("co-console", Console);
