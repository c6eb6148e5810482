// Who is signed in, and what this key may do. The key lives in this tab only, and never in an address.
const KEY = "vultus-key";
const COLLECTION = "vultus-collection";
const PURPOSE = "vultus-purpose";
const THEME = "vultus-theme";

export const session = {
  system: null,
  collections: [],
  get key() {
    return sessionStorage.getItem(KEY) ?? "";
  },
  get collection() {
    return sessionStorage.getItem(COLLECTION) ?? "";
  },
  /** What for, in the words of whoever sits here; it is written into the audit log with every call. */
  get purpose() {
    return sessionStorage.getItem(PURPOSE) ?? "";
  },
  get me() {
    return this.system?.me ?? { name: "", roles: [], collections: [] };
  },
  get limits() {
    return this.system?.limits ?? {};
  },
};

export function keep(key) {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
}

export function choose(collection) {
  sessionStorage.setItem(COLLECTION, collection);
}

export function work(purpose) {
  sessionStorage.setItem(PURPOSE, purpose);
}

export function forget() {
  sessionStorage.removeItem(PURPOSE);
  sessionStorage.removeItem(KEY);
  sessionStorage.removeItem(COLLECTION);
  session.system = null;
  session.collections = [];
}

/** One of these roles is enough; an admin may do everything. */
export function may(...roles) {
  return session.me.roles.includes("admin") || roles.some((role) => session.me.roles.includes(role));
}

/** "light", "dark", or "auto" for what the system says. */
export function theme() {
  return localStorage.getItem(THEME) ?? "auto";
}

export function wear(name) {
  if (name === "auto") {
    localStorage.removeItem(THEME);
    delete document.documentElement.dataset.theme;
  } else {
    localStorage.setItem(THEME, name);
    document.documentElement.dataset.theme = name;
  }
}
