// Faces as small pictures: kept by the server, or cut out of a picture in this tab.
import { h, icon, replace } from "../dom.js";
import { here, picture } from "../api.js";
import { may } from "../session.js";

const waitingFor = new WeakMap();
const seen = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      waitingFor.get(target)?.();
      waitingFor.delete(target);
    }
  },
  { rootMargin: "240px" },
);

function kept(path, alt, size) {
  const box = h("span", { class: `face ${size}` }, icon("people"));
  waitingFor.set(box, async () => {
    const address = await picture(path);
    if (address) replace(box, h("img", { src: address, alt, draggable: "false" }));
    else if (alt) replace(box, icon("people"), h("span", { class: "unseen" }, alt));
  });
  seen.observe(box);
  return box;
}

const nobody = (size) => h("span", { class: `face ${size}` }, icon("people"));

/** The cut-out of an enrolled face; it is fetched when it comes into view. */
export function faceOf(personId, faceId, alt = "", size = "") {
  return !may("read") || faceId === null || faceId === undefined
    ? nobody(size)
    : kept(here(`/persons/${personId}/faces/${faceId}/image`), alt, size);
}

/** The cut-out of a face nobody has named. */
export const unknownFace = (groupId, faceId, alt = "", size = "") =>
  kept(here(`/unknown/${groupId}/faces/${faceId}/image`), alt, size);

/** A square around a face, cut out of a picture here. */
export function cut(bitmap, box, alt = "", size = "") {
  const frame = nobody(size);
  if (!bitmap || !box) return frame;
  const [left, top, right, bottom] = box;
  const side = Math.max(right - left, bottom - top) * 1.5;
  const canvas = h("canvas", {
    width: 240,
    height: 240,
    role: alt ? "img" : null,
    "aria-label": alt || null,
    "aria-hidden": alt ? null : "true",
  });
  canvas.style.width = "100%";
  canvas
    .getContext("2d")
    .drawImage(bitmap, (left + right - side) / 2, (top + bottom - side) / 2, side, side, 0, 0, 240, 240);
  return replace(frame, canvas);
}

/** The upright pixels of a file; null for formats that this browser does not know. */
export async function decoded(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null;
  }
}
