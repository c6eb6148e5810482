// The frame around every view: navigation, collection, theme, who is signed in.
import { h, icon } from "./dom.js";
import { brand } from "./logo.js";
import { session, theme, wear } from "./session.js";
import { button, field, options } from "./parts/page.js";
import { ask } from "./parts/dialog.js";

const TABS = ["people", "enrol", "identify", "compare"];

function navigation(routes, label) {
  const parts = [...new Set(routes.map((route) => route.part))];
  return h(
    "nav",
    { class: "nav", "aria-label": label },
    parts.map((part) =>
      h(
        "div",
        null,
        h("h2", null, part),
        h(
          "ul",
          null,
          routes
            .filter((route) => route.part === part)
            .map((route) =>
              h(
                "li",
                null,
                h(
                  "a",
                  { href: `#/${route.path}`, "data-path": route.path },
                  icon(route.sign),
                  route.short ?? route.title,
                ),
              ),
            ),
        ),
      ),
    ),
  );
}

function collections(onCollection) {
  if (session.collections.length < 2) return null;
  const select = options(
    session.collections.map(({ collection_id: id }) => [id, id]),
    session.collection,
    { class: "input collection" },
  );
  select.addEventListener("change", () => {
    for (const other of document.querySelectorAll("select.collection")) other.value = select.value;
    onCollection(select.value);
  });
  return field("Collection", select);
}

let themes = 0;
export function themeSwitch() {
  const name = `theme-${(themes += 1)}`;
  const all = [
    ["light", "Light", "sun"],
    ["auto", "As the system", "half"],
    ["dark", "Dark", "moon"],
  ];
  return h(
    "div",
    { class: "theme", role: "radiogroup", "aria-label": "Colours" },
    all.map(([value, label, sign]) =>
      h(
        "label",
        { title: label },
        h("input", {
          type: "radio",
          name,
          value,
          checked: theme() === value,
          "aria-label": label,
          on: { change: () => wear(value) },
        }),
        icon(sign),
      ),
    ),
  );
}

function foot(onOut) {
  const signed = session.system.features?.auth !== false;
  return h(
    "div",
    { class: "foot" },
    h(
      "div",
      { class: "who" },
      h("b", null, session.me.name || "No name"),
      h("span", { class: "soft" }, signed ? session.me.roles.join(", ") : "no key needed here"),
    ),
    h(
      "div",
      { class: "foot-row" },
      h("div", null, themeSwitch()),
      signed && button("Sign out", { kind: "quiet", sign: "leave", only: true, on: onOut }),
    ),
  );
}

export function shell({ routes, onOut, onCollection }) {
  const main = h("main", { class: "main", id: "main" });
  async function more() {
    const list = navigation(routes, "All pages");
    const waitingFor = ask({
      title: "Vultus",
      no: "Close",
      sheet: true,
      body: [
        collections(onCollection),
        list,
        foot(() => {
          document.querySelector("dialog[open]")?.close();
          onOut();
        }),
      ],
    });
    list.addEventListener(
      "click",
      (event) => event.target.closest("a") && document.querySelector("dialog[open]").close(),
    );
    current(now);
    await waitingFor;
  }
  const below = routes.filter((route) => TABS.includes(route.path));
  const elements = [
    h(
      "a",
      {
        class: "skip",
        href: "#main",
        on: {
          click: (event) => {
            event.preventDefault();
            (main.querySelector("h1") ?? main).focus();
          },
        },
      },
      "Skip to the page",
    ),
    h(
      "header",
      { class: "topbar" },
      brand(),
      h("span", { class: "small soft" }, session.collections.length > 1 ? session.collection : ""),
    ),
    h(
      "div",
      { class: "shell" },
      h("header", { class: "side" }, brand(), collections(onCollection), navigation(routes, "Pages"), foot(onOut)),
      main,
    ),
    h(
      "nav",
      { class: "tabs-below", "aria-label": "Main pages" },
      below.map((route) => h("a", { href: `#/${route.path}`, "data-path": route.path }, icon(route.sign), route.title)),
      h("button", { type: "button", "aria-haspopup": "dialog", on: { click: more } }, icon("more"), "More"),
    ),
  ];
  return { main, elements };
}

let now = null;
/** Mark where we are in every navigation. */
export function current(route) {
  now = route;
  const path = route?.under ?? route?.path;
  for (const link of document.querySelectorAll("a[data-path]")) {
    if (link.dataset.path === path) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}
