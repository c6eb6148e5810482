// A face that was searched for, and everything that is said of it.
import { h } from "../dom.js";
import { may } from "../session.js";
import { reason, readSearch, similar, some } from "../words.js";
import { cut, faceOf } from "./face.js";
import { chip, who } from "./page.js";
import { meter, scale } from "./scale.js";

const label = (face) => (face.name ? `${face.name} ${similar(face.decision.similarity)}` : "unknown");

/** As a box over the picture. */
export const drawn = (face) => ({ box: face.box, label: label(face), kind: face.name ? "known" : "unsure" });

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
    match?.face_id && may("read")
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

/** All faces of a picture in one line. */
export function summed(faces) {
  if (!faces.length) return "No face was found in this picture.";
  const known = faces.filter(({ name }) => name);
  const names = known.map(({ name }) => name).join(", ");
  return `${some(faces.length, "face")}. ${known.length ? `Known: ${names}.` : "Nobody is known."}${known.length && known.length < faces.length ? ` ${faces.length - known.length} unknown.` : ""}`;
}
