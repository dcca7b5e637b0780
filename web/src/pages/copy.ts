/** Buttons that copy the text of a field. Without the clipboard (plain HTTP) the text is selected for the reader to copy. */

export function offerCopies(root: ParentNode): void {
  for (const button of root.querySelectorAll<HTMLButtonElement>("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => void copy(button));
  }
}

async function copy(button: HTMLButtonElement): Promise<void> {
  const source = document.querySelector<HTMLInputElement | HTMLTextAreaElement>(button.dataset["copy"] ?? "");
  if (source === null) return;
  if (!(await written(source.value))) {
    source.closest("details")?.setAttribute("open", "");
    source.focus();
    source.select();
    return;
  }
  const done = document.body.dataset["copied"] ?? "✓";
  button.classList.add("done");
  button.setAttribute("aria-label", done);
  announce(done);
  window.setTimeout(() => {
    button.classList.remove("done");
    button.removeAttribute("aria-label");
  }, 1600);
}

async function written(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no clipboard outside a secure context, or not allowed: the caller selects the text instead
  }
}

function announce(text: string): void {
  const region = document.getElementById("announce");
  if (region !== null) region.textContent = text;
}
