// Who did what, when and what for; the log shows tampering.
import { h, replace } from "../dom.js";
import { get, query } from "../api.js";
import { may, session } from "../session.js";
import { button, empty, field, head, notice, options, table, trouble, waiting } from "../parts/page.js";
import { pager } from "../parts/pager.js";
import { some, when } from "../words.js";

const PAGE = 50;
const GONE = new Set(["delete", "expire"]);
const ACTIONS = {
  enrol: "Enrolled",
  search: "Searched",
  verify: "Verified",
  view: "Viewed",
  rename: "Renamed",
  label: "Labelled",
  consent: "Consent",
  tag: "Tagged",
  delete: "Deleted",
  expire: "Expired",
  export: "Exported",
  import: "Imported",
  key: "Key",
  migrate: "Migrated",
};

function told(detail) {
  const { route, method, status, ms } = detail;
  if (route)
    return [
      h("span", { class: "mono" }, `${method} ${route}`),
      ` ${status}${ms === undefined ? "" : `, ${Math.round(ms)} ms`}`,
    ];
  return Object.entries(detail)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ");
}

/** Names of keys, where this one may know them: a number says little. */
async function actors(signal) {
  if (!may("admin")) return new Map();
  const { items } = await get(`/v1/keys${query({ limit: 200 })}`, signal).catch(() => ({ items: [] }));
  return new Map(items.map((key) => [`key:${key.key_id}`, key.name]));
}

function row(entry, names) {
  const seen = entry.subjects ?? [];
  const about = (id) =>
    entry.collection_id === session.collection && !GONE.has(entry.action)
      ? h("a", { href: `#/people/${id}` }, String(id))
      : String(id);
  return [
    h("time", { datetime: entry.at, class: "number nowrap" }, when(entry.at)),
    ACTIONS[entry.action] ?? (entry.action === "call" ? "Call" : entry.action),
    names.has(entry.actor)
      ? [names.get(entry.actor), " ", h("span", { class: "mono soft" }, entry.actor.replace("key:", ""))]
      : h("span", { class: "mono" }, entry.actor),
    seen.length
      ? seen
          .slice(0, 6)
          .map((id, i) => [i > 0 && ", ", about(id)])
          .concat(seen.length > 6 ? ` and ${seen.length - 6} more` : [])
      : "",
    entry.purpose || "",
    Object.keys(entry.detail ?? {}).length > 0 && h("span", { class: "small soft" }, told(entry.detail)),
  ];
}

export async function audit({ signal }) {
  const names = await actors(signal);
  const service = ["", "The service itself: every call"];
  const collection = options(
    [...session.collections.map(({ collection_id: id }) => [id, `Collection ${id}`]), service],
    session.collection,
  );
  const action = options([["", "Everything"], ...Object.entries(ACTIONS)], "");
  const from = h("input", { type: "date", class: "input" });
  const to = h("input", { type: "date", class: "input" });
  const list = pager({
    size: PAGE,
    word: "entries",
    load: (cursor) => {
      const asked = {
        collection_id: collection.value,
        action: collection.value ? action.value : "",
        after: from.value && `${from.value}T00:00:00Z`,
        before: to.value && `${to.value}T23:59:59Z`,
        limit: PAGE,
        cursor,
      };
      return get(`/v1/audit${query(asked)}`, signal);
    },
    draw: (items) =>
      table(
        "Audit log, newest first",
        [{ name: "When" }, { name: "What" }, { name: "Who" }, { name: "About" }, { name: "Purpose" }, { name: "More" }],
        items.map((entry) => row(entry, names)),
      ),
    none: () =>
      empty(
        "audit",
        "Nothing is written here",
        "Every search, look and change is written down here, with who did it and what for. People stand in it as numbers, never as names.",
      ),
  });
  const checked = h("div");
  async function verify() {
    replace(checked, waiting("Checking the whole chain"));
    try {
      const answer = await get(`/v1/audit/verify${query({ collection_id: collection.value })}`, signal);
      replace(
        checked,
        notice(
          answer.ok ? "good" : "bad",
          h(
            "p",
            null,
            answer.ok
              ? "The log is whole: nothing was changed, left out or put in."
              : `The log was tampered with, or is damaged: ${some(answer.problems.length, "problem")}.`,
          ),
          answer.problems.map((text) => h("p", { class: "small" }, text)),
          (answer.notes ?? []).map((text) => h("p", { class: "small" }, text)),
          answer.head &&
            h(
              "p",
              { class: "small soft" },
              "Head, to keep somewhere else: ",
              h("span", { class: "mono" }, answer.head),
            ),
        ),
      );
    } catch (error) {
      if (error.name !== "AbortError") replace(checked, trouble(error, verify));
    }
  }
  collection.addEventListener("change", () => {
    action.disabled = !collection.value;
    replace(checked);
    list.show();
  });
  for (const one of [action, from, to]) one.addEventListener("change", list.show);
  await list.show();
  const narrow = (label, control) => field(label, control);
  return [
    head(
      "Audit log",
      "Who did what, when, and what for. People stand in it as numbers; what is removed stays nameless.",
      button("Check that it is whole", { sign: "shield", on: verify }),
    ),
    h(
      "div",
      { class: "stack" },
      h(
        "div",
        { class: "filters" },
        narrow("Log of", collection),
        narrow("What", action),
        narrow("From", from),
        narrow("Until", to),
      ),
      checked,
      list.element,
    ),
  ];
}
