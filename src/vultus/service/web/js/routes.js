// Every view of the page, in the order of the navigation. A view is a function (context) that gives its elements.
import { people } from "./views/people.js";
import { person } from "./views/person.js";
import { enrol } from "./views/enrol.js";
import { identify } from "./views/identify.js";
import { compare } from "./views/compare.js";
import { unknown, unknownGroup } from "./views/unknown.js";
import { jobs, job } from "./views/jobs.js";
import { monitors, monitor } from "./views/monitors.js";
import { calibration } from "./views/calibration.js";
import { audit } from "./views/audit.js";
import { settings } from "./views/settings.js";

/** `roles`: one of them is needed. `under`: the entry of the navigation that stays marked. */
export const ROUTES = [
  { path: "people", title: "People", sign: "people", part: "People", roles: ["read"], view: people },
  { path: "people/:id", title: "Person", under: "people", roles: ["read"], view: person },
  { path: "enrol", title: "Enrol", sign: "enrol", part: "People", roles: ["enrol"], view: enrol },
  { path: "unknown", title: "Unknown people", sign: "unknown", part: "People", roles: ["read"], view: unknown },
  { path: "unknown/:id", title: "Unknown person", under: "unknown", roles: ["read"], view: unknownGroup },
  { path: "identify", title: "Identify", sign: "identify", part: "Recognise", roles: ["search"], view: identify },
  { path: "compare", title: "Compare", sign: "compare", part: "Recognise", roles: ["search"], view: compare },
  { path: "jobs", title: "Jobs", sign: "jobs", part: "Operate", roles: ["read", "enrol"], feature: "jobs", view: jobs },
  { path: "jobs/:id", title: "Job", under: "jobs", roles: ["read", "enrol"], feature: "jobs", view: job },
  {
    path: "monitors",
    title: "Monitors",
    sign: "monitors",
    part: "Operate",
    roles: ["read"],
    feature: "monitors",
    view: monitors,
  },
  {
    path: "monitors/:id",
    title: "Live events",
    under: "monitors",
    roles: ["read"],
    feature: "monitors",
    view: monitor,
  },
  {
    path: "calibration",
    title: "Calibration and fairness",
    short: "Calibration",
    sign: "calibration",
    part: "Trust",
    roles: ["read"],
    view: calibration,
  },
  { path: "audit", title: "Audit log", sign: "audit", part: "Trust", roles: ["audit"], view: audit },
  {
    path: "settings",
    title: "Keys and settings",
    short: "Settings",
    sign: "settings",
    part: "Trust",
    roles: [],
    view: settings,
  },
];

/** The route of an address such as "#/people/7", and what stood in the place of ":id". */
export function matching(hash) {
  const parts = hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decodeURIComponent);
  for (const route of ROUTES) {
    const want = route.path.split("/");
    if (want.length === parts.length && want.every((word, i) => word.startsWith(":") || word === parts[i])) {
      return { route, id: want[1]?.startsWith(":") ? parts[1] : null };
    }
  }
  return { route: null, id: null };
}
