// Questions above the page, and short words at its edge.
import { h, icon, replace, say, fresh } from "../dom.js";
import { button, trouble } from "./page.js";

/**
 * Open a dialog; the answer is what `act` gave, or null when it was closed. Escape and "Cancel" close it; the focus goes
 * back to where it was. `act` may throw: the message is shown and the dialog stays.
 */
export function ask({ title, body = [], yes, danger = false, no = "Cancel", act = async () => true, sheet = false }) {
  const id = fresh("dialog");
  const wrong = h("div");
  const before = document.activeElement;
  return new Promise((resolve) => {
    let result = null;
    const confirm = yes && h("button", { type: "submit", class: `button ${danger ? "danger" : "primary"}` }, yes);
    const form = h(
      "form",
      { class: "dialog-body", method: "dialog", novalidate: true },
      h("h2", { id }, title),
      body,
      wrong,
      h("div", { class: "row end" }, button(no, { kind: "quiet", on: () => dialog.close() }), confirm),
    );
    const dialog = h("dialog", { "aria-labelledby": id, class: sheet ? "sheet" : "arrives" }, form);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!confirm || confirm.disabled) return;
      confirm.disabled = true;
      replace(wrong);
      try {
        result = (await act(form)) ?? true;
        dialog.close();
      } catch (error) {
        replace(wrong, trouble(error));
      }
      confirm.disabled = false;
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(result);
    });
    document.body.append(dialog);
    dialog.showModal();
    (form.querySelector("input, select, textarea") ?? form.querySelector(".button")).focus();
  });
}

/** Shown for a few seconds, and read out. */
export function toast(text, sign = "check") {
  const box = document.getElementById("toasts");
  const note = h("div", { class: "toast arrives" }, icon(sign), h("span", null, text));
  box.append(note);
  say(text);
  setTimeout(() => note.remove(), 5000);
}

/** A question with two answers. */
export const confirm = (title, text, yes, act) => ask({ title, body: [h("p", null, text)], yes, danger: true, act });
