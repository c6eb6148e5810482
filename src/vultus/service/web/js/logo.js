// The mark: a V that is a chin, and two eyes.
import { h, svg } from "./dom.js";

export function brand(address = "#/people") {
  return h(
    "a",
    { class: "brand", href: address },
    svg(
      "svg",
      { viewBox: "0 0 32 32", "aria-hidden": "true", focusable: "false" },
      svg("rect", { class: "mark-ground", width: 32, height: 32, rx: 9 }),
      svg("path", { class: "mark-line", d: "M7 9.5c1.3 7.3 4.3 12 9 14.5 4.7-2.5 7.7-7.2 9-14.5" }),
      svg("circle", { class: "mark-eye", cx: 12.6, cy: 12.3, r: 1.7 }),
      svg("circle", { class: "mark-eye", cx: 19.4, cy: 12.3, r: 1.7 }),
    ),
    "Vultus",
  );
}
