// How careful to be, in words instead of bare numbers.
import { field, options } from "./page.js";
import { session } from "../session.js";
import { oneIn } from "../words.js";

const PAIRS = [0.01, 0.001, 0.0001, 0.00001];
const SEARCHES = [0.1, 0.01, 0.001];

function list(rates, standard, word, floor) {
  const all = [...new Set([...rates, standard])].filter((rate) => rate >= floor).sort((a, b) => b - a);
  return all.map((rate) => [
    rate,
    `${oneIn(rate).replace("1 in", `1 ${word} in`)}${rate === standard ? " (usual)" : ""}`,
  ]);
}

/** For comparisons: one false match in so many comparisons of different people. */
export function fmrChoice() {
  const standard = session.system?.defaults?.fmr ?? 0.001;
  const select = options(
    list(PAIRS, standard, "false match", session.system?.calibration?.smallest_fmr ?? 0),
    standard,
    { id: "fmr" },
  );
  return {
    element: field("How careful", select, "How often two different people may pass as one."),
    rate: () => Number(select.value),
    select,
  };
}

/** For searches: one stranger in so many searches gets somebody's name. */
export function fpirChoice() {
  const standard = session.system?.defaults?.fpir ?? 0.01;
  const select = options(list(SEARCHES, standard, "false name", 0), standard, { id: "fpir" });
  return {
    element: field("How careful", select, "How often a stranger may get somebody's name."),
    rate: () => Number(select.value),
    select,
  };
}
