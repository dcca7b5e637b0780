/** The page of the check: the same parts as in the lobby, without a seat. */
import "../../styles/tokens.css";
import "../../styles/base.css";
import "../../styles/icons.css";
import "../../styles/pages.css";
import "../../styles/check.css";
import { html, render } from "lit";
import { Check } from "../check";
import "../parts/network_check";
import type { CheckBoot } from "../wire.gen";
import { speak } from "../words";

const boot = JSON.parse(document.getElementById("boot")?.textContent ?? "") as CheckBoot;
speak(boot.language, boot.words);
const place = document.getElementById("check");
if (place) {
  place.replaceChildren();
  render(
    html`<co-network-check .check=${new Check()} .backup_line=${boot.backup_line} .heading=${""}></co-network-check>`,
    place,
  );
}
