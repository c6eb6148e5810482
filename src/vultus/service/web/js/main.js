// Start: sign in, build the frame, show the view that the address names.
import { h, replace, say } from "./dom.js";
import { get, onSignedOut, forgetPictures, ApiError } from "./api.js";
import { session, keep, choose, forget, may } from "./session.js";
import { ROUTES, matching } from "./routes.js";
import { signIn } from "./signin.js";
import { shell, current } from "./shell.js";
import { head, link, trouble, waiting } from "./parts/page.js";

const app = document.getElementById("app");
let stop = new AbortController();
let main = null;

const open = (route) =>
  (route.roles.length === 0 || may(...route.roles)) && session.system.features?.[route.feature] !== false;

async function load() {
  session.system = await get("/v1/system");
  session.collections = [];
  if (!may("read")) {
    session.collections = session.me.collections.filter((id) => id !== "*").map((collection_id) => ({ collection_id }));
  } else {
    session.collections = (await get("/v1/collections?limit=200")).items;
  }
  const ids = session.collections.map(({ collection_id }) => collection_id);
  if (!ids.includes(session.collection)) choose(ids.includes("default") ? "default" : (ids[0] ?? "default"));
}

const closeDialogs = () => document.querySelectorAll("dialog[open]").forEach((one) => one.close());

function out(message = "") {
  closeDialogs();
  stop.abort();
  forget();
  forgetPictures();
  main = null;
  document.title = "Sign in - Vultus";
  replace(app, signIn(message, enter));
}

/** @throws ApiError the key is not known */
async function enter(key) {
  keep(key);
  try {
    await load();
  } catch (error) {
    keep("");
    throw error;
  }
  frame();
}

function frame() {
  const built = shell({
    routes: ROUTES.filter((route) => route.sign && open(route)),
    onOut: () => out(),
    onCollection: (id) => {
      choose(id);
      // A number of one collection means nothing in another.
      const { route } = matching(location.hash);
      if (route?.under) location.hash = `#/${route.under}`;
      else go();
    },
  });
  main = built.main;
  replace(app, built.elements);
  go();
}

function nothingHere(hash) {
  return [
    head("There is no such page", `Nothing is known under ${hash}.`),
    link("To the people", "#/people", { kind: "primary" }),
  ];
}

/** Show the view of the address. */
async function go() {
  if (!main) return;
  stop.abort();
  stop = new AbortController();
  const { signal } = stop;
  if (!location.hash || location.hash === "#/") {
    const first = ROUTES.find((route) => route.sign && open(route));
    history.replaceState(null, "", `#/${first.path}`);
  }
  const { route, id } = matching(location.hash);
  current(route);
  document.title = `${route?.title ?? "Not found"} - Vultus`;
  const slow = setTimeout(() => replace(main, h("div", { class: "page" }, waiting())), 250);
  let shown;
  try {
    shown = route
      ? await route.view({
          id,
          signal,
          refresh: go,
          title: (text) => {
            document.title = `${text} - Vultus`;
          },
        })
      : nothingHere(location.hash);
  } catch (error) {
    if (error.name === "AbortError" || signal.aborted) return;
    shown = [h("h1", { tabindex: "-1" }, route.title), trouble(error, go)];
  } finally {
    clearTimeout(slow);
  }
  if (signal.aborted) return;
  replace(main, h("div", { class: "page" }, shown));
  window.scrollTo(0, 0);
  main.querySelector("h1")?.focus({ preventScroll: true });
  say(document.title.replace(" - Vultus", ""));
}

window.addEventListener("hashchange", () => {
  closeDialogs();
  go();
});
window.addEventListener("dragover", (event) => event.preventDefault());
window.addEventListener("drop", (event) => event.preventDefault());
onSignedOut(() => out("This key is no longer valid: it was revoked, or the server has other keys now. Sign in again."));

replace(app, h("div", { class: "gate" }, waiting("Opening Vultus")));
try {
  await load();
  frame();
} catch (error) {
  if (error instanceof ApiError && error.status === 401) out();
  else
    replace(
      app,
      h(
        "main",
        { class: "gate" },
        h(
          "div",
          { class: "gate-card" },
          h("h1", null, "Vultus"),
          trouble(error, () => location.reload()),
        ),
      ),
    );
}
