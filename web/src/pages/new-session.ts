/** The form of a new session: rows as they are needed, a pasted list fills them, the browser's own time zone. */

export function easeNewSession(root: ParentNode): void {
  const form = root.querySelector<HTMLFormElement>("form[data-new-session]");
  if (form === null) return;
  const rows = [...form.querySelectorAll<HTMLTableRowElement>("tr[data-row]")];
  const names = rows.map((row) => row.querySelector<HTMLInputElement>("input.input"));
  offerMoreRows(form, rows);
  names.forEach((name, index) => {
    name?.addEventListener("paste", (event) => spread(event, names.slice(index), rows.slice(index)));
    name?.addEventListener("input", () => nameJobs(rows[index], name.value));
    if (name) nameJobs(rows[index], name.value);
  });
  const at = form.querySelector<HTMLInputElement>("[name=starts_at]");
  at?.addEventListener("input", () => choose(form, "when", "at"));
  form.addEventListener("change", () => offerForms(form));
  offerForms(form);
  form.querySelector("[name=number]")?.addEventListener("input", () => choose(form, "first", "no"));
  form.addEventListener("submit", () => {
    const offset = form.querySelector<HTMLInputElement>("[name=utc_offset_minutes]");
    const when = new Date(at?.value ?? "");
    if (offset !== null && !Number.isNaN(when.getTime())) offset.value = String(-when.getTimezoneOffset());
  });
}

function offerMoreRows(form: HTMLFormElement, rows: HTMLTableRowElement[]): void {
  const more = form.querySelector<HTMLButtonElement>("[data-more]");
  if (more === null) return;
  const spare = () => rows.filter((row) => row.classList.contains("spare"));
  more.hidden = spare().length === 0;
  more.addEventListener("click", () => {
    const next = spare()[0];
    next?.classList.remove("spare");
    next?.querySelector<HTMLInputElement>("input.input")?.focus();
    more.hidden = spare().length === 0;
  });
}

/** A list copied from elsewhere, one name a line (or separated by semicolons), goes into this row and those below. */
function spread(event: ClipboardEvent, into: (HTMLInputElement | null)[], rows: HTMLTableRowElement[]): void {
  const found = (event.clipboardData?.getData("text") ?? "").split(/[\n;\t]+/).map((name) => name.trim());
  const list = found.filter((name) => name !== "");
  if (list.length < 2) return;
  event.preventDefault();
  list.slice(0, into.length).forEach((name, index) => {
    const input = into[index];
    if (input === null || input === undefined) return;
    input.value = name;
    rows[index]?.classList.remove("spare");
    input.dispatchEvent(new Event("input"));
  });
}

/** « Nadia, client » is easier to hear than « participant 1, client ». */
function nameJobs(row: HTMLTableRowElement | undefined, name: string): void {
  for (const job of row?.querySelectorAll<HTMLInputElement>("input[type=radio], input[type=checkbox]") ?? []) {
    job.dataset["label"] ??= job.getAttribute("aria-label") ?? "";
    const label = job.dataset["label"];
    job.setAttribute("aria-label", name.trim() === "" ? label : `${name.trim()}, ${label.split(",").at(-1)?.trim()}`);
  }
}

/** The forms of address are asked for of the language that is chosen, if it has some. */
function offerForms(form: HTMLFormElement): void {
  const language = form.querySelector<HTMLInputElement>("[name=language]:checked")?.value;
  for (const forms of form.querySelectorAll<HTMLElement>("[data-forms-of]"))
    forms.hidden = forms.dataset["formsOf"] !== language;
}

function choose(form: HTMLFormElement, name: string, value: string): void {
  const radio = form.querySelector<HTMLInputElement>(`input[name=${name}][value=${value}]`);
  if (radio !== null) radio.checked = true;
}
