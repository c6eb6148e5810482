// Tabs as the ARIA practices describe them: arrows move, each has its panel.
import { h, icon, replace, fresh } from "../dom.js";

/** `tabs` are { name, label, sign, draw }; `draw(signal)` is called when its tab is chosen, `signal` stops with it. */
export function tabs(label, all, { signal, first = all[0].name, onChange = () => {} }) {
  const id = fresh("tabs");
  const panel = h("div", { role: "tabpanel", id: `${id}-panel`, tabindex: "-1" });
  let stop = new AbortController();
  const buttons = all.map(({ name, label: text, sign }, i) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `${id}-${name}`,
        "aria-controls": panel.id,
        on: { click: () => choose(i), keydown: (event) => move(event, i) },
      },
      sign && icon(sign),
      text,
    ),
  );
  function choose(i) {
    stop.abort();
    stop = new AbortController();
    buttons.forEach((one, j) => {
      one.setAttribute("aria-selected", String(i === j));
      one.tabIndex = i === j ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", buttons[i].id);
    replace(panel, all[i].draw(stop.signal));
    onChange(all[i].name);
  }
  function move(event, i) {
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = (to + all.length) % all.length;
    choose(next);
    buttons[next].focus();
  }
  signal.addEventListener("abort", () => stop.abort());
  choose(
    Math.max(
      0,
      all.findIndex(({ name }) => name === first),
    ),
  );
  return [h("div", { class: "tabs", role: "tablist", "aria-label": label }, buttons), panel];
}
