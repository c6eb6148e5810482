// Faces nobody has named, put together by who they seem to be.
import { h, icon, replace } from "../dom.js";
import { ApiError, call, form, get, here, query } from "../api.js";
import { may, session } from "../session.js";
import { button, chip, empty, field, head, notice, options, tick } from "../parts/page.js";
import { unknownFace } from "../parts/face.js";
import { ask, confirm, toast } from "../parts/dialog.js";
import { drop } from "../parts/drop.js";
import { pager } from "../parts/pager.js";
import { day, some, when } from "../words.js";

const PAGE = 20;

async function everybody(text) {
  return (await get(here(`/persons${query({ q: text, limit: 50 })}`))).items;
}

function nameGroup(group, done) {
  const names = h("datalist", { id: "people-names" });
  const name = h("input", {
    type: "text",
    required: true,
    autocomplete: "off",
    list: "people-names",
    value: group.probably?.name ?? "",
  });
  name.addEventListener("input", async () =>
    replace(
      names,
      (await everybody(name.value.trim()).catch(() => [])).map((one) => h("option", { value: one.name })),
    ),
  );
  return ask({
    title: "Who is this?",
    yes: "Name",
    body: [field("Name", name, "A name that is enrolled already adds these faces to that person."), names],
    act: () => call("POST", here(`/unknown/${group.group_id}/name`), { json: { name: name.value.trim() }, once: true }),
  }).then((answer) => {
    if (answer) {
      toast(`${some(answer.face_ids.length, "face")} enrolled as ${answer.person.name}`);
      done(answer);
    }
  });
}

async function reject(group, done, faceIds = null) {
  const found = group.probably
    ? [group.probably, ...(await everybody("")).filter(({ person_id: id }) => id !== group.probably.person_id)]
    : await everybody("");
  const find = h("input", { type: "search", autocomplete: "off" });
  const list = (people) => [["", "Choose a person"], ...people.map((one) => [one.person_id, one.name])];
  const who = options(list(found), group.probably?.person_id ?? "");
  find.addEventListener("input", async () =>
    replace(
      who,
      list(await everybody(find.value.trim()).catch(() => [])).map(([value, name], i) =>
        h("option", { value, selected: i === 1 }, name),
      ),
    ),
  );
  return ask({
    title: "Not the same person as",
    yes: "Not the same",
    body: [
      h("p", { class: "soft" }, "Vultus keeps this in mind: it will not take such faces for that person again."),
      found.length > 12 && field("Find", find),
      field("Person", who),
    ],
    act: () => {
      if (!who.value) throw new ApiError(0, { error: { message: "Choose a person first." } });
      return call("POST", here(`/unknown/${group.group_id}/reject`), {
        json: { person_id: Number(who.value), ...(faceIds && { face_ids: faceIds }) },
        once: true,
      });
    },
  }).then((answer) => {
    if (answer) {
      toast("Noted");
      done();
    }
  });
}

const forget = (group, done) =>
  confirm(
    "Forget these faces?",
    `${some(group.n_faces ?? group.faces.length, "face")} and their templates are deleted at once. This cannot be taken back.`,
    "Forget them",
    () => call("DELETE", here(`/unknown/${group.group_id}`), { once: true }),
  ).then((answer) => {
    if (answer) {
      toast("Forgotten", "bin");
      done();
    }
  });

function card(group, { again, picked, onPick }) {
  const box = tick(`Choose group ${group.group_id}`, {
    "aria-label": `Choose the group of ${some(group.n_faces, "face")}, number ${group.group_id}`,
    checked: picked.has(group.group_id),
  });
  box.box.addEventListener("change", () => onPick(group.group_id, box.box.checked));
  return h(
    "li",
    { class: "card group" },
    h(
      "div",
      { class: "row apart" },
      h(
        "h2",
        null,
        h("a", { href: `#/unknown/${group.group_id}` }, `Unknown ${group.group_id}`),
        " ",
        h("span", { class: "soft small" }, some(group.n_faces, "face")),
      ),
      may("enrol") && h("label", { class: "check small" }, box.box, "Choose"),
    ),
    h(
      "div",
      { class: "strip" },
      group.face_ids
        .slice(0, 8)
        .map((id, i) => unknownFace(group.group_id, id, i ? "" : `A face of unknown person ${group.group_id}`)),
    ),
    h(
      "p",
      { class: "small soft" },
      `First ${day(group.first_at)}, last ${when(group.last_at)}. Seen in ${group.sources.join(", ") || "no picture kept"}.`,
    ),
    group.probably &&
      h(
        "p",
        null,
        chip(`Probably ${group.probably.name}`, "accent", "identify"),
        " ",
        h("span", { class: "small soft" }, "a guess, to be looked at"),
      ),
    may("enrol") &&
      h(
        "div",
        { class: "row" },
        button(group.probably ? `It is ${group.probably.name}` : "Name", {
          kind: "small primary",
          sign: "pencil",
          on: () => nameGroup(group, again),
        }),
        button("Not the same", { kind: "small", on: () => reject(group, again) }),
        button("Forget", { kind: "small quiet", sign: "bin", on: () => forget(group, again) }),
      ),
  );
}

export async function unknown({ signal }) {
  const picked = new Set();
  const once = tick("Show faces seen only once", { checked: true });
  const list = pager({
    size: PAGE,
    word: "groups",
    load: (cursor) =>
      get(here(`/unknown${query({ at_least: once.box.checked ? 1 : 2, suggest: true, limit: PAGE, cursor })}`), signal),
    draw: (items) =>
      h(
        "ul",
        { class: "groups" },
        items.map((group) => card(group, { again, picked, onPick })),
      ),
    none: () =>
      empty(
        "unknown",
        "No unknown faces are kept",
        "Faces that belong to nobody enrolled can be kept here, put together by who they seem to be, and named later. Drop pictures above, or keep them from Identify, jobs and monitors.",
      ),
  });
  const joinButton = button("Join the chosen", {
    sign: "join",
    disabled: true,
    on: async () => {
      const answer = await call("POST", here("/unknown/join"), { json: { group_ids: [...picked] }, once: true }).catch(
        (error) => {
          toast(error.message, "warning");
        },
      );
      if (answer) {
        toast("Joined");
        again();
      }
    },
  });
  function onPick(id, on) {
    if (on) picked.add(id);
    else picked.delete(id);
    joinButton.disabled = picked.size < 2;
  }
  function again() {
    picked.clear();
    joinButton.disabled = true;
    return list.again();
  }
  once.box.addEventListener("change", list.show);
  const said = h("div");
  async function keep(files) {
    replace(said, notice("", "Looking for faces that nobody has named."));
    try {
      let kept = 0;
      let known = 0;
      for (let i = 0; i < files.length; i += 8) {
        const answer = await call("POST", here("/unknown"), {
          form: form({ images: files.slice(i, i + 8).map(({ file }) => file) }),
          once: true,
        });
        for (const one of answer.pictures) {
          kept += one.face_ids?.length ?? 0;
          known += one.known?.length ?? 0;
        }
      }
      if (kept) await call("POST", here("/unknown/group"), { json: {}, once: true });
      replace(
        said,
        notice(kept ? "good" : "", `${some(kept, "unknown face")} kept${known ? `, ${known} known already` : ""}.`),
      );
      again();
    } catch (error) {
      replace(said, notice("bad", error.message));
    }
  }
  await list.show();
  return [
    head("Unknown people", "Faces nobody has named yet. Name them, or say who they are not."),
    h(
      "div",
      { class: "stack" },
      may("enrol") &&
        drop({
          title: "Drop pictures to keep the unknown faces in them",
          hint: "Known people are left out",
          several: true,
          slim: true,
          sign: "upload",
          signal,
          onFiles: (files) => files.length && keep(files),
        }),
      said,
      h("div", { class: "row apart" }, once.element, may("enrol") && joinButton),
      list.element,
    ),
  ];
}

/** One group, face by face: some of them can be split off, or said to be somebody else. */
export async function unknownGroup({ id, signal, refresh, title }) {
  const group = await get(here(`/unknown/${encodeURIComponent(id)}`), signal);
  title(`Unknown person ${id}`);
  const picked = new Set();
  const split = button("Split off the chosen", {
    sign: "split",
    disabled: true,
    on: async () => {
      const answer = await call("POST", here(`/unknown/${id}/split`), {
        json: { face_ids: [...picked] },
        once: true,
      }).catch((error) => {
        toast(error.message, "warning");
      });
      if (answer) {
        toast("A group of their own");
        refresh();
      }
    },
  });
  const home = (answer) => {
    location.hash = answer?.person ? `#/people/${answer.person.person_id}` : "#/unknown";
  };
  const faces = group.faces.map((face) => {
    const element = h("li", { class: "face-card" });
    const box = tick("Choose");
    box.box.addEventListener("change", () => {
      if (box.box.checked) picked.add(face.face_id);
      else picked.delete(face.face_id);
      element.classList.toggle("picked", box.box.checked);
      split.disabled = picked.size === 0 || picked.size === group.faces.length;
    });
    element.append(
      unknownFace(id, face.face_id, `Face from ${face.source}`),
      h(
        "div",
        { class: "under" },
        h(
          "span",
          null,
          h("span", { class: "cut", title: face.source }, face.source),
          h("span", { class: "soft" }, day(face.enrolled_at)),
        ),
      ),
    );
    if (may("enrol") && group.faces.length > 1)
      element.append(
        h(
          "label",
          { class: "check small" },
          box.box,
          "Choose",
          h("span", { class: "unseen" }, ` the face from ${face.source}`),
        ),
      );
    return element;
  });
  return [
    h("a", { class: "crumb", href: "#/unknown" }, icon("back"), "Unknown people"),
    head(
      `Unknown ${id}`,
      `${some(group.faces.length, "face")}${session.collections.length > 1 ? ` in ${session.collection}` : ""}. Choose faces that are somebody else, and split them off.`,
      may("enrol") && [
        button("Name", { kind: "primary", sign: "pencil", on: () => nameGroup(group, home) }),
        button("Not the same as", { on: () => reject(group, refresh, picked.size ? [...picked] : null) }),
        group.faces.length > 1 && split,
        button("Forget", { kind: "danger", sign: "bin", on: () => forget(group, home) }),
      ],
    ),
    h("ul", { class: "faces" }, faces),
  ];
}
