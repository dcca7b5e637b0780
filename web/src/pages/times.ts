/** Shows times of day in the reader's time zone, as the server writes them in its own: the page hands over how its language says a day and a time. */

export function showLocalTimes(root: ParentNode): void {
  const { date, time, first } = document.body.dataset;
  if (date === undefined || time === undefined) return;
  for (const shown of root.querySelectorAll<HTMLTimeElement>("time[data-format]")) {
    const at = new Date(shown.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const minute = String(at.getMinutes()).padStart(2, "0");
    const hour = time.replace("{hour}", String(at.getHours())).replace("{minute}", minute);
    shown.textContent = shown.dataset["format"] === "long" ? `${day(at, date, first)}, ${hour}` : hour;
  }
}

/** By a pattern of CLDR with weekday, day and month. */
function day(at: Date, pattern: string, first: string | undefined): string {
  const number = at.getDate() === 1 && first ? first : String(at.getDate());
  const lang = document.documentElement.lang;
  const said: Record<string, string> = {
    EEEE: at.toLocaleDateString(lang, { weekday: "long" }),
    MMMM: at.toLocaleDateString(lang, { month: "long" }),
    d: number,
  };
  return pattern.replace(/\b(?:EEEE|MMMM|d)\b/g, (sign) => said[sign] ?? sign);
}
