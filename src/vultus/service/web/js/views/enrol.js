// Making people known: pictures are looked at before they are enrolled, so that poor ones can be taken again.
import { h, replace, say } from "../dom.js";
import { ApiError, call, form, get, here, query } from "../api.js";
import { may, session } from "../session.js";
import { button, field, head, link, notice, options, tick, trouble } from "../parts/page.js";
import { ask, toast } from "../parts/dialog.js";
import { camera } from "../parts/camera.js";
import { drop } from "../parts/drop.js";
import { shots } from "../parts/shots.js";
import { tabs } from "../parts/tabs.js";
import { reason, some } from "../words.js";

/** Grounds, days to stay and what to do with doubtful pictures: the same for one person and for many. */
function terms() {
  const agreed = tick("They know it and agree");
  const note = h("input", {
    type: "text",
    autocomplete: "off",
    placeholder: "for example: form 12, filed at reception",
  });
  const days = h("input", { type: "number", min: 1, max: 36500, inputmode: "numeric", placeholder: "no limit" });
  const largest = tick("If several faces are in a picture, take the largest");
  const anyway = tick("Enrol poor pictures too");
  const element = h(
    "div",
    { class: "stack" },
    h("fieldset", { class: "stack" }, h("legend", null, "Consent"), agreed.element, field("Note", note)),
    field("Keep for, in days", days, "After that, they are due to be removed."),
    h(
      "details",
      { class: "more" },
      h("summary", null, "Doubtful pictures"),
      h(
        "div",
        { class: "stack" },
        largest.element,
        anyway.element,
        h(
          "p",
          { class: "small soft" },
          "Poor pictures are refused by default: they make every later answer less sure.",
        ),
      ),
    ),
  );
  return {
    element,
    fields: () => ({
      face: largest.box.checked ? "largest" : "single",
      override_quality: anyway.box.checked,
      keep_days: days.value,
    }),
    consent: () =>
      agreed.box.checked || note.value.trim()
        ? {
            basis: "consent",
            given_at: new Date().toISOString().slice(0, 10),
            ...(note.value.trim() && { note: note.value.trim() }),
          }
        : null,
  };
}

/** Enrol under a name; a name that is taken is asked about, once. */
function sender(name, rules) {
  let clash = "error";
  return async (files) => {
    const send = () =>
      call("POST", here("/persons"), {
        form: form({ name, images: files, on_clash: clash, ...rules.fields() }),
        once: true,
      });
    let answer;
    try {
      answer = await send();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "conflict" || clash === "add") throw error;
      const same = await ask({
        title: `${name} is enrolled already`,
        body: [
          h(
            "p",
            null,
            "Is this the same person? Then the pictures are added. If it is somebody else of that name, cancel and write the name differently, for example with a middle name.",
          ),
        ],
        yes: "The same person: add",
      });
      if (!same) throw error;
      clash = "add";
      answer = await send();
    }
    clash = "add";
    return answer;
  };
}

async function finish(person, rules) {
  const consent = rules.consent();
  if (person && consent) await call("PATCH", here(`/persons/${person.person_id}`), { json: { consent }, once: true });
}

function nameField() {
  const names = h("datalist", { id: "known-names" });
  const input = h("input", { type: "text", autocomplete: "off", required: true, list: "known-names", maxlength: 200 });
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const answer = await get(here(`/persons${query({ q: input.value.trim(), limit: 8 })}`)).catch(() => ({
        items: [],
      }));
      replace(
        names,
        answer.items.map(({ name }) => h("option", { value: name })),
      );
    }, 250);
  });
  return { input, element: h("div", null, field("Name", input), names) };
}

/** Camera with a live word on how good the picture would be. */
function webcam(list, signal) {
  const word = h("p", { role: "status" }, "");
  let said = "";
  const show = (text, kind) => {
    if (text === said) return;
    said = text;
    replace(word, h("span", { class: kind }, text));
  };
  const cam = camera({
    signal,
    pause: 500,
    extra: [
      button("Take a picture", {
        kind: "primary",
        sign: "camera",
        on: async () => {
          const shot = await cam.grab();
          if (shot)
            list.add([
              new File([shot.blob], `camera ${new Date().toLocaleTimeString("en-GB")}.jpg`, { type: "image/jpeg" }),
            ]);
          say("Picture taken");
        },
      }),
    ],
    onFrame: async (blob, size) => {
      const answer = await call("POST", "/v1/detect", { form: form({ images: [blob] }), signal }).catch(() => null);
      const faces = answer?.pictures[0]?.faces;
      if (!faces) return;
      cam.show(
        size,
        faces.map(({ box, quality }) => ({ box, label: "", kind: quality.reasons.length ? "unsure" : "known" })),
      );
      const codes =
        faces.length === 1 ? faces[0].quality.reasons : [faces.length ? "several_faces" : "failure_to_acquire"];
      if (codes.length) show(`${reason(codes[0]).what}. ${reason(codes[0]).todo}`, "warn");
      else show("Good: hold still and take the picture.", "good");
    },
  });
  return h("div", { class: "stack" }, cam.element, word);
}

function onePerson(signal) {
  const name = nameField();
  const rules = terms();
  const list = shots({ signal });
  const result = h("div");
  const submit = button("Enrol", { kind: "primary", sign: "check", disabled: true, on: go });
  list.onChange(() => {
    submit.disabled = !list.open();
    submit.lastChild.textContent = list.open() ? `Enrol ${some(list.open(), "picture")}` : "Enrol";
  });
  async function go() {
    const wanted = name.input.value.trim();
    if (!wanted) {
      replace(result, notice("bad", "Write the person's name first."));
      name.input.focus();
      return;
    }
    submit.disabled = true;
    replace(result);
    try {
      const done = await list.give(sender(wanted, rules));
      await finish(done.person, rules);
      if (done.accepted) toast(`${some(done.accepted, "picture")} of ${wanted} enrolled`);
      replace(
        result,
        notice(
          done.accepted || done.repeated ? "good" : "warn",
          h(
            "p",
            null,
            done.accepted || done.repeated
              ? `${wanted} can be recognised now.`
              : "No picture was good enough. What is wrong stands beside each.",
          ),
          done.person &&
            h(
              "div",
              { class: "row below" },
              may("read") && link(`See ${wanted}`, `#/people/${done.person.person_id}`, { kind: "small" }),
              button("Next person", { kind: "small", on: next }),
            ),
        ),
      );
    } catch (error) {
      replace(result, trouble(error));
    }
    submit.disabled = !list.open();
  }
  function next() {
    list.clear();
    replace(result);
    name.input.value = "";
    name.input.focus();
  }
  const sources = tabs(
    "Where the pictures come from",
    [
      {
        name: "files",
        label: "Files",
        sign: "upload",
        draw: (stop) =>
          drop({
            title: "Drop photos of this person",
            hint: "or click to choose; two or three different ones are best",
            several: true,
            sign: "upload",
            signal: stop,
            onFiles: (files) => list.add(files.map(({ file }) => file)),
          }),
      },
      { name: "camera", label: "Camera", sign: "camera", draw: (stop) => webcam(list, stop) },
    ],
    { signal },
  );
  return h(
    "div",
    { class: "wide-left" },
    h("div", { class: "stack" }, name.element, sources, list.element),
    h("div", { class: "card pad stack" }, rules.element, submit, result),
  );
}

/** Folders whose names are people's names: photos/<person>/*.jpg. */
function manyPeople(signal) {
  const rules = terms();
  const people = new Map();
  const box = h("div", { class: "stack" });
  const result = h("div");
  const submit = button("Enrol all", { kind: "primary", sign: "check", disabled: true, on: go });
  const clash = options(
    [
      ["add", "Add to that person"],
      ["error", "Leave that person out"],
    ],
    "add",
  );
  function group(name) {
    if (!people.has(name)) {
      const input = h("input", { type: "text", value: name, autocomplete: "off" });
      const list = shots({ signal, words: name });
      const state = h("div");
      people.set(name, { input, list, state });
      box.append(h("div", { class: "card group" }, field("Name", input), list.element, state));
    }
    return people.get(name);
  }
  async function add(files) {
    const named = Map.groupBy
      ? Map.groupBy(files, ({ folder }) => folder)
      : files.reduce((map, one) => map.set(one.folder, [...(map.get(one.folder) ?? []), one]), new Map());
    for (const [folder, inside] of named) {
      if (folder) await group(folder).list.add(inside.map(({ file }) => file));
      else
        for (const { file } of inside)
          await group(
            file.name
              .replace(/\.[^.]+$/, "")
              .replace(/[_-]+/g, " ")
              .replace(/\s*\d+$/, ""),
          ).list.add([file]);
    }
    submit.disabled = people.size === 0;
  }
  async function go() {
    submit.disabled = true;
    let enrolled = 0;
    for (const { input, list, state } of people.values()) {
      if (!list.open()) continue;
      try {
        const name = input.value.trim();
        const send = (files) =>
          call("POST", here("/persons"), {
            form: form({ name, images: files, on_clash: clash.value, ...rules.fields() }),
            once: true,
          });
        const done = await list.give(send);
        await finish(done.person, rules);
        enrolled += done.accepted + done.repeated > 0 ? 1 : 0;
        replace(state);
      } catch (error) {
        replace(state, trouble(error));
      }
    }
    replace(result, notice(enrolled ? "good" : "warn", `${some(enrolled, "person", "people")} enrolled or added to.`));
    toast(`${some(enrolled, "person", "people")} enrolled`);
    submit.disabled = false;
  }
  return h(
    "div",
    { class: "wide-left" },
    h(
      "div",
      { class: "stack" },
      drop({
        title: "Drop folders named after people",
        hint: "photos/Ada Lovelace/*.jpg; loose files are named by their own names",
        several: true,
        folders: true,
        sign: "people",
        onFiles: add,
      }),
      box,
    ),
    h(
      "div",
      { class: "card pad stack" },
      rules.element,
      field("If a name is taken", clash),
      submit,
      result,
      h(
        "p",
        { class: "small soft" },
        "Thousands of pictures? Start a ",
        h("a", { href: "#/jobs" }, "job"),
        " from a folder of the server or a zip file.",
      ),
    ),
  );
}

export async function enrol({ signal }) {
  const [list, panel] = tabs(
    "How many",
    [
      { name: "one", label: "One person", sign: "enrol", draw: onePerson },
      { name: "many", label: "Many people", sign: "people", draw: manyPeople },
    ],
    { signal },
  );
  panel.classList.add("section");
  return [
    head(
      "Enrol",
      `Show Vultus a person once or twice, and it knows them again${session.collections.length > 1 ? `, in the collection ${session.collection}` : ""}. Each picture is checked before it counts.`,
    ),
    list,
    panel,
  ];
}
