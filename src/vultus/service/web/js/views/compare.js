// Are these two the same person?
import { h, replace, say } from "../dom.js";
import { call, form } from "../api.js";
import { session } from "../session.js";
import { button, chip, head, notice, trouble, waiting } from "../parts/page.js";
import { cut, decoded } from "../parts/face.js";
import { drop, tooLarge } from "../parts/drop.js";
import { fmrChoice } from "../parts/rate.js";
import { scale } from "../parts/scale.js";
import { still } from "../parts/stage.js";
import { bytes, readPair, reason } from "../words.js";

/** One side: a place to drop, then the picture with the face that is compared. */
function slot(title, signal, onChange) {
  const box = h("div", { class: "slot", role: "group", "aria-label": title });
  const state = { file: null, bitmap: null, url: "", element: box, show };
  async function take(file) {
    if (tooLarge(file, session.limits)) {
      replace(
        box,
        notice("bad", `This file has ${bytes(file.size)}; at most ${bytes(session.limits.bytes)} are taken.`),
        again(),
      );
      return;
    }
    Object.assign(state, { file, url: URL.createObjectURL(file), bitmap: await decoded(file) });
    signal.addEventListener("abort", () => URL.revokeObjectURL(state.url));
    show(null);
    onChange();
  }
  const again = () =>
    button("Another picture", {
      kind: "small",
      on: () => {
        Object.assign(state, { file: null, bitmap: null });
        ask();
        box.querySelector("input").focus();
        onChange();
      },
    });
  /** With the answer, the face that was compared gets a box. */
  function show(side) {
    const faces = side?.picture.faces ?? [];
    const drawn = faces.map((face, i) => ({
      box: face.box,
      label: i === side.face && faces.length > 1 ? "compared" : "",
      kind: i === side.face ? "known" : "",
    }));
    const size = side ? side.picture : state.bitmap && { width: state.bitmap.width, height: state.bitmap.height };
    const poor = faces[side?.face]?.quality.reasons ?? [];
    replace(
      box,
      h(
        "div",
        { class: "slot-picture" },
        state.bitmap
          ? still(state.url, `${title}: ${state.file.name}`, size, drawn).element
          : h("span", null, state.file.name),
      ),
      h("div", { class: "row apart" }, h("span", { class: "small soft" }, state.file.name), again()),
      faces.length > 1 && h("p", { class: "small soft" }, `${faces.length} faces; the most prominent one is compared.`),
      poor.length > 0 &&
        h(
          "p",
          { class: "small warn" },
          poor.map((code) => {
            const { what, todo } = reason(code);
            return `${what}. ${todo} `;
          }),
        ),
    );
  }
  function ask() {
    replace(
      box,
      drop({ title, hint: "Drop a picture, or click to choose", onFiles: ([first]) => first && take(first.file) }),
    );
  }
  ask();
  state.take = take;
  return state;
}

function verdict(answer, sides) {
  const { title, text, kind } = readPair(answer.decision);
  const crop = (side, i) => {
    const face = side.picture.faces[side.face];
    return face ? cut(sides[i].bitmap, face.box, `Face of the ${i ? "second" : "first"} picture`, "mid") : null;
  };
  return h(
    "section",
    { class: "card verdict arrives", "aria-label": "Answer" },
    h(
      "div",
      { class: "row" },
      crop(answer.a, 0),
      crop(answer.b, 1),
      h(
        "div",
        { class: "grow" },
        h(
          "div",
          { class: "row" },
          h("p", { class: "big" }, title),
          chip(answer.decision.matched ? "match" : "no match", kind, kind === "good" ? "check" : null),
        ),
        h("p", null, text),
      ),
    ),
    scale(answer.decision),
    h(
      "p",
      { class: "small soft" },
      "A match is a hint, not a proof: let a person decide where the answer can hurt somebody. Measured on ",
      session.system.calibration?.dataset ?? "no data of this pack",
      ".",
    ),
  );
}

export async function compare({ signal }) {
  const rate = fmrChoice();
  const result = h("div");
  let turn = 0;
  async function go() {
    const mine = ++turn;
    replace(result);
    if (!left.file || !right.file) return;
    replace(result, waiting("Comparing"));
    try {
      const answer = await call("POST", "/v1/compare", {
        form: form({ image_a: left.file, image_b: right.file, fmr: rate.rate() }),
        signal,
      });
      if (mine !== turn) return;
      left.show(answer.a);
      right.show(answer.b);
      replace(result, verdict(answer, [left, right]));
      const { title, text } = readPair(answer.decision);
      say(`${title}. ${text}`);
    } catch (error) {
      if (error.name !== "AbortError" && mine === turn) replace(result, trouble(error, go));
    }
  }
  const left = slot("First picture", signal, go);
  const right = slot("Second picture", signal, go);
  rate.select.addEventListener("change", go);
  document.addEventListener(
    "paste",
    (event) => {
      const [file] = event.clipboardData?.files ?? [];
      if (file) (left.file ? right : left).take(file);
    },
    { signal },
  );
  return [
    head("Compare", "Two pictures, one question: is it the same person? Nothing is kept.", rate.element),
    h(
      "div",
      { class: "pair" },
      left.element,
      h("span", { class: "versus", "aria-hidden": "true" }, "and"),
      right.element,
    ),
    result,
  ];
}
