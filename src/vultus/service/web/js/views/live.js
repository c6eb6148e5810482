// Who is before the camera now, and who is in a film that plays here.
import { h, replace, say } from "../dom.js";
import { call, form, here, upload } from "../api.js";
import { may, session } from "../session.js";
import { button, notice, trouble } from "../parts/page.js";
import { camera, shot } from "../parts/camera.js";
import { drop } from "../parts/drop.js";
import { drawn, foundFace, summed } from "../parts/found.js";
import { progress } from "../parts/scale.js";
import { boxes } from "../parts/stage.js";
import { bytes, share, similar, some } from "../words.js";

const STEP_S = 0.5;

const asked = (blob, rate, signal) =>
  call("POST", here("/identify"), { form: form({ images: [blob], fpir: rate.rate() }), signal });

export function atCamera(rate, signal) {
  const list = h("ul", { class: "found", "aria-label": "Faces before the camera" });
  const word = h("p", { class: "soft" }, "Turn the camera on, and whoever is before it is searched again and again.");
  let said = "";
  const cam = camera({
    signal,
    pause: 120,
    onFrame: async (blob, size) => {
      try {
        const [answer, bitmap] = await Promise.all([asked(blob, rate, signal), createImageBitmap(blob)]);
        if (!cam.running()) return;
        const { faces } = answer.pictures[0];
        cam.show(size, faces.map(drawn));
        // Whoever reads or works in the list is not disturbed.
        if (!list.contains(document.activeElement) && !list.querySelector("details[open]")) {
          replace(
            list,
            faces.map((face) => foundFace(face, bitmap)),
          );
        }
        const now = summed(faces);
        replace(word, now, " ", h("span", { class: "small number" }, `${Math.round(answer.processing_ms)} ms`));
        if (now !== said) say((said = now));
      } catch (error) {
        if (error.name === "AbortError") return;
        replace(word, h("span", { class: "bad" }, error.message));
        await new Promise((resolve) => {
          setTimeout(resolve, (error.retryAfter || 2) * 1000);
        });
      }
    },
  });
  return h(
    "div",
    { class: "wide-left" },
    h("div", { class: "stays" }, cam.element),
    h("div", { class: "stack" }, word, list),
  );
}

/** 75.2 is "1:15". */
const minute = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** Who was seen, most often first; a click goes there. */
function seenList(seen, go) {
  const rows = [...seen.values()].sort((a, b) => b.times - a.times);
  return h(
    "ul",
    { class: "card", "aria-label": "Seen in the film" },
    rows.map((one) =>
      h(
        "li",
        { class: "event plain" },
        h(
          "div",
          null,
          h("b", null, one.name),
          h(
            "p",
            { class: "small soft number" },
            `First at ${minute(one.from)}, last at ${minute(one.to)}${one.best === null ? "" : `, best similarity ${similar(one.best)}`}`,
          ),
        ),
        button(minute(one.from), {
          kind: "small",
          sign: "play",
          "aria-label": `Go to ${one.name} at ${minute(one.from)}`,
          on: () => go(one.from),
        }),
      ),
    ),
  );
}

/** Step through a film in this browser; every step is searched, and its boxes come back when it is looked at again. */
function stepping(file, rate, signal) {
  const url = URL.createObjectURL(file);
  signal.addEventListener("abort", () => URL.revokeObjectURL(url));
  const video = h("video", {
    src: url,
    controls: true,
    playsinline: true,
    preload: "auto",
    "aria-label": `The film ${file.name}`,
  });
  video.muted = true;
  const layer = h("div", { class: "boxes through" });
  const list = h("div");
  const word = h("p", { class: "soft" });
  const bar = h("div");
  const known = new Map();
  const seen = new Map();
  let going = false;

  function draw() {
    const faces = known.get(Math.round(video.currentTime / STEP_S));
    if (faces) boxes(layer, { width: video.videoWidth, height: video.videoHeight }, faces.map(drawn));
    else replace(layer);
  }
  const seek = (to) =>
    new Promise((resolve) => {
      video.addEventListener("seeked", resolve, { once: true });
      video.currentTime = to;
    });
  function note(faces, at) {
    for (const face of faces) {
      const name = face.name ?? "Unknown people";
      const one = seen.get(name) ?? { name, from: at, to: at, best: null, times: 0 };
      one.to = at;
      one.times += 1;
      if (face.name) one.best = Math.max(one.best ?? -1, face.decision.similarity);
      seen.set(name, one);
    }
    replace(
      list,
      seenList(seen, (to) => seek(to)),
    );
  }
  async function look() {
    going = true;
    video.pause();
    replace(
      tools,
      button("Stop", {
        sign: "stop",
        on: () => {
          going = false;
        },
      }),
    );
    try {
      for (let step = 0; going && !signal.aborted && step * STEP_S < video.duration; step += 1) {
        const at = step * STEP_S;
        await seek(Math.min(at + 0.01, video.duration));
        const taken = await shot(video);
        if (!taken) break;
        const { faces } = (await asked(taken.blob, rate, signal)).pictures[0];
        known.set(step, faces);
        draw();
        note(faces, at);
        replace(bar, progress(at, video.duration, "Film"));
        replace(word, `${minute(at)} of ${minute(video.duration)}. ${summed(faces)}`);
      }
      const people = [...seen.values()].filter(({ best }) => best !== null).length;
      say(`${some(people, "known person", "known people")} in the film`);
    } catch (error) {
      if (error.name === "AbortError") return;
      replace(list, trouble(error));
    }
    going = false;
    replace(tools, button("Look again", { kind: "primary", sign: "identify", on: look }));
  }
  const tools = h("div", { class: "row" });
  video.addEventListener("loadedmetadata", look, { once: true });
  video.addEventListener("timeupdate", () => going || draw());
  video.addEventListener("seeked", () => going || draw());
  video.addEventListener("error", () =>
    replace(word, "This browser cannot play films of this kind. Start a job instead: the server may be able to."),
  );
  return h(
    "div",
    { class: "wide-left" },
    h("div", { class: "stack" }, h("div", { class: "stage" }, video, layer), bar, word, tools),
    h("div", { class: "stack" }, list),
  );
}

/** The whole film as a job of the server. */
async function send(file, rate, box, signal) {
  const bar = h("div");
  const move = (part) => replace(bar, progress(part, 1, "Upload"), h("p", { class: "small soft number" }, share(part)));
  replace(
    box,
    h(
      "div",
      { class: "card job" },
      h("b", null, file.name),
      h("p", { class: "soft small" }, `${bytes(file.size)} are on their way.`),
      bar,
    ),
  );
  move(0);
  try {
    const request = { kind: "identify", collection_id: session.collection, options: { fpir: rate.rate() } };
    const body = form({ request: JSON.stringify(request), file });
    const job = await upload("/v1/jobs", body, { onProgress: move, signal });
    location.hash = `#/jobs/${job.job_id}`;
  } catch (error) {
    replace(
      box,
      trouble(error, () => send(file, rate, box, signal)),
    );
  }
}

export function inFilm(rate, signal) {
  const box = h("div", { class: "stack" });
  let stop = new AbortController();
  signal.addEventListener("abort", () => stop.abort());
  const jobs = may("enrol") && session.system.features?.jobs !== false;
  function chosen(file) {
    stop.abort();
    stop = new AbortController();
    const here_ = stop.signal;
    replace(
      box,
      jobs &&
        notice(
          "",
          "Long film? ",
          button("Look at it as a job", {
            kind: "small",
            on: () => {
              stop.abort();
              send(file, rate, box, signal);
            },
          }),
          " You can leave this page meanwhile, and faces are followed from picture to picture.",
        ),
      stepping(file, rate, here_),
    );
  }
  return h(
    "div",
    { class: "stack" },
    drop({
      title: "Drop a video",
      hint: "Two pictures of every second are searched",
      kind: "video",
      sign: "video",
      slim: true,
      signal,
      onFiles: ([first]) => first && chosen(first.file),
    }),
    box,
  );
}
