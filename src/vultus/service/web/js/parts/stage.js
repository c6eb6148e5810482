// A picture or a running camera with boxes over the faces. Boxes are buttons: what they show can be reached by keyboard.
import { h, replace } from "../dom.js";

/** `faces` are { box, label, kind }, boxes in pixels of a picture of `width` by `height`. */
export function boxes(layer, { width, height }, faces, onPick) {
  const below = [];
  replace(
    layer,
    faces.map(({ box, label, kind = "" }, i) => {
      const [left, top, right, bottom] = box;
      // Names stand below, but not outside of the picture and not on top of each other.
      const met = below.some(
        ([x, y]) => Math.abs(x - (left + right) / 2) < width * 0.36 && Math.abs(y - bottom) < height * 0.12,
      );
      const low = bottom > height * 0.9 || (met && top > height * 0.1);
      if (!low) below.push([(left + right) / 2, bottom]);
      return h(
        onPick ? "button" : "span",
        {
          type: onPick ? "button" : null,
          class: `box ${kind}`,
          "aria-label": onPick ? label : null,
          on: onPick && { click: () => onPick(i) },
          style: {
            left: `${(left / width) * 100}%`,
            top: `${(top / height) * 100}%`,
            width: `${((right - left) / width) * 100}%`,
            height: `${((bottom - top) / height) * 100}%`,
          },
        },
        label &&
          h(
            "span",
            {
              class: `box-name ${low ? "above" : ""} ${(left + right) / 2 > width * 0.6 ? "ends" : ""}`,
              "aria-hidden": onPick ? "true" : null,
            },
            label,
          ),
      );
    }),
  );
  return layer;
}

export function still(url, alt, size, faces = [], onPick = null) {
  const layer = h("div", { class: "boxes" });
  const img = h("img", { src: url, alt, width: size?.width, height: size?.height });
  const stage = h("div", { class: "stage" }, img, size ? boxes(layer, size, faces, onPick) : layer);
  // Small pictures are drawn larger, so that names fit; tall ones must not be higher than the window.
  if (size) stage.style.width = `min(100%, ${Math.max(size.width, 460)}px, calc(66vh * ${size.width / size.height}))`;
  return { layer, element: stage };
}

/** Mark one box, and the card that belongs to it. */
export function mark(layer, cards, i) {
  [...layer.children].forEach((one, j) => one.classList.toggle("picked", i === j));
  cards.forEach((one, j) => one.classList.toggle("picked", i === j));
}
