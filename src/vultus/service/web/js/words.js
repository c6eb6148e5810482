// Numbers and codes in the words of somebody who does not program.
const WHOLE = new Intl.NumberFormat("en-GB");

export const count = (n) => WHOLE.format(n);
export const some = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
export const similar = (value) =>
  value === null || value === undefined ? "none" : value.toFixed(value > 0.999 && value < 1 ? 4 : 3);
export const share = (value) => `${Math.round(value * 100)} %`;

/** 0.001 is "1 in 1,000". */
export function oneIn(rate) {
  if (!rate) return "none";
  const inverse = 1 / rate;
  if (inverse >= 1.5)
    return `1 in ${count(inverse >= 100 ? Math.round(Number(inverse.toPrecision(2))) : Number(inverse.toPrecision(2)))}`;
  return share(rate);
}

export function when(text) {
  if (!text) return "never";
  return new Date(text).toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}
export const day = (text) =>
  text ? new Date(text).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" }) : "never";
export function clock(text) {
  return new Date(text).toLocaleTimeString("en-GB");
}
export function span(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "";
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  return s < 3600
    ? `${Math.floor(s / 60)} min ${s % 60} s`
    : `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}
export function bytes(n) {
  if (n < 1024) return `${n} B`;
  return n < 1048576 ? `${Math.round(n / 1024)} KB` : `${(n / 1048576).toFixed(n < 10485760 ? 1 : 0)} MB`;
}

// [what is wrong, what to do about it]
const REASONS = {
  failure_to_acquire: ["No face was found", "Use a picture in which the face is turned to the camera and well lit."],
  several_faces: [
    "More than one face is in the picture",
    "Cut the picture down to one person, or choose to take the largest face.",
  ],
  too_small: ["The face is too small", "Come closer, or use a picture of higher resolution."],
  cut_by_border: ["The face is cut off by the edge", "Keep the whole head in the picture."],
  blurred: ["The face is blurred", "Hold still, focus, and clean the lens."],
  too_dark: ["The face is too dark", "Turn towards a window or a lamp."],
  too_bright: ["The face is too bright", "Move out of direct light."],
  low_contrast: ["The face has too little contrast", "Avoid haze and light from behind."],
  extreme_pose: ["The head is turned too far", "Look straight at the camera."],
  occluded: ["Part of the face is hidden", "Take off sunglasses, mask or scarf, and brush hair aside."],
  not_live: ["It may be a photograph held before the camera", "Use the person's own face."],
  presentation_attack: ["It may be a photograph held before the camera", "Use the person's own face."],
  enrolled_as_other: [
    "This face is enrolled under another name",
    "Look at that person first; one of the two names may be wrong.",
  ],
  not_embedded: ["The face could not be measured", "Use another picture."],
  unreadable: ["The file cannot be read as a picture", "Save it as JPEG or PNG."],
  too_large: ["The file is too large", "Save a smaller copy."],
  unreadable_picture: ["The file cannot be read as a picture", "Save it as JPEG or PNG."],
};

export function reason(code) {
  const [what, todo] = REASONS[code] ?? [code.replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase()), ""];
  return { what, todo };
}

const chosen = (decision) => {
  if (decision.fmr_target)
    return ` chosen for ${oneIn(decision.fmr_target).replace("1 in", "1 false match in")} comparisons of different people`;
  if (!decision.fpir_target) return "";
  const most = oneIn(decision.fpir_target).replace("1 in", "1 search in");
  return ` chosen so that at most ${most} for a stranger names anybody`;
};

const WHY_NOT = {
  failure_to_acquire: "No face was found, so there was nothing to compare.",
  empty_gallery: "Nobody is enrolled here yet, so there was nobody to compare with.",
  not_live: "This may be a photograph held before the camera, so it was not compared.",
  person_already_in_picture:
    "This resembles somebody who was already found elsewhere in the picture; nobody can be in it twice.",
  said_to_be_somebody_else: "You have said before that such a face is somebody else.",
};

/** The answer of a search as one sentence. */
export function readSearch(name, decision, candidates = []) {
  const { similarity, threshold, reason: why } = decision;
  if (similarity === null && why) return WHY_NOT[why] ?? `Not compared: ${why.replaceAll("_", " ")}.`;
  if (decision.matched)
    return `Same person as ${name}: similarity ${similar(similarity)}, above the threshold ${similar(threshold)}${chosen(decision)}.`;
  if (why) return WHY_NOT[why] ?? why.replaceAll("_", " ");
  const closest = candidates[0]
    ? `The closest is ${candidates[0].name} with similarity ${similar(candidates[0].similarity)}`
    : `The similarity is ${similar(similarity)}`;
  return `Unknown. ${closest}, below the threshold ${similar(threshold)}${chosen(decision)}.`;
}

/** The answer of a comparison: what it is called, and why. */
export function readPair(decision) {
  const { similarity, threshold } = decision;
  if (similarity === null || similarity === undefined)
    return {
      title: "Nothing to compare",
      text: WHY_NOT[decision.reason] ?? "There was nothing to compare.",
      kind: "warn",
    };
  if (decision.matched)
    return {
      title: "Same person",
      text: `Similarity ${similar(similarity)}, above the threshold ${similar(threshold)}${chosen(decision)}.`,
      kind: "good",
    };
  return {
    title: "Not shown to be the same person",
    text: `Similarity ${similar(similarity)}, below the threshold ${similar(threshold)}${chosen(decision)}.`,
    kind: "warn",
  };
}

export const ROLES = {
  admin: "Everything, with keys and settings",
  enrol: "Add, change and remove people",
  search: "Find, compare and identify faces",
  read: "See people and their faces",
  audit: "Read the audit log",
};

export const STATES = {
  queued: ["Waiting", ""],
  running: ["Running", "accent"],
  done: ["Done", "good"],
  failed: ["Failed", "bad"],
  cancelled: ["Cancelled", "warn"],
  stopped: ["Stopped", ""],
  starting: ["Starting", "accent"],
  lost: ["Connection lost, trying again", "warn"],
};
