// Files by dropping, choosing or pasting. Folders are walked, and the folder's name comes along.
import { h, icon } from "../dom.js";

const PICTURE = /\.(jpe?g|png|webp|bmp|tiff?|gif)$/i;
const VIDEO = /\.(mp4|mov|mkv|avi|webm|m4v)$/i;

function listed(reader) {
  return new Promise((resolve, reject) => {
    reader.readEntries(resolve, reject);
  });
}

async function walk(entry, folder, out) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => {
      entry.file(resolve, reject);
    });
    out.push({ file, folder });
    return;
  }
  const reader = entry.createReader();
  for (let part = await listed(reader); part.length > 0; part = await listed(reader)) {
    for (const inner of part) await walk(inner, entry.name, out);
  }
}

async function dropped(transfer) {
  const out = [];
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, folder: "" }));
  for (const entry of entries) await walk(entry, "", out);
  return out;
}

const folderOf = (file) => file.webkitRelativePath?.split("/").slice(-2, -1)[0] ?? "";
const KINDS = {
  picture: { accept: "image/*", fits: (file) => file.type.startsWith("image/") || PICTURE.test(file.name) },
  video: { accept: "video/*,.mkv,.avi", fits: (file) => file.type.startsWith("video/") || VIDEO.test(file.name) },
  bulk: {
    accept: "video/*,.mkv,.avi,.zip",
    fits: (file) => /\.zip$/i.test(file.name) || file.type.startsWith("video/") || VIDEO.test(file.name),
  },
  json: {
    accept: ".json,application/json",
    fits: (file) => /\.json$/i.test(file.name) || file.type === "application/json",
  },
};

/**
 * A place to drop files, which is also a button. `onFiles` gets [{ file, folder }]; files of other kinds are left out and
 * counted in its second argument.
 */
export function drop({
  title,
  hint,
  kind = "picture",
  several = false,
  folders = false,
  sign = "photo",
  slim = false,
  onFiles,
  signal,
}) {
  const { accept, fits } = KINDS[kind];
  const give = (all) => {
    const good = all.filter(({ file }) => fits(file));
    onFiles(several ? good : good.slice(0, 1), all.length - good.length);
  };
  const input = h("input", {
    type: "file",
    class: "unseen",
    accept,
    multiple: several,
    webkitdirectory: folders,
    on: {
      change: () => {
        give([...input.files].map((file) => ({ file, folder: folderOf(file) })));
        input.value = "";
      },
    },
  });
  const zone = h(
    "label",
    { class: `drop ${slim ? "slim" : ""}` },
    input,
    icon(sign),
    h("b", null, title),
    hint && h("span", { class: "small soft" }, hint),
  );
  for (const name of ["dragenter", "dragover"])
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", async (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    give(await dropped(event.dataTransfer));
  });
  if (signal) {
    const paste = (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length) give(files.map((file) => ({ file, folder: "" })));
    };
    document.addEventListener("paste", paste, { signal });
  }
  return zone;
}

/** Pictures the server would refuse for their size are told here, before they travel. */
export function tooLarge(file, limits) {
  return limits.bytes && file.size > limits.bytes;
}
