/** Custom properties of an element, set through the object model: a style attribute would break the content security policy. */
import { noChange } from "lit";
import { Directive, directive, type ElementPart, type PartInfo, PartType } from "lit/directive.js";

class Vars extends Directive {
  constructor(info: PartInfo) {
    super(info);
    if (info.type !== PartType.ELEMENT) throw new Error("vars belongs on an element");
  }

  override render(_values: Record<string, string | number>): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [values]: [Record<string, string | number>]): typeof noChange {
    const { style } = part.element as HTMLElement;
    for (const [name, value] of Object.entries(values)) style.setProperty(`--${name}`, String(value));
    return noChange;
  }
}

/** `<li ${vars({ min: 5 })}>` sets `--min: 5`. */
export const vars = directive(Vars);
