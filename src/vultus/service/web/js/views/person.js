// One person: faces, names, tags, on what grounds and how long.
import { h, icon } from "../dom.js";
import { call, form, get, here, query } from "../api.js";
import { may } from "../session.js";
import { button, chip, empty, facts, field, head, notice, section } from "../parts/page.js";
import { faceOf } from "../parts/face.js";
import { ask, confirm, toast } from "../parts/dialog.js";
import { drop } from "../parts/drop.js";
import { pager } from "../parts/pager.js";
import { meter } from "../parts/scale.js";
import { shots } from "../parts/shots.js";
import { day, reason, some, when } from "../words.js";
import { stay } from "./people.js";

const PAGE = 24;

function rename(person, path, refresh) {
  const name = h("input", { type: "text", value: person.name, required: true, autocomplete: "off" });
  return ask({
    title: "Rename",
    body: [field("Name", name)],
    yes: "Save",
    act: () => call("PATCH", path, { json: { name: name.value.trim() }, once: true }),
  }).then((done) => {
    if (done) {
      toast(`Now called ${done.name}`);
      refresh();
    }
  });
}

const BASES = ["consent", "contract", "law", "vital interests", "public task", "legitimate interests"];

function grounds(person, path, refresh) {
  const was = person.consent ?? {};
  const basis = h("select", { class: "input" }, [
    h("option", { value: "" }, "Not noted"),
    ...[...new Set([...BASES, was.basis].filter(Boolean))].map((one) =>
      h("option", { value: one, selected: one === was.basis }, one),
    ),
  ]);
  const date = (value) => h("input", { type: "date", value: value?.slice(0, 10) ?? "" });
  const given = date(was.given_at);
  const until = date(was.until);
  const withdrawn = date(was.withdrawn_at);
  const keepUntil = date(person.keep_until);
  const note = h("input", { type: "text", value: was.note ?? "", autocomplete: "off" });
  const act = () => {
    const consent = {
      basis: basis.value,
      given_at: given.value,
      until: until.value,
      withdrawn_at: withdrawn.value,
      note: note.value.trim(),
    };
    return call("PATCH", path, {
      json: {
        consent: Object.fromEntries(Object.entries(consent).filter(([, value]) => value)),
        keep_until: keepUntil.value || null,
      },
      once: true,
    });
  };
  return ask({
    title: "Consent and how long to keep",
    yes: "Save",
    act,
    body: [
      field("On what grounds", basis),
      h("div", { class: "two" }, field("Given on", given), field("Holds until", until)),
      field(
        "Withdrawn on",
        withdrawn,
        "Somebody who has taken consent back is removed when the people who are due are.",
      ),
      field("Note", note, "For example where the signed paper lies."),
      field("Keep until", keepUntil, "Empty: as long as nobody removes them."),
    ],
  }).then((done) => {
    if (done) {
      toast("Saved");
      refresh();
    }
  });
}

function tags(person, path, refresh) {
  const text = h("input", { type: "text", value: person.tags.join(", "), autocomplete: "off" });
  const act = () =>
    call("PATCH", path, {
      json: {
        tags: [
          ...new Set(
            text.value
              .split(",")
              .map((one) => one.trim())
              .filter(Boolean),
          ),
        ],
      },
      once: true,
    });
  return ask({
    title: "Tags",
    yes: "Save",
    act,
    body: [field("Tags", text, "Separated by commas. A search can be limited to people who have a tag.")],
  }).then((done) => {
    if (done) refresh();
  });
}

function more(path, refresh, signal) {
  const box = h("div", { class: "stack" });
  const list = shots({ signal });
  const add = button("Add these photos", {
    kind: "primary",
    sign: "plus",
    on: async () => {
      add.disabled = true;
      const answer = await list.give((files) =>
        call("POST", `${path}/faces`, { form: form({ images: files }), once: true }),
      );
      add.disabled = false;
      if (answer.accepted) {
        toast(`${some(answer.accepted, "face")} added`);
        if (!answer.rejected) refresh();
      }
    },
  });
  const tools = h("div", { class: "row", hidden: true }, add, button("Done", { kind: "quiet", on: refresh }));
  list.onChange(() => {
    tools.hidden = !list.size();
  });
  box.append(
    drop({
      title: "Add photos",
      hint: "Drop, choose or paste pictures of this person",
      several: true,
      slim: true,
      sign: "upload",
      signal,
      onFiles: (files) => list.add(files.map(({ file }) => file)),
    }),
    list.element,
    tools,
  );
  return box;
}

function faceCard(person, face, alone, path, again) {
  const remove = () =>
    confirm(
      "Remove this face?",
      "Its template and its picture are deleted at once, from every file. This cannot be taken back.",
      "Remove the face",
      () => call("DELETE", `${path}/faces/${face.face_id}`, { once: true }),
    ).then((done) => {
      if (done) {
        toast("Face removed");
        again();
      }
    });
  return h(
    "li",
    { class: "face-card" },
    faceOf(
      person.person_id,
      face.has_image === false ? null : face.face_id,
      `Face of ${person.name} from ${face.source}`,
    ),
    meter(face.quality, face.reasons),
    face.reasons?.length > 0 &&
      h("p", { class: "small warn" }, face.reasons.map((code) => reason(code).what).join(", ")),
    h(
      "div",
      { class: "under" },
      h(
        "span",
        null,
        h("span", { class: "cut", title: face.source }, face.source),
        h("span", { class: "soft" }, day(face.enrolled_at)),
      ),
      may("enrol") &&
        !alone &&
        button(`Remove the face from ${face.source}`, { kind: "quiet small", sign: "bin", only: true, on: remove }),
    ),
  );
}

function details(person, change) {
  const { consent } = person;
  return h(
    "div",
    { class: "card pad stack" },
    facts([
      [
        "Grounds",
        consent.basis ? `${consent.basis}${consent.given_at ? `, given ${day(consent.given_at)}` : ""}` : "not noted",
      ],
      ["Holds until", consent.until && day(consent.until)],
      ["Withdrawn", consent.withdrawn_at && day(consent.withdrawn_at)],
      ["Note", consent.note],
      ["Keep until", person.keep_until ? day(person.keep_until) : "removed by hand"],
      [
        "Tags",
        person.tags.length
          ? h(
              "span",
              { class: "row" },
              person.tags.map((one) => chip(one)),
            )
          : "none",
      ],
      ["Enrolled", when(person.created_at)],
      ["Number in the audit log", String(person.person_id)],
      ...Object.entries(person.metadata).map(([name, value]) => [
        name,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ]),
    change,
  );
}

export async function person({ id, signal, refresh, title }) {
  const path = here(`/persons/${encodeURIComponent(id)}`);
  const known = await get(path, signal);
  const one = known.person ?? known;
  title(one.name);
  const faces = pager({
    size: PAGE,
    word: "faces",
    load: (cursor) => get(`${path}/faces${query({ limit: PAGE, cursor })}`, signal),
    draw: (items) =>
      h(
        "ul",
        { class: "faces" },
        items.map((face) => faceCard(one, face, one.n_faces < 2, path, refresh)),
      ),
    none: () => empty("photo", "No faces", "Nothing is kept of this person but the name."),
  });
  await faces.show();
  const remove = () =>
    confirm(
      `Remove ${one.name}?`,
      `Everything held about this person is deleted at once: ${some(one.n_faces, "face")}, templates, pictures and notes. This cannot be taken back.`,
      "Remove this person",
      () => call("DELETE", path, { once: true }),
    ).then((done) => {
      if (done) {
        location.hash = "#/people";
        toast(`${one.name} was removed`, "bin");
      }
    });
  const due = stay(one);
  return [
    h("a", { class: "crumb", href: "#/people" }, icon("back"), "People"),
    h(
      "div",
      { class: "portrait" },
      faceOf(one.person_id, one.portrait_face_id, ""),
      head(
        one.name,
        some(one.n_faces, "enrolled face"),
        may("enrol") && [
          button("Rename", { sign: "pencil", on: () => rename(one, path, refresh) }),
          button("Remove", { kind: "danger", sign: "bin", on: remove }),
        ],
      ),
    ),
    due && notice("warn", due, " People who are due are removed with ", h("code", null, "vultus gallery expire"), "."),
    h(
      "div",
      { class: "wide-left" },
      section("Faces", h("div", { class: "stack" }, may("enrol") && more(path, refresh, signal), faces.element)),
      section(
        "About",
        details(
          one,
          may("enrol") &&
            h(
              "div",
              { class: "row" },
              button("Consent and keeping", { kind: "small", on: () => grounds(one, path, refresh) }),
              button("Tags", { kind: "small", on: () => tags(one, path, refresh) }),
            ),
        ),
      ),
    ),
  ];
}
