// Similarity against threshold, drawn. The sentence beside it says the same, so the drawing is silent.
import { h } from "../dom.js";
import { similar } from "../words.js";

/** Left end, right end: the part of the scale that matters for these two numbers. */
export function ends(similarity, threshold) {
  const span = Math.max(1 - threshold, 0.02);
  return [Math.max(-1, Math.min(threshold - 1.4 * span, similarity - 0.3 * span)), 1];
}

export function scale(decision) {
  const { similarity, threshold, matched } = decision;
  if (similarity === null || similarity === undefined || threshold === null || threshold === undefined) return null;
  const [low, high] = ends(similarity, threshold);
  const place = (value) => Math.min(100, Math.max(0, ((value - low) / (high - low)) * 100));
  const at = place(threshold);
  const side = at > 72 ? "left" : at < 28 ? "right" : "";
  return h(
    "div",
    { class: `scale ${matched ? "matched" : ""}`, "aria-hidden": "true" },
    h(
      "div",
      { class: "scale-track" },
      h("span", { class: "scale-over", style: { left: `${at}%` } }),
      h("span", { class: "scale-line", style: { left: `${at}%` } }),
      h("span", { class: "scale-dot", style: { left: `${Math.min(98, Math.max(2, place(similarity)))}%` } }),
    ),
    h(
      "div",
      { class: "scale-words number" },
      h("span", null, "different"),
      h("span", { class: `at ${side}`, style: { left: `${at}%` } }, `threshold ${similar(threshold)}`),
      h("span", null, "same"),
    ),
  );
}

/** A quality from 0 to 1 as a bar; poor is what has a reason against it. */
export function meter(score, reasons = []) {
  const kind = reasons.length ? "bad" : score < 0.6 ? "warn" : "";
  const word = reasons.length ? "poor" : score < 0.6 ? "fair" : "good";
  return h(
    "div",
    { class: "meter" },
    h(
      "div",
      { class: `bar ${kind}`, "aria-hidden": "true" },
      h("div", { class: "bar-fill", style: { width: `${Math.round(score * 100)}%` } }),
    ),
    h("span", { class: "number" }, `${word} quality, ${score.toFixed(2)}`),
  );
}

export function progress(done, total, label) {
  const known = total !== null && total !== undefined && total > 0;
  return h(
    "div",
    {
      class: "bar",
      role: "progressbar",
      "aria-label": label,
      "aria-valuemin": "0",
      "aria-valuemax": known ? total : null,
      "aria-valuenow": known ? done : null,
    },
    h("div", { class: "bar-fill", style: { width: known ? `${Math.min(100, (done / total) * 100)}%` : "12%" } }),
  );
}
