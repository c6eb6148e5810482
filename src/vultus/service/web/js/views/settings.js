// Keys, collections, what runs here, and how the page looks.
import { h } from "../dom.js";
import { call, get, query } from "../api.js";
import { may, session, work } from "../session.js";
import { button, chip, empty, facts, field, head, notice, section, table, tick } from "../parts/page.js";
import { ask, confirm, toast } from "../parts/dialog.js";
import { pager } from "../parts/pager.js";
import { themeSwitch } from "../shell.js";
import { ROLES, bytes, count, day, oneIn, span, when } from "../words.js";

const PAGE = 50;

function shown(made) {
  const text = h("span", { class: "grow" }, made.secret);
  const copy = button("Copy", {
    kind: "small",
    sign: "copy",
    on: () =>
      navigator.clipboard?.writeText(made.secret).then(
        () => toast("Copied"),
        () => toast("Mark it and copy it by hand", "warning"),
      ),
  });
  return ask({
    title: `The key of ${made.name}`,
    no: "I have kept it",
    body: [
      notice("warn", "It is shown this once. Nobody, this server included, can show it again."),
      h("div", { class: "secret" }, text, copy),
    ],
  });
}

function makeKey(again) {
  const name = h("input", { type: "text", required: true, autocomplete: "off", placeholder: "Front door tablet" });
  const roles = Object.entries(ROLES).map(([role, words]) => ({
    role,
    ...tick([h("b", null, role), h("br"), h("span", { class: "small soft" }, words)], { checked: role === "search" }),
  }));
  const every = tick("All collections, also later ones", { checked: true });
  const some = session.collections.map(({ collection_id: id }) => ({ id, ...tick(id) }));
  const rate = h("input", { type: "number", min: 1, inputmode: "numeric", placeholder: "as the server" });
  const act = () =>
    call("POST", "/v1/keys", {
      once: true,
      json: {
        name: name.value.trim(),
        roles: roles.filter(({ box }) => box.checked).map(({ role }) => role),
        collections: every.box.checked ? ["*"] : some.filter(({ box }) => box.checked).map(({ id }) => id),
        ...(rate.value && { rate_per_s: Number(rate.value) }),
      },
    });
  return ask({
    title: "New key",
    yes: "Make the key",
    act,
    body: [
      field("Name", name, "Who or what will use it."),
      h(
        "fieldset",
        { class: "stack" },
        h("legend", null, "It may"),
        roles.map(({ element }) => element),
      ),
      h(
        "fieldset",
        { class: "stack" },
        h("legend", null, "Collections"),
        every.element,
        session.collections.length > 1 && some.map(({ element }) => element),
      ),
      field("Calls a second, at most", rate),
    ],
  }).then(async (made) => {
    if (made) {
      await shown(made);
      again();
    }
  });
}

function keys(signal) {
  const list = pager({
    size: PAGE,
    word: "keys",
    load: (cursor) => get(`/v1/keys${query({ limit: PAGE, cursor })}`, signal),
    draw: (items) =>
      table(
        "All keys",
        [{ name: "Name" }, { name: "May" }, { name: "Collections" }, { name: "Last used" }, { name: "State" }],
        items.map((key) => [
          [key.name, h("br"), h("span", { class: "mono soft" }, key.key_id)],
          key.roles.join(", "),
          key.collections.includes("*") ? "all" : key.collections.join(", "),
          key.last_used_at ? when(key.last_used_at) : "never",
          key.revoked_at
            ? chip(`Revoked ${day(key.revoked_at)}`, "bad")
            : key.key_id === session.me.key_id
              ? chip("This key", "accent")
              : button("Revoke", { kind: "small", "aria-label": `Revoke the key ${key.name}`, on: () => revoke(key) }),
        ]),
      ),
    none: () =>
      empty(
        "key",
        "No keys yet",
        "Everybody and everything that talks to this server has a key of its own, so that one can be taken back without the others.",
      ),
  });
  const revoke = (key) =>
    confirm(`Revoke the key ${key.name}?`, "Whoever uses it is shut out at once.", "Revoke", () =>
      call("DELETE", `/v1/keys/${key.key_id}`, { once: true }),
    ).then((done) => {
      if (done) {
        toast("Revoked");
        list.again();
      }
    });
  list.show();
  return h(
    "section",
    { class: "section", "aria-label": "Keys" },
    h(
      "div",
      { class: "section-head" },
      h("h2", null, "Keys"),
      button("New key", { kind: "primary small", sign: "plus", on: () => makeKey(list.again) }),
    ),
    list.element,
  );
}

function makeCollection(done) {
  const id = h("input", {
    type: "text",
    required: true,
    autocomplete: "off",
    pattern: "[a-z0-9][a-z0-9_-]{0,59}",
    placeholder: "staff",
  });
  const text = h("input", { type: "text", autocomplete: "off" });
  return ask({
    title: "New collection",
    yes: "Make it",
    body: [
      h("p", { class: "soft" }, "A collection is a gallery of its own: other people, other keys, other log."),
      field("Name", id, "Small letters, digits, - and _"),
      field("Description", text),
    ],
    act: () =>
      call("POST", "/v1/collections", {
        json: { collection_id: id.value.trim(), description: text.value.trim() },
        once: true,
      }),
  }).then((made) => {
    if (made) {
      toast(`${made.collection_id} was made`);
      done();
    }
  });
}

function dropCollection(one, done) {
  const again = h("input", { type: "text", autocomplete: "off" });
  return ask({
    title: `Delete ${one.collection_id}?`,
    yes: "Delete everything in it",
    danger: true,
    body: [
      h(
        "p",
        null,
        `${count(one.people)} people with ${count(one.faces)} faces are deleted with their file. This cannot be taken back.`,
      ),
      field(`Write ${one.collection_id} to go on`, again),
    ],
    act: () =>
      call("DELETE", `/v1/collections/${one.collection_id}`, { json: { confirm: again.value.trim() }, once: true }),
  }).then((answer) => {
    if (answer) {
      toast("Deleted", "bin");
      done(one);
    }
  });
}

function collections() {
  const reload = () => setTimeout(() => location.reload(), 900);
  const rows = session.collections.map((one) => [
    [one.collection_id, one.description && [h("br"), h("span", { class: "small soft" }, one.description)]],
    count(one.people ?? 0),
    count(one.faces ?? 0),
    one.vault ? "encrypted" : "plain",
    day(one.created_at),
    may("admin") && session.collections.length > 1
      ? button(`Delete the collection ${one.collection_id}`, {
          kind: "small quiet",
          sign: "bin",
          only: true,
          on: () => dropCollection(one, reload),
        })
      : "",
  ]);
  return h(
    "section",
    { class: "section", "aria-label": "Collections" },
    h(
      "div",
      { class: "section-head" },
      h("h2", null, "Collections"),
      may("admin") && button("New collection", { kind: "small", sign: "plus", on: () => makeCollection(reload) }),
    ),
    table(
      "All collections",
      [
        { name: "Name" },
        { name: "People", right: true },
        { name: "Faces", right: true },
        { name: "Templates" },
        { name: "Made" },
        { name: "Delete", unseen: true },
      ],
      rows,
    ),
  );
}

function server() {
  const { system } = session;
  const { limits, features } = system;
  return section(
    "This server",
    h(
      "div",
      { class: "two" },
      h(
        "div",
        { class: "card pad" },
        facts([
          ["Version", system.version],
          ["Model", system.pack],
          ["Contract", h("span", { class: "mono" }, system.contract)],
          ["Runs on", `${system.device} (${system.provider})`],
          [
            "Guards against photographs",
            system.liveness ? "yes" : "no: this model does not see photographs held before the camera",
          ],
          ["Up for", span(system.uptime_s)],
        ]),
      ),
      h(
        "div",
        { class: "card pad" },
        facts([
          ["Usual carefulness", `${oneIn(system.defaults.fmr)} comparing, ${oneIn(system.defaults.fpir)} searching`],
          ["Largest picture", `${bytes(limits.bytes)}, ${count(limits.pixels / 1e6)} million pixels`],
          ["Pictures at once", count(limits.pictures)],
          ["Time for an answer", limits.deadline_ms && `${count(limits.deadline_ms / 1000)} s`],
          ["Calls a second", limits.rate_per_s && count(limits.rate_per_s)],
          ["Fetches addresses", features.fetch_urls ? "yes" : "no"],
        ]),
      ),
    ),
  );
}

/** Headers carry plain letters only, and the log takes 200 of them. */
function purpose() {
  const text = h("input", {
    type: "text",
    autocomplete: "off",
    maxlength: 200,
    value: session.purpose,
    placeholder: "for example: visitors of Monday",
  });
  text.addEventListener("change", () => {
    text.value = text.value.replace(/[^\x20-\x7e]/g, "").trim();
    work(text.value);
    toast(text.value ? "Written into the audit log from now on" : "No purpose is given any more");
  });
  return field("Purpose of your work", text, "It is written into the audit log. Name no people in it. Plain letters.");
}

export async function settings({ signal }) {
  const { me } = session;
  return [
    head("Keys and settings", "Who may do what, and what runs here."),
    h(
      "div",
      { class: "two" },
      h(
        "section",
        { class: "card pad stack", "aria-label": "You" },
        h("h2", null, "You"),
        facts([
          ["Key", me.name],
          ["Number", h("span", { class: "mono" }, me.key_id)],
          ["May", me.roles.map((role) => ROLES[role] ?? role).join("; ")],
          ["Collections", me.collections.includes("*") ? "all" : me.collections.join(", ")],
        ]),
        purpose(),
      ),
      h(
        "section",
        { class: "card pad stack", "aria-label": "Colours" },
        h("h2", null, "Colours"),
        h("p", { class: "soft" }, "Light, as the system says, or dark. Remembered in this browser."),
        h("div", null, themeSwitch()),
      ),
    ),
    may("read") && collections(),
    may("admin") && session.system.features.auth !== false && keys(signal),
    server(),
  ];
}
