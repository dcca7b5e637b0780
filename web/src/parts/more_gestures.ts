/** The lead's rarer gestures, folded away: leave a phase out, move the end, hand the lead over, end the session. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import type { Preview } from "../wire.gen";
import { wordingButton } from "./charter_wording";
import { t } from "../words";
import { consequence, ending } from "./preview";

export function moreGestures(room: Room): TemplateResult | typeof nothing {
  const { common } = room;
  if (!common) return nothing;
  const deputy = common.deputy;
  const previews = room.console?.previews ?? [];
  const skips = previews.filter((one) => one.gesture === "skip_phase");
  const end = (by_s: number): Preview | undefined =>
    previews.find((one) => one.gesture === "move_end" && one.by_s === by_s);
  const [later, earlier] = [end(300), end(-300)];
  return html`<section class="more" aria-label=${t("more.title")}>
    ${
      deputy && !room.isMe(deputy) && room.may("hand_over_lead")
        ? html`<co-confirm
            .room=${room}
            .words=${t("more.hand_over", { name: room.name(deputy) })}
            .ask=${t("more.hand_over_ask", { name: room.name(deputy) })}
            .yes=${t("more.hand_over_yes")}
            .icon=${""}
            .act=${() => void room.ask({ type: "hand_over_lead" })}
          ></co-confirm>`
        : nothing
    }
    <details class="fold">
      <summary><h2>${t("more.title")}</h2></summary>
      <div class="btns">
        ${room.may("care_pause") ? html`<co-confirm .room=${room} .words=${t("more.care")} .ask=${t("more.care_ask")} .yes=${t("more.care_yes")} .gesture=${"care_pause"} .icon=${"cup"} .act=${() => void room.ask({ type: "care_pause" })}></co-confirm>` : nothing}
        ${later && room.may("move_end") ? html`<co-confirm .room=${room} .words=${t("more.move_end")} .ask=${`${consequence(room, later)} ${t("more.move_end_ask")}`} .yes=${t("more.move_end_yes")} .gesture=${"move_end"} .icon=${"plus"} .act=${() => void room.ask({ type: "move_end", by_s: 300 })}></co-confirm>` : nothing}
        ${earlier ? html`<co-confirm .room=${room} .words=${t("more.earlier")} .ask=${consequence(room, earlier)} .yes=${t("more.earlier_yes")} .gesture=${"move_end_earlier"} .icon=${"clock"} .act=${() => void room.ask({ type: "move_end", by_s: -300 })}></co-confirm>` : nothing}
        ${room.may("propose_charter") ? wordingButton() : nothing}
        ${skips.map(({ phase }, index) => (phase ? skip(room, phase, skips[index]) : nothing))}
      </div>
      ${room.may("close_session") ? html`<div class="ending">${ending(room, "leave")}</div>` : nothing}
    </details>
  </section>`;
}

function skip(room: Room, phase: string, shown: Preview | undefined): TemplateResult {
  const title = room.phaseTitle(phase);
  return html`<co-confirm
    .room=${room}
    .words=${t("more.skip", { phase: title })}
    .ask=${`${t("more.skip_ask", { phase: title })} ${shown ? consequence(room, shown) : ""}`}
    .yes=${t("more.skip_yes")}
    .icon=${"skip"}
    .act=${() => void room.ask({ type: "skip_phase", phase })}
  ></co-confirm>`;
}
