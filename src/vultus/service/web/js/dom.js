// Elements out of plain text: nothing on this page ever parses HTML, so nothing a user or a file is called can run.
import { SHAPES } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";

function put(element, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
  else if (name === "style")
    for (const [property, set] of Object.entries(value)) element.style.setProperty(property, set);
  else if (name === "value" || name === "checked" || name === "srcObject") element[name] = value;
  else element.setAttribute(name, value === true ? "" : String(value));
}

function fill(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** An element: h("p", { class: "soft", on: { click } }, "text", child, [more]). Empty values are left out. */
export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) put(element, name, value);
  return fill(element, children);
}

/** The same for drawings. */
export function svg(tag, properties, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties ?? {})) put(element, name, value);
  return fill(element, children);
}

/** A drawn sign, silent for screen readers: words stand beside it. */
export function icon(name) {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" },
    SHAPES[name].map((d) => svg("path", { d })),
  );
}

/** Put children in the place of whatever is there. */
export function replace(element, ...children) {
  element.replaceChildren();
  return fill(element, children);
}

let counted = 0;
/** A name for an element that labels and descriptions can point to. */
export function fresh(word) {
  counted += 1;
  return `${word}-${counted}`;
}

/** Say something to screen readers, without moving the focus. */
export function say(text, urgent = false) {
  const region = document.getElementById(urgent ? "alerts" : "news");
  if (!region) return;
  region.textContent = "";
  setTimeout(() => {
    region.textContent = text;
  }, 60);
}
