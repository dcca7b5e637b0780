/** Every server page but the room: styles, and what makes a page easier. All of them work without this script. */
import "../../styles/tokens.css";
import "../../styles/base.css";
import "../../styles/icons.css";
import "../../styles/pages.css";
import { offerCopies } from "../pages/copy";
import { askBefore } from "../pages/confirm";
import { easeNewSession } from "../pages/new-session";
import { keepFresh } from "../pages/refresh";
import { showLocalTimes } from "../pages/times";

document.documentElement.classList.add("js");
showLocalTimes(document);
offerCopies(document);
askBefore(document);
easeNewSession(document);
keepFresh(document, (fresh) => {
  showLocalTimes(fresh);
  offerCopies(fresh);
  askBefore(fresh);
});
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
