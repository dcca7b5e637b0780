/** What a page of the tests was served with. */
import type { Boot } from "../src/wire.gen";

export function boot(words: Boot["words"], build = ""): Boot {
  return {
    session: "s",
    seat: "p2",
    language: "en",
    socket: "/socket",
    sound: "/sound",
    events: "/s/1/p1/events",
    writings: "",
    withdrawn: "",
    after: "",
    rehearsal: false,
    backup_line: "",
    build,
    words,
  };
}
