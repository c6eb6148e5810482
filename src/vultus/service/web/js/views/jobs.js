// Work that takes minutes: folders, zip files and films, with progress.
import { h, icon, replace } from "../dom.js";
import { call, form, get, listen, query, upload } from "../api.js";
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
  table,
  tick,
  trouble,
  who,
} from "../parts/page.js";
import { ask, toast } from "../parts/dialog.js";
import { drop } from "../parts/drop.js";
import { pager } from "../parts/pager.js";
import { progress } from "../parts/scale.js";
import { STATES, bytes, count, share, similar, some, span, when } from "../words.js";

const PAGE = 20;
export const KINDS = { enrol: "Enrol people", identify: "Identify faces", unknown: "Keep unknown faces" };

export function state(name) {
  const [label, kind] = STATES[name] ?? [name, ""];
  return chip(label, kind);
}

const busy = ({ state: now }) => now === "queued" || now === "running";

function howFar(job) {
  const unit = job.unit === "frames" ? " frames" : "";
  const parts = [job.total ? `${count(job.done)} of ${count(job.total)}${unit}` : `${count(job.done)}${unit} done`];
  if (busy(job) && job.rate_per_s) parts.push(`${job.rate_per_s.toFixed(1)} a second`);
  if (busy(job) && job.eta_s !== null && job.eta_s !== undefined) parts.push(`about ${span(job.eta_s)} left`);
  if (job.n_errors) parts.push(`${count(job.n_errors)} failed`);
  return parts.join(", ");
}

const cancelButton = (job, again) =>
  button("Cancel", {
    kind: "small",
    sign: "stop",
    on: async () => {
      await call("POST", `/v1/jobs/${job.job_id}/cancel`, { once: true }).then(
        () => toast("Cancelled"),
        (error) => toast(error.message, "warning"),
      );
      again();
    },
  });

function card(job, again) {
  return h(
    "li",
    { class: "card job" },
    h(
      "div",
      { class: "row apart" },
      h("h2", null, h("a", { href: `#/jobs/${job.job_id}` }, KINDS[job.kind] ?? job.kind)),
      h("div", { class: "row" }, state(job.state), busy(job) && may("enrol") && cancelButton(job, again)),
    ),
    busy(job) && progress(job.done, job.total, `Progress of ${KINDS[job.kind] ?? job.kind}`),
    h(
      "p",
      { class: "small soft number" },
      `${job.source ? `${job.source}: ` : ""}${howFar(job)}. Collection ${job.collection_id}, started ${when(job.created_at)}.`,
    ),
  );
}

function start(again) {
  const kind = options(Object.entries(KINDS), "enrol");
  const collection = options(
    session.collections.map(({ collection_id: id }) => [id, id]),
    session.collection,
  );
  const folder = h("input", { type: "text", autocomplete: "off", placeholder: "/in/photos" });
  const person = h("input", { type: "text", autocomplete: "off" });
  const anyway = tick("Take poor pictures too");
  const bar = h("div");
  let file = null;
  const chosen = h("p", { class: "small soft" });
  const act = () => {
    const request = {
      kind: kind.value,
      collection_id: collection.value,
      options: {
        ...(anyway.box.checked && { override_quality: true }),
        ...(kind.value === "enrol" && person.value.trim() && { name: person.value.trim() }),
      },
    };
    if (file)
      return upload("/v1/jobs", form({ request: JSON.stringify(request), file }), {
        onProgress: (part) => replace(bar, progress(part, 1, "Upload"), h("p", { class: "small soft" }, share(part))),
      });
    const path = folder.value.trim();
    const source = /\.(mp4|mov|mkv|avi|webm)$/i.test(path) ? { video: path } : { folder: path };
    return call("POST", "/v1/jobs", { json: { ...request, source }, once: true });
  };
  const named = field(
    "Name, if all of it is one person",
    person,
    "A video needs one; else folders are named after people.",
  );
  kind.addEventListener("change", () => {
    named.hidden = kind.value !== "enrol";
  });
  return ask({
    title: "New job",
    yes: "Start",
    act,
    body: [
      field("What to do", kind),
      session.collections.length > 1 && field("Collection", collection),
      drop({
        title: "Drop a zip file or a video",
        hint: "For enrolling: folders in the zip named after people",
        kind: "bulk",
        slim: true,
        sign: "upload",
        onFiles: ([first]) => {
          file = first?.file ?? null;
          chosen.textContent = file ? `${file.name}, ${bytes(file.size)}` : "";
        },
      }),
      chosen,
      field(
        "Or a folder or video on the server",
        folder,
        "It must lie below the folder that the server was given for jobs.",
      ),
      named,
      anyway.element,
      bar,
    ],
  }).then((made) => {
    if (made) {
      toast("The job was started");
      if (made.job_id) location.hash = `#/jobs/${made.job_id}`;
      else again();
    }
  });
}

export async function jobs({ signal }) {
  const list = pager({
    size: PAGE,
    word: "jobs",
    load: async (cursor) => {
      const answer = await get(`/v1/jobs${query({ limit: PAGE, cursor })}`, signal);
      if (answer.items.some(busy)) setTimeout(() => !signal.aborted && !document.hidden && list.again(), 2500);
      return answer;
    },
    draw: (items) =>
      h(
        "ul",
        { class: "stack" },
        items.map((one) => card(one, list.again)),
      ),
    none: () =>
      empty(
        "jobs",
        "No jobs yet",
        "A job goes through a folder, a zip file or a film while you do something else. It goes on after a restart of the server, and never does a picture twice.",
        may("enrol") && button("Start a job", { kind: "primary", sign: "plus", on: () => start(list.again) }),
      ),
  });
  await list.show();
  return [
    head(
      "Jobs",
      "Many pictures at once, or whole films.",
      may("enrol") && button("New job", { kind: "primary", sign: "plus", on: () => start(list.again) }),
    ),
    list.element,
  ];
}

function outcome(result) {
  if (!result) return null;
  const plain = Object.entries(result).filter(([, value]) => ["number", "string", "boolean"].includes(typeof value));
  return plain.length
    ? section(
        "Outcome",
        h(
          "div",
          { class: "card pad" },
          facts(
            plain.map(([name, value]) => [
              name.replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase()),
              typeof value === "number" ? count(value) : String(value),
            ]),
          ),
        ),
      )
    : null;
}

const shown = (face) =>
  `${face.name ?? "unknown"}${face.decision?.similarity ? ` (${similar(face.decision.similarity)})` : ""}`;

/** What came of one picture or track, in words. */
function told(item) {
  if (item.error) return h("span", { class: "bad" }, item.error.message);
  if (item.faces) return item.faces.map(shown).join(", ") || "no face";
  if (item.decision) return shown(item);
  if (item.face_ids) {
    const known = item.known?.length ? `; known: ${item.known.join(", ")}` : "";
    return `${some(item.face_ids.length, "unknown face")} kept${known}`;
  }
  if (!item.person) return "";
  return [
    item.person_id ? who(item.person_id, item.person) : item.person,
    item.repeated ? ", was enrolled before" : "",
  ];
}

const place = (item) =>
  typeof item.start_s === "number" ? `${item.item}, ${span(item.start_s)} to ${span(item.end_s)}` : item.item;

function results(id, signal) {
  const list = pager({
    size: 50,
    word: "results",
    load: (cursor) => get(`/v1/jobs/${id}/results${query({ limit: 50, cursor })}`, signal),
    draw: (items) =>
      table(
        "Results of the job",
        [{ name: "Where" }, { name: "Who" }],
        items.map((item) => [place(item), told(item)]),
      ),
    none: () => notice("", "No results yet."),
  });
  return list;
}

export async function job({ id, signal, title }) {
  const path = `/v1/jobs/${encodeURIComponent(id)}`;
  let now = await get(path, signal);
  title(KINDS[now.kind] ?? "Job");
  const live = h("div", { class: "card job", "aria-live": "off" });
  const after = h("div", { class: "section" });
  const list = results(id, signal);
  function draw() {
    replace(
      live,
      h("div", { class: "row apart" }, state(now.state), busy(now) && may("enrol") && cancelButton(now, again)),
      progress(now.done, now.total ?? (busy(now) ? null : now.done || 1), "Progress"),
      h("p", { class: "number" }, howFar(now)),
      h(
        "p",
        { class: "small soft" },
        `Collection ${now.collection_id}. Made ${when(now.created_at)}${now.finished_at ? `, finished ${when(now.finished_at)}` : ""}.`,
      ),
    );
    if (busy(now)) return;
    replace(
      after,
      now.message && notice("bad", now.message),
      outcome(now.result),
      now.errors?.length > 0 &&
        section(
          "What failed",
          table(
            "Failures",
            [{ name: "What" }, { name: "Why" }],
            now.errors.map((one) => [one.item, one.message]),
          ),
        ),
    );
  }
  async function again() {
    now = await get(path, signal);
    draw();
    if (!busy(now)) await list.show();
  }
  draw();
  list.show();
  if (busy(now)) {
    listen(`${path}/events`, {
      signal,
      onEvent: ({ data }) => {
        if (data.job_id) {
          now = data;
          draw();
        }
      },
      onState: (what, error) => {
        if (what === "ended" || what === "lost") again().catch(() => {});
        if (what === "refused") replace(after, trouble(error));
      },
    });
  }
  return [
    h("a", { class: "crumb", href: "#/jobs" }, icon("back"), "Jobs"),
    head(KINDS[now.kind] ?? now.kind, now.source),
    live,
    after,
    section("Results", list.element),
  ];
}
