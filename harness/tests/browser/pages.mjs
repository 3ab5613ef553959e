// Makes pages of every kind with the program: of a real run, of a comparison, and of
// runs that are odd or hostile. Nothing here looks at a page.
//
//   node pages.mjs PROGRAM FOLDER
//
// A page's name says what it is: reference, compare, one, many, hostile, errors, warm,
// variants, cost, compare-hostile, budgets, tune, replay, explain, explain-hostile,
// explain-large, explain-many.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

/** Names that a page must show and never obey: what a function is called, and says. */
const HOSTILE = [
  "<script>alert(1)</script>",
  "\u202egnp.exe\u202c\u2066\u200bhidden",
  "long".repeat(100),
  "</style></title></svg>\"'><img src=x onerror=alert(1)>",
];

/** Functions of the explanation of many. */
const MANY = 8;

/** Of the hostile run one row in so many is a failure. */
const NINTH = 9;

/** Runs the program in the repository; a comparison that finds something is no failure. */
function coldstart(program, ...words) {
  const done = spawnSync(program, words, { cwd: ROOT, encoding: "utf8" });
  if (done.status !== 0 && done.status !== 1) {
    throw new Error(`coldstart ${words.join(" ")}: exit ${done.status}: ${done.stderr}`);
  }
}

/** Measures on the simulated engine, into a new folder. */
function simulate(program, folder, ...words) {
  coldstart(program, "run", "quick", "--engine", "fake", "--seed", "7", "--out", folder, ...words);
}

/** Changes a run's record and rows; a row for which nothing comes back is left out. */
function doctor(folder, changeRecord, changeRow) {
  const [record, rows] = [join(folder, "run.json"), join(folder, "samples.jsonl")];
  writeFileSync(record, JSON.stringify(changeRecord(JSON.parse(readFileSync(record, "utf8")))));
  const lines = readFileSync(rows, "utf8").trim().split("\n");
  const kept = lines.map((line) => changeRow(JSON.parse(line))).filter(Boolean);
  writeFileSync(rows, kept.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

/** Every text from outside becomes hostile: names, versions, errors, the machine. */
function makeHostile(folder) {
  const { functions } = JSON.parse(readFileSync(join(folder, "run.json"), "utf8"));
  const names = new Map(functions.map(({ name }, place) => [name, HOSTILE[place]]));
  const rename = (name) => names.get(name) ?? name;
  const changeRecord = (record) => {
    record.scenario.name = HOSTILE[3];
    record.scenario.functions = (record.scenario.functions ?? []).map(rename);
    for (const one of [...record.functions, record.null].filter(Boolean)) {
      one.name = rename(one.name);
      one.version = HOSTILE[0] + HOSTILE[2];
    }
    const { counts } = record;
    counts.failed = Math.floor(counts.planned / NINTH);
    counts.ok = counts.planned - counts.failed;
    record.host.cpu = HOSTILE[3];
    record.engine.version = HOSTILE[0];
    return record;
  };
  let row = 0;
  doctor(folder, changeRecord, (sample) => {
    sample.cell.function = rename(sample.cell.function);
    row += 1;
    if (row % NINTH === 0) sample.outcome = { kind: "crashed", cause: HOSTILE[row % 4] };
    return sample;
  });
}

/** No row has an answer. */
function makeErrors(folder) {
  const cause = "exited with 1: cannot open shared object file";
  const failed = (record) => {
    record.counts.failed = record.counts.planned;
    record.counts.ok = 0;
    return record;
  };
  doctor(folder, failed, (sample) => ({ ...sample, outcome: { kind: "crashed", cause } }));
}

/** No instance was ever started: rows that no plan has, so its page says what they are. */
function makeWarm(folder) {
  const warm = (sample) => (sample.cell.temperature === "warm" ? sample : undefined);
  doctor(folder, (record) => record, warm);
}

/** The run that is published, where the program may write beside it. */
export function copyReference(folder) {
  cpSync(join(ROOT, "results/reference"), folder, { recursive: true });
}

/** Compares two runs, and gives the page. */
export function comparison(program, base, head, folder) {
  coldstart(program, "compare", base, head, "--out", folder);
  return join(folder, "compare.html");
}

/** A gate on the simulated engine whose head is over some budgets and within others. */
function budgeted(program, folder) {
  const scenario = `${folder}.toml`;
  const gate = readFileSync(join(ROOT, "benches/scenarios/gate.toml"), "utf8");
  const budgets = `[gate.budgets."*"]
total = "140ms"
warm = "1h"
size = "100MiB"
memory = "40MiB"
cost = "1 per million"
`;
  writeFileSync(scenario, gate.replace("[[pattern]]", `${budgets}[[pattern]]`));
  const how = ["--engine", "fake", "--seed", "7", "--rounds", "9", "--no-confirm"];
  coldstart(program, "gate", scenario, "--base", "./", ...how, "--functions", "python,node", "--out", folder);
  return join(folder, "compare.html");
}

/** An explanation that was made on a real engine, as explain.json beside this file has it, or
 * as `change` makes it, of so many functions. */
function explained(program, folder, change = () => {}, functions = 1) {
  mkdirSync(folder);
  const found = JSON.parse(readFileSync(join(ROOT, "harness/tests/browser/explain.json"), "utf8"));
  const [one] = found.functions;
  change(one);
  found.functions = Array.from({ length: functions }, (_, at) => ({ ...one, function: `${one.function}${at || ""}` }));
  writeFileSync(join(folder, "explain.json"), JSON.stringify(found));
  coldstart(program, "report", folder);
  return join(folder, "explain.html");
}

/** Every name in an explanation becomes hostile. */
function makeHostileExplanation(found) {
  const { files, processes } = found.timeline;
  files.forEach((file, at) => {
    file.path = `/${HOSTILE[at % 4]}/\u001b[31m\n${HOSTILE[(at + 1) % 4]}`;
    file.package = `${HOSTILE[at % 4]}${at % 20}`;
  });
  for (const one of processes) one.programs = HOSTILE;
  for (const one of found.modules?.modules ?? []) one.name = HOSTILE[one.own % 4];
  for (const one of found.packages) one.package = HOSTILE[one.ns % 4];
  found.function = HOSTILE[0];
}

/** As many opens as are kept at most of one function, of as many files, by many packages. */
const OPENS = 200_000;
function makeLargeExplanation(found, opens = OPENS) {
  const { timeline } = found;
  const file = (at) => ({
    path: `/usr/lib/of a runtime/packages/package-${at % 400}/deep/below/file-${at}.module`,
    package: `package-${at % 400}`,
    size: at,
    opened: 1,
  });
  timeline.files = Array.from({ length: opens }, (_, at) => file(at));
  const ns = Math.floor(timeline.ready / timeline.files.length);
  timeline.spans = timeline.files.map((_, at) => ({ at: at * ns, ns: ns + ((at * 7919) % 997), file: at, process: 0 }));
}

/** Sizes of two functions, weighed on the simulated engine: gives the page. */
function tuned(program, folder) {
  coldstart(program, "tune", "python", "node", "--engine", "fake", "--seed", "7", "--out", folder);
  return join(folder, "tune.html");
}

/** A trace that the program makes, played under a limit of memory: gives the page. */
function replayed(program, folder) {
  const trace = `${folder}.csv`;
  coldstart(program, "replay", "--generate", trace, "--trace-calls", "3000", "--trace-functions", "40");
  const run = join(ROOT, "results/reference");
  coldstart(program, "replay", trace, "--run", run, "--memory", "8GiB", "--out", folder);
  return join(folder, "replay.html");
}

/** The comparison that is published with the project. */
export function recordedComparison(program, folder) {
  const side = (name) => join(ROOT, "results/reliability/recorded", name);
  return comparison(program, side("base"), side("head"), folder);
}

/** The runs, each with what makes it out of nothing but its folder. */
function runs(program) {
  const four = ["--functions", "python,node,rust,jvm"];
  // 48 combinations, in four steps each.
  const many = ["--networks", "bridge,host", "--cpus", "0.5,1,2", "--memory", "128MiB,256MiB"];
  const doctored = (change) => (folder) => {
    simulate(program, folder, ...four);
    change(folder);
  };
  return {
    reference: copyReference,
    one: (folder) => simulate(program, folder, "--functions", "python", "--rounds", "1", "--no-controls"),
    many: (folder) => simulate(program, folder, ...four, ...many, "--rounds", "2"),
    hostile: doctored(makeHostile),
    errors: doctored(makeErrors),
    warm: doctored(makeWarm),
    cost: (folder) => simulate(program, folder, ...four, "--cost", "--cold", "5%"),
    variants: (folder) => simulate(program, folder, "--variants", "--functions", "python,jvm"),
  };
}

/** Makes every page, in a folder that may be there. */
function makePages(program, folder) {
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "coldstart-pages-"));
  const keep = (page, name) => cpSync(page, join(folder, `${name}.html`));
  try {
    for (const [name, make] of Object.entries(runs(program))) {
      const run = join(work, name);
      make(run);
      coldstart(program, "report", run, ...(name === "warm" ? ["--salvage"] : []));
      keep(join(run, "report.html"), name);
    }
    keep(recordedComparison(program, join(work, "compare")), "compare");
    keep(explained(program, join(work, "explain")), "explain");
    keep(explained(program, join(work, "explain-hostile"), makeHostileExplanation), "explain-hostile");
    keep(explained(program, join(work, "explain-large"), makeLargeExplanation), "explain-large");
    keep(explained(program, join(work, "explain-many"), (one) => makeLargeExplanation(one, OPENS / MANY), MANY), "explain-many");
    keep(budgeted(program, join(work, "budgets")), "budgets");
    keep(tuned(program, join(work, "tune")), "tune");
    keep(replayed(program, join(work, "replay")), "replay");
    const hostile = join(work, "hostile");
    keep(comparison(program, hostile, hostile, join(work, "hostile-compare")), "compare-hostile");
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [program, folder] = process.argv.slice(2);
  makePages(resolve(program), resolve(folder));
}
