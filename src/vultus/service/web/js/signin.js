// The door: one field for a key.
import { h, replace } from "./dom.js";
import { brand } from "./logo.js";
import { field, notice, trouble } from "./parts/page.js";
import { ApiError } from "./api.js";

export function signIn(message, enter) {
  const key = h("input", {
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    placeholder: "vultus_...",
  });
  const wrong = h("div", null, message && notice("warn", message));
  const submit = h("button", { type: "submit", class: "button primary" }, "Sign in");
  const form = h(
    "form",
    { novalidate: true },
    field("API key", key, "It stays in this tab and is forgotten when you close it."),
    wrong,
    submit,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = key.value.trim();
    if (!text) {
      replace(wrong, notice("bad", "Enter a key first."));
      key.focus();
      return;
    }
    submit.disabled = true;
    try {
      await enter(text);
    } catch (error) {
      replace(wrong, error instanceof ApiError && error.status === 401 ? notice("bad", error.message) : trouble(error));
      key.select();
      key.focus();
    }
    submit.disabled = false;
  });
  return h(
    "main",
    { class: "gate" },
    h(
      "div",
      { class: "gate-card arrives" },
      brand("#/"),
      h("h1", { tabindex: "-1" }, "Sign in"),
      h("p", { class: "soft" }, "Find, compare and name faces, with answers that say how sure they are."),
      form,
      h(
        "details",
        null,
        h("summary", null, "Where do I get a key?"),
        h(
          "p",
          null,
          "Whoever runs this server makes one with ",
          h("code", null, "vultus keys add"),
          ", or on this page under Keys and settings. The first one is printed when the server starts for the first time. A key is shown once, when it is made.",
        ),
      ),
    ),
  );
}
