
// Sorts and filters the table of submissions. Without this script the page is complete, in its first order.
"use strict";
{
  const table = document.getElementById("class");
  const body = table.tBodies[0];
  const headers = Array.from(table.tHead.rows[0].cells);
  const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  const compareBy = (column, numeric) => (first, second) => {
    const a = first.cells[column].dataset.value;
    const b = second.cells[column].dataset.value;
    return numeric ? Number(a) - Number(b) : words.compare(a, b);
  };

  const sort = (header, descending) => {
    const column = headers.indexOf(header);
    const compare = compareBy(column, "numeric" in header.dataset);
    const rows = Array.from(body.rows);
    rows.sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
    body.append(...rows);
    for (const other of headers) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  };

  for (const header of headers) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(header, header.getAttribute("aria-sort") === "ascending"));
    header.append(button);
  }

  // "#sort=points" opens the page sorted by points, "#sort=-points" with the best on top.
  const wanted = new URLSearchParams(location.hash.slice(1)).get("sort") ?? "";
  const found = headers.find((header) => header.dataset.key === wanted.replace(/^-/, ""));
  if (found) sort(found, wanted.startsWith("-"));

  const filter = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const apply = () => {
    const needle = filter.value.trim().toLocaleLowerCase();
    let count = 0;
    for (const row of body.rows) {
      row.hidden = !row.textContent.toLocaleLowerCase().includes(needle);
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = `${count} of ${body.rows.length} shown`;
  };
  filter.addEventListener("input", apply);
  filter.parentElement.hidden = false;
  apply();
}
