// The gallery: everybody who is enrolled, found by name or by a photograph.
import { h, icon, replace, say } from "../dom.js";
import { call, form, get, here, query } from "../api.js";
import { may, session } from "../session.js";
import { button, chip, empty, head, link, notice, trouble, waiting } from "../parts/page.js";
import { cut, decoded, faceOf } from "../parts/face.js";
import { drop } from "../parts/drop.js";
import { pager } from "../parts/pager.js";
import { scale } from "../parts/scale.js";
import { day, readSearch, similar, some } from "../words.js";

const PAGE = 48;
const SOON_DAYS = 30;

/** What somebody should know about how long a person may stay; null where there is nothing to say. */
export function stay({ keep_until: until, consent }) {
  const now = Date.now();
  if (consent?.withdrawn_at && new Date(consent.withdrawn_at) <= now)
    return chip("Consent withdrawn", "bad", "warning");
  const ends = [until, consent?.until].filter(Boolean).sort()[0];
  if (!ends) return null;
  const days = (new Date(ends) - now) / 86400000;
  if (days < 0) return chip(`Should be gone since ${day(ends)}`, "bad", "warning");
  return days < SOON_DAYS ? chip(`Until ${day(ends)}`, "warn") : null;
}

function card(person) {
  return h(
    "li",
    { class: "card person" },
    faceOf(person.person_id, person.portrait_face_id),
    h(
      "div",
      { class: "text" },
      h("a", { href: `#/people/${person.person_id}` }, person.name),
      h("span", { class: "small soft" }, some(person.n_faces, "face")),
      stay(person),
    ),
  );
}

async function byPhoto(file, box, close) {
  replace(box, waiting("Looking who it is"));
  try {
    const [answer, bitmap] = await Promise.all([
      call("POST", here("/search"), { form: form({ image: file, top: 8 }) }),
      decoded(file),
    ]);
    if (!answer.face) {
      replace(
        box,
        notice(
          "warn",
          "No face was found in this picture. Use one in which the face is turned to the camera and well lit.",
        ),
        close,
      );
      return;
    }
    const { candidates, decision, name } = answer;
    const sentence = readSearch(name, decision, candidates);
    replace(
      box,
      h(
        "div",
        { class: "card pad stack" },
        h("div", { class: "row apart" }, h("h2", null, "Found by photo"), close),
        h(
          "div",
          { class: "row" },
          cut(bitmap, answer.face.box, "The face in your picture", "mid"),
          h("div", { class: "grow stack" }, h("p", null, sentence), scale(decision)),
        ),
        h(
          "ul",
          { class: "people" },
          candidates.map((one) =>
            h(
              "li",
              { class: "card person" },
              faceOf(one.person_id, one.face_id),
              h(
                "div",
                { class: "text" },
                h("a", { href: `#/people/${one.person_id}` }, one.name),
                h("span", { class: "small soft number" }, `similarity ${similar(one.similarity)}`),
                decision.matched && one.person_id === answer.person_id ? chip("Same person", "good", "check") : null,
              ),
            ),
          ),
        ),
      ),
    );
    say(sentence);
  } catch (error) {
    replace(box, trouble(error), close);
  }
}

// Whoever comes back from a person finds the search again.
let searched = { collection: "", text: "" };

export async function people({ signal }) {
  let asked = searched.collection === session.collection ? searched.text : "";
  const total = h("span");
  const list = pager({
    size: PAGE,
    word: "people",
    load: async (cursor) => {
      const answer = await get(here(`/persons${query({ q: asked, limit: PAGE, cursor })}`), signal);
      total.textContent = answer.total === null ? "" : some(answer.total, "person", "people");
      if (asked) say(answer.items.length ? `${answer.total ?? answer.items.length} found` : "Nobody found");
      return answer;
    },
    draw: (items) => h("ul", { class: "people", "aria-label": "People" }, items.map(card)),
    none: () =>
      asked
        ? empty(
            "search",
            "Nobody of that name",
            `No name here contains "${asked}". Names are searched as they are written; you can also search with a photograph.`,
          )
        : empty(
            "people",
            "Nobody is enrolled yet",
            "Vultus recognises people whose faces you have shown it. Enrol somebody with one or two clear photographs, and ask for their consent first.",
            may("enrol") && link("Enrol the first person", "#/enrol", { kind: "primary", sign: "enrol" }),
          ),
  });
  const box = h("input", {
    type: "search",
    class: "input",
    "aria-label": "Search by name",
    value: asked,
    placeholder: "Search by name",
    autocomplete: "off",
  });
  let timer = 0;
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      asked = box.value.trim();
      searched = { collection: session.collection, text: asked };
      replace(photo);
      list.element.hidden = false;
      list.show();
    }, 220);
  });
  const photo = h("div", { class: "stack" });
  const closePhoto = button("Close", {
    kind: "quiet small",
    sign: "close",
    on: () => {
      replace(photo);
      list.element.hidden = false;
      photoButton.focus();
    },
  });
  const photoButton = button("Search by photo", {
    sign: "photo",
    on: () => {
      replace(
        photo,
        drop({
          title: "Drop a photo of one person",
          hint: "or click to choose one; pasting works too",
          slim: true,
          signal,
          onFiles: ([first]) =>
            first &&
            byPhoto(first.file, photo, closePhoto).then(() => {
              list.element.hidden = true;
            }),
        }),
        closePhoto,
      );
      photo.querySelector("input").focus();
    },
  });
  await list.show();
  return [
    head(
      "People",
      h("span", null, total, session.collections.length > 1 && ` in the collection ${session.collection}`),
      may("enrol") && link("Enrol people", "#/enrol", { kind: "primary", sign: "plus" }),
    ),
    h(
      "div",
      { class: "stack" },
      h(
        "div",
        { class: "row", role: "search" },
        h("div", { class: "search-box" }, icon("search"), box),
        may("search") && photoButton,
      ),
      photo,
      list.element,
    ),
  ];
}
