/** What the page brings with it: the boot data that the server wrote into the document. Nothing else reads the document. */
import type { Boot } from "./wire.gen";

/** The boot data. Throws if the page was served without it: then nothing can work, and saying so early is the fix. */
export function readBoot(): Boot {
  const element = document.getElementById("boot");
  if (element?.textContent == null) throw new Error("the page has no boot data");
  return JSON.parse(element.textContent) as Boot;
}
