// The wire between browser and server, as types. Written by `cosession schema` from cosession/wire: do not edit,
// change the pydantic messages and run `cosession schema`.

export const MESSAGE_BYTES = 16384;
export const OFFER_BYTES = 49152;
export const BAD_IN_A_ROW = 10;

export interface Accepted {
  type: "accepted";
  id: string;
  seq: number;
}

/** In the lobby: if I am client and drop, the advice goes on without me, and I read it afterwards. */
export interface AgreeGoingOn {
  type: "agree_going_on";
  agreed: boolean;
}

/** Consent to the proposed wording, or object. */
export interface AnswerCharter {
  type: "answer_charter";
  version: number;
  consents: boolean;
}

/** Take an offered job, or decline. */
export interface AnswerJob {
  type: "answer_job";
  job: Job;
  accept: boolean;
}

/** A command. The same `id` again gets the same answer and has no second effect. */
export interface Ask {
  type: "command";
  id: string;
  command: SeatCommand;
}

/** « J'ai besoin d'une pause »: only the lead learns who asked. */
export interface AskPause {
  type: "ask_pause";
}

/** When a phase rings softly. */
export type Bell =
  | "start"
  | "warning"
  | "end";

/**
 * What the room page embeds as JSON. The addresses are paths on the same origin; `words` maps a msgid to its
 * text.
 */
export interface Boot {
  session: string;
  seat: string;
  language: string;
  socket: string;
  sound: string;
  events: string;
  writings: string;
  withdrawn: string;
  after: string;
  rehearsal: boolean;
  backup_line: string;
  build: string;
  words: Record<string, string>;
}

export type BrowserMessage =
  | Ask
  | ClockPing
  | Hello
  | MediaOffer
  | MediaRung
  | MediaState
  | NetworkCheck
  | Pong
  | SaveDraft
  | SendNote;

/** One field of a capture: a text, a choice among `options`, or a date (ISO 8601). */
export interface CaptureField {
  id: string;
  kind: "text" | "line" | "choice" | "date";
  title: Text;
  required: boolean;
  max_length: number;
  options: string[];
}

/** Something that is written down in a phase (method.md: `capture`). */
export interface CaptureSpec {
  id: string;
  title: Text;
  by: Who[];
  fields: CaptureField[];
  visible: Visibility;
  reveal: Reveal;
  many: boolean;
  at_most: number | null;
  steps: number[];
  early: boolean;
  also_in: string[];
  in_sight: boolean;
  keep: boolean;
  for_client: boolean;
  lint: boolean;
  open_h: number;
}

export interface CaptureView {
  entry: number;
  capture: string;
  phase: string | null;
  seat: string;
  version: number;
  fields: Record<string, string>;
  erased: boolean;
}

/** A pause in which the client and the lead stay audible and what is written is hidden. */
export interface CarePause {
  type: "care_pause";
}

/** What went on while the seat was away. `phases`: instances that have run since, the one of leaving first. */
export interface CatchUp {
  away_ms: number;
  phases: string[];
  written: number;
}

export interface Change {
  phase: string;
  from_ms: number;
  to_ms: number;
}

/** The reserve topic: `seat` is client from here on, and the session begins anew at the script's `client_from`. */
export interface ChangeClient {
  type: "change_client";
  seat: string;
}

/** A wording on which the group decides by consent. Who has answered is not told, only how many. */
export interface CharterVoteView {
  version: number;
  lines: string[];
  consents: number;
  objections: number;
  waiting: number;
}

/** What the page of the check embeds as JSON: as `Boot`, with the words that it needs. */
export interface CheckBoot {
  language: string;
  backup_line: string;
  words: Record<string, string>;
}

export type CheckRung =
  | "socket"
  | "events"
  | "reconnect"
  | "udp"
  | "tcp"
  | "relay_udp"
  | "relay_tcp"
  | "relay_tls"
  | "sound"
  | "microphone"
  | "speaker";

/** For whoever leads: what worked in each seat's last check since the server was started. Fleeting. */
export interface Checks {
  type: "checks";
  works: Record<string, CheckRung[]>;
}

/** « J'écoute, j'écris »: take one's turns in writing, or speak again. */
export interface ChooseTyping {
  type: "choose_typing";
  typed: boolean;
}

/**
 * The clock waits for the client. `reserve` are the seats that could be client instead, `phone` is what the
 * client left for this case.
 */
export interface ClientAway {
  seat: string;
  since_ms: number;
  options: Option[];
  reserve: string[];
  phone: string | null;
}

/**
 * At `server_ms` of the server's clock it was `session_ms` of session time; the latter runs `speed` times as
 * fast. `wall_ms` is the time of day at that instant, for people.
 */
export interface ClockAnchor {
  server_ms: number;
  session_ms: number;
  speed: number;
  wall_ms: number;
}

/** `sent_ms` is the browser's own clock, given back as it came. */
export interface ClockPing {
  type: "clock_ping";
  sent_ms: number;
}

export interface ClockPong {
  type: "clock_pong";
  sent_ms: number;
  server_ms: number;
}

/**
 * End the session now, whatever remains. What was written is kept. What the running phase loses by it is named
 * in `losing`, as with `NextPhase`.
 */
export interface CloseSession {
  type: "close_session";
  losing?: Loss[];
}

export interface Common {
  session: string;
  title: string;
  language: string;
  script: string;
  script_title: Text;
  number: number;
  speed: number;
  status: Status;
  starts_at_ms: number;
  ends_at_ms: number;
  late_ms: number;
  phases: PhaseView[];
  now: NowView | null;
  floor: FloorView;
  seats: SeatView[];
  lead: string | null;
  facilitator: string | null;
  client: string | null;
  deputy: string | null;
  stage: string[];
  captures: CaptureView[];
  written: Record<string, number>;
  live: CaptureView | null;
  charter: Text[];
  charter_vote: CharterVoteView | null;
  conducted: boolean;
  vacant: boolean;
  guidance: Guidance;
  formality: Formality;
  end_proposal: EndProposalView | null;
  end_refused: boolean;
  stopped: boolean;
  previews: Preview[];
}

export interface Console {
  previews: Preview[];
  grantable: string[];
  not_spoken: string[];
  drift_ms: number;
  elastic_ms: number;
  lateness_ms: number;
  paused_ms: number;
  held_ms: number;
  outage_ms: number;
  counts: Record<string, number>;
  questions: Record<string, number>;
  passes: Countdown | null;
  pause_wanted: string[];
  client_away: ClientAway | null;
  remedies: Remedy[];
  experts: string[];
  unqualified: boolean;
  talk: Record<string, number>;
  open_jobs: Job[];
}

/** `left_ms` was left at session time `at_ms` and shrinks while `running`; below zero the time is over. */
export interface Countdown {
  left_ms: number;
  at_ms: number;
  running: boolean;
  total_ms: number;
}

/** What this browser is asked to send (media.md, "The script directs the cameras"). */
export interface Direction {
  type: "direction";
  picture: Picture;
  bitrate_kbps: number;
  frames_per_second: number;
}

/**
 * Something its author may want to know about a draft: a help, never a block. `start` and `end` count characters
 * (code points) in the field's text.
 */
export interface DraftHint {
  field: string;
  kind: LintKind;
  start: number;
  end: number;
}

/** The draft is kept. `hints` are for its author's eyes only. */
export interface DraftSaved {
  type: "draft_saved";
  id: string;
  hints: DraftHint[];
}

/** A later end that is not refused yet. `until`: the time to refuse. */
export interface EndProposalView {
  by_ms: number;
  until: Countdown;
}

/** The holder has finished: the question is asked, the answer given, the turn done. */
export interface EndTurn {
  type: "end_turn";
  turn: number;
}

export type ErrorCode =
  | "too_large"
  | "not_json"
  | "unknown_type"
  | "bad_message"
  | "hello_first"
  | "too_many_bad"
  | "slow_down"
  | "offer_refused"
  | "media_down"
  | "store_busy"
  | "store_full"
  | "store_damaged"
  | "internal";

/**
 * Something that is not a refusal by the rules: a malformed message, an offer that cannot be served, a store
 * that is busy. `retry`: the same message may be sent again. `place` names the field, `fix` says what to do (in
 * English, for developers; people read words chosen by `code`).
 */
export interface ErrorMessage {
  type: "error";
  id: string | null;
  code: ErrorCode;
  place: string;
  fix: string;
  retry: boolean;
}

/**
 * Give `phase` more minutes, or with a negative number take some; others yield or gain, the locked end stays. Of
 * a phase never more than half of its minimum can be taken, of a protected one nothing of it.
 */
export interface ExtendPhase {
  type: "extend_phase";
  phase: string;
  by_s?: number;
}

export interface ExtendTurn {
  type: "extend_turn";
  turn: number;
  by_s?: number;
}

/** The thread of colour of a phase in the ribbon. */
export type Family =
  | "open"
  | "explore"
  | "agree"
  | "help"
  | "act";

/** This seat is an expert of today's topic, or is not. */
export interface FlagExpert {
  type: "flag_expert";
  seat: string;
  expert?: boolean;
}

/** Who holds the floor in a step. */
export type FloorMode =
  | "single"
  | "queue"
  | "round"
  | "open"
  | "silent_writing"
  | "facilitator";

export interface FloorView {
  holder: string | null;
  hearable: string[];
  turn: TurnView | null;
  order: string[];
  next: string | null;
  spoken: string[];
  passed: string[];
  hands: HandView[];
  round: number;
  rounds: number;
  done: string[];
}

/** How the group is spoken to in a language that has two forms for it: *vous* or *tu*, *Sie* or *du*. */
export type Formality =
  | "formal"
  | "familiar";

/** Go on without the absent client, who agreed to that in the lobby. */
export interface GoOn {
  type: "go_on";
}

/** Give the floor to a seat now. Whoever is interrupted goes on afterwards with the rest of the turn. */
export interface GrantFloor {
  type: "grant_floor";
  seat: string;
}

/** How much the group is told (method.md, "Guidance"). */
export type Guidance =
  | "guided"
  | "accompanied"
  | "free";

export type HandKind =
  | "question"
  | "follow_up";

/** The lead goes to the deputy; the facilitator takes it back with one click. */
export interface HandOverLead {
  type: "hand_over_lead";
}

export interface HandView {
  seat: string;
  kind: HandKind;
}

/**
 * The first message. `tab` names the page's tab (kept in sessionStorage), `epoch` counts its connections.
 * `place`: in the lobby one is not yet in the room. `fresh`: a new page (its microphone is closed), not a return
 * of the same one. `seen` is the last (seq, hash) this page knew: a server that knows less says so. `build`: of
 * the page.
 */
export interface Hello {
  type: "hello";
  tab: string;
  epoch: number;
  place: "lobby" | "room";
  fresh?: boolean;
  seen?: [number, string] | null;
  build?: string;
}

/** Why the phase clock stands still. Each is booked apart (decision 3). */
export type HoldCause =
  | "pause"
  | "care"
  | "suspended"
  | "client_absent"
  | "consultants_absent"
  | "lead_absent"
  | "media"
  | "outage";

/** One entry of a browser's `iceServers` (W3C WebRTC, RTCIceServer). */
export interface IceServer {
  urls: string[];
  username: string;
  credential: string;
}

/** Delegated jobs that rotate; a seat may hold several. */
export type Job =
  | "deputy"
  | "timekeeper"
  | "scribe";

/** « Laisser le silence »: no nudge and no passing in this turn. */
export interface KeepSilence {
  type: "keep_silence";
  turn: number;
  on?: boolean;
}

/** « Je pars à 10 h 50 », in session time; None takes it back. */
export interface LeaveAt {
  type: "leave_at";
  at_ms?: number | null;
}

/** Who is making sound right now, 0 to 127. Fleeting. */
export interface Levels {
  type: "levels";
  levels: Record<string, number>;
}

/**
 * A seat's personal link. `link` is empty once it was revoked, until it is renewed. `present`: somebody is there
 * now. `opened`: somebody has opened lobby or room since the server started, or was in the room before.
 */
export interface LinkView {
  seat: string;
  name: string;
  role: Role;
  link: string;
  present: boolean;
  opened: boolean;
}

/** What a hint is about. The list is closed; each has its words in `web/locales` as `lint.<kind>`. */
export type LintKind =
  | "advice_in_disguise"
  | "several_questions";

/** What a protected phase loses that ends too soon. */
export type Loss =
  | "minimum"
  | "empty";

export interface LowerHand {
  type: "lower_hand";
}

/** « J'ai fini »: in silent writing. */
export interface MarkDone {
  type: "mark_done";
  phase: string;
  step: number;
}

export interface MediaAnswer {
  type: "media_answer";
  id: string;
  connection: string;
  sdp: string;
}

/** The media plane forgot this page's connection: offer anew. */
export interface MediaDown {
  type: "media_down";
}

/** An SDP offer. The same `connection` again is an ICE restart. */
export interface MediaOffer {
  type: "media_offer";
  id: string;
  connection: string;
  sdp: string;
}

/** What carries this page's media, by its own statistics: the server sees a relay as an address like any other. */
export interface MediaRung {
  type: "media_rung";
  rung: Rung;
}

/** What the page knows of its own devices, for the others' eyes: is there a picture at all? */
export interface MediaState {
  type: "media_state";
  camera: boolean;
  microphone: boolean;
}

/** Why a microphone is closed or open; words in `web/locales` as `mic.<reason>`. */
export type MicReason =
  | "phone"
  | "yours"
  | "open"
  | "armed"
  | "not_your_turn"
  | "client_speaks"
  | "client_listens"
  | "writing"
  | "observer"
  | "over";

/** `armed`: opens by itself when the seat's turn comes, because its owner armed it. */
export type Microphone =
  | "open"
  | "armed"
  | "closed";

/** Move the locked end: earlier at once, later unless somebody privately refuses within 20 s (method.md). */
export interface MoveEnd {
  type: "move_end";
  by_s?: number;
}

/** The seat was opened elsewhere; this connection closes and does not come back by itself. */
export interface Moved {
  type: "moved";
}

/** The page has checked its network: what works. Rungs and nothing else, no addresses. */
export interface NetworkCheck {
  type: "network_check";
  works: CheckRung[];
}

/** The relays anew, before the credential of the last ones ends: for the next connection or ICE restart. */
export interface NewIceServers {
  type: "ice_servers";
  ice_servers: IceServer[];
}

/**
 * End `phase` (the one that runs now) and begin the next; after the last one the session closes. What that loses
 * of a protected phase is named in `losing`, or the command is refused (`Preview.losses`).
 */
export interface NextPhase {
  type: "next_phase";
  phase: string;
  losing?: Loss[];
}

/** End step number `step` of `phase` and begin its next step. */
export interface NextStep {
  type: "next_step";
  phase: string;
  step: number;
}

/**
 * A private note for this seat alone. `seat` wrote it to the lead; null: the lead wrote it. The same `id` from
 * the same sender is the same note.
 */
export interface Note {
  type: "note";
  id: string;
  seat: string | null;
  preset: NotePreset | null;
  line: string;
}

/** What is said most often; words in `web/locales` as `note.<preset>`. */
export type NotePreset =
  | "conclude"
  | "open_question"
  | "call_lead";

/** The note is on its way to somebody who is there. */
export interface NoteSent {
  type: "note_sent";
  id: string;
}

/** Where we are. */
export interface NowView {
  phase: string;
  index: number;
  step: number;
  steps: number;
  step_title: Text | null;
  floor: FloorMode;
  closed_roles: Role[];
  countdown: Countdown;
  step_countdown: Countdown | null;
  holds: HoldCause[];
  warn_ms: number;
  dropped: Text[];
  resting: boolean;
  ends_in: Countdown | null;
  bells: Bell[];
  questions_only: boolean;
  silence: boolean;
  closed_cameras: string[];
}

/** Offer a job to a seat, which takes it or declines. */
export interface OfferJob {
  type: "offer_job";
  job: Job;
  seat: string;
}

/** What the lead can do while the client is away; each is a gesture, or to wait. */
export type Option =
  | "wait"
  | "phone"
  | "go_on"
  | "change_client"
  | "suspend_session";

export type Overrun =
  | "none"
  | "conclude"
  | "pass";

export interface Own {
  seat: string;
  role: Role;
  jobs: Job[];
  leads: boolean;
  may: string[];
  prompt: Prompt;
  cues: Text[];
  my_turn: boolean;
  turns_until_mine: number | null;
  may_be_heard: boolean;
  mic_reason: MicReason;
  writable: Writable[];
  captures: CaptureView[];
  lead_away: boolean;
  holds_keys: boolean;
  undo: Countdown | null;
  recalled: boolean;
  catch_up: CatchUp | null;
  withdrawn: number;
  offers: Job[];
  pause_asked: boolean;
  expert: boolean;
  typed: boolean;
  goes_on: boolean;
  talk_ms: number;
}

/** For a seat itself, every two seconds: the word for its own connection. Fleeting. */
export interface OwnWay {
  type: "own_way";
  quality: Quality;
}

/** Let one's turn in this round go by, now or before it comes. */
export interface PassTurn {
  type: "pass_turn";
  phase: string;
  step: number;
}

export interface Pause {
  type: "pause";
}

export type PhaseStatus =
  | "coming"
  | "now"
  | "done"
  | "skipped";

export interface PhaseView {
  key: string;
  id: string;
  title: Text;
  purpose: Text;
  family: Family;
  status: PhaseStatus;
  planned_ms: number;
  allotted_ms: number;
  spent_ms: number;
  minimum_ms: number;
  protected: boolean;
  optional: boolean;
  client: string | null;
}

/** What a seat's browser is asked to send: the stage's large picture, a small face, or nothing. */
export type Picture =
  | "stage"
  | "face"
  | "none";

/** Which seats send a picture at all (camera on), so that a tile shows initials instead of black. */
export interface Pictures {
  type: "pictures";
  seats: string[];
}

/** Once a second; the page answers `pong` in its message handler (hidden tabs throttle timers). */
export interface Ping {
  type: "ping";
  n: number;
}

/** Answer to `ping`: a sign of life. */
export interface Pong {
  type: "pong";
  n: number;
}

/** How a seat's signs of life look: here, weak (`WEAK_AFTER_MS`), absent (`ABSENT_AFTER_MS`). */
export type Presence =
  | "here"
  | "weak"
  | "absent";

/** What a gesture would do to the rest, computed by doing it (decision 37). */
export interface Preview {
  gesture: string;
  phase: string | null;
  by_s: number;
  changes: Change[];
  ends_at_ms: number;
  late_ms: number;
  losses: Loss[];
  missing_ms: number;
  empty: Text[];
}

/** `seats` gives placeholders that are seats (the browser puts names in), `numbers` those that are numbers. */
export interface Prompt {
  key: PromptKey;
  seats: Record<string, string>;
  numbers: Record<string, number>;
}

/**
 * The one sentence that says what a seat does now. Each has its words in `web/locales` as `do.<key>`; the
 * placeholders it may use stand behind it.
 */
export type PromptKey =
  | "lobby_wait"
  | "lobby_lead"
  | "speak_now"
  | "speak_soon"
  | "speak_later"
  | "listen"
  | "listen_nobody"
  | "open_floor"
  | "client_speak"
  | "client_answer"
  | "client_hear_question"
  | "client_wait_question"
  | "client_silent"
  | "client_request"
  | "client_read_plan"
  | "ask_now"
  | "ask_soon"
  | "ask_later"
  | "raise_hand"
  | "listen_answer"
  | "write"
  | "write_done"
  | "lead_opening"
  | "lead_watch_turn"
  | "lead_last_turn"
  | "lead_client"
  | "lead_queue"
  | "lead_queue_empty"
  | "lead_writing"
  | "lead_next"
  | "lead_close"
  | "lead_pass"
  | "held_pause"
  | "held_client"
  | "held_unheard"
  | "held_lead"
  | "held_vacant"
  | "held_care"
  | "held_care_client"
  | "held_care_lead"
  | "held_suspended"
  | "held_consultants"
  | "held_media"
  | "lobby_alone"
  | "alone_next"
  | "client_smaller"
  | "client_thanked"
  | "speak_thanked"
  | "turned_away"
  | "ask_in_turn"
  | "type_now"
  | "lead_read"
  | "silence"
  | "lead_silence"
  | "closed";

/** A wording of the charter, on which the group decides by consent. No lines take the proposal back. */
export interface ProposeCharter {
  type: "propose_charter";
  lines: string[];
}

export type Quality =
  | "good"
  | "weak"
  | "sound_only";

export interface RaiseHand {
  type: "raise_hand";
  kind?: HandKind;
}

/** « Revenir à ma demande », the client's: the lead says it. */
export interface RecallRequest {
  type: "recall_request";
}

/** Why a command was refused. The list is closed; every code has plain words in every language. */
export type RefusalCode =
  | "not_your_seat"
  | "not_now"
  | "stale"
  | "unknown_seat"
  | "unknown_capture"
  | "bad_field"
  | "too_long"
  | "protected"
  | "unconfirmed"
  | "role_closed"
  | "seat_absent"
  | "no_deputy"
  | "not_qualified"
  | "no_consent"
  | "too_late"
  | "out_of_range"
  | "already"
  | "closed"
  | "bad_setup";

/** I cannot stay longer. Nobody learns who said it. */
export interface RefuseEnd {
  type: "refuse_end";
}

/**
 * `code` is from the closed list; `field` is the path of the field that is wrong, where there is one; `detail`
 * is for developers.
 */
export interface RefusedMessage {
  type: "refused";
  id: string;
  code: RefusalCode;
  field: string;
  detail: string;
}

/** Something that helps the end to hold: a gesture that is offered, and what it gains. */
export interface Remedy {
  gesture: string;
  phase: string | null;
  by_s: number;
  gains_ms: number;
}

/** End a pause. Out of a care pause with `smaller` the client may say the topic smaller first. */
export interface Resume {
  type: "resume";
  smaller?: boolean;
}

/** Go on with a suspended session; its end moves by as long as it was suspended. */
export interface ResumeSession {
  type: "resume_session";
}

/** When a hidden capture becomes visible to everyone. */
export type Reveal =
  | "never"
  | "step_end"
  | "phase_end"
  | "client_step";

/** The link was revoked or renewed; this connection closes. */
export interface Revoked {
  type: "revoked";
}

/** What a seat is in a session. Every seat has exactly one of these; jobs come on top. */
export type Role =
  | "client"
  | "consultant"
  | "facilitator"
  | "observer";

export type Rung =
  | "udp"
  | "tcp"
  | "relay"
  | "socket";

/**
 * The text so far, kept for its author only. Empty `fields` delete it. `typing`: its author is at it; said
 * again, without, once they stopped. What is being written is not handed in by the end of its step or phase, it
 * stays open for a while.
 */
export interface SaveDraft {
  type: "draft";
  id: string;
  capture: string;
  fields: Record<string, string>;
  typing?: boolean;
}

/** The lead has brought the group back to the request. */
export interface SayRecall {
  type: "say_recall";
}

export type SeatCommand =
  | AgreeGoingOn
  | AnswerCharter
  | AnswerJob
  | AskPause
  | CarePause
  | ChangeClient
  | ChooseTyping
  | CloseSession
  | EndTurn
  | ExtendPhase
  | ExtendTurn
  | FlagExpert
  | GoOn
  | GrantFloor
  | HandOverLead
  | KeepSilence
  | LeaveAt
  | LowerHand
  | MarkDone
  | MoveEnd
  | NextPhase
  | NextStep
  | OfferJob
  | PassTurn
  | Pause
  | ProposeCharter
  | RaiseHand
  | RecallRequest
  | RefuseEnd
  | Resume
  | ResumeSession
  | SayRecall
  | SetMicrophone
  | SetPhone
  | SkipPhase
  | StartSession
  | StopSession
  | SubmitCapture
  | SuspendSession
  | TakeBackFloor
  | TakeLead
  | Thank
  | TypeTurn
  | Undo;

export interface SeatView {
  id: string;
  name: string;
  role: Role;
  jobs: Job[];
  presence: Presence;
  joined: boolean;
  microphone: Microphone;
  since_ms: number;
  media_lost: boolean;
  typed: boolean;
  phone: boolean;
  leaves_at_ms: number | null;
}

/**
 * A private note: from the lead to the seat `to`, or from any other seat to whoever leads (`to` is null). A
 * preset, a line of at most 140 characters, or both. Never stored; answered by `note_sent` or `refused`
 * (`seat_absent`: nobody is there to read it).
 */
export interface SendNote {
  type: "send_note";
  id: string;
  to?: string | null;
  preset?: NotePreset | null;
  line?: string;
}

export type ServerMessage =
  | Accepted
  | Checks
  | ClockPong
  | Direction
  | DraftSaved
  | ErrorMessage
  | Levels
  | MediaAnswer
  | MediaDown
  | Moved
  | NewIceServers
  | Note
  | NoteSent
  | OwnWay
  | Pictures
  | Ping
  | RefusedMessage
  | Revoked
  | ViewMessage
  | Waiting
  | Ways
  | Welcome;

/** Open, arm or close one's own microphone. Open is refused without the floor; arming is always possible. */
export interface SetMicrophone {
  type: "set_microphone";
  microphone: Microphone;
}

/**
 * « Au téléphone »: the seat takes part over the telephone from now on, or no longer. Said by whoever sits
 * there, or by the lead for them.
 */
export interface SetPhone {
  type: "set_phone";
  seat: string;
  phone: boolean;
}

/** Leave out a phase that has not begun, or the one that runs now. Protected phases refuse. */
export interface SkipPhase {
  type: "skip_phase";
  phase: string;
}

/** Leave the lobby; the first phase begins. */
export interface StartSession {
  type: "start_session";
}

/** Where a session stands. */
export type Status =
  | "lobby"
  | "running"
  | "closed";

/** End out of a care pause. No reason is kept. */
export interface StopSession {
  type: "stop_session";
}

/**
 * Write something down. `version` is the version that the author saw: 0 for a new capture. Of a capture of which
 * there may be several, `entry` names the one that gets a new version.
 */
export interface SubmitCapture {
  type: "submit_capture";
  capture: string;
  fields: Record<string, string>;
  version?: number;
  entry?: number | null;
}

/** Go on another day, within 7 days, from exactly here. */
export interface SuspendSession {
  type: "suspend_session";
}

/** End `turn`, whoever has it. */
export interface TakeBackFloor {
  type: "take_back_floor";
  turn: number;
}

/** The facilitator takes the lead back. */
export interface TakeLead {
  type: "take_lead";
}

/**
 * One text by language, for instance `{fr: Pause, en: Break}`; `fr-familiar` is what French says to a group that
 * wants the familiar form, where it differs (`script.spoken_to`). A cue reads well under 140 characters.
 */
export type Text = Record<string, string>;

/** « Merci, j'ai ce qu'il me faut », the client's: the speaker finishes the sentence and the floor passes. */
export interface Thank {
  type: "thank";
  turn: number;
}

/** What the holder of the floor is doing. */
export type TurnKind =
  | "speak"
  | "ask"
  | "answer"
  | "granted";

export interface TurnView {
  number: number;
  seat: string;
  kind: TurnKind;
  countdown: Countdown;
  overrun: Overrun;
  passes_in: Countdown | null;
  thanked: boolean;
  silence: boolean;
  text: string | null;
}

/** What my turn says, to be read aloud. May be sent again while the turn lasts. */
export interface TypeTurn {
  type: "type_turn";
  turn: number;
  text: string;
}

/** « Annuler »: back to the phase before `phase`, within 5 s after « next » (method.md). */
export interface Undo {
  type: "undo";
  phase: string;
}

/**
 * The whole view. `seq` and `hash` are the log's; `common` may be null when it has not changed since the last
 * message on this connection.
 */
export interface ViewMessage {
  type: "view";
  seq: number;
  hash: string;
  clock: ClockAnchor;
  common: Common | null;
  console: Console | null;
  own: Own;
}

/** Who sees a capture before it is revealed; afterwards everyone does. */
export type Visibility =
  | "everyone"
  | "author"
  | "reveal"
  | "not_client"
  | "lead_count"
  | "lead_if_away";

/** Who is in the lobby, not yet in the room. Fleeting. */
export interface Waiting {
  type: "waiting";
  seats: string[];
}

/**
 * A seat's media in figures: loss of the last two seconds in percent, the worse direction; round trip and jitter
 * in milliseconds (null: not known yet); bit rates of the last second, up from the seat and down to it.
 */
export interface Way {
  quality: Quality;
  path: Rung;
  loss_percent: number;
  round_trip_ms: number | null;
  jitter_ms: number | null;
  kbps_up: number;
  kbps_down: number;
}

/** For whoever leads, every two seconds: the figures of each seat whose media are there. Fleeting. */
export interface Ways {
  type: "ways";
  ways: Record<string, Way>;
}

export interface Welcome {
  type: "welcome";
  session: string;
  seat: string;
  seats: string[];
  behind: boolean;
  rehearsal: boolean;
  ice_servers: IceServer[];
  build: string;
}

/** Whom a step or a capture of a script addresses. */
export type Who =
  | "client"
  | "consultants"
  | "facilitator"
  | "previous_client"
  | "scribe"
  | "experts"
  | "members"
  | "all";

/** A capture this seat may write now. `version` is the one it has (0: none yet). */
export interface Writable {
  spec: CaptureSpec;
  version: number;
  fields: Record<string, string>;
  draft: Record<string, string>;
  submitted: boolean;
  left: number | null;
  closes: Countdown | null;
}
