/** Initials are the first letters of a name, whole, and two people never share theirs. */
import { describe, expect, it } from "vitest";
import { initials, seatInitials } from "../src/people";

describe("initials", () => {
  it.each([
    ["Nadia Benali", "NB"],
    ["Jean-Pierre Le Goff", "JG"],
    ["Inès", "I"],
    ["Inès (DRH) 2", "ID"],
    ["« Karim » Haddad ✨", "KH"],
    ["🦊 Paul Roy 🦊", "PR"],
    ["E\u0301lodie Ba", "E\u0301B"],
    ["d’Artagnan", "D"],
    ["नेहा कपूर", "नेक"],
    ["42", ""],
    ["", ""],
  ])("of %s are %s", (name, shown) => {
    expect(initials(name)).toBe(shown);
  });

  it("tells two equal pairs apart, in the order of the seats", () => {
    const seats = ["Marc Blin", "Nadia Roy", "Mona Bar", "✨"].map((name, place) => ({ id: `p${place}`, name }));
    expect(seats.map((seat) => seatInitials(seats, seat.id))).toEqual(["MB1", "NR", "MB2", ""]);
  });
});
