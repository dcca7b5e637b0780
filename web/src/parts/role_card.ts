/** "Your role now": one sentence, its cues, the order, and only the gestures that would be accepted. Saffron when it is your turn. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import type { SeatCommand, TurnView } from "../wire.gen";
import { t, text } from "../words";
import { icon } from "./icon";
import { order } from "./order";
import { phoneWay } from "./phone";
import { sentence } from "./prompt";
import { types } from "./typed_turn";

interface Gesture {
  words: string;
  icon?: string;
  command: SeatCommand;
  /** `quiet`: waiting needs no button that shines. `plain`: a real button, never the one that shines. */
  kind?: "quiet" | "plain";
  /** What is said once it was accepted, where nothing else shows it. */
  told?: string;
}

export function roleCard(room: Room): TemplateResult {
  const { own, common } = room;
  if (!own || !common) return html``;
  const care = room.held("care");
  const still = care || room.held("media") || room.unheard;
  const mine = own.my_turn && !still;
  const soon = own.turns_until_mine === 1 && !own.my_turn && !still;
  const heading = care ? "care.title" : mine ? "role.your_turn" : soon ? "role.soon" : "role.now";
  return html`<section
    class="card role ${mine ? "turn" : ""} ${soon ? "soon" : ""}"
    id="role"
    aria-labelledby="role-h"
    tabindex="-1"
  >
    <h2 id="role-h">${t(heading)}</h2>
    <p class="do">${sentence(room, own.prompt)}</p>
    ${room.standing ? nothing : ownTime(room)}
    ${cueless(room) ? nothing : own.cues.map((cue) => html`<p class="cue">${text(cue)}</p>`)} ${careWords(room)}
    ${mediaWords(room)} ${own.my_turn || care || room.held("suspended") ? nothing : order(room)}
    ${buttons(room, gestures(room))}
  </section>`;
}

/** A group that needs no help from the script: no cues, no labels, no countdown of turns. */
export function free(room: Room): boolean {
  return room.common?.guidance === "free";
}

/** The script's cue would contradict what is asked for at this moment. */
function cueless(room: Room): boolean {
  const key = room.own?.prompt.key;
  return free(room) || room.standing || key === "client_smaller" || key === "speak_thanked" || key === "client_thanked";
}

/** In a care pause: who may be heard, and that nothing is kept of it. */
export function careWords(room: Room): TemplateResult | typeof nothing {
  if (!room.held("care")) return nothing;
  const { client, conducted, vacant } = room.common ?? {};
  const mine = room.isMe(client ?? null);
  const alone = mine ? "care.heard_alone_client" : "care.heard_alone";
  const led = mine ? "care.heard_client" : room.own?.leads ? "care.heard_lead" : "care.heard";
  const heard = conducted && !vacant ? led : alone;
  const words = client ? t(heard, { name: room.name(client) }) : nothing;
  return html`<p class="dim">${words}</p>
    <p class="dim">${t("care.hidden")}</p>`;
}

/** While nobody's picture and sound arrive, or one's own do not: what becomes of one's turn, and where else the group can talk. */
export function mediaWords(room: Room): TemplateResult | typeof nothing {
  const { own, me } = room;
  const alone = room.unheard || (me?.media_lost ?? false) || room.media.path === "failed";
  if (room.held("suspended") || me?.phone || !(alone || room.held("media"))) return nothing;
  if (!room.held("media"))
    return html`${room.unheard ? html`<p class="dim">${t("held_media.turn")}</p>` : nothing} ${phoneWay(room)}`;
  const words = own?.leads ? "held_media.lead" : own?.my_turn ? "held_media.turn" : "held_media.wait";
  return html`<p class="dim">${t(words)}</p>
    ${phoneWay(room)}`;
}

/** In one's own turn: what is left, or that it is time to conclude; in silent writing: the step's time. */
function ownTime(room: Room): TemplateResult | typeof nothing {
  const turn = room.common?.floor.turn;
  if (room.own?.my_turn && turn) {
    if (free(room) || turn.thanked || turn.silence) return nothing;
    if (turn.overrun !== "none") return html`<p class="conclude">${t("role.conclude")}</p>`;
    return html`<p class="dim">
      <co-time-left .room=${room} .countdown=${turn.countdown} .words=${"turn.left"}></co-time-left>
    </p>`;
  }
  const now = room.common?.now;
  if ((now?.floor !== "silent_writing" && !now?.silence) || !now.step_countdown) return nothing;
  return html`<p class="dim">
    <co-time-left .room=${room} .countdown=${now.step_countdown} .words=${"write.left"}></co-time-left>
  </p>`;
}

export function gestures(room: Room): Gesture[] {
  const { own, common } = room;
  const now = common?.now;
  const turn = common?.floor.turn;
  if (!own) return [];
  const found: Gesture[] = [];
  const heard = !room.held("media") && !room.unheard;
  if (heard && own.my_turn && !own.typed && own.mic_reason === "yours" && room.may("set_microphone"))
    found.push({ words: t("mic.open_mine"), icon: "mic", command: { type: "set_microphone", microphone: "open" } });
  if (heard && room.may("end_turn") && turn)
    found.push({
      words: t(endWords(turn)),
      icon: "check",
      command: { type: "end_turn", turn: turn.number },
      ...(types(room) ? { kind: "plain" } : {}),
    });
  if (room.may("mark_done") && now)
    found.push({
      words: t("gesture.mark_done"),
      icon: "check",
      command: { type: "mark_done", phase: now.phase, step: now.step },
    });
  if (room.may("raise_hand"))
    found.push({ words: t("gesture.question"), icon: "hand", command: { type: "raise_hand", kind: "question" } });
  if (own.may.includes("raise_hand_follow_up"))
    found.push({ words: t("gesture.follow_up"), icon: "reply", command: { type: "raise_hand", kind: "follow_up" } });
  if (room.may("thank") && turn && room.phase?.family === "help")
    found.push({
      words: t("gesture.thank"),
      icon: "check",
      command: { type: "thank", turn: turn.number },
      kind: "plain",
    });
  if (room.may("recall_request"))
    found.push({
      words: t("gesture.recall"),
      icon: "compass",
      command: { type: "recall_request" },
      kind: "plain",
      told: t("recall.told"),
    });
  if (common?.vacant && room.may("resume") && common.conducted)
    found.push({ words: t("care.resume"), icon: "play", command: { type: "resume" }, kind: "plain" });
  const armable =
    own.turns_until_mine !== null &&
    !own.typed &&
    !own.my_turn &&
    room.devices.microphone !== null &&
    !["open", "yours", "armed"].includes(own.mic_reason);
  if (armable && room.may("set_microphone"))
    found.push({
      words: t("mic.arm"),
      icon: "mic",
      command: { type: "set_microphone", microphone: "armed" },
      kind: "plain",
    });
  if (room.may("lower_hand"))
    found.push({ words: t("gesture.lower_hand"), command: { type: "lower_hand" }, kind: "quiet" });
  if (room.may("pass_turn") && now)
    found.push({
      words: t("gesture.pass_turn"),
      command: { type: "pass_turn", phase: now.phase, step: now.step },
      kind: "quiet",
    });
  return found;
}

function endWords(turn: TurnView): string {
  return turn.kind === "ask" ? "gesture.asked" : turn.kind === "answer" ? "gesture.answered" : "gesture.finished";
}

/** At most one button shines: the first that is not quiet. */
export function buttons(room: Room, found: Gesture[]): TemplateResult | typeof nothing {
  if (found.length === 0) return nothing;
  const first = found.find((one) => one.kind === undefined);
  return html`<div class="btns">
    ${found.map(
      (one) =>
        html`<button
          class="btn ${one === first ? "primary" : ""} ${one.kind === "quiet" ? "bare" : ""}"
          data-gesture=${one.command.type}
          @click=${() => void (one.told ? room.askAndSay(one.command, one.told) : room.ask(one.command))}
        >
          ${one.icon ? icon(one.icon) : nothing}${one.words}
        </button>`,
    )}
  </div>`;
}
