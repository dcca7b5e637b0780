/** Shows times of day in the reader's time zone; the server wrote them in its own. */

const FORMATS: Record<string, Intl.DateTimeFormatOptions> = {
  long: { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" },
  hour: { hour: "2-digit", minute: "2-digit" },
};

export function showLocalTimes(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>("time[data-format]")) {
    const format = FORMATS[time.dataset["format"] ?? ""];
    const at = new Date(time.dateTime);
    if (format !== undefined && !Number.isNaN(at.getTime())) {
      time.textContent = new Intl.DateTimeFormat(document.documentElement.lang, format).format(at);
    }
  }
}
