// Who is in this picture, before this camera, in this film?
import { h, replace, say } from "../dom.js";
import { call, form, here } from "../api.js";
import { may, session } from "../session.js";
import { button, head, notice, trouble, waiting } from "../parts/page.js";
import { decoded } from "../parts/face.js";
import { drop, tooLarge } from "../parts/drop.js";
import { drawn, foundFace, summed } from "../parts/found.js";
import { fpirChoice } from "../parts/rate.js";
import { mark, still } from "../parts/stage.js";
import { tabs } from "../parts/tabs.js";
import { bytes, some } from "../words.js";
import { atCamera, inFilm } from "./live.js";

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
