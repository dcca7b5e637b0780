/** The frame where nobody conducts: everybody may begin, go on and pause. And what belongs to whoever holds the keys: to undo, to say a recall, the ways out of a care pause. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import type { SeatCommand } from "../wire.gen";
import { quote, t, text } from "../words";
import { card } from "./cards";
import { icon } from "./icon";
import { consequence, ending, told } from "./preview";

/** For a member of a script without a facilitator: the same few gestures for all. */
export function frame(room: Room): TemplateResult | typeof nothing {
  const { common, own, nextPhase } = room;
  if (!common || !own || common.conducted || !own.holds_keys) return nothing;
  const now = common.now;
  const ready = own.prompt.key === "lobby_alone" || own.prompt.key === "alone_next";
  const act = (command: SeatCommand, name: string, words: string, shines = false, told = false): TemplateResult =>
    html`<button
      class="btn ${shines ? "primary" : ""}"
      data-gesture=${command.type}
      aria-describedby=${told ? "frame-told" : nothing}
      @click=${() => void room.ask(command)}
    >
      ${icon(name)}${words}
    </button>`;
  const next = common.previews.find((one) => one.gesture === "next_phase" && one.changes.length > 0);
  const leaving = common.previews.find((one) => one.gesture === "next_phase");
  const losing = leaving?.losses ?? [];
  const onward = nextPhase ? t("console.next_phase", { phase: text(nextPhase.title) }) : t("console.finish");
  const care = room.held("care");
  return html`<section class="frame ${ready || room.may("resume") ? "ready" : ""}" aria-labelledby="frame-h">
    <h2 id="frame-h">${t("frame.title")}</h2>
    ${recall(room)}
    <div class="btns">
      ${room.may("start_session") ? act({ type: "start_session" }, "play", t("console.start"), ready) : nothing}
      ${now && room.may("next_step") && now.step + 1 < now.steps ? act({ type: "next_step", phase: now.phase, step: now.step }, "next", t("console.next_step")) : nothing}
      ${now && room.may("next_phase") && losing.length === 0 ? act({ type: "next_phase", phase: now.phase }, "skip", onward, ready, next !== undefined) : nothing}
      ${now && room.may("next_phase") && leaving && losing.length > 0 ? html`<co-confirm .room=${room} .words=${onward} .ask=${told(room, leaving).join(" ")} .yes=${t("preview.lose_yes")} .gesture=${"next_phase"} .icon=${"skip"} .act=${() => void room.ask({ type: "next_phase", phase: now.phase, losing })}></co-confirm>` : nothing}
      ${room.may("pause") && !care ? act({ type: "pause" }, "pause", t("console.pause")) : nothing}
      ${room.may("resume") && !care ? act({ type: "resume" }, "play", t("console.resume"), true) : nothing}
      ${room.may("move_end") ? act({ type: "move_end", by_s: 300 }, "plus", t("more.move_end")) : nothing}
    </div>
    ${next && nextPhase ? html`<p class="dim" id="frame-told">${t("preview.next", { phase: text(nextPhase.title) })}&nbsp;: ${consequence(room, next)}</p>` : nothing}
    ${care ? careExits(room) : nothing} ${undo(room)} ${ending(room, "", true)}
  </section>`;
}

/** « Annuler », for five seconds after the last « next ». It stands where nothing else moves when it goes. */
export function undo(room: Room): TemplateResult | typeof nothing {
  const { own, common } = room;
  const now = common?.now;
  if (!own?.undo || !now || !room.may("undo")) return nothing;
  return html`<co-undo .room=${room} .countdown=${own.undo} .phase=${now.phase}></co-undo>`;
}

/** The client wants the group back at the request: somebody says it aloud. */
export function recall(room: Room): TemplateResult | typeof nothing {
  const { own, common } = room;
  if (!own?.recalled || !common?.client) return nothing;
  const request = common.captures.filter((one) => one.capture === "request").at(-1)?.fields["text"];
  return card(
    "recall",
    t("recall.title", { name: room.name(common.client) }),
    request ? html`<p class="voice">${quote(request)}</p>` : t("recall.what"),
    room.may("say_recall")
      ? html`<button class="btn" data-gesture="say_recall" @click=${() => void room.ask({ type: "say_recall" })}>
          ${icon("check")}${t("recall.said")}
        </button>`
      : nothing,
  );
}

/** Out of a care pause: four ways, each with what it brings. Only those that are open here. */
export function careExits(room: Room): TemplateResult | typeof nothing {
  const lead = room.own?.leads ?? false;
  const client = room.common?.client;
  const name = client ? room.name(client) : t("role.client");
  const exit = (key: string, gesture: TemplateResult): TemplateResult =>
    html`<li>
      ${gesture}<span class="dim"
        >${key === "smaller" && room.isMe(client ?? null) ? t("care.smaller.you") : t(`care.${key}.what`, { name })}</span
      >
    </li>`;
  const sure = (key: string, command: SeatCommand, grave = false): TemplateResult =>
    html`<co-confirm
      .room=${room}
      .words=${t(`care.${key}`)}
      .ask=${t(`care.${key}.ask`)}
      .yes=${t(`care.${key}`)}
      .gesture=${command.type}
      .icon=${""}
      .grave=${grave}
      .act=${() => void room.ask(command)}
    ></co-confirm>`;
  if (!room.may("resume")) return nothing;
  return html`<ul class="exits">
    ${exit("resume", html`<button class="btn primary" data-gesture="resume" @click=${() => void room.ask({ type: "resume" })}>${icon("play")}${t("care.resume")}</button>`)}
    ${client ? exit("smaller", html`<button class="btn" data-gesture="resume_smaller" @click=${() => void room.ask({ type: "resume", smaller: true })}>${t("care.smaller")}</button>`) : nothing}
    ${lead && room.may("suspend_session") ? exit("suspend", sure("suspend", { type: "suspend_session" })) : nothing}
    ${lead && room.may("stop_session") ? exit("stop", sure("stop", { type: "stop_session" }, true)) : nothing}
  </ul>`;
}
