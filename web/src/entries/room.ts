/** The room's page: read what it brought, make the room, show it. */
import "../../styles/tokens.css";
import "../../styles/base.css";
import "../../styles/icons.css";
import "../../styles/room.css";
import "../../styles/lobby.css";
import "../../styles/check.css";
import "../../styles/console.css";
import { html, render } from "lit";
import { Awake } from "../awake";
import { readBoot } from "../boot";
import { askBeforeClosing } from "../closing";
import "../parts/app";
import { Room } from "../room";
import { speak } from "../words";

const boot = readBoot();
speak(boot.language, boot.words);
const room = new Room(boot);

/** A small view for tests and for people who help: what is received, and where one is. Nothing can be done through it. */
const seen = Object.freeze({
  stats: () => room.media.stats(),
  sound: () => {
    const { line } = room.media.backup;
    return line && { sent: line.sent, begun: line.begun, counts: [...line.counts] };
  },
  state: () => ({
    link: room.link,
    carrier: room.carrier,
    path: room.media.path,
    rung: room.media.rung,
    place: room.place,
    phase: room.common?.now?.phase ?? null,
    status: room.common?.status ?? null,
  }),
});
Object.defineProperty(window, "cosession", { value: seen });

render(html`<co-app .room=${room}></co-app>`, document.getElementById("app") ?? document.body);
document.getElementById("slow")?.remove(); // the page works: what stood there in case it would not
room.start();
askBeforeClosing(room);
const awake = new Awake(() => room.place === "room" && room.common?.status !== "closed");
room.listen(() => void awake.ask());
