// The camera of this machine. Nothing leaves the browser before the user asks for it.
import { h, replace, say } from "../dom.js";
import { button, field, notice, options, waiting } from "./page.js";
import { boxes } from "./stage.js";

const WHY = {
  NotAllowedError: "The browser does not let this page use the camera. Allow it in the address bar, then try again.",
  NotFoundError: "No camera was found on this machine.",
  NotReadableError: "The camera is used by another program.",
};

/** What a video shows now, as JPEG, and its size; null before it shows anything. */
export async function shot(video) {
  if (!video.videoWidth) return null;
  const canvas = h("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((resolve) => {
    canvas.toBlob(resolve, "image/jpeg", 0.92);
  });
  return blob && { blob, size: { width: canvas.width, height: canvas.height } };
}

/**
 * A camera with its buttons. `onFrame(blob, size)` is awaited again and again while it runs; `extra` are further buttons.
 * @returns {{ element, show, grab, running }}
 */
export function camera({ signal, onFrame = null, extra = [], pause = 250, mirrored = true }) {
  const video = h("video", { autoplay: true, playsinline: true, muted: true, "aria-label": "What the camera sees" });
  video.muted = true;
  const layer = h("div", { class: "boxes" });
  const stage = h("div", { class: `stage ${mirrored ? "mirrored" : ""}` }, video, layer);
  const box = h("div", { class: "stack" });
  let stream = null;

  function stop() {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
  }
  signal.addEventListener("abort", stop);

  const grab = () => shot(video);

  async function watch() {
    const mine = stream;
    while (onFrame && stream === mine && mine) {
      const taken = document.hidden ? null : await grab();
      if (taken) await onFrame(taken.blob, taken.size);
      await new Promise((resolve) => {
        setTimeout(resolve, pause);
      });
    }
  }

  async function start(deviceId = "") {
    stop();
    replace(box, waiting("Waiting for the camera"));
    try {
      if (!navigator.mediaDevices) throw Object.assign(new Error(), { name: "insecure" });
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { deviceId: deviceId ? { exact: deviceId } : undefined, width: { ideal: 1280 }, height: { ideal: 720 } },
      });
    } catch (error) {
      const text =
        WHY[error.name] ??
        (error.name === "insecure"
          ? "Browsers lend the camera only to pages that come over https, or from this very machine."
          : "The camera could not be started.");
      replace(
        box,
        notice("warn", h("p", null, text)),
        h("div", null, button("Try again", { sign: "camera", on: () => start(deviceId) })),
      );
      return;
    }
    if (signal.aborted) {
      stop();
      return;
    }
    video.srcObject = stream;
    const all = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    const which =
      all.length > 1 &&
      options(
        all.map(({ deviceId: id, label }, i) => [id, label || `Camera ${i + 1}`]),
        stream.getVideoTracks()[0].getSettings().deviceId,
      );
    which && which.addEventListener("change", () => start(which.value));
    replace(
      box,
      stage,
      h(
        "div",
        { class: "row" },
        extra,
        button("Stop the camera", { kind: "quiet", sign: "stop", on: end }),
        which && h("div", { class: "grow" }, field("Camera", which)),
      ),
    );
    say("The camera is on");
    await video.play().catch(() => {});
    watch();
  }

  function end() {
    stop();
    say("The camera is off");
    idle();
    box.querySelector("button").focus();
  }
  function idle() {
    replace(
      box,
      h(
        "div",
        { class: "drop" },
        h("b", null, "The camera is off"),
        h("span", { class: "small soft" }, "Pictures go to this server only, and only while the camera is on."),
        button("Turn the camera on", { kind: "primary", sign: "camera", on: () => start() }),
      ),
    );
  }
  idle();
  /** Boxes over what is seen; people see themselves as in a mirror, so boxes change sides too. */
  function show(size, faces) {
    const turned = ({ box: [left, top, right, bottom], ...rest }) => ({
      ...rest,
      box: mirrored ? [size.width - right, top, size.width - left, bottom] : [left, top, right, bottom],
    });
    boxes(layer, size, faces.map(turned));
  }
  return { element: box, show, grab, running: () => stream !== null };
}
