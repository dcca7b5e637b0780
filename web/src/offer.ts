/**
 * The text of an offer, as it is sent: of the codecs only those that the room speaks, Opus and VP8 with its repeats. A browser
 * offers a dozen more for each line, 78 KB for twelve people, and the server takes 48. To leave some out is the browser's
 * own affair, so its description of itself may stay longer: the answer chooses among what was sent (RFC 3264, section 6.1).
 */
const SPOKEN = ["opus/48000/2", "vp8/90000"];

/** The same offer with the room's codecs alone. */
export function trimmed(sdp: string): string {
  const [head = "", ...lines] = sdp.split(/(?=^m=)/m);
  return head + lines.map(trimmedLine).join("");
}

function trimmedLine(description: string): string {
  const rows = description.split(/(?<=\n)/);
  const all = rows.flatMap((row) => {
    const [, type = "", name = ""] = /^a=rtpmap:(\d+) (\S+)/i.exec(row) ?? [];
    return type ? [{ type, name: name.toLowerCase() }] : [];
  });
  const kept = new Set(all.filter(({ name }) => SPOKEN.includes(name)).map(({ type }) => type));
  if (kept.size === 0) return description;
  for (const { type, name } of all) {
    const [, of = ""] = new RegExp(`^a=fmtp:${type} (?:.*;)?\\s*apt=(\\d+)`, "m").exec(description) ?? [];
    if (name === "rtx/90000" && kept.has(of)) kept.add(type);
  }
  return rows
    .filter((row) => {
      const [, type] = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+) /.exec(row) ?? [];
      return type === undefined || kept.has(type);
    })
    .join("")
    .replace(/^(m=\S+ \S+ \S+)((?: \d+)+)/, (_, start: string, types: string) => {
      const left = types
        .trim()
        .split(" ")
        .filter((type) => kept.has(type));
      return `${start} ${left.join(" ")}`;
    });
}
