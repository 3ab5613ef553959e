// What a page is like for someone with a keyboard and no pointer.

/** What can be worked with, on screen, in the page's order. */
const WORKED = 'a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex="-1"])';

/** Numbers what can be worked with, and remembers how it looks without the focus. */
function mark(page) {
  return page.evaluate((worked) => {
    const look = (one) => {
      const { outlineStyle, outlineWidth, outlineColor, boxShadow, backgroundColor, borderColor } = getComputedStyle(one);
      const outlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
      return JSON.stringify([outlined ? [outlineStyle, outlineWidth, outlineColor] : "", boxShadow, backgroundColor, borderColor]);
    };
    const shown = [...document.querySelectorAll(worked)].filter((one) => one.checkVisibility() && !one.disabled);
    const name = (one) => one.outerHTML.replace(/>.*/s, ">").slice(0, 60) + one.textContent.trim().slice(0, 30);
    window.keys = { shown, look, before: shown.map(look), reached: new Set(), seen: new Set(), name };
    return shown.length;
  }, WORKED);
}

/** Looks at what has the focus; false when the round is over. */
function note(page) {
  return page.evaluate(() => {
    const { shown, look, before, reached, seen } = window.keys;
    const active = document.activeElement;
    if (active === document.body || reached.has(active)) return false;
    reached.add(active);
    // A frame that scrolls takes the focus of itself: the browser outlines it.
    const place = shown.indexOf(active);
    if (place < 0 || look(active) !== before[place]) seen.add(active);
    return true;
  });
}

/** What Tab does not reach, and what does not show that it has the focus. */
export async function tabbing(page) {
  const most = (await mark(page)) + 200;
  for (let step = 0; step < most; step += 1) {
    await page.keyboard.press("Tab");
    if (!(await note(page))) break;
  }
  return page.evaluate(() => {
    const { shown, reached, seen, name } = window.keys;
    const lost = shown.filter((one) => !reached.has(one)).map((one) => `Tab does not reach ${name(one)}`);
    const hidden = [...reached].filter((one) => !seen.has(one)).map((one) => `${name(one)} hides that it has the focus`);
    return [...lost, ...hidden];
  });
}

/** Header buttons, as `{table, column}` of the page. */
export function sorters(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("table")].flatMap((one, table) =>
      [...(one.tHead?.rows[0].cells ?? [])].flatMap((head, column) => (head.querySelector("button") ? [{ table, column }] : [])),
    ),
  );
}

/** How a table is sorted, and its rows' text in order. */
function state(page, { table, column }) {
  return page.evaluate(
    (table, column) => {
      const one = document.querySelectorAll("table")[table];
      const heads = [...one.tHead.rows[0].cells];
      const sorted = heads.filter((head) => ["ascending", "descending"].includes(head.ariaSort));
      const rows = [...one.tBodies].flatMap((body) => [...body.rows]);
      // What a cell may be sorted by; nothing, and a dash for it, stays last either way.
      const key = (row) => {
        const text = (row.cells[column]?.textContent ?? "").trim();
        const number = parseFloat(text.replace(/^[^0-9a-z]*[▲▼=?!] ?/i, ""));
        return Number.isNaN(number) ? text : number;
      };
      return {
        way: heads[column].ariaSort,
        sorted: sorted.length,
        rows: rows.map((row) => row.textContent),
        values: new Set(rows.map(key).filter((one) => one !== "" && one !== "—")).size,
      };
    },
    table,
    column,
  );
}

function press(page, { table, column }) {
  const head = (table, column) => document.querySelectorAll("table")[table].tHead.rows[0].cells[column];
  return page
    .evaluate(`(${head})(${table}, ${column}).querySelector("button").focus()`)
    .then(() => page.keyboard.press("Enter"));
}

/** What is wrong when a header's button is pressed twice. */
export async function sorting(page, sorter) {
  const where = `table ${sorter.table + 1}, column ${sorter.column + 1}`;
  const before = await state(page, sorter);
  await press(page, sorter);
  const once = await state(page, sorter);
  await press(page, sorter);
  const twice = await state(page, sorter);
  const ways = [once.way, twice.way].sort().join();
  const order = (rows) => [...rows].sort().join();
  const wrong = [
    [ways !== "ascending,descending", `aria-sort is ${once.way}, then ${twice.way}`],
    [once.sorted !== 1 || twice.sorted !== 1, "more than one column says that it is sorted, or none"],
    [order(before.rows) !== order(once.rows), "rows are lost or changed"],
    [once.values > 1 && once.rows.join() === twice.rows.join(), "the rows stay where they are"],
  ];
  return wrong.filter(([is]) => is).map(([, says]) => `${where}: ${says}`);
}
