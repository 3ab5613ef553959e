// Tables of class "sortable" get a button a heading and a field to filter by. Without
// this script they are as they are.
"use strict";
const of = (tag, more) => Object.assign(document.createElement(tag), more);
// Nothing comes last, a failure after every number.
const value = (row, column) => {
  const text = row.cells[column].textContent.trim();
  if (text === "" || text === "—") return { rank: 3, text };
  if (text === "failed") return { rank: 2, text };
  const number = Number.parseFloat(text.replace(/^[^0-9a-z]*[▲▼=?!] ?/, ""));
  return Number.isNaN(number) ? { rank: 1, text } : { rank: 0, number, text };
};
const compare = (a, b) =>
  a.rank - b.rank || (a.rank ? a.text.localeCompare(b.text) : a.number - b.number);

const sortable = (heads, body) => heads.forEach((head, column) => {
  if (head.textContent === "") return;
  const button = of("button", { type: "button", title: "Sort by this column" });
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    const rows = [...body.rows].map((row) => ({ row, value: value(row, column) }));
    const last = (one) => one.value.rank === 3;
    rows.sort((a, b) => last(a) - last(b) || sign * compare(a.value, b.value));
    body.append(...rows.map((one) => one.row));
  });
});

const filtered = (table, body) => {
  const field = of("input", { type: "search", autocomplete: "off" });
  const said = of("span");
  said.setAttribute("role", "status");
  const label = of("label", { textContent: "Show rows with " });
  const line = of("p", { className: "filter" });
  label.append(field);
  line.append(label, " ", said);
  table.parentElement.before(line);
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const all = [...body.rows];
    for (const row of all) {
      const text = [...row.cells].map((cell) => cell.textContent).join(" ").toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    said.textContent = `${all.filter((row) => !row.hidden).length} of ${all.length} rows`;
  });
};

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  if (body.rows.length < 2) continue;
  sortable([...table.tHead.rows[0].cells], body);
  if (body.rows.length > 8) filtered(table, body);
}
