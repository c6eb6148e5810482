// What the thresholds rest on, and whom the system treats how.
import { h, replace, say } from "../dom.js";
import { call, get } from "../api.js";
import { may, session } from "../session.js";
import { button, chip, empty, facts, field, head, notice, table, trouble } from "../parts/page.js";
import { between, groups, thresholds } from "../parts/chart.js";
import { confirm, toast } from "../parts/dialog.js";
import { drop } from "../parts/drop.js";
import { tabs } from "../parts/tabs.js";
import { count, oneIn, similar } from "../words.js";

const smallest = ({ n_impostor: n, points }) =>
  Math.max(3 / n, Math.min(...points.map(({ fmr }) => fmr).filter((fmr) => fmr > 0)));

/** Move along the curve: the rate that is accepted, and the threshold that follows. */
function explorer(document_) {
  const [most, least] = [document_.points[0].fmr, smallest(document_)];
  const slider = h("input", {
    type: "range",
    min: String(-Math.log10(most)),
    max: String(-Math.log10(least)),
    step: "0.05",
    value: String(-Math.log10(Math.max(least, Math.min(most, session.system.defaults?.fmr ?? 0.001)))),
  });
  const words = h("p", { class: "big" });
  const plot = h("div");
  function move() {
    const fmr = 10 ** -Number(slider.value);
    const threshold = between(document_.points, fmr);
    const text = `${oneIn(fmr)} pairs of different people pass as one at the threshold ${similar(threshold)}.`;
    slider.setAttribute("aria-valuetext", text);
    replace(words, text);
    replace(plot, thresholds(document_.points, { fmr, threshold }));
  }
  slider.addEventListener("input", move);
  move();
  return h(
    "div",
    { class: "stack" },
    words,
    plot,
    field(
      "Accepted rate of false matches",
      slider,
      "To the left: matches easily. To the right: strict, and more people are missed.",
    ),
  );
}

function card(item, again) {
  const { document: doc } = item;
  const use = () =>
    call("POST", `/v1/calibrations/${encodeURIComponent(item.calibration_id)}/use`, { once: true }).then(
      () => {
        toast("In use from now on");
        again();
      },
      (error) => toast(error.message, "warning"),
    );
  const remove = () =>
    confirm(
      "Delete this calibration?",
      "Decisions made with it keep its name; nobody can look up what it was any more.",
      "Delete",
      () => call("DELETE", `/v1/calibrations/${encodeURIComponent(item.calibration_id)}`, { once: true }),
    ).then((done) => {
      if (done) again();
    });
  return h(
    "article",
    { class: "card pad stack" },
    h(
      "div",
      { class: "row apart" },
      h("h2", null, doc.calibration_id),
      h(
        "div",
        { class: "row" },
        item.in_use ? chip("In use", "good", "check") : null,
        chip(item.origin === "pack" ? "Came with the model" : "Your own"),
      ),
    ),
    h(
      "div",
      { class: "wide-left" },
      explorer(doc),
      h(
        "div",
        { class: "stack" },
        facts([
          ["Measured on", doc.dataset],
          ["Comparisons", `${count(doc.n_impostor)} of different people`],
          ["People", count(doc.n_subjects)],
          ["Strictest rate", `${oneIn(smallest(doc))}; less is not supported by these data`],
        ]),
        !item.in_use &&
          may("admin") &&
          h(
            "div",
            { class: "row" },
            button("Use this one", { kind: "primary", on: use }),
            item.origin !== "pack" && button("Delete", { kind: "danger", sign: "bin", on: remove }),
          ),
      ),
    ),
    h(
      "details",
      { class: "more" },
      h("summary", null, "All points"),
      table(
        "Points of the calibration",
        [{ name: "False matches" }, { name: "Threshold", right: true }, { name: "95 % interval", right: true }],
        doc.points.map((point) => [
          oneIn(point.fmr),
          similar(point.threshold),
          point.low ? `${similar(point.low)} to ${similar(point.high)}` : "",
        ]),
      ),
    ),
  );
}

async function add(file, box, again) {
  try {
    let doc;
    try {
      doc = JSON.parse(await file.text());
    } catch {
      throw new Error("not JSON");
    }
    await call("POST", "/v1/calibrations", { json: doc, once: true });
    toast("Calibration added");
    again();
  } catch (error) {
    replace(
      box,
      error.message === "not JSON"
        ? notice("bad", `${file.name} is no JSON. Give the file that vultus calibrate wrote.`)
        : trouble(error),
    );
  }
}

function calibrations(signal) {
  const list = h("div", { class: "stack" });
  const said = h("div");
  async function show() {
    try {
      const { items } = await get("/v1/calibrations", signal);
      items.sort((a, b) => Number(b.in_use) - Number(a.in_use));
      replace(said);
      replace(
        list,
        items.length
          ? items.map((item) => card(item, show))
          : empty(
              "calibration",
              "This model has no calibration",
              "Without one there is no threshold, and so no answer. Measure your own pictures with vultus calibrate, and drop the file it writes below.",
            ),
      );
    } catch (error) {
      if (error.name !== "AbortError") replace(list, trouble(error, show));
    }
  }
  show();
  return h(
    "div",
    { class: "stack" },
    list,
    said,
    may("admin") &&
      drop({
        title: "Add your own calibration",
        hint: "The file that vultus calibrate wrote on pictures like yours",
        kind: "json",
        slim: true,
        sign: "upload",
        onFiles: ([first]) => first && add(first.file, said, show),
      }),
  );
}

function attribute(part, report) {
  const name = part.attributes.join(" and ");
  const stands = (group, error) =>
    part.tests.some((test) => test.group === group && test.error === error && test.significant);
  const rows = (error) =>
    part.groups.map((group) => ({ name: group.name, rate: group[error], stands: stands(group.name, error) }));
  const few = part.groups.filter(({ enough }) => !enough).map((group) => group.name);
  return h(
    "section",
    { class: "card pad stack", "aria-label": name },
    h(
      "h2",
      null,
      name.replace(/^./, (c) => c.toUpperCase()),
    ),
    h(
      "div",
      { class: "two" },
      groups("False matches: strangers who pass", rows("fmr"), report.threshold.fmr_target),
      groups("Missed: the same person refused", rows("fnmr"), null),
    ),
    few.length > 0 && h("p", { class: "small soft" }, `Too few comparisons to be sure about: ${few.join(", ")}.`),
    h(
      "details",
      { class: "more" },
      h("summary", null, "As a table"),
      table(
        `Error rates by ${name}`,
        [
          { name: "Group" },
          { name: "False matches" },
          { name: "95 % interval" },
          { name: "Missed" },
          { name: "95 % interval" },
        ],
        part.groups.map((group) => [
          group.name,
          oneIn(group.fmr.value),
          interval(group.fmr),
          oneIn(group.fnmr.value),
          interval(group.fnmr),
        ]),
      ),
    ),
  );
}

const interval = ({ low, high }) =>
  low === null || low === undefined ? "too few" : `${low.toPrecision(2)} to ${high.toPrecision(2)}`;

function drawReport(report) {
  const { source, threshold, overall } = report;
  const found = report.findings.length;
  return h(
    "div",
    { class: "stack arrives" },
    h(
      "div",
      { class: "card pad stack" },
      h("h2", null, found ? "Some groups are treated differently" : "No group differs by more than chance"),
      found > 0 &&
        h(
          "ul",
          { class: "stack" },
          report.findings.map((text) => h("li", null, notice("warn", text))),
        ),
      (report.warnings ?? []).map((text) => notice("", text)),
      facts([
        ["Comparisons", `${count(source.comparisons)}${source.people ? ` of ${count(source.people)} people` : ""}`],
        ["Threshold", `${similar(threshold.value)}, from ${threshold.from}`],
        ["False matches overall", oneIn(overall.fmr.value)],
        ["Missed overall", oneIn(overall.fnmr.value)],
      ]),
    ),
    report.attributes.map((part) => attribute(part, report)),
  );
}

function fairness() {
  const box = h("div", { class: "stack" });
  async function open(file) {
    try {
      const report = JSON.parse(await file.text());
      if (report.schema !== "vultus.audit.report/1") throw new Error("other");
      replace(box, drawReport(report));
      say(report.findings.length ? `${report.findings.length} findings` : "No group differs by more than chance");
    } catch {
      replace(
        box,
        notice(
          "bad",
          `${file.name} is no fairness report. Give the JSON that vultus audit report wrote beside its page.`,
        ),
      );
    }
  }
  return h(
    "div",
    { class: "stack" },
    h(
      "p",
      { class: "soft" },
      "Error rates differ between ages, skin tones and sexes. Measure yours with ",
      h("code", null, "vultus audit report scores.csv"),
      ", then open the JSON here. It is read in this browser and not sent anywhere.",
    ),
    drop({
      title: "Open a fairness report",
      hint: "audit.json",
      kind: "json",
      slim: true,
      sign: "calibration",
      onFiles: ([first]) => first && open(first.file),
    }),
    box,
  );
}

export async function calibration({ signal }) {
  const [list, panel] = tabs(
    "Calibration and fairness",
    [
      { name: "calibration", label: "Calibration", sign: "calibration", draw: calibrations },
      { name: "fairness", label: "Fairness", sign: "compare", draw: fairness },
    ],
    { signal },
  );
  panel.classList.add("section");
  return [
    head(
      "Calibration and fairness",
      "A similarity alone says nothing. These measurements link it to how often the answer is wrong.",
    ),
    list,
    panel,
  ];
}
