// Who is in this picture, before this camera, in this film?
import { h, replace, say } from "../dom.js";
import { call, form, here, upload } from "../api.js";
import { may, session } from "../session.js";
import { button, chip, head, notice, trouble, waiting, who } from "../parts/page.js";
import { camera } from "../parts/camera.js";
import { cut, decoded, faceOf } from "../parts/face.js";
import { drop, tooLarge } from "../parts/drop.js";
import { fpirChoice } from "../parts/rate.js";
import { meter, progress, scale } from "../parts/scale.js";
import { boxes, mark, still } from "../parts/stage.js";
import { tabs } from "../parts/tabs.js";
import { bytes, readSearch, reason, share, similar, some } from "../words.js";

const label = (face) => (face.name ? `${face.name} ${similar(face.decision.similarity)}` : "unknown");
const drawn = (face) => ({ box: face.box, label: label(face), kind: face.name ? "known" : "unsure" });

function candidates(face) {
  const rest = face.candidates.filter(({ name }) => name !== face.name);
  if (!rest.length) return null;
  return h(
    "details",
    { class: "more wide" },
    h("summary", null, face.name ? "Who else resembles this face" : "Who resembles this face"),
    h(
      "ul",
      { class: "candidates" },
      rest.map((one) =>
        h(
          "li",
          { class: "candidate" },
          faceOf(one.person_id, one.face_id),
          h("span", null, who(one.person_id, one.name)),
          h("span", { class: "number soft" }, similar(one.similarity)),
        ),
      ),
    ),
  );
}

/** One face and everything that is said of it. */
export function foundFace(face, bitmap) {
  const { quality } = face;
  const match = face.candidates.find(({ name }) => name === face.name);
  return h(
    "li",
    { class: "card found-face", tabindex: "-1" },
    cut(bitmap, face.box, ""),
    h(
      "div",
      { class: "row apart" },
      h("h3", null, face.name ? who(face.person_id, face.name) : "Unknown"),
      face.name ? chip("Known", "good", "check") : chip("Not enrolled here", "warn"),
    ),
    h("p", { class: "wide" }, readSearch(face.name, face.decision, face.candidates)),
    h("div", { class: "wide" }, scale(face.decision)),
    match?.face_id
      ? h(
          "p",
          { class: "wide row small soft" },
          faceOf(match.person_id, match.face_id, `${face.name}, as enrolled`, "tiny"),
          "as enrolled",
        )
      : null,
    quality.reasons.length > 0 &&
      h(
        "p",
        { class: "wide small" },
        h("span", { class: "warn" }, `${quality.reasons.map((code) => reason(code).what).join(", ")}. `),
        "The answer is less sure than for a good picture.",
      ),
    face.expression && h("p", { class: "wide small soft" }, `Expression: ${face.expression.label ?? face.expression}`),
    candidates(face),
    h("div", { class: "wide" }, meter(quality.score, quality.reasons)),
  );
}

export function summed(faces) {
  if (!faces.length) return "No face was found in this picture.";
  const known = faces.filter(({ name }) => name);
  const names = known.map(({ name }) => name).join(", ");
  return `${some(faces.length, "face")}. ${known.length ? `Known: ${names}.` : "Nobody is known."}${known.length && known.length < faces.length ? ` ${faces.length - known.length} unknown.` : ""}`;
}

function inPicture(rate, signal) {
  const result = h("div", { class: "stack" });
  let last = null;
  async function look(file) {
    last = file;
    if (tooLarge(file, session.limits)) {
      replace(
        result,
        notice("bad", `This file has ${bytes(file.size)}; at most ${bytes(session.limits.bytes)} are taken.`),
      );
      return;
    }
    replace(result, waiting("Looking at the picture"));
    const url = URL.createObjectURL(file);
    signal.addEventListener("abort", () => URL.revokeObjectURL(url));
    try {
      const [answer, bitmap] = await Promise.all([
        call("POST", here("/identify"), { form: form({ images: [file], fpir: rate.rate() }), signal }),
        decoded(file),
      ]);
      const picture = answer.pictures[0];
      if (picture.error) {
        replace(result, notice("bad", picture.error.message));
        return;
      }
      show(picture, bitmap, url, answer);
    } catch (error) {
      if (error.name !== "AbortError")
        replace(
          result,
          trouble(error, () => look(file)),
        );
    }
  }
  function show(picture, bitmap, url, answer) {
    const { faces } = picture;
    const cards = faces.map((face) => foundFace(face, bitmap));
    const pick = (i) => {
      mark(view.layer, cards, i);
      cards[i].focus();
      cards[i].scrollIntoView({ block: "nearest" });
    };
    const view = still(
      url,
      `The picture ${picture.filename}, with boxes around ${some(faces.length, "face")}`,
      picture,
      faces.map(drawn),
      pick,
    );
    cards.forEach((card, i) => card.addEventListener("mouseenter", () => mark(view.layer, cards, i)));
    const unknown = faces.some(
      ({ name, decision }) => !name && !["person_already_in_picture", "not_live"].includes(decision.reason),
    );
    replace(
      result,
      h(
        "div",
        { class: "wide-left" },
        h(
          "div",
          { class: "stack stays" },
          bitmap
            ? view.element
            : notice("", "This browser cannot show pictures of this kind; the server could read it."),
          h(
            "p",
            null,
            summed(faces),
            " ",
            h(
              "span",
              { class: "soft small number" },
              `${Math.round(answer.processing_ms)} ms, ${some(answer.people, "person", "people")} searched`,
            ),
          ),
        ),
        h(
          "div",
          { class: "stack" },
          faces.length
            ? h("ul", { class: "found", "aria-label": "Faces" }, cards)
            : notice("warn", "No face was found. Use a picture in which a face is larger and turned to the camera."),
          unknown &&
            may("enrol") &&
            button("Keep the unknown faces", {
              sign: "unknown",
              on: (event) => keepUnknown(event.currentTarget, last),
            }),
        ),
      ),
    );
    say(summed(faces));
  }
  rate.select.addEventListener("change", () => last && look(last), { signal });
  return h(
    "div",
    { class: "stack" },
    drop({
      title: "Drop a picture",
      hint: "or click to choose one; pasting works too",
      slim: true,
      signal,
      onFiles: ([first]) => first && look(first.file),
    }),
    result,
  );
}

async function keepUnknown(at, file) {
  at.disabled = true;
  try {
    const answer = await call("POST", here("/unknown"), { form: form({ images: [file] }), once: true });
    const n = answer.pictures.reduce((sum, one) => sum + one.face_ids.length, 0);
    if (n) await call("POST", here("/unknown/group"), { json: {} });
    at.replaceWith(
      notice(
        "good",
        n ? `${some(n, "face")} kept. ` : "They were kept before. ",
        h("a", { href: "#/unknown" }, "See the unknown people"),
      ),
    );
  } catch (error) {
    at.replaceWith(trouble(error));
  }
}

function atCamera(rate, signal) {
  const list = h("ul", { class: "found", "aria-label": "Faces before the camera" });
  const word = h("p", { class: "soft" }, "Turn the camera on, and whoever is before it is searched again and again.");
  let said = "";
  const cam = camera({
    signal,
    pause: 120,
    onFrame: async (blob, size) => {
      try {
        const [answer, bitmap] = await Promise.all([
          call("POST", here("/identify"), { form: form({ images: [blob], fpir: rate.rate() }), signal }),
          createImageBitmap(blob),
        ]);
        if (!cam.running()) return;
        const { faces } = answer.pictures[0];
        boxes(cam.layer, size, faces.map(drawn));
        replace(
          list,
          faces.map((face) => foundFace(face, bitmap)),
        );
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
  return h("div", { class: "wide-left" }, cam.element, h("div", { class: "stack" }, word, list));
}

function inFilm(rate, signal) {
  const box = h("div", { class: "stack" });
  async function send(file) {
    const bar = h("div");
    const move = (part) =>
      replace(bar, progress(part, 1, "Upload"), h("p", { class: "small soft number" }, share(part)));
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
      const job = await upload("/v1/jobs", form({ request: JSON.stringify(request), file }), {
        onProgress: move,
        signal,
      });
      location.hash = `#/jobs/${job.job_id}`;
    } catch (error) {
      replace(
        box,
        trouble(error, () => send(file)),
      );
    }
  }
  if (session.system.features?.jobs === false) return notice("", "This server runs no jobs.");
  if (!may("enrol"))
    return notice(
      "",
      "Films are looked at as jobs, and this key may not start jobs. It needs the role ",
      h("b", null, "enrol"),
      ".",
    );
  return h(
    "div",
    { class: "stack" },
    drop({
      title: "Drop a video",
      hint: "It becomes a job: you can leave this page and come back",
      kind: "video",
      sign: "video",
      signal,
      onFiles: ([first]) => first && send(first.file),
    }),
    box,
  );
}

export async function identify({ signal }) {
  const rate = fpirChoice();
  const [list, panel] = tabs(
    "What to look at",
    [
      { name: "picture", label: "Picture", sign: "photo", draw: (stop) => inPicture(rate, stop) },
      { name: "camera", label: "Camera", sign: "camera", draw: (stop) => atCamera(rate, stop) },
      { name: "film", label: "Video", sign: "video", draw: (stop) => inFilm(rate, stop) },
    ],
    { signal },
  );
  panel.classList.add("section");
  return [
    head(
      "Identify",
      `Every face is compared with everybody enrolled${session.collections.length > 1 ? ` in ${session.collection}` : ""}. People it does not know, Vultus calls unknown.`,
    ),
    h("div", { class: "row apart" }, list, rate.element),
    panel,
  ];
}
