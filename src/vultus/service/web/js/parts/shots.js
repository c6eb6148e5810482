// Pictures that wait to be enrolled: each is looked at first, and says what is good or wrong with it.
import { h, replace, say } from "../dom.js";
import { call, form } from "../api.js";
import { session } from "../session.js";
import { button, chip } from "./page.js";
import { cut, decoded } from "./face.js";
import { meter } from "./scale.js";
import { tooLarge } from "./drop.js";
import { bytes, reason, some } from "../words.js";

const AT_ONCE = 4;

function advice(codes) {
  return h(
    "ul",
    { class: "advice" },
    codes.map((code) => {
      const { what, todo } = reason(code);
      return h("li", null, h("b", { class: "warn" }, what, ". "), todo);
    }),
  );
}

function prominent(faces) {
  const area = ({ box }) => (box[2] - box[0]) * (box[3] - box[1]);
  return [...faces].sort((a, b) => area(b) - area(a))[0];
}

/** Show what the detector says of one picture. */
function judge(shot, picture) {
  if (picture.error) {
    shot.codes = ["unreadable_picture"];
    shot.text = picture.error.message;
  } else if (!picture.faces.length) shot.codes = ["failure_to_acquire"];
  else {
    shot.face = prominent(picture.faces);
    shot.codes = picture.faces.length > 1 ? ["several_faces", ...shot.face.quality.reasons] : shot.face.quality.reasons;
  }
  shot.state = shot.codes.length ? "poor" : "fine";
}

const SAID = {
  waiting: ["Looking", ""],
  fine: ["Ready", "good", "check"],
  poor: ["Look again", "warn", "warning"],
  accepted: ["Enrolled", "good", "check"],
  rejected: ["Refused", "bad", "warning"],
  failed: ["Failed", "bad", "warning"],
  repeated: ["Was enrolled before", "good", "check"],
};

/**
 * A list of pictures.
 * @returns {{ element, add(files), give(send), size(), files(), clear(), onChange(handler) }}
 *   `give` sends what is not enrolled yet in parts the server takes, and writes each answer beside its picture.
 */
export function shots({ signal, words = "" } = {}) {
  const all = [];
  const list = h("ul", { class: "shots", "aria-label": words ? `Pictures of ${words}` : "Pictures" });
  let changed = () => {};

  function draw(shot) {
    const [label, kind, sign] = SAID[shot.state];
    replace(
      shot.element,
      shot.face ? cut(shot.bitmap, shot.face.box, "") : picture(shot),
      h(
        "div",
        { class: "stack grow" },
        h(
          "div",
          { class: "row" },
          h("p", { class: "name cut", title: shot.file.name }, shot.file.name),
          chip(label, kind, sign),
        ),
        shot.face && shot.state !== "rejected" && meter(shot.face.quality.score, shot.face.quality.reasons),
        shot.codes?.length > 0 && advice(shot.codes),
        shot.text && h("p", { class: "small soft" }, shot.text),
      ),
      !["accepted", "repeated"].includes(shot.state) &&
        button(`Leave out ${shot.file.name}`, { kind: "quiet small", sign: "close", only: true, on: () => drop(shot) }),
    );
  }
  function picture(shot) {
    const box = h("span", { class: "face" });
    if (shot.bitmap) box.append(h("img", { src: shot.url, alt: "" }));
    return box;
  }
  function drop(shot) {
    const at = all.indexOf(shot);
    all.splice(at, 1);
    URL.revokeObjectURL(shot.url);
    const next = shot.element.nextElementSibling ?? shot.element.previousElementSibling;
    shot.element.remove();
    next?.querySelector("button")?.focus();
    changed();
  }
  function make(file) {
    const shot = { file, url: URL.createObjectURL(file), state: "waiting", element: h("li", { class: "card shot" }) };
    if (tooLarge(file, session.limits))
      Object.assign(shot, {
        state: "failed",
        codes: ["too_large"],
        text: `${bytes(file.size)}; at most ${bytes(session.limits.bytes)} are taken.`,
      });
    all.push(shot);
    list.append(shot.element);
    draw(shot);
    return shot;
  }
  async function look(part) {
    try {
      const [answer, bitmaps] = await Promise.all([
        call("POST", "/v1/detect", { form: form({ images: part.map(({ file }) => file) }), signal }),
        Promise.all(part.map(({ file }) => decoded(file))),
      ]);
      part.forEach((shot, i) => {
        shot.bitmap = bitmaps[i];
        judge(shot, answer.pictures[i]);
      });
    } catch (error) {
      if (error.name === "AbortError") return;
      for (const shot of part) Object.assign(shot, { state: "failed", text: error.message });
    }
    part.forEach(draw);
  }
  async function add(files) {
    const made = files.map(make).filter(({ state }) => state === "waiting");
    changed();
    for (let i = 0; i < made.length; i += AT_ONCE) await look(made.slice(i, i + AT_ONCE));
    const poor = made.filter(({ state }) => state === "poor").length;
    if (made.length && !signal?.aborted)
      say(`${some(made.length, "picture")} looked at${poor ? `, ${poor} with something wrong` : ", all good"}`);
    changed();
  }
  function* parts(waiting) {
    let part = [];
    let size = 0;
    for (const shot of waiting) {
      if (
        part.length &&
        (part.length >= Math.min(session.limits.pictures ?? 16, 16) ||
          size + shot.file.size > (session.limits.request_bytes ?? 6e7) * 0.9)
      ) {
        yield part;
        part = [];
        size = 0;
      }
      part.push(shot);
      size += shot.file.size;
    }
    if (part.length) yield part;
  }
  function note(part, answer) {
    for (const { index, repeated } of answer.accepted)
      Object.assign(part[index], { state: repeated ? "repeated" : "accepted", codes: [], text: "" });
    for (const { index, reasons, message } of answer.rejected)
      Object.assign(part[index], { state: "rejected", codes: reasons, text: reasons.length ? "" : message });
    part.forEach(draw);
  }
  /** @throws ApiError of the first part that failed as a whole */
  async function give(send) {
    const done = { accepted: 0, repeated: 0, rejected: 0, person: null };
    for (const part of parts(all.filter(({ state }) => ["fine", "poor", "waiting", "rejected"].includes(state)))) {
      const answer = await send(part.map(({ file }) => file));
      note(part, answer);
      done.repeated += answer.accepted.filter(({ repeated }) => repeated).length;
      done.accepted += answer.accepted.filter(({ repeated }) => !repeated).length;
      done.rejected += answer.rejected.length;
      done.person = answer.person ?? done.person;
    }
    changed();
    say(`${some(done.accepted, "picture")} enrolled${done.rejected ? `, ${done.rejected} refused` : ""}`);
    return done;
  }
  signal?.addEventListener("abort", () => all.forEach(({ url }) => URL.revokeObjectURL(url)));
  function clear() {
    for (const shot of all.splice(0)) {
      URL.revokeObjectURL(shot.url);
      shot.element.remove();
    }
    changed();
  }
  const open = () => all.filter(({ state }) => !["accepted", "repeated"].includes(state)).length;
  return {
    element: list,
    add,
    give,
    clear,
    open,
    size: () => all.length,
    onChange: (handler) => {
      changed = handler;
    },
  };
}
