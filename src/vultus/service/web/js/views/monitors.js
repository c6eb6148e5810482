// Cameras that are watched all the time, and who is seen as it happens.
import { h, icon, replace } from "../dom.js";
import { call, get, listen, query } from "../api.js";
import { may, session } from "../session.js";
import {
  button,
  chip,
  empty,
  facts,
  field,
  head,
  notice,
  options,
  section,
  tick,
  trouble,
  who,
} from "../parts/page.js";
import { ask, confirm, toast } from "../parts/dialog.js";
import { faceOf } from "../parts/face.js";
import { fpirChoice } from "../parts/rate.js";
import { pager } from "../parts/pager.js";
import { STATES, clock, count, oneIn, readSearch, span, when } from "../words.js";
import { state } from "./jobs.js";

const PAGE = 20;
const SHOWN = 100;
const SAID = { seen: ["Seen", "good"], left: ["Left", ""], unknown: ["Unknown", "warn"], state: ["Camera", "accent"] };

const runs = ({ state: now }) => ["starting", "running", "lost"].includes(now);

function turn(one, again) {
  const path = `/v1/monitors/${one.monitor_id}`;
  const go = (word) => async () => {
    await call("POST", `${path}/${word}`, { once: true }).catch((error) => toast(error.message, "warning"));
    again();
  };
  return runs(one)
    ? button("Stop", { kind: "small", sign: "stop", on: go("stop") })
    : button("Start", { kind: "small", sign: "play", on: go("start") });
}

function card(one, again) {
  return h(
    "li",
    { class: "card job" },
    h(
      "div",
      { class: "row apart" },
      h("h2", null, h("a", { href: `#/monitors/${one.monitor_id}` }, one.name)),
      h("div", { class: "row" }, state(one.state), may("enrol") && turn(one, again)),
    ),
    h(
      "p",
      { class: "small soft" },
      h("span", { class: "mono" }, one.source),
      `, collection ${one.collection_id}. ${one.last_frame_at ? `Last picture ${when(one.last_frame_at)}.` : "No picture yet."}`,
    ),
    one.message && h("p", { class: "small warn" }, one.message),
  );
}

function add(again) {
  const name = h("input", { type: "text", required: true, autocomplete: "off", placeholder: "Front door" });
  const source = h("input", {
    type: "text",
    required: true,
    autocomplete: "off",
    placeholder: "rtsp://camera.local/stream",
  });
  const collection = options(
    session.collections.map(({ collection_id: id }) => [id, id]),
    session.collection,
  );
  const rate = fpirChoice();
  const number = (value, properties) => h("input", { type: "number", value, inputmode: "decimal", ...properties });
  const fps = number(2, { min: 0.1, max: 30, step: "any" });
  const confirmed = number(3, { min: 1, max: 100 });
  const cooldown = number(30, { min: 0, max: 86400 });
  const unknown = tick("Keep the faces of unknown people");
  const act = () =>
    call("POST", "/v1/monitors", {
      once: true,
      json: {
        name: name.value.trim(),
        collection_id: collection.value,
        source: source.value.trim(),
        fps: Number(fps.value),
        fpir: rate.rate(),
        confirm_frames: Number(confirmed.value),
        cooldown_s: Number(cooldown.value),
        keep_unknown: unknown.box.checked,
      },
    });
  return ask({
    title: "Watch a camera",
    yes: "Add",
    act,
    body: [
      field("Name", name),
      field(
        "Address",
        source,
        "rtsp://, the number of a camera at the server, or a film on the server. A password in it is never shown again.",
      ),
      session.collections.length > 1 && field("Collection", collection),
      rate.element,
      h(
        "details",
        { class: "more" },
        h("summary", null, "How it decides"),
        h(
          "div",
          { class: "stack" },
          field("Pictures a second", fps),
          field("Pictures before somebody counts as seen", confirmed),
          field("Seconds before the same person is told again", cooldown),
          unknown.element,
        ),
      ),
      notice("warn", "Tell people that they are watched, and what for. In many places covert watching is a crime."),
    ],
  }).then((made) => {
    if (made) {
      toast("Added");
      again();
    }
  });
}

export async function monitors({ signal }) {
  const list = pager({
    size: PAGE,
    word: "monitors",
    load: (cursor) => get(`/v1/monitors${query({ limit: PAGE, cursor })}`, signal),
    draw: (items) =>
      h(
        "ul",
        { class: "stack" },
        items.map((one) => card(one, list.again)),
      ),
    none: () =>
      empty(
        "monitors",
        "No camera is watched",
        "A monitor looks at a camera or a stream all the time and tells who is seen, once, when it is sure.",
        may("enrol") && button("Watch a camera", { kind: "primary", sign: "plus", on: () => add(list.again) }),
      ),
  });
  await list.show();
  return [
    head(
      "Monitors",
      "Cameras that are watched, and who is seen.",
      may("enrol") && button("Watch a camera", { kind: "primary", sign: "plus", on: () => add(list.again) }),
    ),
    list.element,
  ];
}

function sentence(event) {
  const stayed = typeof event.stayed_s === "number" ? ` after ${span(event.stayed_s)}` : "";
  if (event.type === "left") return `${event.name ?? "An unknown person"} left${stayed}.`;
  if (event.type === "state")
    return [STATES[event.state]?.[0] ?? event.state, event.message].filter(Boolean).join(": ");
  return event.decision
    ? readSearch(event.name, event.decision, event.candidates ?? [])
    : `${event.name ?? "Somebody unknown"} was seen.`;
}

function line(event) {
  const [label, kind] = SAID[event.type] ?? [event.type, ""];
  return h(
    "li",
    { class: "event" },
    event.type === "state"
      ? h("span", { class: "face" }, icon("monitors"))
      : faceOf(event.person_id, event.person_id ? event.portrait : null, ""),
    h(
      "div",
      null,
      h(
        "b",
        null,
        event.person_id ? who(event.person_id, event.name) : event.type === "state" ? "Camera" : "Unknown person",
      ),
      h("p", { class: "small soft" }, sentence(event)),
    ),
    h(
      "div",
      { class: "row end" },
      chip(label, kind),
      h("time", { class: "small soft number nowrap", datetime: event.at, title: when(event.at) }, clock(event.at)),
    ),
  );
}

/** Portraits of people that events name: each is asked for once. */
function portraits(collection, signal) {
  const known = new Map();
  return async (event) => {
    if (!event.person_id || collection !== session.collection) return event;
    const told = event.candidates?.find((one) => one.person_id === event.person_id)?.face_id;
    if (told) return { ...event, portrait: told };
    if (!known.has(event.person_id))
      known.set(
        event.person_id,
        get(`/v1/collections/${collection}/persons/${event.person_id}`, signal).then(
          (one) => one.portrait_face_id,
          () => null,
        ),
      );
    return { ...event, portrait: await known.get(event.person_id) };
  };
}

function settings(one) {
  return [
    h("div", null, state(one.state)),
    one.message && notice("warn", one.message),
    facts([
      ["Source", h("span", { class: "mono" }, one.source)],
      ["Collection", one.collection_id],
      ["Pictures looked at", count(one.frames ?? 0)],
      ["Last picture", one.last_frame_at && when(one.last_frame_at)],
      ["Rate", `${one.fps} a second`],
      ["False names", oneIn(one.fpir)],
      ["Counts as seen after", `${one.confirm_frames} pictures`],
      ["Counts as gone after", span(one.absence_s)],
      ["Told again after", span(one.cooldown_s)],
      ["Unknown faces", one.keep_unknown ? "kept" : "not kept"],
    ]),
  ];
}

export async function monitor({ id, signal, refresh, title }) {
  const path = `/v1/monitors/${encodeURIComponent(id)}`;
  const one = await get(path, signal);
  title(one.name);
  const portrait = portraits(one.collection_id, signal);
  const feed = h("ul", { class: "card" });
  const log = h(
    "div",
    { role: "log", "aria-label": "Events, newest first", "aria-live": "polite", "aria-relevant": "additions" },
    feed,
  );
  const none = empty(
    "monitors",
    "Nobody was seen yet",
    runs(one) ? "As soon as somebody is seen, it stands here." : "The monitor is stopped. Start it to see who comes.",
  );
  const link = h("p", { class: "small soft", role: "status" });
  const put = (event) => {
    none.remove();
    feed.hidden = false;
    feed.prepend(line(event));
    while (feed.childElementCount > SHOWN) feed.lastElementChild.remove();
  };
  const about = h("div", { class: "card pad stack" });
  const actions = h("div", { class: "actions" });
  const remove = button("Remove", { kind: "small danger", sign: "bin", on: () => away() });
  function draw(now) {
    replace(about, settings(now));
    replace(actions, may("enrol") && [turn(now, refresh), remove]);
  }
  draw(one);
  const before = await get(`${path}/events${query({ limit: 50 })}`, signal);
  const old = [...before.items].sort((a, b) => a.event_id - b.event_id);
  for (const event of old) put(await portrait(event));
  feed.hidden = old.length === 0;
  let turned = Promise.resolve();
  async function arrives(event) {
    put(await portrait(event));
    if (event.type === "state") draw(await get(path, signal));
  }
  listen(`${path}/events`, {
    signal,
    after: old.at(-1)?.event_id ?? 0,
    onEvent: ({ type, data }) => {
      turned = turned.then(() => arrives({ type, ...data })).catch(() => {});
    },
    onState: (what, error) => {
      const words = {
        open: "Connected: events come as they happen.",
        lost: "The connection was lost; trying again.",
        ended: "The monitor has stopped.",
      };
      replace(link, what === "refused" ? trouble(error) : words[what]);
      if (what === "ended") get(path, signal).then(draw, () => {});
    },
  });
  const away = () =>
    confirm(`Remove ${one.name}?`, "The camera is no longer watched, and its events are deleted.", "Remove", () =>
      call("DELETE", path, { once: true }),
    ).then((done) => {
      if (done) location.hash = "#/monitors";
    });
  return [
    h("a", { class: "crumb", href: "#/monitors" }, icon("back"), "Monitors"),
    head(one.name, "", actions),
    h(
      "div",
      { class: "wide-left" },
      section("Live events", h("div", { class: "stack" }, link, none, log)),
      section("Settings", about),
    ),
  ];
}
