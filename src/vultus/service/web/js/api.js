// The only file that talks to the server. Errors carry the server's own message.
import { session } from "./session.js";

export class ApiError extends Error {
  constructor(status, body, retryAfter) {
    super(body?.error?.message ?? `The server answered ${status} without saying why.`);
    this.status = status;
    this.code = body?.error?.code ?? "unknown";
    this.details = body?.error?.details ?? {};
    this.requestId = body?.request_id ?? "";
    this.retryAfter = Number(retryAfter) || 0;
  }
}

const gone = new EventTarget();
/** Called when the server no longer knows the key. */
export function onSignedOut(handler) {
  gone.addEventListener("out", handler);
}

function headers(extra = {}) {
  const all = { Accept: "application/json", ...extra };
  if (session.key) all.Authorization = `Bearer ${session.key}`;
  if (session.purpose) all["X-Purpose"] = session.purpose;
  return all;
}

async function failed(response) {
  let body = null;
  try {
    body = await response.json();
  } catch {
    /* not JSON: a proxy between us */
  }
  if (response.status === 401 && session.system) gone.dispatchEvent(new Event("out"));
  return new ApiError(response.status, body, response.headers.get("Retry-After"));
}

async function send(path, options) {
  try {
    return await fetch(path, { cache: "no-store", credentials: "omit", redirect: "error", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, {
      error: {
        code: "unreachable",
        message: "The server cannot be reached. Is it still running, and is this machine on its network?",
      },
    });
  }
}

/** One call. `json` or `form` is the body; `once` makes a repeated click harmless. */
export async function call(method, path, { json, form, signal, once = false } = {}) {
  const extra = {};
  if (json !== undefined) extra["Content-Type"] = "application/json";
  if (once) extra["Idempotency-Key"] = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  const response = await send(path, {
    method,
    signal,
    headers: headers(extra),
    body: json === undefined ? form : JSON.stringify(json),
  });
  if (!response.ok) throw await failed(response);
  return response.status === 204 ? {} : response.json();
}

export const get = (path, signal) => call("GET", path, { signal });

/** A path in the collection that is chosen. */
export const here = (rest = "") => `/v1/collections/${encodeURIComponent(session.collection)}${rest}`;

/** `?a=b` of what is not empty. */
export function query(values) {
  const said = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return said.length ? `?${new URLSearchParams(said)}` : "";
}

/** Fields and files as a form. Lists are repeated, objects become JSON. */
export function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one instanceof Blob) data.append(name, one, one.name ?? "picture.jpg");
      else data.append(name, typeof one === "object" ? JSON.stringify(one) : String(one));
    }
  }
  return data;
}

// Cut-outs of faces need the key, so they cannot be plain addresses of pictures. A few are asked for at a time, and a key
// with a limit waits for its turn.
const KEPT = 400;
const AT_ONCE = 6;
const TRIES = 4;
const pictures = new Map();
const queue = [];
let busy = 0;

function next() {
  while (busy < AT_ONCE && queue.length) {
    busy += 1;
    queue
      .shift()()
      .finally(() => {
        busy -= 1;
        next();
      });
  }
}

async function fetched(path) {
  for (let tried = 1; ; tried += 1) {
    const response = await send(path, { headers: headers({ Accept: "image/jpeg" }) });
    if (response.ok) return URL.createObjectURL(await response.blob());
    if (response.status === 404) return null;
    if (response.status !== 429 || tried === TRIES) throw new Error("not now");
    const wait = Number(response.headers.get("Retry-After")) || 1;
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
  }
}

/** An address in this tab for a picture of the server, or null where none was kept. */
export function picture(path) {
  const name = `${session.key.slice(0, 15)} ${path}`;
  if (!pictures.has(name)) {
    const found = new Promise((resolve) => {
      queue.push(() =>
        fetched(path).then(resolve, () => {
          pictures.delete(name);
          resolve(null);
        }),
      );
    });
    pictures.set(name, found);
    next();
    if (pictures.size > KEPT) {
      const [oldest, address] = pictures.entries().next().value;
      pictures.delete(oldest);
      address.then((url) => url && setTimeout(() => URL.revokeObjectURL(url), 60000));
    }
  }
  return pictures.get(name);
}

/** Forget every cut-out, at sign-out. */
export function forgetPictures() {
  for (const address of pictures.values()) address.then((url) => url && URL.revokeObjectURL(url));
  pictures.clear();
}

/** A large upload with progress: fetch cannot tell how much has gone. */
export function upload(path, body, { onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.addEventListener(
      "progress",
      (event) => event.lengthComputable && onProgress(event.loaded / event.total),
    );
    request.addEventListener("load", () => {
      if (request.status < 300) resolve(request.response);
      else reject(new ApiError(request.status, request.response, request.getResponseHeader("Retry-After")));
    });
    request.addEventListener("error", () =>
      reject(new ApiError(0, { error: { message: "The upload broke off: the server cannot be reached." } })),
    );
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

function parsed(block) {
  const event = { id: null, type: "message", data: "" };
  for (const line of block.split("\n")) {
    const at = line.indexOf(":");
    if (at < 1) continue;
    const value = line.slice(at + 1).replace(/^ /, "");
    if (line.startsWith("id")) event.id = value;
    else if (line.startsWith("event")) event.type = value;
    else if (line.startsWith("data")) event.data += value;
  }
  return event.data ? { ...event, data: JSON.parse(event.data) } : null;
}

async function* streamed(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value.replaceAll("\r", "");
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = parsed(text.slice(0, end));
      text = text.slice(end + 2);
      if (event) yield event;
    }
  }
}

const rest = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });

/** Events of the server as they come, over broken connections, until "end" or until `signal` says stop. */
export async function listen(path, { signal, onEvent, onState = () => {}, after = null }) {
  let last = after;
  for (let wait = 1000; !signal.aborted; wait = Math.min(wait * 2, 20000)) {
    try {
      const extra = { Accept: "text/event-stream" };
      if (last !== null) extra["Last-Event-ID"] = String(last);
      const response = await send(path, { signal, headers: headers(extra) });
      if (!response.ok) throw await failed(response);
      onState("open");
      for await (const event of streamed(response)) {
        wait = 1000;
        if (event.id !== null) last = event.id;
        if (event.type === "end") {
          onState("ended", event.data);
          return;
        }
        onEvent(event);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
        onState("refused", error);
        return;
      }
    }
    onState("lost");
    await rest(wait, signal);
  }
}
