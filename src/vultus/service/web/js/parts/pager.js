// Long lists a page at a time. Cursors are the server's; going back is remembered here.
import { h, replace, say } from "../dom.js";
import { button, trouble, waiting } from "./page.js";
import { count } from "../words.js";

/**
 * `load(cursor)` answers { items, next_cursor, total }; `draw(items)` gives what is shown; `none()` what is shown for an
 * empty list. `show()` loads the first page again, `again()` the present one.
 */
export function pager({ load, draw, none, size = 0, word = "entries" }) {
  const box = h("div");
  const cursors = [null];
  let at = 0;
  let turn = 0;
  async function show(page = at, moved = false) {
    const mine = ++turn;
    at = page;
    if (!box.childElementCount) replace(box, waiting());
    box.setAttribute("aria-busy", "true");
    try {
      const answer = await load(cursors[at]);
      if (mine !== turn) return;
      if (!answer.items.length && at > 0) {
        show(at - 1);
        return;
      }
      cursors.length = at + 1;
      if (answer.next_cursor) cursors.push(answer.next_cursor);
      replace(box, answer.items.length ? draw(answer.items) : none(), foot(answer));
      if (moved) {
        box.scrollIntoView({ block: "start" });
        say(`Page ${at + 1}`);
      }
    } catch (error) {
      if (mine === turn && error.name !== "AbortError")
        replace(
          box,
          trouble(error, () => show()),
        );
    }
    box.removeAttribute("aria-busy");
  }
  function foot({ items, total }) {
    if (!at && cursors.length < 2) return null;
    const from = size ? at * size + 1 : 0;
    const text = size
      ? `${count(from)} to ${count(from + items.length - 1)}${total ? ` of ${count(total)}` : ""}`
      : `Page ${at + 1}`;
    const go = (to) => async () => {
      await show(to, true);
      const name = to < at + 1 ? "Previous" : "Next";
      (
        [...box.querySelectorAll(".pager .button")].find((one) => one.textContent === name && !one.disabled) ??
        box.querySelector(".pager .button:not(:disabled)")
      )?.focus();
    };
    return h(
      "nav",
      { class: "pager", "aria-label": `Pages of ${word}` },
      button("Previous", { kind: "small", sign: "back", disabled: at === 0, on: go(at - 1) }),
      h("span", { class: "number" }, text),
      button("Next", { kind: "small", disabled: at + 1 >= cursors.length, on: go(at + 1) }),
    );
  }
  return {
    element: box,
    show: () => {
      cursors.length = 1;
      return show(0);
    },
    again: () => show(at),
  };
}
