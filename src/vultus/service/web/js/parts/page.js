// Heads, notices and empty states: what views open with.
import { h, icon, fresh } from "../dom.js";
import { ApiError } from "../api.js";
import { may } from "../session.js";

/** The head of a view; the router moves the focus to its h1. */
export function head(title, lead, ...actions) {
  return h(
    "header",
    { class: "page-head" },
    h("div", null, h("h1", { tabindex: "-1" }, title), lead && h("p", null, lead)),
    actions.length > 0 && h("div", { class: "actions" }, actions),
  );
}

export function section(title, ...children) {
  const id = fresh("part");
  return h("section", { class: "section", "aria-labelledby": id }, h("h2", { id }, title), children);
}

export function button(label, { sign, kind = "", on, only = false, ...rest } = {}) {
  return h(
    "button",
    {
      type: "button",
      class: `button ${kind}${only ? " only-icon" : ""}`,
      ...(only && { "aria-label": label }),
      title: only ? label : null,
      on: on && { click: on },
      ...rest,
    },
    sign && icon(sign),
    !only && label,
  );
}

export function link(label, address, { sign, kind = "" } = {}) {
  return h("a", { class: `button ${kind}`, href: address }, sign && icon(sign), label);
}

/** The name of somebody, which leads to their page where this key may look at it. */
export function who(id, name) {
  return may("read") ? h("a", { href: `#/people/${id}` }, name) : name;
}

export function chip(text, kind = "", sign = null) {
  return h("span", { class: `chip ${kind}` }, sign && icon(sign), text);
}

/** A page with nothing on it says what would be on it, and how it comes there. */
export function empty(sign, title, text, ...actions) {
  return h(
    "div",
    { class: "empty" },
    icon(sign),
    h("h2", null, title),
    h("p", null, text),
    actions.length > 0 && h("div", { class: "row" }, actions),
  );
}

const SIGNS = { good: "check", warn: "warning", bad: "warning", "": "shield" };
export function notice(kind, ...children) {
  return h(
    "div",
    { class: `notice ${kind}`, role: kind === "bad" ? "alert" : null },
    icon(SIGNS[kind]),
    h("div", null, children),
  );
}

export function waiting(text = "One moment") {
  return h("div", { class: "waiting", role: "status" }, h("span", { class: "spinner" }), text);
}

/** What the server said, with the number to quote and a way to try again. */
export function trouble(error, again) {
  const api = error instanceof ApiError;
  const text = api
    ? error.message
    : "Something on this page went wrong. Reload it; if it happens again, tell whoever runs the server.";
  if (!api) console.error(error);
  return h(
    "div",
    { class: "stack" },
    notice(
      "bad",
      h("p", null, text),
      (error.details?.problems ?? []).map((problem) =>
        h("p", { class: "small" }, `${problem.where?.slice(1).join(" ") ?? ""}: ${problem.problem}`),
      ),
      error.retryAfter > 0 && h("p", { class: "small" }, `Try again in ${error.retryAfter} s.`),
      api &&
        error.requestId &&
        h("p", { class: "small soft" }, "Request ", h("span", { class: "mono" }, error.requestId)),
    ),
    again && h("div", null, button("Try again", { on: again })),
  );
}

/** A label, its control, a hint, and room for what is wrong with it. */
export function field(label, control, hint) {
  const id = control.id || fresh("field");
  control.id = id;
  const parts = [h("label", { for: id }, label), control];
  if (hint) {
    control.setAttribute("aria-describedby", `${id}-hint`);
    parts.push(h("span", { class: "hint", id: `${id}-hint` }, hint));
  }
  return h("div", { class: "field" }, parts);
}

export function tick(label, properties = {}) {
  const box = h("input", { type: "checkbox", ...properties });
  return { box, element: h("label", { class: "check" }, box, h("span", null, label)) };
}

export function options(pairs, chosen, properties = {}) {
  return h(
    "select",
    { class: "input", ...properties },
    pairs.map(([value, label]) => h("option", { value, selected: String(value) === String(chosen) }, label)),
  );
}

export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) => [h("dt", null, name), h("dd", null, value)]),
  );
}

/** A table that a keyboard can scroll and a phone shows as blocks. */
export function table(caption, columns, rows) {
  const cell = (value, i) =>
    i === 0
      ? h("th", { scope: "row" }, value)
      : h(
          "td",
          { class: columns[i].right ? "right number" : null, "data-label": columns[i].unseen ? null : columns[i].name },
          value,
        );
  return h(
    "div",
    { class: "table-box", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table",
      { class: "stack-phone" },
      h("caption", { class: "unseen" }, caption),
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          columns.map((column) =>
            h(
              "th",
              { scope: "col", class: column.right ? "right" : null },
              h("span", { class: column.unseen ? "unseen" : null }, column.name),
            ),
          ),
        ),
      ),
      h(
        "tbody",
        null,
        rows.map((row) => h("tr", null, row.map(cell))),
      ),
    ),
  );
}
