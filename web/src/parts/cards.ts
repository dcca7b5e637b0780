/** What waits for an answer or wants to be known once: beside the role card, each a sentence and at most two gestures. */
import { html, nothing, type TemplateResult } from "lit";
import type { Room } from "../room";
import { inThisTab } from "../storage";
import type { CatchUp, CharterVoteView, EndProposalView, Job, Note } from "../wire.gen";
import { length, list, minutes, t, text, timeOfDay, typeset } from "../words";
import { icon } from "./icon";

export function cards(room: Room): TemplateResult[] {
  const { common, own } = room;
  if (!common || !own) return [];
  return [
    ...room.notes.map((note) => noteCard(room, note)),
    ...(common.end_proposal ? [laterEnd(room, common.end_proposal)] : []),
    ...own.offers.map((job) => offer(room, job)),
    ...(common.charter_vote ? [charterVote(room, common.charter_vote)] : []),
    ...(own.withdrawn > 0 ? [withdrawn(room)] : []),
    ...(own.catch_up ? [catchUp(room, own.catch_up)] : []),
  ].filter((one): one is TemplateResult => one !== nothing);
}

/** One card: what it is about, what it says, what can be done. */
export function card(
  name: string,
  title: string,
  words: TemplateResult | string | typeof nothing,
  gestures: TemplateResult | typeof nothing = nothing,
): TemplateResult {
  return html`<section class="card ask" data-card=${name} aria-labelledby="card-${name}">
    <h2 id="card-${name}">${title}</h2>
    ${typeof words === "string" ? html`<p>${words}</p>` : words}
    ${gestures === nothing ? nothing : html`<div class="btns">${gestures}</div>`}
  </section>`;
}

function noteCard(room: Room, note: Note): TemplateResult {
  const lead = room.common?.lead;
  const by = note.seat ? room.name(note.seat) : lead && !room.isMe(lead) ? room.name(lead) : t("role.facilitator");
  const words = [note.preset ? t(`note.${note.preset}`) : "", typeset(note.line)].filter(Boolean).join(" ");
  return card(
    `note-${note.id}`,
    t("note.from", { name: by }),
    html`<p class="voice">${words}</p>`,
    html`<button class="btn small" data-gesture="note_read" @click=${() => room.putAway(note.id)}>
      ${icon("check")}${t("note.read")}
    </button>`,
  );
}

/** A later end: silence is consent, and a refusal has no name. */
function laterEnd(room: Room, proposal: EndProposalView): TemplateResult {
  const end = timeOfDay(room.wall((room.common?.ends_at_ms ?? 0) + proposal.by_ms));
  const left = html`<co-time-left .room=${room} .countdown=${proposal.until} .words=${"end.silence"}></co-time-left>`;
  if (room.own?.leads) return card("end", t("end.proposed", { time: end }), html`<p class="dim">${left}</p>`);
  return card(
    "end",
    t("end.stay", { time: minutes(proposal.by_ms) }),
    html`<p>${t("end.would", { time: end })} <span class="dim">${left}</span></p>`,
    room.may("refuse_end")
      ? html`<button
            class="btn"
            data-gesture="refuse_end"
            @click=${() => void room.askAndSay({ type: "refuse_end" }, t("end.refused_by_me"))}
          >
            ${t("end.refuse")}</button
          ><span class="faint">${t("end.private")}</span>`
      : nothing,
  );
}

function offer(room: Room, job: Job): TemplateResult {
  const answer = (accept: boolean) => (): void => void room.ask({ type: "answer_job", job, accept });
  return card(
    `offer-${job}`,
    t("offer.title", { job: t(`job.${job}`) }),
    t(`offer.what.${job}`),
    html`<button class="btn" data-gesture="answer_job" @click=${answer(true)}>${icon("check")}${t("offer.yes")}</button
      ><button class="btn bare" data-gesture="decline_job" @click=${answer(false)}>${t("offer.no")}</button>`,
  );
}

/** The group decides by consent: nobody is counted by name, one objection is enough to go on talking. */
function charterVote(room: Room, vote: CharterVoteView): TemplateResult {
  const key = `charter.${room.boot.session}.${room.boot.seat}.${vote.version}`;
  const mine = inThisTab.get(key); // what I answered is told to nobody, not even back to me
  const answer = (consents: boolean) => (): void =>
    void room.ask({ type: "answer_charter", version: vote.version, consents }).then(({ ok }) => {
      if (ok) inThisTab.set(key, consents ? "consents" : "objects");
      room.changed();
    });
  const button = (consents: boolean): TemplateResult =>
    html`<button
      class="btn"
      data-gesture=${consents ? "consent" : "object"}
      aria-pressed=${mine === (consents ? "consents" : "objects")}
      @click=${answer(consents)}
    >
      ${mine === (consents ? "consents" : "objects") ? icon("check") : nothing}${t(consents ? "vote.consent" : "vote.object")}
    </button>`;
  const counts = [
    t("vote.consents", { count: vote.consents }),
    vote.objections > 0 ? t("vote.objections", { count: vote.objections }) : "",
    vote.waiting > 0 ? t("vote.waiting", { count: vote.waiting }) : "",
  ].filter(Boolean);
  const member = room.own?.role === "client" || room.own?.role === "consultant";
  return card(
    "charter",
    t(member ? "vote.title" : "vote.running"),
    html`<ul class="voice">
        ${vote.lines.map((line) => html`<li>${typeset(line)}</li>`)}
      </ul>
      <p class="faint">${list(counts)}. ${vote.objections > 0 ? t("vote.talk") : ""}</p>`,
    member
      ? html`${button(true)}${button(false)}`
      : room.may("propose_charter")
        ? html`<button class="btn bare" @click=${() => void room.ask({ type: "propose_charter", lines: [] })}>
            ${t("vote.withdraw")}
          </button>`
        : nothing,
  );
}

/** Another is client now: what I wrote as client is mine, and I may have it erased. Asked once more before it is gone. */
function withdrawn(room: Room): TemplateResult | typeof nothing {
  if (room.isAway("withdrawn")) return nothing;
  const asked = room.isAway("withdrawn-asked");
  return card(
    "withdrawn",
    t("withdrawn.title"),
    t(asked ? "withdrawn.sure" : "withdrawn.words"),
    html`<button class="btn" data-gesture="keep_withdrawn" @click=${() => room.putAway("withdrawn")}>
        ${t("withdrawn.keep")}</button
      ><button
        class="btn ${asked ? "grave" : "bare"}"
        data-gesture="erase_withdrawn"
        @click=${() => (asked ? void room.eraseWithdrawn() : room.putAway("withdrawn-asked"))}
      >
        ${t(asked ? "withdrawn.erase_now" : "withdrawn.erase")}
      </button>`,
  );
}

/** On one's return: what went on, in one look, and away with it. */
function catchUp(room: Room, missed: CatchUp): TemplateResult | typeof nothing {
  const name = `return-${missed.away_ms}`;
  if (room.isAway(name)) return nothing;
  const phases = [...new Set(missed.phases.map((key) => room.phaseTitle(key)))];
  return card(
    "catch-up",
    t("return.title", { time: length(missed.away_ms) }),
    html`<p>
      ${phases.length > 1 ? t("return.phases", { phases: list(phases) }) : t("return.same", { phase: phases[0] ?? "" })}
      ${missed.written > 0 ? t("return.written", { count: missed.written }) : nothing}
    </p>`,
    html`<button class="btn small" data-gesture="caught_up" @click=${() => room.putAway(name)}>
      ${icon("check")}${t("return.read")}
    </button>`,
  );
}

/** The charter as it stands. */
export function charterLines(room: Room): TemplateResult {
  return html`<ul class="voice">
    ${(room.common?.charter ?? []).map((line) => html`<li>${text(line)}</li>`)}
  </ul>`;
}
